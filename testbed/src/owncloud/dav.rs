//! WebDAV: `/remote.php/dav/files/<uid>/...`.

mod condition;
mod failure;
mod propfind;
mod read;
mod transfer;
mod write;

use std::sync::Arc;

use http::header::{ALLOW, CONTENT_SECURITY_POLICY};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::accounts::Skeleton;
use super::caller::Refused;
use super::session::Visit;
use super::site::{Site, html};
use crate::payload::Payload;
use crate::serve::{Arriving, ClientGone};
use failure::Failure;

/// Where the files of all accounts are.
pub(super) const FILES: &str = "/remote.php/dav/files/";

const CAPABILITIES: &str = "1, 3, extended-mkcol, 2";
const VERBS: &str = "OPTIONS, GET, HEAD, DELETE, PROPFIND, PUT, MKCOL, COPY, MOVE";
const POLICY: &str = "default-src 'none';";

/// What PHP's `rawurlencode` leaves as it is.
const RAW: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same for whole paths.
const RAW_PATH: &AsciiSet = &RAW.remove(b'/');

type Answer = Result<Response<Payload>, Failure>;

/// What a request is about: a path in the caller's own tree.
#[derive(Debug, Clone)]
struct Target {
    /// The account in lower case.
    uid: String,
    /// Without slashes around it; empty for the root folder.
    path: String,
}

impl Target {
    /// Finds the target of a URL path. Trees of others are not there, whether or not
    /// there are such others.
    fn of(path: &str, caller: &str) -> Result<Self, Failure> {
        let rest = path.strip_prefix(FILES).unwrap_or_default();
        let (uid, path) = rest.split_once('/').unwrap_or((rest, ""));
        let decode = |text| percent_decode_str(text).decode_utf8();
        let (Ok(uid), Ok(path)) = (decode(uid), decode(path)) else {
            return Err(Failure::bad_request("The path is not UTF-8"));
        };
        if uid.to_lowercase() != caller.to_lowercase() {
            return Err(Failure::not_found(&format!("Principal with name {uid} not found")));
        }
        let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
        if words.iter().any(|word| [".", ".."].contains(word)) {
            return Err(Failure::forbidden("The path is not normalised"));
        }
        Ok(Self { uid: uid.to_lowercase(), path: words.join("/") })
    }

    fn missing(&self) -> Failure {
        Failure::not_found(&format!("File with name {} could not be located", self.path))
    }

    /// The path of the URL that leads here.
    fn href(uid: &str, path: &str) -> String {
        format!("{FILES}{}/{}", utf8_percent_encode(uid, RAW), utf8_percent_encode(path, RAW_PATH))
    }
}

/// Answers one request.
pub(super) async fn answer(
    site: &Arc<Site>,
    visit: &mut Visit,
    request: &Parts,
    body: Arriving,
) -> Result<Response<Payload>, ClientGone> {
    let answer = if request.method == Method::PUT {
        // The file is locked while the body comes in, so who is asking comes first. The
        // body is read to its end in any case.
        let upload = match target(site, visit, request).await {
            Ok(target) => write::Upload::begin(site, request, target),
            Err(failure) => Err(failure),
        };
        let bytes = body.whole().await?;
        match upload {
            Ok(upload) => upload.finish(bytes).await,
            Err(failure) => Err(failure),
        }
    } else {
        body.whole().await?;
        match target(site, visit, request).await {
            Ok(target) => other_than_put(site, request, &target),
            Err(failure) => Err(failure),
        }
    };
    let mut response = answer.unwrap_or_else(Failure::into_response);
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The caller's own file or folder that the request names.
async fn target(site: &Site, visit: &mut Visit, request: &Parts) -> Result<Target, Failure> {
    let caller = match site.dav_caller(visit, &request.headers).await {
        Ok(caller) => caller,
        Err(Refused::Unauthenticated) => return Err(Failure::unauthenticated()),
        Err(Refused::AccountGone) => {
            let page = html(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
            return Err(Failure::page(page));
        }
    };
    let claim = site.accounts().claim_skeleton(&caller);
    match claim {
        Skeleton::Copied => {}
        Skeleton::BeingCopied => return Err(Failure::skeleton_locked("Photos")),
        Skeleton::Missing => {
            tokio::time::sleep(site.config.skeleton_time).await;
            let now = site.clock.unix_seconds();
            site.accounts().copy_skeleton(&caller, now);
        }
    }
    Target::of(request.uri.path(), &caller)
}

fn other_than_put(site: &Site, request: &Parts, target: &Target) -> Answer {
    match request.method.as_str() {
        "GET" | "HEAD" => read::get(site, request, target),
        "DELETE" => write::delete(site, request, target),
        "MKCOL" => write::make_folder(site, target),
        "MOVE" | "COPY" => transfer::transfer(site, request, target),
        "PROPFIND" => propfind::propfind(site, request, target),
        "OPTIONS" => {
            let mut response = empty(StatusCode::OK);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(VERBS));
            set(response.headers_mut(), "dav", CAPABILITIES);
            Ok(response)
        }
        verb => Err(Failure::not_implemented(verb)),
    }
}

fn empty(status: StatusCode) -> Response<Payload> {
    let mut response = Response::new(Payload::default());
    *response.status_mut() = status;
    response
}

/// Sets a header whose value is known to be printable; others are left out.
fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The headers that tell a client which version of a file it has.
fn set_etag(headers: &mut HeaderMap, etag: &str) {
    set(headers, "etag", etag);
    set(headers, "oc-etag", etag);
}

/// `OC-FileId`: eight or more digits and the installation.
fn set_file_id(headers: &mut HeaderMap, id: u64, site: &Site) {
    set(headers, "oc-fileid", &format!("{id:08}{}", site.sessions().instance()));
}

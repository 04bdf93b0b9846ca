//! OCS provisioning: `/ocs/v1.php/cloud/users` and `/ocs/v2.php/cloud/users`.
//!
//! Version 2 says what happened in the HTTP status, version 1 is 200 for all but 401 and
//! has codes of its own; each [`Outcome`] knows both.

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::session::Visit;
use super::site::{Site, empty_reason};
use super::{ADMIN, form};
use crate::escape;
use crate::payload::Payload;

/// What names may be made of, and how ownCloud says so.
const NAME_CHARACTERS: &str = "+_.@-'";
const BAD_CHARACTERS: &str = "Only the following characters are allowed in a username: \
    \"a-z\", \"A-Z\", \"0-9\", and \"+_.@-'\"";
const BAD_QUERY: &str = "Invalid query, please check the syntax. API specifications are here: \
    http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.";
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-eval'; \
    style-src 'self' 'unsafe-inline'; frame-src *; img-src * data: blob:; \
    font-src 'self' data:; media-src *; connect-src *";

/// Which of the two dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// What a path below `/ocs/` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Users,
    User(String),
    Unknown,
}

/// A request to OCS.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) version: Version,
    pub(super) resource: Resource,
    pub(super) request: &'a Parts,
    pub(super) body: &'a [u8],
}

/// What came of it: one row of the table of cases.
#[derive(Debug)]
struct Outcome {
    /// Version 2: the HTTP status.
    status: StatusCode,
    /// Version 2: the code in the document.
    code: u16,
    /// Version 1: the code in the document.
    v1_code: u16,
    message: &'static str,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Nothing,
    Users(Vec<String>),
    User(String),
}

impl Resource {
    /// The resource of a path, if it is one of OCS.
    pub(super) fn of(path: &str) -> Option<(Version, Self)> {
        let (version, path) = path
            .strip_prefix("/ocs/v2.php")
            .map(|rest| (Version::V2, rest))
            .or_else(|| path.strip_prefix("/ocs/v1.php").map(|rest| (Version::V1, rest)))?;
        let mut words = path.trim_matches('/').split('/');
        let resource = match (words.next(), words.next(), words.next(), words.next()) {
            (Some("cloud"), Some("users"), None, None) => Self::Users,
            (Some("cloud"), Some("users"), Some(uid), None) => {
                Self::User(percent_decode_str(uid).decode_utf8_lossy().into_owned())
            }
            _ => Self::Unknown,
        };
        Some((version, resource))
    }
}

impl Outcome {
    fn new(status: StatusCode, v1_code: u16, message: &'static str) -> Self {
        Self { status, code: status.as_u16(), v1_code, message, data: Data::Nothing }
    }

    fn ok(data: Data) -> Self {
        Self { data, ..Self::new(StatusCode::OK, 100, "") }
    }

    fn invalid(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 101, message)
    }

    fn unauthorised() -> Self {
        Self { code: 997, ..Self::new(StatusCode::UNAUTHORIZED, 997, "Unauthorised") }
    }
}

/// Answers one request.
pub(super) async fn answer(site: &Site, visit: &mut Visit, call: Call<'_>) -> Response<Payload> {
    match outcome(site, visit, &call).await {
        Some(outcome) => document(&call, &outcome),
        None => {
            let mut response = Response::new(Payload::default());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            empty_reason(&mut response);
            response
        }
    }
}

/// What came of the call; `None` when the path does not know the verb.
async fn outcome(site: &Site, visit: &mut Visit, call: &Call<'_>) -> Option<Outcome> {
    let method = &call.request.method;
    match &call.resource {
        Resource::Users if [Method::GET, Method::POST].contains(method) => {}
        Resource::User(_) if [Method::GET, Method::DELETE].contains(method) => {}
        Resource::Unknown => {
            return Some(Outcome::new(StatusCode::INTERNAL_SERVER_ERROR, 999, BAD_QUERY));
        }
        Resource::Users | Resource::User(_) => return None,
    }
    let Ok(caller) = site.ocs_caller(visit, &call.request.headers).await else {
        return Some(Outcome::unauthorised());
    };
    let is_admin = caller.uid == ADMIN.0;
    let outcome = match &call.resource {
        Resource::User(uid) if *method == Method::GET => {
            let own = uid.to_lowercase() == caller.uid.to_lowercase();
            if is_admin || own { show(site, uid) } else { Outcome::unauthorised() }
        }
        // Never a 403, whatever it is that only the administrator may do.
        _ if !is_admin => Outcome::unauthorised(),
        Resource::User(uid) => delete(site, uid),
        _ if *method == Method::GET => Outcome::ok(Data::Users(site.accounts().names())),
        _ => create(site, call),
    };
    if caller.for_this_request {
        site.sessions().log_out(visit);
    }
    Some(outcome)
}

fn create(site: &Site, call: &Call<'_>) -> Outcome {
    let fields = form::fields(&call.request.headers, call.body);
    let field = |name| {
        // PHP keeps the last of several.
        let field = fields.iter().rev().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (uid, password) = (field("userid"), field("password"));
    let allowed = |c: char| c.is_ascii_alphanumeric() || NAME_CHARACTERS.contains(c);
    let mut accounts = site.accounts();
    if accounts.find(uid).is_some() {
        return Outcome::new(StatusCode::BAD_REQUEST, 102, "User already exists");
    }
    if !uid.chars().all(allowed) {
        return Outcome::invalid(BAD_CHARACTERS);
    }
    if uid.is_empty() {
        return Outcome::invalid("A valid username must be provided");
    }
    if uid.len() < 3 {
        return Outcome::invalid("The username must be at least 3 characters long");
    }
    if password.is_empty() {
        return Outcome::invalid("A valid password must be provided");
    }
    let now = site.clock.unix_seconds();
    accounts.create(uid, password, now);
    if site.config.skeleton_time.is_zero() {
        accounts.copy_skeleton(uid, now);
    }
    Outcome::ok(Data::Nothing)
}

fn delete(site: &Site, uid: &str) -> Outcome {
    // The administrator is the caller and cannot delete himself.
    if uid.to_lowercase() == ADMIN.0 || !site.accounts().delete(uid) {
        return Outcome::invalid("");
    }
    Outcome::ok(Data::Nothing)
}

fn show(site: &Site, uid: &str) -> Outcome {
    match site.accounts().find(uid) {
        Some(uid) => Outcome::ok(Data::User(uid.to_owned())),
        None => Outcome::new(StatusCode::NOT_FOUND, 998, "The requested user could not be found"),
    }
}

fn document(call: &Call<'_>, outcome: &Outcome) -> Response<Payload> {
    let code = match call.version {
        Version::V1 => outcome.v1_code,
        Version::V2 => outcome.code,
    };
    let query = call.request.uri.query().unwrap_or_default();
    let (kind, text) = if query.split('&').any(|pair| pair == "format=json") {
        ("application/json; charset=utf-8", json(outcome, code))
    } else {
        ("text/xml; charset=UTF-8", xml(outcome, code))
    };
    let mut response = Response::new(Payload::chunked(text, 0));
    *response.status_mut() = match (call.version, outcome.status) {
        (Version::V2, status) | (_, status @ StatusCode::UNAUTHORIZED) => status,
        (Version::V1, _) => StatusCode::OK,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if outcome.status == StatusCode::UNAUTHORIZED {
        let by_script =
            call.request.headers.get("x-requested-with").is_some_and(|value| value.as_bytes() == b"XMLHttpRequest");
        let challenge = if by_script {
            r#"DummyBasic realm="Authorisation Required""#
        } else {
            r#"Basic realm="Authorisation Required""#
        };
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn status_word(outcome: &Outcome) -> &'static str {
    if outcome.status == StatusCode::OK { "ok" } else { "failure" }
}

fn xml(outcome: &Outcome, code: u16) -> String {
    let status = status_word(outcome);
    let message = match outcome.message {
        "" => "<message/>".to_owned(),
        text => format!("<message>{}</message>", escape::xml(text)),
    };
    let data = match &outcome.data {
        Data::Nothing => " <data/>\n".to_owned(),
        Data::Users(uids) => {
            let users: String =
                uids.iter().map(|uid| format!("   <element>{}</element>\n", escape::xml(uid))).collect();
            format!(" <data>\n  <users>\n{users}  </users>\n </data>\n")
        }
        Data::User(uid) => format!(
            " <data>\n  <enabled>true</enabled>\n  <email/>\n  \
             <displayname>{}</displayname>\n </data>\n",
            escape::xml(uid)
        ),
    };
    format!(
        "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>{status}</status>\n  \
         <statuscode>{code}</statuscode>\n  {message}\n </meta>\n{data}</ocs>\n"
    )
}

fn json(outcome: &Outcome, code: u16) -> String {
    let status = status_word(outcome);
    let message = match outcome.message {
        "" => "null".to_owned(),
        text => escape::json(text),
    };
    let data = match &outcome.data {
        Data::Nothing => "[]".to_owned(),
        Data::Users(uids) => {
            let uids: Vec<String> = uids.iter().map(|uid| escape::json(uid)).collect();
            format!(r#"{{"users":[{}]}}"#, uids.join(","))
        }
        Data::User(uid) => format!(r#"{{"enabled":"true","email":null,"displayname":{}}}"#, escape::json(uid)),
    };
    format!(r#"{{"ocs":{{"meta":{{"status":"{status}","statuscode":{code},"message":{message}}},"data":{data}}}}}"#)
}

//! The installation: everything requests share, and the way from a request to its part.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HOST, PRAGMA};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::ext::ReasonPhrase;

use super::accounts::Accounts;
use super::clock::Clock;
use super::locks::Locks;
use super::session::Sessions;
use super::{Config, dav, ocs, route};
use crate::payload::Payload;
use crate::serve::{Arriving, ClientGone};

/// What the requests share.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) config: Config,
    bound: IpAddr,
    pub(super) clock: Clock,
    pub(super) locks: Locks,
    accounts: Mutex<Accounts>,
    sessions: Mutex<Sessions>,
}

impl Site {
    /// The installation behind a server that listens on this address.
    pub(super) fn new(config: Config, bound: IpAddr) -> Self {
        let clock = Clock::new();
        let accounts = Accounts::new(config.manual_size, clock.unix_seconds());
        Self {
            config,
            bound,
            clock,
            locks: Locks::default(),
            accounts: Mutex::new(accounts),
            sessions: Mutex::new(Sessions::new()),
        }
    }

    pub(super) fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only 127.0.0.1, `localhost` and the address that the server listens on are trusted.
    fn trusts(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
        let name = authority.host();
        if name == "localhost" {
            return true;
        }
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        address.parse::<IpAddr>().is_ok_and(|address| address == Ipv4Addr::LOCALHOST || address == self.bound)
    }
}

/// The route by which a request is counted.
pub(super) fn route(path: &str) -> &'static str {
    if path.starts_with(dav::FILES) {
        return route::FILES;
    }
    match ocs::Resource::of(path) {
        Some((_, ocs::Resource::Users)) => route::USERS,
        Some((_, ocs::Resource::User(_))) => route::USER,
        Some((_, ocs::Resource::Unknown)) | None => route::OTHER,
    }
}

/// Answers one request.
pub(super) async fn answer(site: Arc<Site>, request: Parts, body: Arriving) -> Result<Response<Payload>, ClientGone> {
    let mut visit = site.sessions().open(&request.headers);
    let path = request.uri.path();
    let mut response = if !site.trusts(&request.headers) {
        body.whole().await?;
        html(StatusCode::BAD_REQUEST, "You are accessing the server from an untrusted domain.")
    } else if path.starts_with(dav::FILES) {
        dav::answer(&site, &mut visit, &request, body).await?
    } else if let Some((version, resource)) = ocs::Resource::of(path) {
        let body = body.whole().await?;
        let call = ocs::Call { version, resource, request: &request, body: &body };
        ocs::answer(&site, &mut visit, call).await
    } else {
        body.whole().await?;
        html(StatusCode::NOT_FOUND, "The specified document has not been found on the server.")
    };
    site.sessions().set_cookies(&visit, site.clock.wall(), response.headers_mut());
    never_cache(response.headers_mut());
    if response.status() == StatusCode::BAD_REQUEST {
        empty_reason(&mut response);
    }
    Ok(response)
}

/// As under PHP-FPM, which does not know the phrase.
pub(super) fn empty_reason(response: &mut Response<Payload>) {
    response.extensions_mut().insert(ReasonPhrase::from_static(b""));
}

fn never_cache(headers: &mut HeaderMap) {
    headers.insert(EXPIRES, HeaderValue::from_static("Thu, 19 Nov 1981 08:52:00 GMT"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// One of the few pages for people.
pub(super) fn html(status: StatusCode, text: &str) -> Response<Payload> {
    let page = format!("<!DOCTYPE html>\n<html><body><p>{text}</p></body></html>\n");
    let mut response = Response::new(Payload::whole(page));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/html; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use http::header::HOST;
    use http::{HeaderMap, HeaderValue};

    use super::Site;
    use crate::owncloud::OwncloudServer;

    #[test]
    fn the_names_of_this_machine_and_the_bound_address_are_trusted() {
        let trusts = |bound: &str, host: &'static str| {
            let site = Site::new(OwncloudServer::builder().config, bound.parse().expect("an address"));
            site.trusts(&HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]))
        };
        for bound in ["127.0.0.1", "::1", "192.0.2.7"] {
            for host in ["127.0.0.1", "127.0.0.1:80", "localhost", "localhost:8080"] {
                assert!(trusts(bound, host), "{host} at {bound}");
            }
            for host in ["", ":80", "evil.example", "localhost.evil.example", "192.0.2.8", "[::2]:80"] {
                assert!(!trusts(bound, host), "{host} at {bound}");
            }
        }
        assert!(trusts("::1", "[::1]:8080") && trusts("::1", "[::1]"));
        assert!(trusts("192.0.2.7", "192.0.2.7:8080"));
        assert!(!trusts("127.0.0.1", "[::1]:8080"));
    }
}

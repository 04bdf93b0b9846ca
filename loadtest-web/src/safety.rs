//! Whose requests are answered: those of the page itself, and those of programs that are no browser.
//!
//! Two attacks come from pages of other sites that somebody has open in the same browser. *DNS rebinding*: the name of
//! the other site is made to mean this machine, and its scripts read what is here as their own; so the `Host` has to be
//! a name that only this server has. *Request forgery*: the other page sends a form to this address; a browser says
//! from where, in `Origin` and `Sec-Fetch-Site`, which no script can change. Programs send neither, and are let through.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// Which names this server goes by.
#[derive(Debug)]
pub(crate) struct Names {
    /// As it was asked to listen on, in lower case.
    bound: String,
    /// That of the machine, where it listens on all of its addresses.
    machine: Option<String>,
    /// It listens on all addresses: any of them may be meant.
    is_any: bool,
    is_tls: bool,
}

/// Why a request is not answered: its status, and a sentence for whoever wonders.
pub(crate) type Refusal = (StatusCode, String);

impl Names {
    pub(crate) fn new(bound: &str, is_tls: bool) -> Self {
        let bound = bound.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let is_any = bound.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
        let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let machine = if is_any { machine() } else { None };
        let machine = machine.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty());
        Self { bound, machine, is_any, is_tls }
    }

    /// Whether this is a name of the server; an address cannot be made to mean another machine, so that any will do
    /// where it listens on all.
    fn know(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let bare = host.trim_matches(['[', ']']);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return address.is_loopback() || self.is_any || bare.parse() == self.bound.parse::<IpAddr>();
        }
        let of_machine =
            |name: &String| host == *name || host.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        host == "localhost" || host == self.bound || self.machine.as_ref().is_some_and(of_machine)
    }

    /// Looks at who is asked for, and at who asks.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = self.check_host(headers)?;
        let forwarded = text(headers, &X_FORWARDED_HOST);
        if let Some(origin) = headers.get(header::ORIGIN) {
            let of_page = origin.to_str().is_ok_and(|origin| self.is_own(origin, host, forwarded));
            if !of_page {
                let message = "this request comes from another site's page; open the page of this server itself";
                return Err((StatusCode::FORBIDDEN, message.to_owned()));
            }
        }
        let site = text(headers, &SEC_FETCH_SITE).unwrap_or("none");
        // A link to the page on another site may be followed: that sends nothing and shows nothing to the other site.
        let is_link = method == Method::GET && text(headers, &SEC_FETCH_MODE) == Some("navigate");
        if matches!(site, "none" | "same-origin") || is_link {
            return Ok(());
        }
        Err((StatusCode::FORBIDDEN, "this request comes from another site's page, which may not ask here".to_owned()))
    }

    fn check_host<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let one = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
        let Some(host) = one else {
            return Err((StatusCode::BAD_REQUEST, "one Host header is needed".to_owned()));
        };
        if self.know(without_port(host)) {
            return Ok(host);
        }
        let message = "this server does not go by that name: ask for the address that it printed when it began, or begin \
                       it with --web-host and the name";
        Err((StatusCode::MISDIRECTED_REQUEST, message.to_owned()))
    }

    /// Whether an origin is this server, or the proxy in front of it. No page of another site can say `X-Forwarded-Host`
    /// without asking first, which is not granted; and a rebound name is none that is known.
    fn is_own(&self, origin: &str, host: &str, forwarded: Option<&str>) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let port = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
        let same = |host: &str| with_port(authority, port) == with_port(host, port);
        let of_us = scheme.eq_ignore_ascii_case(if self.is_tls { "https" } else { "http" }) && same(host);
        of_us || (matches!(scheme, "http" | "https") && forwarded.is_some_and(same))
    }
}

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// `[::1]:8089` and `localhost:8089` without what stands behind the last colon.
fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if host[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()) && !host[..colon].ends_with(':') => {
            &host[..colon]
        }
        _ => host,
    }
}

fn with_port(host: &str, port: &str) -> String {
    let bare = without_port(host);
    let host = host.to_ascii_lowercase();
    if bare.len() == host.len() { format!("{host}:{port}") } else { host }
}

/// What every answer says to browsers. The page needs nothing from elsewhere and runs no script but its own; `blob:` and
/// `data:` are for the pictures of charts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts them on an answer; one that has a policy of its own keeps it.
pub(crate) fn put_headers(headers: &mut HeaderMap) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(names: &Names, method: &Method, headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        names.check(method, &map).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn only_names_of_this_server_are_answered() {
        let loopback = Names::new("127.0.0.1", false);
        for host in ["127.0.0.1:8089", "localhost:1", "LOCALHOST", "localhost.:80", "[::1]:8089", "[::1]", "127.1.2.3"]
        {
            assert_eq!(check(&loopback, &Method::GET, &[("host", host)]), 200, "{host}");
        }
        for host in ["evil.example:8089", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::2]"] {
            assert_eq!(check(&loopback, &Method::GET, &[("host", host)]), 421, "{host}");
        }
        assert_eq!(check(&loopback, &Method::GET, &[]), 400);
        assert_eq!(check(&loopback, &Method::GET, &[("host", "localhost"), ("host", "localhost")]), 400);
        for asked in ["Load.example", "load.example."] {
            let named = Names::new(asked, false);
            assert_eq!(check(&named, &Method::GET, &[("host", "load.example:8089")]), 200);
        }
        let any = Names::new("0.0.0.0", false);
        assert_eq!(check(&any, &Method::GET, &[("host", "10.0.0.1:8089")]), 200);
        assert_eq!(check(&any, &Method::GET, &[("host", "evil.example")]), 421);
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let names = Names::new("127.0.0.1", false);
        let with = |origin: &str| check(&names, &Method::POST, &[("host", "127.0.0.1:8089"), ("origin", origin)]);
        assert_eq!(with("http://127.0.0.1:8089"), 200);
        for origin in ["null", "http://evil.example", "https://127.0.0.1:8089", "http://127.0.0.1:3000", "", "http://"]
        {
            assert_eq!(with(origin), 403, "{origin}");
        }
        let host = ("host", "localhost");
        assert_eq!(check(&names, &Method::POST, &[host, ("origin", "http://localhost:80")]), 200);
        assert_eq!(check(&names, &Method::POST, &[host, ("sec-fetch-site", "same-site")]), 403);
        assert_eq!(check(&names, &Method::GET, &[host, ("sec-fetch-site", "cross-site")]), 403);
        let link = [host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert_eq!(check(&names, &Method::GET, &link), 200);
        assert_eq!(check(&names, &Method::POST, &link), 403);
    }

    #[test]
    fn a_proxy_says_for_whom_it_asks() {
        let names = Names::new("127.0.0.1", false);
        let headers =
            [("host", "127.0.0.1:8089"), ("origin", "https://load.example"), ("x-forwarded-host", "load.example")];
        assert_eq!(check(&names, &Method::POST, &headers), 200);
        assert_eq!(check(&names, &Method::POST, &headers[..2]), 403);
    }

    proptest! {
        #[test]
        fn any_host_is_judged(host in "[ -~]{0,40}") {
            let names = Names::new("::1", true);
            let mut map = HeaderMap::new();
            map.insert("host", host.parse().unwrap());
            let _ = names.check(&Method::POST, &map);
        }
    }
}

//! The headers that go with each request, unless it has its own.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderName, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderValue};

use crate::coding;
use crate::target::Origin;

/// What an automatic `User-Agent` says.
const AGENT: &str = concat!("loadtest/", env!("CARGO_PKG_VERSION"));

/// Headers that go with each request to an origin, unless it has its own.
#[derive(Debug)]
pub(crate) struct Automatic {
    map: HeaderMap,
    /// As they are sent.
    lines: Box<[u8]>,
    has_cookies: bool,
    asks_to_close: bool,
    has_upgrade: bool,
}

impl Automatic {
    /// `Host` (which comes first: RFC 9110, 7.2), `User-Agent`, `Accept`, `Accept-Encoding` and the credentials of the
    /// base, and what was set as defaults in their place: by the settings, then by the session.
    pub(crate) fn new(origin: &Origin, credentials: Option<&HeaderValue>, own: &[&HeaderMap]) -> Self {
        let host = origin.text.split_once("://").map_or("", |(_, host)| host);
        let mut map = HeaderMap::with_capacity(8);
        if let Ok(host) = HeaderValue::from_str(host) {
            map.insert(HOST, host);
        }
        map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        map.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(accept) = coding::ACCEPT {
            map.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        }
        if let Some(credentials) = credentials {
            map.insert(AUTHORIZATION, credentials.clone());
        }
        for own in own {
            replace(&mut map, (*own).clone());
        }
        // The transport frames the body.
        map.remove(CONTENT_LENGTH);
        map.remove(TRANSFER_ENCODING);
        let lines = map.iter().flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
        let lines = lines.collect::<Vec<_>>().concat().into();
        Self {
            has_cookies: map.contains_key(COOKIE),
            asks_to_close: asks_to_close(&map),
            has_upgrade: map.contains_key(UPGRADE),
            map,
            lines,
        }
    }

    pub(crate) fn map(&self) -> &HeaderMap {
        &self.map
    }

    /// Whether a default `Cookie` takes the place of the session's cookies.
    pub(crate) fn has_cookies(&self) -> bool {
        self.has_cookies
    }

    /// Whether a request with these headers of its own asks for its connection to be closed.
    pub(crate) fn closes_with(&self, own: &HeaderMap) -> bool {
        if own.contains_key(CONNECTION) { asks_to_close(own) } else { self.asks_to_close }
    }

    /// Whether a request with these headers of its own asks for another protocol.
    pub(crate) fn upgrades_with(&self, own: &HeaderMap) -> bool {
        self.has_upgrade || own.contains_key(UPGRADE)
    }

    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }
}

/// RFC 9112, 9.6.
fn asks_to_close(headers: &HeaderMap) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| {
        value.as_bytes().split(|byte| *byte == b',').any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    })
}

/// Puts headers in place of those of the same names; several of one name stay together.
pub(crate) fn replace(headers: &mut HeaderMap, with: HeaderMap) {
    let mut last = None;
    for (name, value) in with {
        // A name is given only with the first of its values.
        if let Some(name) = name {
            headers.insert(&name, value);
            last = Some(name);
        } else if let Some(name) = &last {
            headers.append(name, value);
        }
    }
}

/// What is meant for one origin alone (RFC 9110, 15.4 on redirects).
pub(crate) fn is_for_one_origin(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || *name == COOKIE || *name == HOST || *name == PROXY_AUTHORIZATION
}

/// Defaults as another origin gets them.
pub(crate) fn for_others(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    let secret: Vec<HeaderName> = headers.keys().filter(|name| is_for_one_origin(name)).cloned().collect();
    for name in secret {
        headers.remove(name);
    }
    headers
}

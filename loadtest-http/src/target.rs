//! Where a request goes: the base of a session, and a URL in a request resolved against it.

use std::fmt;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use http::uri::PathAndQuery;
use loadtest_core::InputError;
use percent_encoding::percent_decode_str;
use url::{Host, Position, Url};

/// The host that messages show as an example.
const EXAMPLE: &str = "http://localhost:8080";

/// Scheme, host and port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// `http://host` or `http://host:port`.
    pub(crate) text: Box<str>,
}

impl Origin {
    fn of(url: &Url) -> Result<Self, BadUrl> {
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(BadUrl(format!("the scheme {other} is not http or https"))),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.into(),
            Some(Host::Ipv4(address)) => address.to_string().into(),
            Some(Host::Ipv6(address)) => address.to_string().into(),
            None => return Err(BadUrl("it names no host".to_owned())),
        };
        let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
        let text = format!("{}://{}", url.scheme(), &url[Position::BeforeHost..Position::AfterPort]);
        Ok(Self { secure, host, port, text: text.into() })
    }
}

/// The host to test, taken apart once.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) origin: Rc<Origin>,
    /// The path of the base without a slash at its end: mostly nothing.
    prefix: Box<str>,
    /// As [`HttpSession::base_url`](crate::HttpSession::base_url) shows it: without credentials.
    pub(crate) text: Box<str>,
    /// Of the host's URL, as basic authentication.
    pub(crate) credentials: Option<HeaderValue>,
}

impl Base {
    /// Reads the host of a run.
    pub(crate) fn parse(host: Option<&str>) -> Result<Self, InputError> {
        let host = host.map_or("", str::trim);
        if host.is_empty() {
            return Err(InputError::new(format!("no host to test: give --host {EXAMPLE}")));
        }
        let Some((scheme, rest)) = host.split_once("://") else {
            return Err(no_scheme(host));
        };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            let instead = suggest(rest).unwrap_or_else(|| EXAMPLE.to_owned());
            return Err(InputError::new(format!(
                "the host `{host}` has the scheme {scheme}, but http or https is needed: write {instead}"
            )));
        }
        if rest.is_empty() || rest.starts_with(['/', '?', '#', ':']) {
            return Err(InputError::new(format!("the host `{host}` names no machine: write {EXAMPLE}")));
        }
        let url = Url::parse(host).map_err(|error| malformed(host, &error))?;
        if url.query().is_some() || url.fragment().is_some() {
            let end = host.find(['?', '#']).unwrap_or(host.len());
            let end = host.get(..end).unwrap_or(host);
            return Err(InputError::new(format!(
                "the host `{host}` has a query or a fragment, which belong to requests: write {end}"
            )));
        }
        let origin = Rc::new(Origin::of(&url).map_err(|error| malformed(host, &error))?);
        let prefix = url.path().trim_end_matches('/').into();
        let text = format!("{}{prefix}", origin.text).into();
        Ok(Self { origin, prefix, text, credentials: credentials(&url) })
    }

    /// The root of the host.
    pub(crate) fn root(&self) -> Target {
        Target { origin: Rc::clone(&self.origin), path: Path { text: "/".into(), length: 1 } }
    }

    /// The target of a URL in a request: absolute, or put behind the base.
    pub(crate) fn resolve(&self, url: &str) -> Result<Target, BadUrl> {
        if let Some(length) = plain(url) {
            let text = if self.prefix.is_empty() { url.into() } else { [&*self.prefix, url].concat().into() };
            let path = Path::new(text, self.prefix.len() + length)?;
            return Ok(Target { origin: Rc::clone(&self.origin), path });
        }
        let parsed = if has_scheme(url) {
            Url::parse(url)
        } else {
            let slash = if url.is_empty() || url.starts_with(['/', '?', '#']) { "" } else { "/" };
            Url::parse(&[&*self.text, slash, url].concat())
        };
        self.target(&parsed.map_err(|error| BadUrl(error.to_string()))?)
    }

    /// The target of a `Location` header (RFC 9110, 10.2.2): relative to the URL that gave it.
    pub(crate) fn redirected(&self, from: &Target, location: &str) -> Result<Target, BadUrl> {
        let from = from.url()?;
        let url = from.join(location).map_err(|error| BadUrl(error.to_string()))?;
        self.target(&url)
    }

    fn target(&self, url: &Url) -> Result<Target, BadUrl> {
        let origin = Origin::of(url)?;
        let origin = if origin == *self.origin { Rc::clone(&self.origin) } else { Rc::new(origin) };
        let path = &url[Position::BeforePath..Position::AfterQuery];
        Ok(Target { origin, path: Path::parse(path)? })
    }
}

fn no_scheme(host: &str) -> InputError {
    let instead = suggest(host).unwrap_or_else(|| EXAMPLE.to_owned());
    InputError::new(format!("the host `{host}` has no scheme: write {instead}"))
}

fn malformed(host: &str, error: &impl fmt::Display) -> InputError {
    InputError::new(format!("the host `{host}` is malformed ({error}): write one like {EXAMPLE}"))
}

/// `http://` before what was given, if that makes it right.
fn suggest(rest: &str) -> Option<String> {
    let instead = format!("http://{}", rest.trim_start_matches('/'));
    Base::parse(Some(&instead)).ok().map(|_| instead)
}

/// The credentials in the absolute URL of a request, as for the host.
pub(crate) fn own_credentials(url: &str) -> Option<HeaderValue> {
    // Looked for first: parsing once more is for the few that have any.
    if url.starts_with('/') || !url.contains('@') || !has_scheme(url) {
        return None;
    }
    credentials(&Url::parse(url).ok()?)
}

/// The credentials in a URL, as basic authentication (RFC 7617).
fn credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = percent_decode_str(url.username()).decode_utf8_lossy();
    let password = percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
    Some(basic(&user, &password))
}

/// The `Authorization` of a user and a password (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    // Base64 is made of visible ASCII alone.
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The bytes that a URL parser leaves as they are in a path and in a query; `/` and `?` are treated apart.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let bytes = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&()*+,;=:@";
    let mut index = 0;
    while index < bytes.len() {
        plain[bytes[index] as usize] = true;
        index += 1;
    }
    plain
};

/// The length of the path before the query, if a URL parser would leave both as they are: no dot segments, nothing to
/// encode.
fn plain(url: &str) -> Option<usize> {
    let bytes = url.as_bytes();
    if bytes.first() != Some(&b'/') {
        return None;
    }
    let mut path = bytes.len();
    for (index, byte) in bytes.iter().enumerate() {
        if PLAIN[usize::from(*byte)] {
            continue;
        }
        match byte {
            b'/' if path == bytes.len() => match (bytes.get(index + 1), bytes.get(index + 2)) {
                // `/.`, `/..` and the encoded `/%2e`.
                (Some(b'.'), _) | (Some(b'%'), Some(b'2')) => return None,
                _ => {}
            },
            b'/' => {}
            b'?' => path = path.min(index),
            _ => return None,
        }
    }
    Some(path)
}

/// Whether it begins with a scheme and `//`.
fn has_scheme(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once("://") else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// An origin, and what to ask it for.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) origin: Rc<Origin>,
    pub(crate) path: Path,
}

/// A path and a query, which are made of URI characters alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    text: Box<str>,
    /// Of the path without the query.
    length: usize,
}

impl Path {
    /// As long as `http` allows.
    fn new(text: Box<str>, length: usize) -> Result<Self, BadUrl> {
        if text.len() >= usize::from(u16::MAX) {
            return Err(BadUrl("uri too long".to_owned()));
        }
        Ok(Self { text, length })
    }

    fn parse(text: &str) -> Result<Self, BadUrl> {
        let parsed = PathAndQuery::try_from(text).map_err(|error| BadUrl(error.to_string()))?;
        Self::new(parsed.as_str().into(), parsed.path().len())
    }

    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.text.get(..self.length).unwrap_or_default()
    }

    fn query(&self) -> Option<&str> {
        self.text.get(self.length + 1..)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl Target {
    /// As text, without a fragment.
    pub(crate) fn text(&self) -> String {
        [&*self.origin.text, self.path.as_str()].concat()
    }

    /// As a parsed URL.
    pub(crate) fn url(&self) -> Result<Url, BadUrl> {
        Url::parse(&self.text()).map_err(|error| BadUrl(error.to_string()))
    }

    /// With more of a query, which is encoded already.
    pub(crate) fn with_query(&self, query: &str) -> Result<Self, BadUrl> {
        let sign = match self.path.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        let path = Path::parse(&[self.path.as_str(), sign, query].concat())?;
        Ok(Self { origin: Rc::clone(&self.origin), path })
    }
}

/// Why a URL cannot be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadUrl(pub(crate) String);

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;

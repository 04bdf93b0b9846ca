//! The cookies of a session, by RFC 6265, and the `Cookie` header they make.
//!
//! Bounded as in browsers: 180 cookies of one domain, of which the first made go first, and none longer than 4096 bytes
//! (RFC 6265bis, 5.6).
//!
//! There is no list of public suffixes: a server may set a cookie for the whole of `com`, as it would in a test
//! network where such a list makes no sense.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cookie_store::{Cookie, CookieExpiration, CookieStore, RawCookie, StoreAction};
use http::HeaderValue;
use loadtest_core::InputError;
use tokio::time::Instant;

use crate::target::{Origin, Target};
use crate::transport::Head;

/// The most cookies kept of one domain.
const MOST: usize = 180;
/// The longest cookie, name and value.
const LONGEST: usize = 4096;
/// The longest line that sets one. The store keeps the lines whole: without a limit a server could fill the memory with
/// attributes, 180 times as much as it may send in one head.
const LONGEST_LINE: usize = 2 * LONGEST;

/// From so many seconds on a `Max-Age` is long, and for so long setting it again is the same.
const LONG: u64 = 60;
const SAME: Duration = Duration::from_secs(1);

/// A cookie jar that costs nothing while it is empty.
#[derive(Debug, Default)]
pub(crate) struct Jar(Option<Box<Filled>>);

#[derive(Debug, Default)]
struct Filled {
    store: CookieStore,
    /// The header made last; forgotten when the jar changes.
    cached: Option<Cached>,
    /// What was stored last.
    last: Option<Stored>,
}

/// What one answer set. Many servers set the same cookie with each answer: that changes nothing.
#[derive(Debug)]
struct Stored {
    origin: Rc<Origin>,
    /// The path of the request, where a cookie without one of its own depends on it.
    path: Option<Box<str>>,
    /// Each with a line break behind it, which no header has: in one piece, to be compared in few cache lines.
    lines: Box<[u8]>,
    /// Until when storing the same again makes no difference; `None`: for ever.
    until: Option<Instant>,
}

impl Stored {
    /// `None` when storing the same again is never the same. `own_paths`: every cookie has a path of its own.
    ///
    /// `Max-Age` counts from the answer (RFC 6265, 5.2.2), to the second: for one that is long, the same within a second
    /// is the same.
    fn new(head: &Head, target: &Target, own_paths: bool, now: Instant) -> Option<Self> {
        let (mut lines, mut until) = (Vec::new(), None);
        for line in head.set_cookies() {
            lines.extend_from_slice(line);
            lines.push(b'\n');
            match max_age(line) {
                None => {}
                Some(Some(seconds)) if seconds >= LONG => until = now.checked_add(SAME),
                Some(_) => return None,
            }
        }
        let path = (!own_paths).then(|| target.path.path().into());
        Some(Self { origin: Rc::clone(&target.origin), path, lines: lines.into(), until })
    }

    fn is_same(&self, head: &Head, target: &Target, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
            && (Rc::ptr_eq(&self.origin, &target.origin) || self.origin == target.origin)
            && self.path.as_ref().is_none_or(|path| **path == *target.path.path())
            && self.has_lines(head)
    }

    fn has_lines(&self, head: &Head) -> bool {
        let mut rest = &*self.lines;
        for line in head.set_cookies() {
            match rest.strip_prefix(line).and_then(|rest| rest.strip_prefix(b"\n")) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

#[derive(Debug)]
struct Cached {
    origin: Rc<Origin>,
    /// For this path; for any when all cookies of the jar are for `/`.
    path: Option<Box<str>>,
    /// Until the first of its cookies expires.
    until: Option<Instant>,
    header: Option<Rc<HeaderValue>>,
}

impl Cached {
    fn fits(&self, target: &Target, now: Instant) -> bool {
        (Rc::ptr_eq(&self.origin, &target.origin) || self.origin == target.origin)
            && self.path.as_ref().is_none_or(|path| **path == *target.path.path())
            && self.until.is_none_or(|until| now < until)
    }
}

impl Jar {
    /// The `Cookie` header of a request.
    pub(crate) fn header(&mut self, target: &Target, now: Instant) -> Option<Rc<HeaderValue>> {
        let filled = self.0.as_mut()?;
        if let Some(cached) = filled.cached.as_ref().filter(|cached| cached.fits(target, now)) {
            return cached.header.clone();
        }
        let cached = filled.make(target, now);
        let header = cached.as_ref().and_then(|cached| cached.header.clone());
        filled.cached = cached;
        header
    }

    /// Keeps what an answer sets; malformed cookies and those for other hosts are passed over.
    pub(crate) fn store(&mut self, head: &Head, target: &Target, now: Instant) {
        if !head.has_set_cookie() {
            return;
        }
        let filled = self.0.get_or_insert_default();
        if filled.last.as_ref().is_some_and(|last| last.is_same(head, target, now)) {
            return;
        }
        let Ok(url) = target.url() else { return };
        let mut own_paths = true;
        for line in head.set_cookies().filter(|line| line.len() <= LONGEST_LINE) {
            let Some(Ok(cookie)) = text(line).map(|text| RawCookie::parse(text.to_owned())) else { continue };
            if cookie.name().len() + cookie.value().len() > LONGEST {
                continue;
            }
            own_paths &= cookie.path().is_some_and(|path| path.starts_with('/'));
            // An error means that the rules of RFC 6265, 5.3 say to ignore the cookie.
            if let Ok(StoreAction::ExpiredExisting) = filled.store.insert_raw(&cookie, &url) {
                filled.forget_expired();
            }
        }
        filled.forget_too_many();
        filled.cached = None;
        filled.last = Stored::new(head, target, own_paths, now);
    }

    /// The value of a cookie of this host; of several that with the longest path.
    pub(crate) fn get(&self, host: &Target, name: &str) -> Option<String> {
        let filled = self.0.as_ref()?;
        let cookies = filled.of_host(host, name);
        cookies.max_by_key(|cookie| cookie.path.len()).map(|cookie| cookie.value().to_owned())
    }

    /// Sets a cookie of this host.
    pub(crate) fn set(&mut self, host: &Target, name: &str, value: &str) -> Result<(), InputError> {
        check(name, value).map_err(InputError::new)?;
        let cookie = RawCookie::build((name.to_owned(), value.to_owned())).path("/").build();
        let filled = self.0.get_or_insert_default();
        let url = host.url().map_err(|error| InputError::new(error.to_string()))?;
        filled
            .store
            .insert_raw(&cookie, &url)
            .map_err(|error| InputError::new(format!("malformed cookie: {error}")))?;
        filled.changed();
        Ok(())
    }

    /// Forgets the cookies of this host with this name.
    pub(crate) fn remove(&mut self, host: &Target, name: &str) {
        let Some(filled) = &mut self.0 else { return };
        let found: Vec<_> = filled.of_host(host, name).filter_map(key).collect();
        filled.forget(&found);
        filled.changed();
    }

    /// Forgets all cookies.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Filled {
    /// The store only marks a deleted cookie as expired: a server that makes and deletes one for each page would fill it.
    fn forget_expired(&mut self) {
        let expired: Vec<_> = self.store.iter_any().filter(|cookie| cookie.is_expired()).filter_map(key).collect();
        self.forget(&expired);
    }

    /// The first made go first.
    fn forget_too_many(&mut self) {
        if self.store.iter_any().nth(MOST).is_none() {
            return;
        }
        let mut by_domain = HashMap::<String, Vec<Key>>::new();
        for key in self.store.iter_any().filter_map(key) {
            by_domain.entry(key.0.clone()).or_default().push(key);
        }
        for mut keys in by_domain.into_values() {
            keys.truncate(keys.len().saturating_sub(MOST));
            self.forget(&keys);
        }
    }

    fn forget(&mut self, keys: &[Key]) {
        for (domain, path, name) in keys {
            self.store.remove(domain, path, name);
        }
    }

    /// What was made of the cookies before is no longer right.
    fn changed(&mut self) {
        (self.cached, self.last) = (None, None);
    }

    /// The cookies with this name that the host gets for one path or another.
    fn of_host<'a>(&'a self, host: &Target, name: &'a str) -> impl Iterator<Item = &'a Cookie<'static>> {
        let url = host.url().ok();
        let cookies = self.store.iter_unexpired().filter(move |cookie| cookie.name() == name);
        cookies.filter(move |cookie| url.as_ref().is_some_and(|url| cookie.domain.matches(url)))
    }

    fn make(&self, target: &Target, now: Instant) -> Option<Cached> {
        let url = target.url().ok()?;
        let mut cookies = self.store.matches(&url);
        // Longer paths first, else in the order in which they were made (RFC 6265, 5.4).
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut text = String::new();
        let mut until = None;
        for cookie in cookies {
            let (name, value) = cookie.name_value();
            if !text.is_empty() {
                text.push_str("; ");
            }
            if !name.is_empty() {
                text.push_str(name);
                text.push('=');
            }
            text.push_str(value);
            if let CookieExpiration::AtUtc(at) = cookie.expires {
                until = earlier(until, left(at.unix_timestamp()).and_then(|left| now.checked_add(left)));
            }
        }
        let everywhere = self.store.iter_any().all(|cookie| &*cookie.path == "/");
        Some(Cached {
            origin: Rc::clone(&target.origin),
            path: (!everywhere).then(|| target.path.path().into()),
            until,
            header: if text.is_empty() {
                None
            } else {
                HeaderValue::from_maybe_shared(Bytes::from(text)).ok().map(Rc::new)
            },
        })
    }
}

/// What tells cookies apart (RFC 6265, 5.3, step 11): domain, path and name.
type Key = (String, String, String);

fn key(cookie: &Cookie<'_>) -> Option<Key> {
    Some((cookie.domain.as_cow()?.into_owned(), cookie.path.to_string(), cookie.name().to_owned()))
}

/// The `Max-Age` of a `Set-Cookie` line, if it has one, in seconds, if it is a number.
fn max_age(line: &[u8]) -> Option<Option<u64>> {
    const NAME: &[u8] = b"max-age";
    let mut attributes = line.split(|byte| *byte == b';').skip(1).map(<[u8]>::trim_ascii);
    attributes.find_map(|attribute| {
        let (name, value) = attribute.split_at_checked(NAME.len())?;
        if !name.eq_ignore_ascii_case(NAME) {
            return None;
        }
        let value = value.trim_ascii_start().strip_prefix(b"=").unwrap_or_default().trim_ascii();
        Some(std::str::from_utf8(value).ok().and_then(|seconds| seconds.parse().ok()))
    })
}

/// A `Set-Cookie` line as text, if it is any.
fn text(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok().filter(|text| !text.contains(|c: char| c.is_control() && c != '\t'))
}

/// The name and the value in a `Set-Cookie` line (RFC 6265, 5.2).
pub(crate) fn pair(line: &[u8]) -> Option<(&str, &str)> {
    let pair = text(line)?.split(';').next()?;
    pair.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
}

/// Whether these can be in a `Cookie` header (RFC 6265, 4.1.1; characters beyond ASCII are let through, as browsers do).
pub(crate) fn check(name: &str, value: &str) -> Result<(), String> {
    let breaks = |c: char| c.is_control() || c == ';';
    if name.is_empty() || name.contains(|c: char| breaks(c) || c == '=' || c.is_whitespace()) {
        return Err(format!("{name:?} cannot be the name of a cookie"));
    }
    if value.contains(breaks) || value.trim() != value {
        return Err(format!("the value of the cookie {name} has a character that cannot be in one"));
    }
    Ok(())
}

/// The `Cookie` header of a request with cookies of its own, which replace those of the session with the same names.
pub(crate) fn with_own(session: Option<&HeaderValue>, own: &[(String, String)]) -> Option<HeaderValue> {
    let session = session.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default();
    let is_own = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| own.iter().any(|(own, _)| own == name));
    let kept = session.split("; ").filter(|pair| !pair.is_empty() && !is_own(pair)).map(str::to_owned);
    let own = own.iter().map(|(name, value)| format!("{name}={value}"));
    let text = kept.chain(own).collect::<Vec<_>>().join("; ");
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// The time left until this second of Unix time.
fn left(at: i64) -> Option<Duration> {
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(at).unwrap_or(0)))?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests;

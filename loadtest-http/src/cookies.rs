//! The cookies of a session, by RFC 6265, and the `Cookie` header they make.
//!
//! There is no list of public suffixes: a server may set a cookie for the whole of `com`, as it would in a test
//! network where such a list makes no sense.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cookie_store::{CookieExpiration, CookieStore, RawCookie};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::target::{Origin, Target};

/// A cookie jar that costs nothing while it is empty.
#[derive(Debug, Default)]
pub(crate) struct Jar(Option<Box<Filled>>);

#[derive(Debug, Default)]
struct Filled {
    store: CookieStore,
    /// The header made last; forgotten when the jar changes.
    cached: Option<Cached>,
}

#[derive(Debug)]
struct Cached {
    origin: Rc<Origin>,
    /// For this path; for any when all cookies of the jar are for `/`.
    path: Option<Box<str>>,
    /// Until the first of its cookies expires.
    until: Option<Instant>,
    header: Option<HeaderValue>,
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
    pub(crate) fn header(&mut self, target: &Target, now: Instant) -> Option<HeaderValue> {
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
    pub(crate) fn store(&mut self, headers: &HeaderMap, target: &Target) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Ok(url) = target.url() else { return };
        let filled = self.0.get_or_insert_default();
        for line in headers.get_all(SET_COOKIE) {
            let Some(cookie) = line.to_str().ok().and_then(|line| RawCookie::parse(line.to_owned()).ok()) else {
                continue;
            };
            // An error means that the rules of RFC 6265, 5.3 say to ignore the cookie.
            let _ = filled.store.insert_raw(&cookie, &url);
        }
        filled.cached = None;
    }

    /// Forgets all cookies.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Filled {
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
            header: if text.is_empty() { None } else { HeaderValue::from_maybe_shared(Bytes::from(text)).ok() },
        })
    }
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
mod tests {
    use super::*;
    use crate::target::Base;

    struct Browser {
        base: Base,
        jar: Jar,
        now: Instant,
    }

    impl Browser {
        fn new() -> Self {
            Self { base: Base::parse(Some("http://shop")).expect("a host"), jar: Jar::default(), now: Instant::now() }
        }

        fn set(&mut self, url: &str, lines: &[&str]) {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
            }
            self.jar.store(&headers, &self.base.resolve(url).expect("a URL"));
        }

        fn sent(&mut self, url: &str) -> String {
            let target = self.base.resolve(url).expect("a URL");
            let first = self.jar.header(&target, self.now);
            assert_eq!(first, self.jar.header(&target, self.now), "from the cache the same as made");
            first.map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
        }
    }

    #[test]
    fn cookies_go_to_the_paths_they_are_for() {
        let mut browser = Browser::new();
        assert_eq!(browser.sent("/"), "");
        browser.set("/shop/login", &["a=1; Path=/", "b=2", "c=3; Path=/shop/cart"]);
        assert_eq!(browser.sent("/"), "a=1");
        assert_eq!(browser.sent("/shop/list"), "b=2; a=1", "without a path: the directory that set it");
        assert_eq!(browser.sent("/shop/cart/7?x"), "c=3; b=2; a=1", "longer paths first");
        assert_eq!(browser.sent("/shopping"), "a=1");
    }

    #[test]
    fn cookies_stay_with_their_host_and_scheme() {
        let mut browser = Browser::new();
        browser.set("https://a.shop/", &["own=1; Path=/", "all=2; Path=/; Domain=shop", "safe=3; Path=/; Secure"]);
        browser.set("http://evil/", &["steal=1; Domain=shop"]);
        assert_eq!(browser.sent("https://a.shop/"), "own=1; safe=3; all=2");
        assert_eq!(browser.sent("http://a.shop/"), "own=1; all=2");
        assert_eq!(browser.sent("/"), "all=2");
        assert_eq!(browser.sent("http://evil/"), "");
    }

    #[test]
    fn cookies_are_replaced_and_deleted() {
        let mut browser = Browser::new();
        browser.set("/", &["a=1", "b=1"]);
        browser.set("/", &["a=2"]);
        assert_eq!(browser.sent("/"), "a=2; b=1");
        browser.set("/", &["a=; Max-Age=0"]);
        assert_eq!(browser.sent("/"), "b=1");
        browser.set("/", &["b=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
        assert_eq!(browser.sent("/"), "");
        browser.set("/", &["c=1"]);
        browser.jar.clear();
        assert_eq!(browser.sent("/"), "");
    }

    #[test]
    fn what_is_no_cookie_is_passed_over() {
        let mut browser = Browser::new();
        browser.set("/", &["", ";", "=", "\u{fc}=1", "good=1", "Path=/; Secure", "x"]);
        assert!(browser.sent("/").contains("good=1"));
    }

    #[test]
    fn a_cached_header_ends_with_its_first_cookie() {
        let mut browser = Browser::new();
        browser.set("/", &["long=1; Max-Age=5000", "short=1; Max-Age=1000", "session=1"]);
        browser.sent("/");
        let until = browser.jar.0.as_ref().and_then(|filled| filled.cached.as_ref()?.until).expect("an end");
        let left = until.duration_since(browser.now);
        assert!(left <= Duration::from_secs(1000) && left > Duration::from_secs(990), "{left:?}");
    }
}

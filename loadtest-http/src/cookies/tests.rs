use http::HeaderMap;
use http::header::SET_COOKIE;

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
        self.jar.store(&Head::from(headers), &self.base.resolve(url).expect("a URL"), self.now);
    }

    fn sent(&mut self, url: &str) -> String {
        let target = self.base.resolve(url).expect("a URL");
        let first = self.jar.header(&target, self.now);
        assert_eq!(first, self.jar.header(&target, self.now), "from the cache the same as made");
        first.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
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

/// To the loopback interface they would go all the same: cookie_store takes that for secure.
#[test]
fn a_secure_cookie_stays_off_http() {
    let mut browser = Browser::new();
    browser.set("https://shop/", &["safe=1; Path=/; Secure", "open=2; Path=/"]);
    assert_eq!(browser.sent("https://shop/"), "safe=1; open=2");
    assert_eq!(browser.sent("http://shop/"), "open=2");
    assert_eq!(browser.sent("http://shop:443/"), "open=2");
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
fn setting_the_same_again_changes_nothing_and_is_cheap() {
    let mut browser = Browser::new();
    let kept = |browser: &Browser| browser.jar.0.as_ref().is_some_and(|filled| filled.cached.is_some());
    browser.set("/a/1", &["sid=1; Path=/"]);
    assert_eq!(browser.sent("/b"), "sid=1");
    browser.set("/b/2", &["sid=1; Path=/"]);
    assert!(kept(&browser), "the header made before is still good");
    browser.set("/b/2", &["sid=2; Path=/"]);
    assert_eq!(browser.sent("/b"), "sid=2");
    browser.set("/a/1", &["sid=1; Path=/"]);
    assert_eq!(browser.sent("/b"), "sid=1", "the last one counts, not the last different one");
    // Fewer, more, and what begins alike.
    for lines in [&["sid=1; Path=/", "b=2; Path=/"][..], &["sid=1; Path=/"], &["sid=1; Path=/x"], &["sid=1; Path=/"]] {
        browser.sent("/b");
        browser.set("/a/1", lines);
        assert!(!kept(&browser), "{lines:?}");
    }
    browser.set("/a/1", &["b=; Path=/; Max-Age=0", "sid=; Path=/x; Max-Age=0"]);
    // Without a path it matters which request is answered; with a short `Max-Age` it matters when.
    for line in ["here=1", "last_path=/x", "next=1; Path=/; Path=", "soon=1; Path=/; max-age = 59"] {
        browser.set("/a/1", &[line]);
        browser.sent("/a/1");
        browser.set("/b/2", &[line]);
        assert!(!kept(&browser), "{line}");
    }
    for path in ["/a/2", "/b/2"] {
        let mut sent: Vec<String> = browser.sent(path).split("; ").map(str::to_owned).collect();
        sent.sort_unstable();
        assert_eq!(sent, ["here=1", "last_path=/x", "next=1", "sid=1", "soon=1"], "{path}");
    }
}

#[test]
fn a_long_age_counts_from_the_last_second() {
    let mut browser = Browser::new();
    let kept = |browser: &Browser| browser.jar.0.as_ref().is_some_and(|filled| filled.cached.is_some());
    let line = "theme=dark; Path=/; Max-Age=86400";
    browser.set("/", &[line]);
    for (millis, same) in [(0, true), (999, true), (1, false), (999, true), (500, false)] {
        assert_eq!(browser.sent("/"), "theme=dark");
        browser.now += Duration::from_millis(millis);
        browser.set("/", &[line]);
        assert_eq!(kept(&browser), same, "{millis}");
    }
}

#[test]
fn the_age_is_read_as_it_is_written() {
    for (line, age) in [
        ("a=1", None),
        ("a=max-age=5", None),
        ("a=1; Max-Age=60", Some(Some(60))),
        ("a=1;Path=/;MAX-AGE = 7 ; Secure", Some(Some(7))),
        ("a=1; Max-Age=-1", Some(None)),
        ("a=1; max-age", Some(None)),
    ] {
        assert_eq!(max_age(line.as_bytes()), age, "{line}");
    }
}

#[test]
fn deleted_cookies_are_forgotten() {
    let mut browser = Browser::new();
    for number in 0..100 {
        browser.set("/", &[&format!("flash_{number}=1")]);
        browser.set("/", &[&format!("flash_{number}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")]);
    }
    assert_eq!(browser.jar.0.as_ref().map(|filled| filled.store.iter_any().count()), Some(0));
}

#[test]
fn a_cookie_may_be_utf_8() {
    let mut browser = Browser::new();
    browser.set("/", &["name=J\u{fc}rgen"]);
    let target = browser.base.resolve("/").expect("a URL");
    let header = browser.jar.header(&target, browser.now).expect("a cookie");
    assert_eq!(header.as_bytes(), "name=J\u{fc}rgen".as_bytes());
}

#[test]
fn what_is_no_cookie_is_passed_over() {
    let mut browser = Browser::new();
    browser.set("/", &["", ";", "=", "\u{fc}=1", "good=1", "Path=/; Secure", "x"]);
    assert!(browser.sent("/").contains("good=1"));
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let mut browser = Browser::new();
    let long = format!("{}=1; Path=/", "n".repeat(LONGEST - 1));
    let attributes = |length| format!("; x={}", "y".repeat(length));
    browser.set("/", &[&format!("a=1; Path=/{}", attributes(LONGEST)), &long]);
    assert_eq!(browser.sent("/"), format!("a=1; {}", &long[..LONGEST + 1]));
    browser.set("/", &[&format!("b=1; Path=/{}", attributes(LONGEST_LINE))]);
    assert!(!browser.sent("/").contains("b=1"));
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

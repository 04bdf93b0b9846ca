mod fuzz;

use http::header::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::headers::Automatic;

fn base(host: &str) -> Base {
    Base::parse(Some(host)).expect("a host")
}

fn automatic(base: &Base) -> Automatic {
    Automatic::new(&base.origin, None, &[])
}

fn refused(host: &str) -> String {
    Base::parse(Some(host)).expect_err("refused").to_string()
}

fn joined(host: &str, url: &str) -> String {
    base(host).resolve(url).expect("a URL").text()
}

#[test]
fn a_wrong_host_is_refused_with_what_to_write_instead() {
    let table = [
        ("", "no host to test: give --host http://localhost:8080"),
        ("localhost:8080", "the host `localhost:8080` has no scheme: write http://localhost:8080"),
        ("shop.example/app", "the host `shop.example/app` has no scheme: write http://shop.example/app"),
        ("//shop", "the host `//shop` has no scheme: write http://shop"),
        ("my shop", "the host `my shop` has no scheme: write http://localhost:8080"),
        (
            "ftp://shop:21",
            "the host `ftp://shop:21` has the scheme ftp, but http or https is needed: write http://shop:21",
        ),
        ("http://", "the host `http://` names no machine: write http://localhost:8080"),
        ("https:///x", "the host `https:///x` names no machine: write http://localhost:8080"),
        (
            "http://shop/?a=1",
            "the host `http://shop/?a=1` has a query or a fragment, which belong to requests: write http://shop/",
        ),
    ];
    for (host, message) in table {
        assert_eq!(refused(host), message);
    }
    assert_eq!(Base::parse(None).expect_err("refused").to_string(), table[0].1);
    for malformed in ["http://shop:99999", "http://[::1", "http://a b"] {
        let message = refused(malformed);
        assert!(message.starts_with(&format!("the host `{malformed}` is malformed (")), "{message}");
        assert!(message.ends_with("): write one like http://localhost:8080"), "{message}");
    }
}

#[test]
fn a_host_is_taken_apart() {
    let base = base(" HTTPS://Shop.Example:443/app/ ");
    assert_eq!(&*base.text, "https://shop.example/app");
    assert_eq!((&*base.origin.host, base.origin.port, base.origin.secure), ("shop.example", 443, true));
    assert_eq!(automatic(&base).map()["host"], "shop.example");
    let base = self::base("http://[::1]:8080");
    assert_eq!((&*base.origin.host, base.origin.port), ("::1", 8080));
    assert_eq!(automatic(&base).map()["host"], "[::1]:8080");
    let automatic = automatic(&base);
    let first = automatic.map().keys().next().map(HeaderName::as_str);
    assert_eq!(first, Some("host"));
}

#[test]
fn credentials_in_the_host_authenticate() {
    let base = base("http://ann:p%40ss@shop");
    assert_eq!(&*base.text, "http://shop");
    assert_eq!(base.credentials.unwrap(), "Basic YW5uOnBAc3M=");
    assert!(self::base("http://shop").credentials.is_none());
}

#[test]
fn relative_urls_are_put_behind_the_base() {
    let table = [
        ("http://h", "/x", "http://h/x"),
        ("http://h/", "/x", "http://h/x"),
        ("http://h", "x", "http://h/x"),
        ("http://h", "", "http://h/"),
        ("http://h", "?a=1", "http://h/?a=1"),
        ("http://h/app", "/x", "http://h/app/x"),
        ("http://h/app/", "x/y?z", "http://h/app/x/y?z"),
        ("http://h/app", "", "http://h/app"),
        ("http://h/app", "?a=1", "http://h/app?a=1"),
        ("http://h/app", "/../x", "http://h/x"),
        ("http://h", "/a/./b/../c", "http://h/a/c"),
        ("http://h", "/a/%2e%2E/c", "http://h/c"),
        ("http://h", "//x/y", "http://h//x/y"),
        ("http://h", "/a b?c d#e", "http://h/a%20b?c%20d"),
        ("http://h", "/ü?ü", "http://h/%C3%BC?%C3%BC"),
        ("http://h", "/a\\b", "http://h/a/b"),
        ("http://h", "/list?next=http://o/", "http://h/list?next=http://o/"),
        ("http://h", "/it's?it's", "http://h/it's?it%27s"),
    ];
    for (host, url, result) in table {
        assert_eq!(joined(host, url), result, "{host} and {url:?}");
    }
}

#[test]
fn absolute_urls_stand_alone() {
    assert_eq!(joined("http://h/app", "http://h/x"), "http://h/x");
    assert_eq!(joined("http://h", "HTTPS://O:8443/x#y"), "https://o:8443/x");
    for wrong in ["ftp://h/x", "http://", "http://[/", "http://a b/", "http://h:99999/"] {
        assert!(base("http://h").resolve(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_base_shares_its_origin() {
    let base = base("http://h:80");
    for url in ["/x", "/a b", "http://h/x", "http://H:80/x"] {
        assert!(Rc::ptr_eq(&base.resolve(url).expect("a URL").origin, &base.origin), "{url}");
    }
    for url in ["https://h/x", "http://h:81/x", "http://i/x"] {
        assert!(!Rc::ptr_eq(&base.resolve(url).expect("a URL").origin, &base.origin), "{url}");
    }
}

#[test]
fn queries_are_added() {
    let add = |url: &str| base("http://h").resolve(url).expect("a URL").with_query("q=1").expect("a query").text();
    assert_eq!(add("/x"), "http://h/x?q=1");
    assert_eq!(add("/x?"), "http://h/x?q=1");
    assert_eq!(add("/x?p=0"), "http://h/x?p=0&q=1");
}

proptest! {
    #[test]
    fn no_text_panics(host in ".*", url in ".*") {
        let _ = Base::parse(Some(&host)).map(|base| base.resolve(&url).map(|target| target.url()));
        let _ = base("http://h/p").resolve(&url).map(|target| target.with_query("a=b"));
        let _ = crate::name::of_malformed(&url);
    }

    #[test]
    fn the_short_way_gives_what_a_url_parser_gives(path in "/[a-zA-Z0-9/.%?&=;:@!$()*+,~_-]{0,30}") {
        let short = base("http://h").resolve(&path);
        let parsed = Url::parse(&format!("http://h{path}")).expect("a URL");
        prop_assert_eq!(short.expect("a URL").text(), parsed.as_str());
    }

    #[test]
    fn what_is_resolved_resolves_to_itself(url in "[ -~éß]{0,40}") {
        if let Ok(target) = base("http://h/p").resolve(&url) {
            let text = target.text();
            prop_assert_eq!(base("http://h/p").resolve(&text).expect("a URL").text(), text);
        }
    }

    #[test]
    fn names_have_no_query(url in "/[ -~]{0,40}") {
        let base = base("http://h");
        if let Ok(target) = base.resolve(&url) {
            let name = crate::name::default_name(&base, &target);
            prop_assert!(name.starts_with('/') && !name.contains('?'), "{}", name);
        }
    }
}

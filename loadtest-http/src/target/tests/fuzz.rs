//! Any text as a host, as a URL and as a `Location`.

use super::*;
use crate::fuzz::{Parts, fuzz};

/// A parser takes it for what it is, and nothing in it ends a request line or a header.
fn is_sound(base: &Base, target: &Target) {
    let path = target.path.as_str();
    assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{path:?}");
    let before_query = path.split('?').next();
    assert_eq!(Some(target.path.path()), before_query);
    let text = target.text();
    let url = target.url().expect("a URL");
    assert_eq!(url.as_str(), text);
    assert_eq!(Origin::of(&url).expect("an origin"), *target.origin);
    let host = automatic_host(target);
    assert!(!host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic()), "{host:?}");
    let again = base.resolve(&text).expect("a URL");
    assert_eq!((again.text(), again.path.path()), (text, target.path.path()));
    let queried = target.with_query("q=1").expect("a query");
    assert_eq!(queried.path.path(), target.path.path());
    assert!(queried.text().ends_with("q=1"));
    let name = crate::name::default_name(base, target);
    assert!(!name.contains(['?', '#', '\r', '\n']), "{name}");
}

fn automatic_host(target: &Target) -> String {
    let automatic = Automatic::new(&target.origin, None, &[]);
    automatic.map()["host"].to_str().expect("text").to_owned()
}

/// The short way leads where a URL parser leads.
fn is_as_parsed(base: &Base, url: &str) {
    let Some(length) = plain(url) else { return };
    let parsed = Url::parse(&[&*base.text, url].concat()).expect("a URL");
    let target = base.resolve(url).expect("a URL");
    assert_eq!(target.text(), parsed.as_str());
    assert_eq!(target.path.path(), parsed.path());
    assert_eq!(target.path.path().len(), base.prefix.len() + length);
}

fn credentials_are_a_header(value: Option<HeaderValue>) {
    if let Some(value) = value {
        assert!(value.to_str().is_ok_and(|text| text.starts_with("Basic ")));
    }
}

#[test]
fn url() {
    fuzz("url", |input| {
        let mut parts = Parts(input);
        let (host, location) = (parts.text(), parts.text());
        let url = String::from_utf8_lossy(parts.0);
        let plain = base("http://h");
        is_as_parsed(&plain, &url);
        credentials_are_a_header(own_credentials(&url));
        assert!(crate::name::of_malformed(&url).chars().count() <= 200);
        let base = match Base::parse(Some(&host)) {
            Ok(base) => base,
            Err(error) => {
                assert!(error.to_string().contains(": "), "{error}");
                plain
            }
        };
        is_as_parsed(&base, &url);
        is_sound(&base, &base.root());
        credentials_are_a_header(base.credentials.clone());
        for target in [base.resolve(&url), base.resolve(&location)].into_iter().flatten() {
            is_sound(&base, &target);
            if let Ok(next) = base.redirected(&target, &location) {
                is_sound(&base, &next);
                let joined = target.url().expect("a URL").join(&location).expect("a URL");
                assert!(joined.as_str().starts_with(joined.scheme()) && joined.path() == next.path.path());
            }
        }
    });
}

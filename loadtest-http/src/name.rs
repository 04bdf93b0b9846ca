//! Under which name a request without a name of its own is counted.

use std::borrow::Cow;
use std::rc::Rc;

use crate::target::{Base, Target};

/// The most characters that the name of a request with a malformed URL has.
const LONGEST: usize = 200;

/// The path without query; behind its origin if that is another than the base's.
pub(crate) fn default_name<'a>(base: &Base, target: &'a Target) -> Cow<'a, str> {
    if Rc::ptr_eq(&base.origin, &target.origin) {
        return target.path.path().into();
    }
    Cow::Owned([&*target.origin.text, target.path.path()].concat())
}

/// The name of a request with a URL that is none.
pub(crate) fn of_malformed(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url.chars().take(url.get(..end).map_or(0, |path| path.chars().count()).min(LONGEST)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host: &str, url: &str) -> String {
        let base = Base::parse(Some(host)).expect("a host");
        default_name(&base, &base.resolve(url).expect("a URL")).into_owned()
    }

    #[test]
    fn a_name_is_the_path_without_query() {
        assert_eq!(name("http://shop", "/cart?id=1"), "/cart");
        assert_eq!(name("http://shop", ""), "/");
        assert_eq!(name("http://shop/app", "/cart"), "/app/cart");
        assert_eq!(name("http://shop", "http://shop:80/cart?x"), "/cart");
    }

    #[test]
    fn another_origin_stands_in_the_name() {
        assert_eq!(name("http://shop", "https://shop/cart?x"), "https://shop/cart");
        assert_eq!(name("http://shop", "http://cdn:8080/a.js?x"), "http://cdn:8080/a.js");
    }

    #[test]
    fn a_malformed_url_gives_a_short_name() {
        assert_eq!(of_malformed("http://[?secret"), "http://[");
        assert_eq!(of_malformed(&"é".repeat(1000)).chars().count(), LONGEST);
    }
}

//! Any values in templates, and any templates.

use percent_encoding::percent_decode_str;
use url::Url;

use super::*;
use crate::fuzz::{Parts, fuzz};
use crate::target::Base;

/// Templates, and how many segments of a path and parts of a query they have, whatever is put into them.
const TEMPLATES: [(&str, usize, usize); 6] = [
    ("/users/{id}", 2, 0),
    ("/{a}/x/{b}?q={c}&r={d}", 3, 2),
    ("/{a}{b}", 1, 0),
    ("{a}", 1, 0),
    ("/a{b}.json?c", 1, 1),
    ("http://other.test/x{a}/{b}", 2, 0),
];

/// The values are where they were put, as they were.
fn values_stay_where_they_are(values: &[String]) {
    let base = Base::parse(Some("http://shop")).expect("a host");
    for (template, segments, parts) in TEMPLATES {
        let used = values.get(..template.matches('{').count()).unwrap_or_default();
        let Ok(filled) = fill(template, used) else { continue };
        let text = base.resolve(&filled).expect("a URL").text();
        let url = Url::parse(&text).expect("a URL");
        assert_eq!(url.host_str(), Some(if template.starts_with("http") { "other.test" } else { "shop" }));
        assert_eq!(url.path_segments().map_or(0, Iterator::count), segments, "{url}");
        assert_eq!(url.query().map_or(0, |query| query.split('&').count()), parts, "{url}");
        let mut decoded = percent_decode_str(&text).decode_utf8().expect("text").into_owned();
        for value in used {
            let at = decoded.find(value.as_str()).expect("the value");
            decoded.drain(..at);
        }
    }
}

#[test]
fn template() {
    fuzz("template", |input| {
        let mut parts = Parts(input);
        let template = parts.text();
        let values: Vec<String> = std::iter::from_fn(|| parts.piece())
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .take(10)
            .collect();
        values_stay_where_they_are(&values);
        match fill(&template, &values[..]) {
            Ok(filled) => {
                assert!(filled.len() >= template.matches('}').count().saturating_sub(values.len()));
                let base = Base::parse(Some("http://shop/app")).expect("a host");
                let _ = base.resolve(&filled);
            }
            Err(error) => assert!(error.contains(&template), "{error}"),
        }
    });
}

//! The page, as it was built: embedded, so that one binary is all there is.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::Path;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use crate::answer::{Answer, has, not_found, not_modified, text};

/// One file of the bundle, also compressed.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    br: &'static [u8],
}

const BUNDLE: [Asset; 3] = [
    Asset {
        name: "index.html",
        kind: "text/html; charset=utf-8",
        bytes: include_bytes!("../ui/dist/index.html"),
        br: include_bytes!("../ui/dist/index.html.br"),
    },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../ui/dist/assets/app.js"),
        br: include_bytes!("../ui/dist/assets/app.js.br"),
    },
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../ui/dist/assets/app.css"),
        br: include_bytes!("../ui/dist/assets/app.css.br"),
    },
];

pub(crate) async fn page(headers: HeaderMap) -> Answer {
    send("index.html", &headers)
}

pub(crate) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Answer {
    send(if file == "index.html" { "" } else { &file }, &headers)
}

fn send(name: &str, headers: &HeaderMap) -> Answer {
    let Some(asset) = BUNDLE.iter().find(|asset| asset.name == name) else {
        return not_found("there is no such file in the page");
    };
    let is_br = !asset.br.is_empty() && accepts_br(headers);
    let bytes = if is_br { asset.br } else { asset.bytes };
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // Each coding of a file is another representation, and a strong tag is of one.
    let tag = format!("\"{:016x}{}\"", hasher.finish(), if is_br { "-br" } else { "" });
    let mut response: Response<_> = if has(headers, &tag) { not_modified() } else { text(asset.kind, bytes) };
    let all = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        all.insert(header::ETAG, tag);
    }
    // The names stay the same from one version to the next: so browsers ask, and are told that nothing has changed.
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    all.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_br && response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

/// Whether `br` is among the codings that are wanted at all.
fn accepts_br(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_br = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        let refused = |part: &str| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        is_br && !parts.any(refused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_wants_br_gets_it() {
        let accepts =
            |value: &str| accepts_br(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]));
        for yes in ["br", "gzip, deflate, br", "gzip;q=0.5,BR;q=0.1"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "gzip", "br;q=0", "br; q=0.0, gzip", "brotli"] {
            assert!(!accepts(no), "{no}");
        }
    }
}

//! Where a redirect leads, by RFC 9110, 15.4 and the Fetch standard, 4.4 (HTTP-redirect fetch).

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, HOST,
    PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{Method, StatusCode};

use crate::call::Hop;
use crate::fault::Fault;
use crate::target::Base;
use crate::transport::Head;

/// Where an answer sends its client; `None` when it is final.
///
/// A redirect without a `Location`, or with one that is no text, is an answer like any other.
pub(crate) fn location(status: StatusCode, head: &Head) -> Option<&str> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    head.location()
}

/// Turns a request into the one that follows it.
pub(crate) fn follow(hop: &mut Hop, base: &Base, status: StatusCode, location: &str) -> Result<(), Fault> {
    let target = base.redirected(&hop.target, location).map_err(|error| {
        Fault::protocol("redirect to an address that cannot be asked for", format!("{location}: {error}"))
    })?;
    let becomes_get = match status.as_u16() {
        301 | 302 => hop.method == Method::POST,
        303 => hop.method != Method::GET && hop.method != Method::HEAD,
        _ => false,
    };
    if becomes_get {
        hop.method = Method::GET;
        hop.body = None;
        hop.content_type = None;
        for about_the_body in
            [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, TRANSFER_ENCODING]
        {
            hop.headers.remove(about_the_body);
        }
    }
    if target.origin != hop.target.origin {
        // RFC 9110, 15.4: what was meant for the first host, its name among it.
        for of_the_first in [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION] {
            hop.headers.remove(of_the_first);
        }
        hop.cookies = None;
    }
    hop.target = target;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::LOCATION;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::body::Body;

    fn hop(method: Method) -> (Hop, Base) {
        let base = Base::parse(Some("http://shop")).expect("a host");
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        headers.insert(HOST, HeaderValue::from_static("own.example"));
        headers.insert("x-own", HeaderValue::from_static("1"));
        let target = base.resolve("/a/b?c").expect("a URL");
        let body = Some(Body::from(Bytes::from_static(b"body")));
        let cookies = Some(vec![("a".into(), "b".into())]);
        (Hop { method, target, headers, body, content_type: Some("text/plain".into()), cookies }, base)
    }

    #[test]
    fn methods_change_as_the_fetch_standard_says() {
        let table = [
            (301, Method::POST, Method::GET),
            (302, Method::POST, Method::GET),
            (303, Method::POST, Method::GET),
            (303, Method::PUT, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (301, Method::PUT, Method::PUT),
            (302, Method::DELETE, Method::DELETE),
            (307, Method::POST, Method::POST),
            (308, Method::POST, Method::POST),
        ];
        for (status, before, after) in table {
            let (mut hop, base) = hop(before.clone());
            let status = StatusCode::from_u16(status).expect("a status");
            assert!(follow(&mut hop, &base, status, "d").is_ok());
            assert_eq!(hop.method, after, "{status} of {before}");
            assert_eq!(hop.body.is_some(), after != Method::GET, "{status} of {before}");
            assert_eq!(hop.target.text(), "http://shop/a/d");
        }
    }

    #[test]
    fn secrets_stay_with_their_origin() {
        for (to, kept) in [("/x", true), ("http://shop:80/x", true), ("https://shop/x", false), ("//cdn/x", false)] {
            let (mut hop, base) = hop(Method::GET);
            assert!(follow(&mut hop, &base, StatusCode::FOUND, to).is_ok());
            assert_eq!(hop.headers.contains_key(AUTHORIZATION), kept, "{to}");
            assert_eq!(hop.headers.contains_key(HOST), kept, "{to}");
            assert_eq!(hop.cookies.is_some(), kept, "{to}");
            assert!(hop.headers.contains_key("x-own"));
        }
    }

    #[test]
    fn only_a_redirect_with_a_location_redirects() {
        assert_eq!(location(StatusCode::FOUND, &Head::default()), None);
        let headers = Head::from(HeaderMap::from_iter([(LOCATION, HeaderValue::from_static("/x"))]));
        assert_eq!(location(StatusCode::FOUND, &headers), Some("/x"));
        for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::NOT_MODIFIED, StatusCode::MULTIPLE_CHOICES] {
            assert_eq!(location(status, &headers), None);
        }
        for wrong in ["ftp://x/", "http://", "mailto:a@b"] {
            let (mut hop, base) = hop(Method::GET);
            assert!(follow(&mut hop, &base, StatusCode::FOUND, wrong).is_err(), "{wrong}");
        }
    }
}

//! What is written for a request.

use super::*;

fn written(ask: &Ask) -> String {
    let mut buffer = Vec::new();
    write::head(&mut buffer, &ask.outgoing(), ask.body.as_ref().and_then(Body::as_bytes).map_or(0, Bytes::len) as u64);
    String::from_utf8(buffer).expect("text")
}

const AUTOMATIC: &str =
    concat!("host: shop\r\nuser-agent: loadtest/", env!("CARGO_PKG_VERSION"), "\r\naccept: */*\r\n");

#[test]
fn heads() {
    let ask = Ask::new(Method::GET, "/a?b=c");
    assert_eq!(written(&ask), format!("GET /a?b=c HTTP/1.1\r\n{AUTOMATIC}\r\n"));
    let mut ask = Ask::new(Method::POST, "/");
    ask.cookies = Some(HeaderValue::from_static("a=1"));
    assert_eq!(written(&ask), format!("POST / HTTP/1.1\r\n{AUTOMATIC}cookie: a=1\r\ncontent-length: 0\r\n\r\n"));
    ask.body = Some("{}".into());
    ask.content_type = Some("application/json");
    ask.headers.append("x-one", HeaderValue::from_static("1"));
    ask.headers.append("x-one", HeaderValue::from_static("2"));
    let own = "x-one: 1\r\nx-one: 2\r\n";
    assert_eq!(
        written(&ask),
        format!(
            "POST / HTTP/1.1\r\n{AUTOMATIC}cookie: a=1\r\ncontent-type: application/json\r\n{own}content-length: 2\r\n\r\n"
        )
    );
}

#[test]
fn a_header_of_the_request_replaces_the_automatic_one() {
    let mut ask = Ask::new(Method::PUT, "/");
    ask.cookies = Some(HeaderValue::from_static("a=1"));
    ask.content_type = Some("text/plain");
    for (name, value) in [
        ("accept", "text/html"),
        ("cookie", "b=2"),
        ("content-type", "x/y"),
        ("accept", "text/*"),
        ("host", "other"),
        ("content-length", "99"),
        ("transfer-encoding", "chunked"),
    ] {
        ask.headers.append(name, HeaderValue::from_static(value));
    }
    let expected = concat!(
        "PUT / HTTP/1.1\r\nhost: other\r\nuser-agent: loadtest/",
        env!("CARGO_PKG_VERSION"),
        "\r\naccept: text/html\r\naccept: text/*\r\ncookie: b=2\r\ncontent-type: x/y\r\ncontent-length: 0\r\n\r\n"
    );
    assert_eq!(written(&ask), expected);
}

#[test]
fn lengths_are_said_where_they_are_expected() {
    for (method, body, length) in [
        (Method::GET, None, None),
        (Method::DELETE, Some(""), None),
        (Method::GET, Some("abc"), Some("3")),
        (Method::PATCH, None, Some("0")),
        (Method::PUT, Some(""), Some("0")),
    ] {
        let mut ask = Ask::new(method, "/");
        ask.body = body.map(Body::from);
        let text = written(&ask);
        let found = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(found, length, "{text}");
    }
}

proptest! {
    /// One request line, and the headers that were given: nothing makes a line of its own.
    #[test]
    fn nothing_breaks_out_of_its_line(
        path in "[ -~\u{e9}\r\n]{0,20}",
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..5),
    ) {
        let base = Base::parse(Some("http://shop")).expect("a host");
        let Ok(target) = base.resolve(&path) else { return Ok(()) };
        let mut ask = Ask::new(Method::GET, "/");
        ask.target = target;
        for value in values {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                ask.headers.append("x-given", value);
            }
        }
        let mut buffer = Vec::new();
        write::head(&mut buffer, &ask.outgoing(), ask.body.as_ref().and_then(Body::as_bytes).map_or(0, Bytes::len) as u64);
        let lines = buffer.iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(lines, buffer.iter().filter(|byte| **byte == b'\r').count());
        prop_assert_eq!(lines, 1 + 3 + ask.headers.len() + 1);
        prop_assert!(buffer.ends_with(b"\r\n\r\n"));
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut fields);
        prop_assert!(request.parse(&buffer).is_ok_and(|status| status.is_complete()));
    }
}

//! Where an answer ends, and whether its connection can be used again (RFC 9112, 6 and 9).

use super::*;
use http::header::UPGRADE;

fn get(answer: &str) -> Outcome {
    super::answer(&Method::GET, [answer], Then::Silence)
}

/// The body, and whether the connection is kept.
fn body(outcome: &Outcome) -> Option<(&str, bool)> {
    match outcome {
        Outcome::Answer { body, keeps, .. } => Some((std::str::from_utf8(body).expect("text"), *keeps)),
        _ => None,
    }
}

#[test]
fn lengths() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    let table = [
        ("Content-Length: 2\r\n\r\nok", Some(("ok", true))),
        ("Content-Length: 002\r\n\r\nok", Some(("ok", true))),
        ("content-length:2 \r\n\r\nok", Some(("ok", true))),
        ("Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok", Some(("ok", true))),
        ("Content-Length: 0\r\n\r\n", Some(("", true))),
        ("Content-Length: 2\r\n\r\nok!", Some(("ok", false))),
        ("Content-Length: 3\r\n\r\nok", None),
        ("Content-Length: 2\r\nConnection: x, Close\r\n\r\nok", Some(("ok", false))),
        ("Connection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", Some(("ok", false))),
        ("Content-Length: 2\r\nConnection: closed\r\n\r\nok", Some(("ok", true))),
        ("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Some(("ok", false))),
        ("Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n2\r\nok\r\n0\r\n\r\n", Some(("ok", false))),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", Some(("", true))),
        ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Some(("", true))),
    ];
    for (answer, expected) in table {
        assert_eq!(body(&get(&format!("{OK}{answer}"))), expected, "{answer}");
    }
    for wrong in ["", "-1", "+1", "1 2", "0x2", "1,", "2, 3", "18446744073709551616", "\u{663}"] {
        let outcome = get(&format!("{OK}Content-Length: {wrong}\r\n\r\nok"));
        assert_eq!(outcome, Outcome::Malformed("invalid content-length parsed"), "{wrong}");
    }
    let huge = get(&format!("{OK}Content-Length: {}\r\n\r\nok", u64::MAX));
    assert_eq!(huge, Outcome::Waits, "nothing is set aside for what has not come");
}

#[test]
fn bodies_until_the_end() {
    for (head, then, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\nend", Then::Close, Some(("end", false))),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nend", Then::Close, Some(("end", false))),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nend", Then::Close, Some(("end", false))),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nend",
            Then::Close,
            Some(("end", false)),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nend", Then::Silence, None),
        ("HTTP/1.1 200 OK\r\n\r\nend", Then::Reset, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nend", Then::Close, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend", Then::Reset, Some(("end", true))),
        ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nend", Then::Silence, Some(("end", false))),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nconnection: Keep-Alive\r\n\r\nend",
            Then::Silence,
            Some(("end", true)),
        ),
    ] {
        assert_eq!(body(&answer(&Method::GET, [head], then)), expected, "{head} {then:?}");
    }
    let outcome = answer(&Method::GET, ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], Then::Close);
    assert_eq!(outcome, Outcome::Malformed("unexpected transfer-encoding parsed"));
}

#[test]
fn answers_without_a_body() {
    for (method, status, headers, expected) in [
        (Method::HEAD, "200 OK", "Content-Length: 99\r\n", Some(("", true))),
        (Method::HEAD, "200 OK", "Transfer-Encoding: chunked\r\n", Some(("", true))),
        (Method::HEAD, "200 OK", "", Some(("", true))),
        (Method::GET, "204 No Content", "", Some(("", true))),
        (Method::GET, "304 Not Modified", "Content-Length: 99\r\n", Some(("", true))),
        (Method::CONNECT, "200 OK", "Content-Length: 99\r\n", Some(("", false))),
        (Method::CONNECT, "404 Not Found", "Content-Length: 0\r\n", Some(("", true))),
    ] {
        let outcome = answer(&method, [format!("HTTP/1.1 {status}\r\n{headers}\r\n")], Then::Silence);
        assert_eq!(body(&outcome), expected, "{method} {status} {headers}");
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n\
        HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(body(&get(answer)), Some(("ok", true)));
    assert_eq!(get("HTTP/1.1 100 Continue\r\n\r\n"), Outcome::Waits);
    let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
    assert_eq!(get(switching), Outcome::Malformed("switching protocols without being asked"));
    let mut ask = Ask::new(Method::GET, "/");
    ask.headers.insert(UPGRADE, HeaderValue::from_static("x"));
    let mut connection = Connection::new(Script::new([switching], Then::Silence));
    let Outcome::Answer { status: 101, keeps: false, .. } = polled(&mut connection, &ask, &mut pending()) else {
        panic!("asked for");
    };
}

#[test]
fn chunks() {
    let chunked = |body: &str| get(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    for (chunks, expected) in [
        ("0\r\n\r\n", ("", true)),
        ("2\r\nok\r\n0\r\n\r\n", ("ok", true)),
        ("A\r\n0123456789\r\n00a\r\n0123456789\r\n000\r\n\r\n", ("01234567890123456789", true)),
        ("2 \t;a=b;c=\"d\";e\r\nok\r\n0;x\r\n\r\n", ("ok", true)),
        ("2\r\nok\r\n0\r\nOne: 1\r\nTwo:\r\n\r\n", ("ok", true)),
        ("2\r\nok\r\n0\r\n\r\nmore", ("ok", false)),
    ] {
        assert_eq!(body(&chunked(chunks)), Some(expected), "{chunks}");
    }
    for wrong in [
        "\r\n",
        "x\r\n",
        ";a\r\n",
        " 2\r\nok\r\n0\r\n\r\n",
        "-2\r\nok",
        "0x2\r\nok",
        "2\nok\r\n0\r\n\r\n",
        "2\r\r\nok",
        "2 3\r\nok",
        "2;a\nb\r\nok\r\n",
        "2\r\nok0\r\n\r\n",
        "2\r\nok\n0\r\n\r\n",
        "2\r\noks\r\n",
        "10000000000000000\r\n",
        "0\r\n\n",
        "0\r\nno trailer\r\n\r\n",
        "0\r\nA: b\nC: d\r\n\r\n",
        "0\r\nA: \rb\r\n\r\n",
    ] {
        assert_eq!(chunked(wrong), Outcome::Malformed("malformed body"), "{wrong}");
    }
    for endless in [format!("2;{}", "x".repeat(20_000)), format!("0\r\nA: {}", "x".repeat(20_000))] {
        assert_eq!(chunked(&endless), Outcome::Malformed("malformed body"));
    }
    for part in ["", "2", "2\r", "2\r\n", "2\r\no", "2\r\nok\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"] {
        assert_eq!(chunked(part), Outcome::Waits, "{part}");
        let cut = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{part}");
        assert_eq!(answer(&Method::GET, [cut], Then::Close), Outcome::Closed, "{part}");
    }
}

#[test]
fn heads() {
    for (wrong, what) in [
        ("HTTP/2.0 200 OK\r\n\r\n", "invalid HTTP version parsed"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 099 OK\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200 OK\r\nno header\r\n\r\n", "invalid HTTP header parsed"),
        ("GET / HTTP/1.1\r\n\r\n", "invalid HTTP version parsed"),
    ] {
        assert_eq!(get(wrong), Outcome::Malformed(what), "{wrong}");
    }
    assert_eq!(get("HTTP/1.1 200 OK\r\nA: b"), Outcome::Waits);
    assert_eq!(answer(&Method::GET, ["HTTP/1.1 200 OK\r\nA: b"], Then::Close), Outcome::Closed);
    let lines = |count: usize| format!("HTTP/1.1 204 No\r\n{}\r\n", "Set-Cookie: a=1; b=2\r\n".repeat(count));
    for count in [0, 127, 128, 129, 5_000] {
        let Outcome::Answer { headers, .. } = get(&lines(count)) else { panic!("{count} headers") };
        assert_eq!(headers.len(), count);
    }
    for count in [8_193, 20_000] {
        assert_eq!(get(&lines(count)), Outcome::Malformed("message head is too large"));
    }
}

#[test]
fn a_session_gets_what_it_needs_of_the_headers() {
    let head = "HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nX: y\r\nLOCATION: /there\r\nSet-Cookie: \u{fc}=2\r\n\
        Location: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    let ask = Ask::new(Method::GET, "/");
    let (buffers, outgoing, mut pending) = (Buffers::default(), ask.outgoing(), pending());
    let mut connection = Connection::new(Script::new([head], Then::Silence));
    let mut exchange = pin!(connection.exchange(&buffers, &outgoing, None, &mut pending));
    let Poll::Ready(Ok((answer, true))) = exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("an answer");
    };
    assert_eq!(answer.head.location(), Some("/there"));
    assert_eq!(answer.head.set_cookies().collect::<Vec<_>>(), [&b"a=1"[..], "\u{fc}=2".as_bytes()]);
    let headers = answer.head.map();
    assert_eq!(headers.len(), 6);
    assert_eq!(headers["x"], "y");
    assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
}

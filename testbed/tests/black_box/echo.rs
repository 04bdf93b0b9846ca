//! The echo server says what it was sent, and its special paths do what they say.

use std::time::{Duration, Instant};

use testbed::echo::EchoServer;

use crate::client::{Connection, Jar, Request, Response};
use crate::tls::tls;

fn get(server: &EchoServer, target: &str) -> Response {
    Request::new("GET", target).send(server.addr())
}

#[test]
fn echoes_method_target_headers_and_body() {
    let server = EchoServer::spawn();
    let response = Request::new("REPORT", "/a%20b?c=d&e")
        .header("X-One", "1")
        .header("Accept", "say \"hi\"")
        .body("line\nä")
        .send(server.addr());
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(
        response.text(),
        "{\"method\":\"REPORT\",\"target\":\"/a%20b?c=d&e\",\"version\":\"HTTP/1.1\",\
         \"headers\":[[\"host\",\"127.0.0.1\"],[\"x-one\",\"1\"],\
         [\"accept\",\"say \\\"hi\\\"\"],[\"content-length\",\"7\"]],\"body\":\"line\\nä\"}"
    );
}

#[test]
fn head_has_the_length_of_the_document_and_no_body() {
    let server = EchoServer::spawn();
    let mut connection = Connection::open(server.addr());
    for target in ["/x", "/bytes/12345"] {
        let head = connection.send(&Request::new("HEAD", target), None);
        let get = connection.send(&Request::new("GET", target), None);
        assert_eq!(head.body, b"");
        let length: usize = head.header("content-length").unwrap().parse().unwrap();
        // The method itself is one letter longer in the document.
        let expected = if target == "/x" { get.body.len() + 1 } else { get.body.len() };
        assert_eq!(length, expected, "{target}");
    }
    assert_eq!(connection.send(&Request::new("HEAD", "/chunked/10"), None).status, 200);
    assert_eq!(server.counts().received_total(), 5);
    assert_eq!(server.counts().connections_accepted, 1);
}

#[test]
fn status() {
    let server = EchoServer::spawn();
    for code in [200, 204, 304, 404, 418, 500, 503, 599] {
        let response = get(&server, &format!("/status/{code}"));
        assert_eq!((response.status, response.body.len()), (code, 0));
    }
    for nonsense in ["/status/100", "/status/99", "/status/x", "/status"] {
        assert_eq!(get(&server, nonsense).status, 400, "{nonsense}");
    }
    assert_eq!(server.counts().received("GET", "/status/{code}"), 12);
    assert_eq!(server.counts().answered_with(400), 4);
}

#[test]
fn redirect() {
    let server = EchoServer::spawn();
    let first = get(&server, "/redirect/2");
    assert_eq!((first.status, first.header("location")), (302, Some("/redirect/1")));
    let last = get(&server, "/redirect/1");
    assert_eq!((last.status, last.header("location")), (302, Some("/")));
    let other = get(&server, "/redirect/2?status=307");
    assert_eq!((other.status, other.header("location")), (307, Some("/redirect/1?status=307")));
}

#[test]
fn cookies() {
    let server = EchoServer::spawn();
    let set = get(&server, "/set-cookie?name=a&value=b%20c&path=/x&max-age=9&secure=1");
    assert_eq!(set.all("set-cookie"), ["a=b c; path=/x; max-age=9; secure"]);
    let mut jar = Jar::default();
    for target in ["/set-cookie?name=a&value=1&path=/", "/set-cookie?name=b&value=2"] {
        Request::new("GET", target).send_with(server.addr(), &mut jar);
    }
    let shown = Request::new("GET", "/cookies").send_with(server.addr(), &mut jar);
    assert_eq!(shown.text(), "a=1; b=2");
    assert_eq!(get(&server, "/cookies").text(), "");
}

#[test]
fn bodies_of_every_kind() {
    let server = EchoServer::spawn();
    let bytes = get(&server, "/bytes/100000");
    assert_eq!((bytes.body.len(), bytes.header("content-length")), (100_000, Some("100000")));
    for length in [1, 1024, 5000] {
        let chunked = get(&server, &format!("/chunked/{length}"));
        assert_eq!(chunked.body.len(), length);
        assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
    }
    for empty in ["/bytes/0", "/chunked/0", "/drip/0/1"] {
        assert_eq!(get(&server, empty).body, b"", "{empty}");
    }
}

#[test]
fn delay_and_drip_take_their_time() {
    let server = EchoServer::spawn();
    for (target, least) in [("/delay/50", 50), ("/drip/5/10", 50)] {
        let started = Instant::now();
        let response = get(&server, target);
        assert!(started.elapsed() >= Duration::from_millis(least), "{target}");
        assert!(response.body.len() >= 5);
    }
}

#[test]
fn close_says_so_and_does_so() {
    let server = EchoServer::spawn();
    let mut connection = Connection::open(server.addr());
    let response = connection.send(&Request::new("GET", "/close"), None);
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(connection.rest(), b"");
}

#[test]
fn https_for_those_who_trust_the_authority() {
    let server = EchoServer::spawn_tls();
    assert_eq!(server.url(), format!("https://localhost:{}", server.addr().port()));
    let ca = server.ca_der().unwrap();
    assert!(server.ca_pem().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    for name in ["localhost", "127.0.0.1"] {
        let mut connection = Connection::over(tls(server.addr(), name, ca));
        for _ in 0..2 {
            let response = connection.send(&Request::new("PUT", "/a").body("secret"), None);
            assert!(response.text().contains(r#""body":"secret""#), "{}", response.text());
        }
    }
    assert_eq!(server.counts().received("PUT", "/"), 4);
    assert_eq!(EchoServer::spawn().ca_der(), None);
}

#[test]
fn https_for_nobody_else() {
    let server = EchoServer::spawn_tls();
    let stranger = EchoServer::spawn_tls();
    let mut refused = [
        tls(server.addr(), "localhost", stranger.ca_der().unwrap()),
        tls(server.addr(), "example.org", server.ca_der().unwrap()),
    ];
    for stream in &mut refused {
        let error = stream.conn.complete_io(&mut stream.sock).unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert_eq!(server.counts().received_total(), 0);
}

#[test]
fn https_for_the_chosen_names_alone() {
    for (named, other) in [("localhost", "127.0.0.1"), ("127.0.0.1", "localhost")] {
        let server = EchoServer::spawn_tls_for(&[named]);
        let ca = server.ca_der().unwrap();
        let response = Connection::over(tls(server.addr(), named, ca)).send(&Request::new("GET", "/a"), None);
        assert_eq!(response.status, 200, "{named}");
        let mut refused = tls(server.addr(), other, ca);
        let error = refused.conn.complete_io(&mut refused.sock).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{error}");
        assert_eq!(server.counts().received_total(), 1);
    }
}

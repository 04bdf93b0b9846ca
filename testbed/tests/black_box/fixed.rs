//! The fixed-response server answers everything that a client can send it.

use std::net::SocketAddr;

use testbed::fixed::FixedServer;

use crate::client::{Connection, Request, eventually};

#[test]
fn answers_with_that_many_bytes_and_keeps_the_connection() {
    let server = FixedServer::spawn(1024);
    let mut connection = Connection::open(server.addr());
    for served in 1..=3 {
        let response = connection.send(&Request::new("GET", "/any/path?at=all"), None);
        assert_eq!((response.status, response.body.len()), (200, 1024));
        assert_eq!(server.served(), served);
    }
    assert_eq!((server.connections_accepted(), server.connections_open()), (1, 1));
    drop(connection);
    eventually("closed", || server.connections_open() == 0);
}

#[test]
fn answers_requests_in_a_pipeline_one_by_one() {
    let server = FixedServer::spawn(10);
    let mut connection = Connection::open(server.addr());
    let pipeline: Vec<u8> = [
        Request::new("GET", "/"),
        Request::new("POST", "/").body("four"),
        Request::new("HEAD", "/"),
        Request::new("GET", "/"),
    ]
    .iter()
    .flat_map(|request| request.bytes(None))
    .collect();
    connection.write(&pipeline);
    for to_head in [false, false, true, false] {
        let response = connection.read(to_head).unwrap();
        assert_eq!(response.header("content-length"), Some("10"));
        assert_eq!(response.body.len(), if to_head { 0 } else { 10 });
    }
    assert_eq!(server.served(), 4);
}

#[test]
fn reads_bodies_that_are_larger_than_its_buffer() {
    let server = FixedServer::spawn(0);
    let mut connection = Connection::open(server.addr());
    // Empty lines within a body end nothing.
    let body = "\r\n\r\n".repeat(50_000);
    for served in 1..=2 {
        let response = connection.send(&Request::new("POST", "/").body(body.as_str()), None);
        assert_eq!((response.status, server.served()), (200, served));
    }
}

#[test]
fn reads_heads_that_are_larger_than_its_buffer_or_come_in_pieces() {
    let server = FixedServer::spawn(1);
    let mut connection = Connection::open(server.addr());
    let large = Request::new("GET", "/").header("Cookie", &"c".repeat(10_000));
    assert_eq!(connection.send(&large, None).body, b"x");
    let bytes = Request::new("GET", "/").bytes(None);
    for byte in bytes {
        connection.write(&[byte]);
    }
    assert_eq!(connection.read(false).unwrap().body, b"x");
    assert_eq!(server.served(), 2);
}

#[test]
fn sets_the_cookies_it_was_told_to() {
    let server = FixedServer::builder().body_len(1).set_cookie("a=1; Path=/").set_cookie("b=2").spawn().unwrap();
    let response = Request::new("GET", "/").send(server.addr());
    assert_eq!(response.all("set-cookie"), ["a=1; Path=/", "b=2"]);
}

#[test]
fn many_connections_at_once() {
    let server = FixedServer::spawn(100);
    let addr: SocketAddr = server.addr();
    let mut connections: Vec<_> = (0..300).map(|_| Connection::open(addr)).collect();
    for connection in &mut connections {
        connection.write(&Request::new("GET", "/").bytes(None));
    }
    for connection in &mut connections {
        assert_eq!(connection.read(false).unwrap().body.len(), 100);
    }
    assert_eq!((server.served(), server.connections_open()), (300, 300));
}

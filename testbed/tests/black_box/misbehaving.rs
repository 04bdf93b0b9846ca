//! Each behaviour is as bad as it says.

use std::io::ErrorKind;
use std::io::Read;
use std::time::Duration;

use testbed::misbehaving::{Behaviour, Misbehaving};

use crate::client::{Connection, Request, eventually};

fn request() -> Vec<u8> {
    Request::new("POST", "/").body("body").bytes(None)
}

/// What a server with this behaviour sends until it closes the connection.
fn answer(server: &Misbehaving) -> String {
    let mut connection = Connection::open(server.addr());
    connection.write(&request());
    String::from_utf8_lossy(&connection.rest()).into_owned()
}

const PROPER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

#[test]
fn never_answer() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let mut connection = Connection::open(server.addr());
    connection.write(&[request(), request()].concat());
    eventually("both are received", || server.received() == 2);
    connection.socket().set_nonblocking(true).unwrap();
    let error = connection.socket().read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "open and silent");
    assert_eq!(server.connections_open(), 1);
}

#[test]
fn close_on_accept() {
    let server = Misbehaving::spawn(Behaviour::CloseOnAccept);
    assert_eq!(Connection::open(server.addr()).rest(), b"");
    assert_eq!((server.received(), server.connections_accepted()), (0, 1));
}

#[test]
fn close_instead_of_answering() {
    let server = Misbehaving::spawn(Behaviour::CloseInsteadOfAnswering);
    assert_eq!(answer(&server), "");
    assert_eq!(server.received(), 1);
}

#[test]
fn half_a_body() {
    let server = Misbehaving::spawn(Behaviour::HalfBody);
    assert_eq!(answer(&server), &PROPER[..PROPER.len() - 5]);
    assert_eq!(server.received(), 1);
}

#[test]
fn close_after_a_response_that_did_not_say_so() {
    let server = Misbehaving::spawn(Behaviour::CloseAfterResponse);
    for received in 1..=2 {
        assert_eq!(answer(&server), PROPER);
        assert_eq!(server.received(), received);
    }
}

#[test]
fn drip() {
    let server = Misbehaving::spawn(Behaviour::Drip(Duration::from_millis(1)));
    let mut connection = Connection::open(server.addr());
    for _ in 0..2 {
        connection.write(&request());
        assert_eq!(connection.read(false).unwrap().body, b"0123456789");
    }
    assert_eq!((server.received(), server.connections_accepted()), (2, 1));
}

#[test]
fn garbage() {
    let server = Misbehaving::spawn(Behaviour::Garbage);
    let answer = answer(&server);
    assert!(!answer.is_empty() && !answer.starts_with("HTTP/"), "{answer}");
}

//! Each behaviour is as bad as it says.

use std::io::ErrorKind;
use std::io::Read;
use std::time::{Duration, Instant};

use testbed::misbehaving::{Behaviour, Misbehaving, StalledPort, Then};

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

/// Reads until this stands at the end of what came.
fn read_up_to(connection: &Connection, end: &[u8]) -> Vec<u8> {
    let mut socket = connection.socket();
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(end) {
        assert_eq!(socket.read(&mut byte).expect("more"), 1, "{}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
    read
}

/// The error with which a connection ends.
fn end(connection: &Connection) -> Option<ErrorKind> {
    let mut socket = connection.socket();
    let mut buffer = [0; 4096];
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(error.kind()),
        }
    }
}

/// The proper answer to the request with this number.
fn proper(number: u64, request: &str) -> String {
    let body = format!("{number} {request}");
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

const FIRST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n1 POST /";

#[test]
fn proper_answers_are_numbered() {
    let server = Misbehaving::spawn(Behaviour::None);
    let mut connection = Connection::open(server.addr());
    assert_eq!(proper(1, "POST /"), FIRST);
    for (number, method, target) in [(1, "GET", "/a?b"), (2, "PUT", "/"), (3, "DELETE", "/c")] {
        let answer = connection.send(&Request::new(method, target), None);
        assert_eq!(answer.text(), format!("{number} {method} {target}"));
    }
    let head = connection.send(&Request::new("HEAD", "/d"), None);
    assert_eq!((head.header("content-length"), head.body.len()), (Some("9"), 0));
    assert_eq!((server.received(), server.connections_accepted()), (4, 1));
}

#[test]
fn some_requests_are_answered_properly_by_all() {
    let server = Misbehaving::spawn(Behaviour::CloseInsteadOfAnswering);
    let mut connection = Connection::open(server.addr());
    assert_eq!(connection.send(&Request::new("GET", "/proper/1"), None).text(), "1 GET /proper/1");
    connection.write(&request());
    assert_eq!(connection.rest(), b"");
    eventually("closed", || server.misdeeds() == 1);
    server.heal();
    assert_eq!(Request::new("GET", "/x").send(server.addr()).text(), "3 GET /x");
    assert_eq!(server.misdeeds(), 1);
}

#[test]
fn never_answer() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let connection = silent(&server);
    assert_eq!(server.connections_open(), 1);
    drop(connection);
}

/// A connection on which two requests are received and not answered.
fn silent(server: &Misbehaving) -> Connection {
    let mut connection = Connection::open(server.addr());
    connection.write(&[request(), request()].concat());
    eventually("both are received", || server.received() == 2);
    connection.socket().set_nonblocking(true).expect("a socket");
    let error = connection.socket().read(&mut [0]).expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "open and silent");
    connection
}

#[test]
fn close_and_reset_on_accept() {
    for (behaviour, how) in
        [(Behaviour::CloseOnAccept, None), (Behaviour::ResetOnAccept, Some(ErrorKind::ConnectionReset))]
    {
        let server = Misbehaving::spawn(behaviour);
        assert_eq!(end(&Connection::open(server.addr())), how, "{behaviour:?}");
        assert_eq!((server.received(), server.connections_accepted()), (0, 1));
        assert_eq!(server.misdeeds(), 1);
        server.heal();
        assert_eq!(Request::new("GET", "/x").send(server.addr()).text(), "1 GET /x");
    }
}

#[test]
fn answers_cut_off() {
    let reset = Some(ErrorKind::ConnectionReset);
    for (behaviour, comes, how) in [
        (Behaviour::CloseInsteadOfAnswering, "", None),
        (Behaviour::ResetInsteadOfAnswering, "", reset),
        (Behaviour::HalfHead, &FIRST[..24], None),
        (Behaviour::ResetInHead, &FIRST[..24], reset),
        (Behaviour::HalfBody, &FIRST[..FIRST.len() - 4], None),
        (Behaviour::ResetInBody, &FIRST[..FIRST.len() - 4], reset),
        (Behaviour::CloseAfterResponse, FIRST, None),
        (Behaviour::ResetAfterResponse, FIRST, reset),
    ] {
        let server = Misbehaving::spawn(behaviour);
        let mut connection = Connection::open(server.addr());
        connection.write(&request());
        assert_eq!(read_up_to(&connection, comes.as_bytes()), comes.as_bytes(), "{behaviour:?}");
        assert_eq!(end(&connection), how, "{behaviour:?}");
        eventually("counted", || (server.received(), server.misdeeds()) == (1, 1));
    }
}

#[test]
fn connections_given_up_when_they_are_used_again() {
    for (behaviour, how) in
        [(Behaviour::CloseOnReuse, None), (Behaviour::ResetOnReuse, Some(ErrorKind::ConnectionReset))]
    {
        let server = Misbehaving::spawn(behaviour);
        for first in [1, 3] {
            let mut connection = Connection::open(server.addr());
            assert_eq!(connection.send(&Request::new("GET", "/x"), None).text(), format!("{first} GET /x"));
            connection.write(&Request::new("GET", "/proper").bytes(None));
            assert_eq!(end(&connection), how, "{behaviour:?}");
        }
        eventually("counted", || (server.received(), server.misdeeds()) == (4, 2));
    }
}

#[test]
fn drip() {
    let server = Misbehaving::spawn(Behaviour::Drip(Duration::from_millis(1)));
    let mut connection = Connection::open(server.addr());
    for number in 1..=2 {
        let started = Instant::now();
        connection.write(&request());
        assert_eq!(connection.read(false).unwrap().text(), format!("{number} POST /"));
        assert!(started.elapsed() >= Duration::from_millis(FIRST.len() as u64), "{:?}", started.elapsed());
    }
    assert_eq!((server.received(), server.connections_accepted()), (2, 1));
}

#[test]
fn garbage() {
    let server = Misbehaving::spawn(Behaviour::Garbage);
    let answer = answer(&server);
    assert!(!answer.is_empty() && !answer.starts_with("HTTP/"), "{answer}");
}

#[test]
fn any_bytes() {
    const SAID: &[u8] = b"whatever\r\n\r\n";
    let server = Misbehaving::spawn(Behaviour::Says(SAID, Then::Close));
    assert_eq!(answer(&server).as_bytes(), SAID);
    let server = Misbehaving::spawn(Behaviour::Says(SAID, Then::Again));
    let mut connection = Connection::open(server.addr());
    for _ in 0..2 {
        connection.write(&request());
        assert_eq!(read_up_to(&connection, SAID), SAID);
    }
    eventually("counted", || server.misdeeds() == 2);
    for (then, how) in [(Then::Hold, ErrorKind::WouldBlock), (Then::Reset, ErrorKind::ConnectionReset)] {
        let server = Misbehaving::spawn(Behaviour::Says(SAID, then));
        let mut connection = Connection::open(server.addr());
        connection.write(&request());
        read_up_to(&connection, SAID);
        eventually("done", || server.misdeeds() == 1);
        if then == Then::Hold {
            connection.write(&request());
        }
        connection.socket().set_nonblocking(then == Then::Hold).expect("a socket");
        assert_eq!(end(&connection), Some(how));
        assert_eq!(server.received(), 1);
    }
}

#[test]
fn endless_answers() {
    for (every, behaviours) in [
        (Duration::ZERO, [Behaviour::endless_head, Behaviour::endless_interim, Behaviour::endless_body]),
        (
            Duration::from_millis(1),
            [Behaviour::endless_chunks, Behaviour::endless_extension, Behaviour::endless_trailers],
        ),
    ] {
        for behaviour in behaviours {
            let Behaviour::Endless(start, again, _) = behaviour(every) else { panic!("it ends") };
            let server = Misbehaving::spawn(behaviour(every));
            let mut connection = Connection::open(server.addr());
            connection.write(&request());
            let expected = [start, &again.repeat(5)].concat();
            assert_eq!(read_up_to(&connection, &expected), expected);
            assert_eq!((server.misdeeds(), server.connections_open()), (0, 1));
            drop(connection);
            eventually("the client's end is seen", || server.connections_open() == 0);
            eventually("counted", || server.misdeeds() == 1);
        }
    }
}

#[test]
fn large_heads() {
    let server = Misbehaving::spawn(Behaviour::LongHeader(1_000_000));
    let answer = Request::new("GET", "/").send(server.addr());
    assert_eq!((answer.header("x-long").map(str::len), answer.text().as_str()), (Some(1_000_000), "1 GET /"));
    let server = Misbehaving::spawn(Behaviour::Cookies(5000));
    let answer = Request::new("GET", "/").send(server.addr());
    let cookies = answer.all("set-cookie");
    assert_eq!((cookies.len(), cookies[0], cookies[4999]), (5000, "c0=0; Path=/", "c4999=4999; Path=/"));
}

#[test]
fn a_gzip_bomb_is_small() {
    let server = Misbehaving::spawn(Behaviour::GzipBomb(10_000_000));
    let answer = Request::new("GET", "/").send(server.addr());
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.len() < 80_000, "{}", answer.body.len());
    assert_eq!(&answer.body[..3], [0x1f, 0x8b, 8]);
    assert_eq!(&answer.body[answer.body.len() - 4..], 10_000_000_u32.to_le_bytes());
}

#[test]
fn an_answer_before_the_request_is_whole() {
    const EARLY: &[u8] = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\n413";
    let request = request();
    let (head, body) = request.split_at(request.len() - 4);
    for then in [Then::Again, Then::Close, Then::Hold] {
        let server = Misbehaving::spawn(Behaviour::AnswerEarly(then));
        let mut connection = Connection::open(server.addr());
        connection.write(head);
        assert_eq!(read_up_to(&connection, EARLY), EARLY);
        assert_eq!(server.received(), 0);
        if then == Then::Again {
            connection.write(body);
            let proper = proper(1, "POST /");
            assert_eq!(read_up_to(&connection, proper.as_bytes()), proper.as_bytes(), "the promised second answer");
            assert_eq!(server.received(), 1);
        }
    }
}

#[test]
fn more_than_was_asked_for() {
    let twice = FIRST.repeat(2);
    for (behaviour, comes) in [
        (Behaviour::AnswerTwice, twice.as_str()),
        (Behaviour::AnswerTwiceLater(Duration::from_millis(1)), &twice),
        (Behaviour::BytesBehind(b"and more"), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n1 POST /and more"),
    ] {
        let server = Misbehaving::spawn(behaviour);
        let mut connection = Connection::open(server.addr());
        connection.write(&request());
        assert_eq!(read_up_to(&connection, comes.as_bytes()), comes.as_bytes());
        eventually("done", || server.misdeeds() == 1);
        let answer = connection.send(&Request::new("GET", "/proper"), None);
        assert_eq!(answer.text(), "2 GET /proper", "nothing else came");
    }
}

#[test]
fn redirects() {
    let server = Misbehaving::spawn(Behaviour::RedirectLoop);
    let answer = Request::new("GET", "/a?b").send(server.addr());
    assert_eq!((answer.status, answer.header("location")), (302, Some("/a?b")));
    let server = Misbehaving::spawn(Behaviour::Redirect(307, "https://elsewhere.example/"));
    let answer = Request::new("GET", "/a").send(server.addr());
    assert_eq!((answer.status, answer.header("location")), (307, Some("https://elsewhere.example/")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_stalled_port_lets_nobody_through() {
    let port = StalledPort::spawn().expect("a full queue");
    for _ in 0..2 {
        let error = std::net::TcpStream::connect_timeout(&port.addr(), Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}

//! The server that is late on purpose: its log against what a client counts. Nothing here is timed tightly: that is the
//! benchmark's, on cores of its own.

use std::time::{Duration, Instant};

use testbed::truth::{Delays, TruthServer};

use crate::client::{Connection, Request, eventually};

const MS: Duration = Duration::from_millis(1);

fn get() -> Request {
    Request::new("GET", "/any/path")
}

#[test]
fn its_log_agrees_with_a_client() {
    let server = TruthServer::spawn(Delays::Uniform { from: MS, to: 5 * MS });
    let mut connection = Connection::open(server.addr());
    let mut seen = Vec::new();
    for _ in 0..20 {
        let sent = Instant::now();
        assert_eq!(connection.send(&get(), None).status, 200);
        seen.push(sent.elapsed());
    }
    let log = server.stop();
    assert_eq!((log.received(), log.entries().len()), (20, 20));
    for (entry, seen) in log.entries().iter().zip(seen) {
        assert!(entry.delay >= MS && entry.delay < 5 * MS, "{entry:?}");
        assert!(entry.took >= entry.delay, "{entry:?}");
        // What the server saw lies within what the client saw, but for the end of the writing.
        assert!(entry.delay <= seen, "{entry:?}, {seen:?}");
    }
    // The next request may be there before the server knows that it has written.
    assert!(log.entries().windows(2).all(|pair| pair[0].arrived + pair[0].delay <= pair[1].arrived));
    assert_eq!(log.entries()[0].arrived, Duration::ZERO);
}

#[test]
fn who_greets_is_answered_at_once_and_left_out_of_the_log() {
    let server = TruthServer::builder(Delays::Constant(1000 * MS)).greeted(true).spawn().unwrap();
    for _ in 0..2 {
        let mut connection = Connection::open(server.addr());
        let sent = Instant::now();
        connection.send(&get(), None);
        let greeted = sent.elapsed();
        connection.send(&get(), None);
        assert!(greeted < 1000 * MS && sent.elapsed() - greeted >= 1000 * MS, "{greeted:?}");
    }
    let log = server.stop();
    assert_eq!((log.received(), log.entries().len()), (2, 2));
    assert_eq!(log.entries()[0].arrived, Duration::ZERO);
}

#[test]
fn delays_follow_the_seed_and_their_distribution() {
    let delays = Delays::Bimodal { fast: Duration::ZERO, slow: MS, slow_share: 0.25 };
    let drawn = |seed| {
        let server = TruthServer::builder(delays).seed(seed).spawn().unwrap();
        let mut connection = Connection::open(server.addr());
        for _ in 0..400 {
            connection.send(&get(), None);
        }
        server.stop().entries().iter().map(|entry| entry.delay).collect::<Vec<_>>()
    };
    let first = drawn(1);
    assert_eq!(first, drawn(1));
    assert_ne!(first, drawn(2));
    // Five standard deviations of a mean of 250 µs.
    let mean = first.iter().sum::<Duration>() / 400;
    assert!((140..360).contains(&mean.as_micros()), "{mean:?}");
}

#[test]
fn connections_are_answered_independently() {
    let server = TruthServer::spawn(Delays::Constant(500 * MS));
    let mut connections: Vec<_> = (0..10).map(|_| Connection::open(server.addr())).collect();
    for connection in &mut connections {
        connection.write(&get().bytes(None));
    }
    // All are in before the first is out: they are answered beside each other, not one after the other.
    eventually("received", || server.log().received() == 10);
    for connection in &mut connections {
        assert_eq!(connection.read(false).unwrap().body.len(), 10);
    }
    let log = server.stop();
    assert_eq!(log.entries().len(), 10);
    let last_in = log.entries().iter().map(|entry| entry.arrived).max().unwrap();
    assert!(log.entries().iter().all(|entry| entry.arrived + entry.took >= last_in));
}

#[test]
fn a_pipeline_is_answered_in_turn() {
    let server = TruthServer::spawn(Delays::Constant(MS));
    let mut connection = Connection::open(server.addr());
    let requests = [get(), Request::new("POST", "/").body("four"), Request::new("HEAD", "/"), get()];
    let pipeline: Vec<u8> = requests.iter().flat_map(|request| request.bytes(None)).collect();
    let (head, tail) = pipeline.split_at(pipeline.len() - 3);
    connection.write(head);
    for to_head in [false, false, true] {
        let response = connection.read(to_head).unwrap();
        assert_eq!((response.status, response.header("content-length")), (200, Some("10")));
        assert_eq!(response.body.len(), if to_head { 0 } else { 10 });
    }
    assert_eq!(server.log().received(), 3);
    connection.write(tail);
    assert_eq!(connection.read(false).unwrap().status, 200);
}

#[test]
fn who_leaves_is_received_and_not_answered() {
    let server = TruthServer::spawn(Delays::Constant(20 * MS));
    let mut leaving = Connection::open(server.addr());
    leaving.write(&get().bytes(None));
    eventually("received", || server.log().received() == 1);
    drop(leaving);
    let mut staying = Connection::open(server.addr());
    assert_eq!(staying.send(&get(), None).status, 200);
    let log = server.stop();
    assert_eq!((log.received(), log.entries().len()), (2, 1));
}

#[test]
fn nothing_is_left_when_it_is_dropped() {
    let server = TruthServer::builder(Delays::CONSTANT).busy(true).spawn().unwrap();
    let addr = server.addr();
    assert_eq!(server.url(), format!("http://{addr}"));
    let mut open = Connection::open(addr);
    open.write(&get().bytes(None));
    drop(server);
    assert_eq!(open.rest(), b"");
    assert!(std::net::TcpStream::connect(addr).is_err());
}

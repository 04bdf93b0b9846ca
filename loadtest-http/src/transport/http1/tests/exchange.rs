//! Writing and reading side by side, and what the sample is told.

use loadtest_core::testing::TestShard;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const TOO_LARGE: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";

/// A sample, and the statistics in which it ends.
fn counted() -> (TestShard, Pending) {
    let shard = TestShard::new(None);
    let pending = shard.context().recorder().start("PUT", "/");
    (shard, pending)
}

/// Bytes sent and received, and whether the request counts as written.
fn sample(shard: &TestShard, pending: Pending) -> (u64, u64, bool) {
    drop(pending);
    let stats = shard.row("PUT", "/").expect("a row").stats;
    (stats.bytes_sent, stats.bytes_received, stats.written == 1)
}

fn put(length: usize) -> Ask {
    let mut ask = Ask::new(Method::PUT, "/");
    ask.body = Some(vec![b'x'; length].into());
    ask
}

fn is_answer(outcome: &Outcome, wanted: u16, kept: bool) -> bool {
    matches!(outcome, Outcome::Answer { status, keeps, .. } if *status == wanted && *keeps == kept)
}

#[test]
fn a_request_is_written_in_any_pieces() {
    for length in [0, 1, 5_000, 100_000] {
        let ask = put(length);
        let mut whole = Vec::new();
        write::head(
            &mut whole,
            &ask.outgoing(),
            ask.body.as_ref().and_then(Body::as_bytes).map_or(0, Bytes::len) as u64,
        );
        whole.extend_from_slice(ask.body.as_ref().and_then(Body::as_bytes).expect("a body"));
        for writes in [vec![usize::MAX], vec![7], vec![1, 0, 30, 0, 100, usize::MAX], vec![60, 0, usize::MAX]] {
            let mut script = Script::new([OK], Then::Silence);
            script.answers_after = whole.len();
            script.writes = writes.iter().copied().map(Some).collect();
            let (mut connection, (shard, mut pending)) = (Connection::new(script), counted());
            let outcome = polled(&mut connection, &ask, &mut pending);
            assert!(is_answer(&outcome, 200, true), "{length} {writes:?}: {outcome:?}");
            assert_eq!(connection.socket.written, whole, "{length} {writes:?}");
            assert_eq!(sample(&shard, pending), (whole.len() as u64, 2, true));
        }
    }
}

#[test]
fn an_early_answer_counts_but_not_as_written() {
    let mut script = Script::new([TOO_LARGE], Then::Close);
    script.writes = vec![Some(usize::MAX), Some(1000), Some(0)];
    let (mut connection, (shard, mut pending)) = (Connection::new(script), counted());
    let outcome = polled(&mut connection, &put(100_000), &mut pending);
    assert!(is_answer(&outcome, 413, false), "{outcome:?}");
    assert_eq!(sample(&shard, pending), (connection.socket.written.len() as u64, 2, false));
}

#[test]
fn an_answer_is_read_after_writing_failed() {
    for (pieces, then, answered) in [
        (vec![TOO_LARGE], Then::Reset, true),
        (vec!["HTTP/1.1 413 Too", " Large\r\nContent-Length: 2\r\n\r\nno"], Then::Reset, true),
        (vec!["HTTP/1.1 413 Too"], Then::Close, false),
        (vec![], Then::Reset, false),
    ] {
        let mut script = Script::new(pieces, then);
        script.writes = vec![Some(1000), None];
        let (mut connection, (shard, mut pending)) = (Connection::new(script), counted());
        let outcome = polled(&mut connection, &put(100_000), &mut pending);
        if answered {
            assert!(is_answer(&outcome, 413, false), "{outcome:?}");
        } else {
            assert_eq!(outcome, Outcome::Io(io::ErrorKind::BrokenPipe));
        }
        assert!(!sample(&shard, pending).2);
        assert!(!connection.is_untouched());
    }
}

#[test]
fn what_comes_before_the_request_is_no_answer_to_it() {
    let mut script = Script::new([OK], Then::Silence);
    script.answers_after = 0;
    script.writes = vec![None];
    let (mut connection, (shard, mut pending)) = (Connection::new(script), counted());
    assert!(!connection.is_quiet(), "unsolicited bytes are seen");
    assert_eq!(polled(&mut connection, &put(1), &mut pending), Outcome::Io(io::ErrorKind::BrokenPipe));
    assert!(connection.is_untouched());
    let mut script = Script::new([OK], Then::Silence);
    script.answers_after = 0;
    script.writes = vec![Some(0)];
    let mut connection = Connection::new(script);
    assert_eq!(polled(&mut connection, &put(1), &mut pending), Outcome::Waits);
    assert!(connection.is_untouched() && sample(&shard, pending) == (0, 0, false));
}

#[test]
fn idle_connections_are_looked_at() {
    for (then, quiet) in [(Then::Silence, true), (Then::Close, false), (Then::Reset, false)] {
        let mut script = Script::new([""; 0], then);
        script.answers_after = 0;
        assert_eq!(Connection::new(script).is_quiet(), quiet, "{then:?}");
    }
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let mut connection = Connection::new(Script::new([OK, TOO_LARGE, OK], Then::Silence));
    for status in [200, 413, 200] {
        let outcome = polled(&mut connection, &Ask::new(Method::GET, "/"), &mut pending());
        assert!(is_answer(&outcome, status, true), "{outcome:?}");
    }
    let mut ask = Ask::new(Method::GET, "/");
    ask.headers.insert(http::header::CONNECTION, HeaderValue::from_static("x, CLOSE"));
    let mut connection = Connection::new(Script::new([OK], Then::Silence));
    assert!(is_answer(&polled(&mut connection, &ask, &mut pending()), 200, false), "as the request says");
}

#[test]
fn a_dropped_exchange_has_told_what_was_written() {
    for (writes, whole) in [(vec![Some(usize::MAX)], true), (vec![Some(20), Some(0)], false)] {
        let mut script = Script::new([""; 0], Then::Silence);
        script.writes = writes;
        let (mut connection, (shard, mut pending)) = (Connection::new(script), counted());
        assert_eq!(polled(&mut connection, &put(10), &mut pending), Outcome::Waits);
        let (sent, received, written) = sample(&shard, pending);
        assert_eq!((sent, received, written), (connection.socket.written.len() as u64, 0, whole));
    }
}

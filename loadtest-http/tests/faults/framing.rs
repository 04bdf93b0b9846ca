//! Where an answer ends (RFC 9112, 6): lengths that are wrong, shapes that smuggle, and what must not reach the next
//! request.

use loadtest_core::ErrorKind;
use loadtest_http::HttpSettings;
use testbed::misbehaving::{Behaviour, Then};

use crate::harness::{self, Make};
use crate::{BAD_LENGTH, CUT, HEAD_TOO_LARGE, all_at_once, answers, fails, fails_with, kept, look, timed_out};

crate::over_both! {
    a_length_that_is_too_long,
    a_length_that_is_too_short,
    malformed_lengths,
    a_length_and_chunks,
    chunked_is_not_the_last_coding,
    bodies_without_a_length,
    http_1_0,
    what_closes_and_what_does_not,
    answers_to_head,
    statuses_without_a_body,
}

async fn a_length_that_is_too_long<M: Make>() {
    const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789";
    fails::<M>(Behaviour::Says(SHORT, Then::Close), look(ErrorKind::Closed, &[CUT]).answered()).await;
    fails::<M>(Behaviour::Says(SHORT, Then::Hold), timed_out(300).answered()).await;
    // Memory is not set aside for what only the length promises.
    let unlimited = HttpSettings::new().largest_body(u64::MAX);
    const HUGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551614\r\n\r\nx";
    // hyper calls the length itself too large.
    let closed = look(ErrorKind::Closed, &[CUT]).answered();
    let huge = if M::IS_DIRECT { closed } else { look(ErrorKind::Protocol, &[HEAD_TOO_LARGE]) };
    fails_with::<M>(Behaviour::Says(HUGE, Then::Close), &unlimited, huge).await;
    const MUCH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000000\r\n\r\nx";
    fails_with::<M>(Behaviour::Says(MUCH, Then::Hold), &unlimited, timed_out(300).answered()).await;
}

async fn a_length_that_is_too_short<M: Make>() {
    for behind in ["!", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nwrong!"] {
        for then in [Then::Again, Then::Close, Then::Hold] {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{behind}");
            answers::<M>(&answer, then, "GET", 200, "ok").await;
        }
    }
    // So large that the body is read into its own place, and nothing behind it.
    let body = "x".repeat(1_000_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{body}HTTP/1.1 200 OK\r\n\r\nwrong");
    answers::<M>(&answer, Then::Again, "GET", 200, &body).await;
}

async fn malformed_lengths<M: Make>() {
    let bad_length = look(ErrorKind::Protocol, &[BAD_LENGTH]);
    for lengths in [
        "Content-Length: -1",
        "Content-Length: +2",
        "Content-Length: 2x",
        "Content-Length: 0x2",
        "Content-Length: 2, 3",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 99999999999999999999",
        "Content-Length:",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\nab");
        fails::<M>(Behaviour::Says(kept(answer), Then::Hold), bad_length).await;
    }
    for lengths in ["Content-Length: 2\r\nContent-Length: 2", "Content-Length: 2, 2", "Content-Length: 0002"] {
        answers::<M>(&format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\nab"), Then::Again, "GET", 200, "ab").await;
    }
}

/// RFC 9112, 6.1: the chunks count, and the connection is not to be used again.
async fn a_length_and_chunks<M: Make>() {
    for lines in [
        "Content-Length: 99\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nContent-Length: 5",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        let (server, _) = answers::<M>(&answer, Then::Again, "GET", 200, "ok").await;
        if M::IS_DIRECT {
            assert_eq!(server.connections_accepted(), 3, "{lines:?}");
        }
    }
}

/// RFC 9112, 6.3: such a body ends with the connection, whatever its bytes look like.
async fn chunked_is_not_the_last_coding<M: Make>() {
    let codings =
        ["chunked, identity", "chunked\r\nTransfer-Encoding: identity", "identity", "xchunked", "chunked;q=1"];
    let cases = codings.map(|coding| async move {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        answers::<M>(&answer, Then::Close, "GET", 200, "2\r\nok\r\n0\r\n\r\n").await;
        fails::<M>(Behaviour::Says(kept(answer), Then::Hold), timed_out(300).answered()).await;
    });
    all_at_once(cases).await;
}

async fn bodies_without_a_length<M: Make>() {
    for head in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n",
    ] {
        let answer = format!("{head}\r\nuntil the end\r\n0\r\n\r\n");
        answers::<M>(&answer, Then::Close, "GET", 200, "until the end\r\n0\r\n\r\n").await;
        answers::<M>(&format!("{head}\r\n"), Then::Close, "GET", 200, "").await;
    }
}

async fn http_1_0<M: Make>() {
    for (lines, connections) in [("", 3), ("Connection: keep-alive\r\n", 1), ("Connection: Keep-Alive, x\r\n", 1)] {
        let answer = format!("HTTP/1.0 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok");
        let (server, _) = answers::<M>(&answer, Then::Again, "GET", 200, "ok").await;
        assert_eq!(server.connections_accepted(), connections, "{lines:?}");
    }
    let group = &["not a valid HTTP answer: unexpected transfer-encoding parsed"];
    let chunked = kept("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    fails::<M>(Behaviour::Says(chunked, Then::Hold), look(ErrorKind::Protocol, group)).await;
}

async fn what_closes_and_what_does_not<M: Make>() {
    for (lines, connections) in [
        ("", 1),
        ("Connection: keep-alive\r\n", 1),
        ("Connection: closed\r\n", 1),
        ("Connection: close\r\n", 3),
        ("Connection: x, CLOSE\r\n", 3),
        ("Connection: keep-alive\r\nConnection: close\r\n", 3),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok");
        for then in [Then::Again, Then::Hold] {
            if then == Then::Again || connections == 3 {
                let (server, _) = answers::<M>(&answer, then, "GET", 200, "ok").await;
                assert_eq!(server.connections_accepted(), connections, "{lines:?} {then:?}");
            }
        }
    }
}

async fn answers_to_head<M: Make>() {
    for lines in ["Content-Length: 99\r\n", "Transfer-Encoding: chunked\r\n", "", "Content-Length: 0\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        let (server, _) = answers::<M>(&answer, Then::Again, "HEAD", 200, "").await;
        assert_eq!(server.connections_accepted(), 1, "{lines:?}");
    }
    // A body that should not be there belongs to nobody.
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
    answers::<M>(answer, Then::Again, "HEAD", 200, "").await;
}

async fn statuses_without_a_body<M: Make>() {
    for (status, lines) in [
        (204, ""),
        (204, "Content-Length: 99\r\n"),
        (204, "Transfer-Encoding: chunked\r\n"),
        (304, ""),
        (304, "Content-Length: 99\r\n"),
    ] {
        let answer = format!("HTTP/1.1 {status} Empty\r\n{lines}\r\n");
        let (server, _) = answers::<M>(&answer, Then::Again, "GET", status, "").await;
        assert_eq!(server.connections_accepted(), 1, "{status} {lines:?}");
        answers::<M>(&format!("{answer}5\r\nwrong\r\n0\r\n\r\n"), Then::Again, "GET", status, "").await;
    }
}

//! Heads of answers: odd ones, wrong ones, and those that do not end.

use std::time::Duration;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{BAD_HEADER, HEAD_TOO_LARGE, Look, Proper, answers, fails, is_own, kept, look};

crate::over_both! {
    a_head_that_never_ends,
    one_long_header,
    what_is_not_http,
    malformed_heads,
    reason_phrases,
    headers_that_are_no_utf_8,
    interim_answers_are_passed_over,
    switching_protocols_unasked,
}

/// The sample says what came, as far as that can be said in one line.
#[tokio::test]
async fn a_malformed_answer_is_shown() {
    let long = "x".repeat(10_000);
    for (answer, shown) in [
        ("220 mail.example ESMTP\r\n", r#""220 mail.example ESMTP\r\n""#),
        ("HTTP/1.1 200 OK\r\nDate: x\r\nA: a\0b\r\nB: c\r\n\r\n", r#""A: a\x00b\r\n""#),
        ("\r\nHTTP/1.1 200 OK\r\nno colon\r\n\r\n", r#""no colon\r\n""#),
        ("HTTP/1.1 2000 OK\r\n\r\n", r#""HTTP/1.1 2000 OK\r\n\r\n""#),
        ("HTTP/1.1 200 OK\r\nContent-length: x\r\n\r\n", r#""Content-length: x\r\n""#),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\nContent-Length: 3\r\n\r\n",
            r#""Content-Length: 2\r\nContent-Length: 3\r\n""#,
        ),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", r#""Transfer-Encoding: chunked\r\n""#),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n", r#""2\r\nok\r\nxyz\r\n""#),
        (&*format!("<{long}"), &*format!("\"<{}\"…", &long[..79])),
    ] {
        let server = Misbehaving::spawn(Behaviour::Says(kept(answer), Then::Close));
        let user = User::new::<harness::Direct>(&server.url());
        user.http.get("/x").send().await.expect_err("no answer");
        assert_eq!(user.sample(), format!("{}: {shown}", server.url()));
    }
}

const TOO_LARGE: Look = look(ErrorKind::Protocol, &[HEAD_TOO_LARGE]);
const NO_HEADER: Look = look(ErrorKind::Protocol, &[BAD_HEADER]);
const NO_VERSION: Look = look(ErrorKind::Protocol, &["not a valid HTTP answer: invalid HTTP version parsed"]);
const NO_STATUS: Look = look(ErrorKind::Protocol, &["not a valid HTTP answer: invalid HTTP status-code parsed"]);

async fn a_head_that_never_ends<M: Make>() {
    fails::<M>(Behaviour::endless_head(Duration::ZERO), TOO_LARGE).await;
    fails::<M>(Behaviour::endless_header(Duration::ZERO), TOO_LARGE).await;
    fails::<M>(Behaviour::Endless(b"", b"\r\n", Duration::ZERO), TOO_LARGE).await;
}

async fn one_long_header<M: Make>() {
    fails::<M>(Behaviour::LongHeader(10_000_000), TOO_LARGE).await;
    let server = Misbehaving::spawn(Behaviour::LongHeader(200_000));
    let user = User::new::<M>(&server.url());
    for target in ["/x/1", "/x/2"] {
        let response = user.http.get(target).send().await.expect("an answer");
        assert_eq!(response.header("x-long").map(str::len), Some(200_000));
        is_own(&response, "GET", target);
    }
    assert_eq!(server.connections_accepted(), 1);
}

async fn what_is_not_http<M: Make>() {
    fails::<M>(Behaviour::Garbage, NO_VERSION).await;
    for answer in [
        "<html>as in HTTP/0.9</html>",
        "hello\r\n\r\n",
        "\0\0\0\0",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "220 mail.example ESMTP\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        for then in [Then::Hold, Then::Close] {
            fails::<M>(Behaviour::Says(kept(answer), then), NO_VERSION).await;
        }
    }
}

async fn malformed_heads<M: Make>() {
    for (answer, look) in [
        ("HTTP/1.1 2000 OK\r\n\r\n", NO_STATUS),
        ("HTTP/1.1 099 OK\r\n\r\n", NO_STATUS),
        ("HTTP/1.1 20x OK\r\n\r\n", NO_STATUS),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\nA : space before the colon\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\n: no name\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\nA: a\0b\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\nA: a\rb\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\nA: folded\r\n  line\r\n\r\n", NO_HEADER),
        ("HTTP/1.1 200 OK\r\n  A: folded at once\r\n\r\n", NO_HEADER),
    ] {
        fails::<M>(Behaviour::Says(kept(answer), Then::Hold), look).await;
    }
}

async fn reason_phrases<M: Make>() {
    for line in
        ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 \u{fc}ber", "HTTP/1.1 200 a\tb  c", "HTTP/1.1 299 No Such"]
    {
        let status = if line.contains("299") { 299 } else { 200 };
        let answer = format!("{line}\r\nContent-Length: 1\r\n\r\nx");
        answers::<M>(&answer, Then::Again, "GET", status, "x").await;
    }
    for (line, status) in
        [("HTTP/1.1 404", 404), ("HTTP/1.1 503 Overheated at 127.0.0.1", 503), ("HTTP/1.1 999 ?", 999)]
    {
        let answer = format!("{line}\r\nContent-Length: 2\r\n\r\nno");
        let (_, user) = answers::<M>(&answer, Then::Again, "GET", status, "no").await;
        let failures = user.failures();
        assert!(failures.iter().all(|failure| !failure.contains("Overheated")), "the server's own words do not group");
    }
}

async fn headers_that_are_no_utf_8<M: Make>() {
    let mut answer =
        b"HTTP/1.1 200 \xff\xfe\r\nX-Odd: \xff\xfe\x80\r\nLocation: /\xff\r\nContent-Length: 1\r\n\r\nx".to_vec();
    for status in [b"200", b"302"] {
        answer[9..12].copy_from_slice(status);
        let server = Misbehaving::spawn(Behaviour::Says(kept(answer.clone()), Then::Again));
        let user = User::new::<M>(&server.url());
        let response = user.http.get("/x").send().await.expect("an answer");
        assert_eq!((response.header("x-odd"), response.headers()["x-odd"].as_bytes()), (None, &b"\xff\xfe\x80"[..]));
        assert_eq!(response.text_lossy(), "x");
        assert_eq!(user.books("GET", "/x"), (1, 1, 0, 0, 1), "a Location that is no text leads nowhere");
        Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
    }
}

async fn interim_answers_are_passed_over<M: Make>() {
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nSet-Cookie: not=kept\r\n\r\n",
        "HTTP/1.1 199 Whatever\r\n\r\n",
    ] {
        let answer = format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let (server, _) = answers::<M>(&answer, Then::Again, "GET", 200, "ok").await;
        assert_eq!(server.connections_accepted(), 1, "{interim:?}");
    }
}

/// hyper would read on for as long as a turn of its task lasts: unoptimised, that is seconds, past any deadline.
#[tokio::test]
async fn interim_answers_that_never_end() {
    let too_many = look(ErrorKind::Protocol, &["not a valid HTTP answer: too many interim answers"]);
    fails::<harness::Direct>(Behaviour::endless_interim(Duration::ZERO), too_many).await;
}

async fn switching_protocols_unasked<M: Make>() {
    let switching = Behaviour::Says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Then::Hold);
    let group = &["not a valid HTTP answer: switching protocols without being asked"];
    fails::<M>(switching, look(ErrorKind::Protocol, group).answered()).await;
}

//! Bodies that are too much.

use std::time::Duration;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{Look, MALFORMED_BODY, answers, fails, kept, look};

crate::over_both! {
    #[ignore = "needs a limit of the body"]
    a_body_that_never_ends,
    #[ignore = "needs a limit of the body"]
    a_body_that_says_it_is_too_large,
    #[ignore = "needs the decoding of bodies and a limit of what comes out"]
    a_gzip_bomb,
    #[ignore = "needs the decoding of bodies"]
    codings_are_asked_for_and_undone,
    #[ignore = "needs the decoding of bodies"]
    coded_bodies_that_are_none,
}

const TOO_LARGE: Look = look(ErrorKind::Protocol, &["body is larger than the limit of 64 MiB"]).answered();

async fn a_body_that_never_ends<M: Make>() {
    fails::<M>(Behaviour::endless_body(Duration::ZERO), TOO_LARGE).await;
    fails::<M>(Behaviour::endless_chunks(Duration::ZERO), TOO_LARGE).await;
}

async fn a_body_that_says_it_is_too_large<M: Make>() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", (64 << 20) + 1);
    fails::<M>(Behaviour::Says(kept(answer), Then::Hold), TOO_LARGE).await;
}

async fn a_gzip_bomb<M: Make>() {
    fails::<M>(Behaviour::GzipBomb(1 << 30), TOO_LARGE).await;
}

async fn codings_are_asked_for_and_undone<M: Make>() {
    let echo = testbed::echo::EchoServer::spawn();
    let user = User::new::<M>(&echo.url());
    let seen: harness::Echo = user.http.get("/").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(seen.header("accept-encoding"), Some("gzip, br, zstd, deflate"));
    let server = Misbehaving::spawn(Behaviour::GzipBomb(1_000_000));
    let user = User::new::<M>(&server.url());
    let response = user.http.get("/x").send().await.expect("an answer");
    assert_eq!((response.bytes().len(), response.bytes().iter().all(|byte| *byte == 0)), (1_000_000, true));
    // Without a body there is nothing to undo.
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\n\r\n");
        answers::<M>(&answer, Then::Again, method, status, "").await;
    }
    answers::<M>("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", Then::Again, "GET", 200, "")
        .await;
    // What nobody asked for is left as it is.
    let own = "HTTP/1.1 200 OK\r\nContent-Encoding: x-own\r\nContent-Length: 2\r\n\r\nok";
    answers::<M>(own, Then::Again, "GET", 200, "ok").await;
}

async fn coded_bodies_that_are_none<M: Make>() {
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 8\r\n\r\nno {coding:>5}");
        fails::<M>(Behaviour::Says(kept(answer), Then::Again), look(ErrorKind::Protocol, &[MALFORMED_BODY]).answered())
            .await;
    }
}

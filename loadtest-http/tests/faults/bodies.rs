//! Bodies that are too much.

use std::time::Duration;

use loadtest_core::ErrorKind;
use loadtest_http::HttpSettings;
use testbed::misbehaving::{Behaviour, Then};

use crate::harness::{self, Make};
use crate::{Look, fails, fails_with, kept, look};

crate::over_both! {
    a_body_that_never_ends,
    a_body_that_says_it_is_too_large,
}

const LIMIT: u64 = 256 * 1024;
const TOO_LARGE: Look = look(ErrorKind::Protocol, &["body is larger than the limit of 256 KiB"]).answered();

/// A server whose answers are larger than they may be.
async fn is_too_large<M: Make>(behaviour: Behaviour) {
    fails_with::<M>(behaviour, &HttpSettings::new().largest_body(LIMIT), TOO_LARGE).await;
}

async fn a_body_that_never_ends<M: Make>() {
    is_too_large::<M>(Behaviour::endless_body(Duration::ZERO)).await;
    is_too_large::<M>(Behaviour::endless_chunks(Duration::ZERO)).await;
}

/// The rest is not waited for.
async fn a_body_that_says_it_is_too_large<M: Make>() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", LIMIT + 1);
    is_too_large::<M>(Behaviour::Says(kept(&*answer), Then::Hold)).await;
    // The limit is 64 MiB when nobody says otherwise.
    const USUAL: Look = look(ErrorKind::Protocol, &["body is larger than the limit of 64 MiB"]).answered();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", (64 << 20) + 1);
    fails::<M>(Behaviour::Says(kept(answer), Then::Hold), USUAL).await;
}

#[cfg(feature = "compression")]
mod coded {
    use testbed::misbehaving::Misbehaving;

    use super::*;
    use crate::answers;
    use crate::harness::User;

    crate::over_both! {
        a_gzip_bomb,
        codings_are_asked_for_and_undone,
        coded_bodies_that_are_none,
    }

    async fn a_gzip_bomb<M: Make>() {
        is_too_large::<M>(Behaviour::GzipBomb(1 << 23)).await;
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
        answers::<M>(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
            Then::Again,
            "GET",
            200,
            "",
        )
        .await;
        // What nobody asked for is left as it is.
        let own = "HTTP/1.1 200 OK\r\nContent-Encoding: x-own\r\nContent-Length: 2\r\n\r\nok";
        answers::<M>(own, Then::Again, "GET", 200, "ok").await;
    }

    async fn coded_bodies_that_are_none<M: Make>() {
        for (coding, group) in [
            ("gzip", &["the body is not gzip, as it says"]),
            ("br", &["the body is not br, as it says"]),
            ("zstd", &["the body is not zstd, as it says"]),
            ("deflate", &["the body is not deflate, as it says"]),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 6\r\n\r\nnot it");
            fails::<M>(Behaviour::Says(kept(answer), Then::Again), look(ErrorKind::Protocol, group).answered()).await;
        }
    }
}

//! Chunked bodies that are none, or too much (RFC 9112, 7.1).

use std::time::Duration;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Then};

use crate::harness::{self, Make};
use crate::{Look, MALFORMED_BODY, answers, fails, kept, look};

crate::over_both! {
    chunks_as_they_may_be,
    malformed_chunks,
    bare_line_feeds,
    extensions_that_never_end,
    trailers_that_never_end,
}

const NO_BODY: Look = look(ErrorKind::Protocol, &[MALFORMED_BODY]).answered();

fn chunked(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

async fn chunks_as_they_may_be<M: Make>() {
    for (chunks, body) in [
        ("0\r\n\r\n", ""),
        ("2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\n\r\n", "abc"),
        ("00002 \t;a;b=\"c\"\r\nab\r\n000\r\n\r\n", "ab"),
        ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nOne: 1\r\nTwo:\r\n\r\n", "01234567890123456789"),
    ] {
        let (server, _) = answers::<M>(&chunked(chunks), Then::Again, "GET", 200, body).await;
        assert_eq!(server.connections_accepted(), 1, "{chunks:?}");
    }
}

async fn malformed_chunks<M: Make>() {
    for chunks in [
        "xyz\r\nab\r\n0\r\n\r\n",
        "\r\n",
        "-2\r\nab\r\n0\r\n\r\n",
        "0x2\r\nab\r\n0\r\n\r\n",
        "2 2\r\nab\r\n0\r\n\r\n",
        "2\r\nab0\r\n\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\nab\r\n0\r\n\r\n",
        "fffffffffffffffffffffffffffffffffffffff\r\nab",
    ] {
        for then in [Then::Hold, Then::Close] {
            fails::<M>(Behaviour::Says(kept(chunked(chunks)), then), NO_BODY).await;
        }
    }
}

async fn bare_line_feeds<M: Make>() {
    for chunks in ["2\nab\r\n0\r\n\r\n", "2\r\nab\n0\r\n\r\n", "2;a\nb\r\nab\r\n0\r\n\r\n", "2\r\nab\r\n0\r\n\n"] {
        // hyper waits for a trailer that begins with a line feed.
        if M::IS_DIRECT || !chunks.ends_with("\n\n") {
            fails::<M>(Behaviour::Says(kept(chunked(chunks)), Then::Hold), NO_BODY).await;
        }
    }
}

async fn extensions_that_never_end<M: Make>() {
    fails::<M>(Behaviour::endless_extension(Duration::ZERO), NO_BODY).await;
    let many = "1;name=value\r\na\r\n".repeat(10_000);
    fails::<M>(Behaviour::Says(kept(chunked(&many)), Then::Hold), NO_BODY).await;
}

async fn trailers_that_never_end<M: Make>() {
    fails::<M>(Behaviour::endless_trailers(Duration::ZERO), NO_BODY).await;
}

/// hyper would read on for as long as a turn of its task lasts: unoptimised, that is seconds, past any deadline.
#[tokio::test]
async fn a_size_that_never_ends() {
    fails::<harness::Direct>(Behaviour::endless_size(Duration::ZERO), NO_BODY).await;
    fails::<harness::Direct>(Behaviour::endless_space(Duration::ZERO), NO_BODY).await;
}

//! The same bytes to hyper's client and to ours. Where both take an answer it is the same answer.
//!
//! They may differ only so:
//! - a 101 that was not asked for: hyper gives it as an answer, we refuse it (RFC 9110, 15.2.2);
//! - more than 100 headers or trailers: hyper refuses them, we take up to 8,192 headers and 128 trailers;
//! - a line among the trailers that ends with LF alone: hyper takes some of them, we refuse it (RFC 9112, 7.1);
//! - a `Transfer-Encoding` beyond ASCII: hyper passes over it, we read on behind the last comma;
//! - the size of a chunk with more than 256 digits and spaces: hyper takes it, we refuse it.

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

impl Socket for DuplexStream {
    fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(self).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
    }
}

/// Answers the first request with these bytes, and holds the connection until the client drops it.
async fn serve(mut stream: DuplexStream, answer: &[u8]) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

async fn ours(answer: &[u8], method: &Method) -> Outcome {
    let (client, server) = duplex(1 << 20);
    let exchange = async {
        let (ask, buffers, mut pending) = (Ask::new(method.clone(), "/"), Buffers::default(), pending());
        let outgoing = ask.outgoing();
        let mut connection = Connection::new(client);
        Outcome::of(connection.exchange(&buffers, &outgoing, None, &mut pending).await)
    };
    tokio::join!(exchange, serve(server, answer)).0
}

type Taken = Result<(u16, HeaderMap, Bytes), String>;

async fn hypers(answer: &[u8], method: &Method) -> Taken {
    let (client, server) = duplex(1 << 20);
    let exchange = async {
        let io = TokioIo::new(client);
        let builder = http1::Builder::new().max_buf_size(parse::LONGEST_HEAD).handshake::<_, Empty<Bytes>>(io).await;
        let (mut sender, connection) = builder.map_err(|error| error.to_string())?;
        let request = http::Request::builder().method(method).uri("/").header("host", "shop").body(Empty::new());
        let answer = async move {
            let answer = sender.send_request(request.expect("a request")).await?;
            let (parts, body) = answer.into_parts();
            Ok((parts.status.as_u16(), parts.headers, body.collect().await?.to_bytes()))
        };
        // When the answer is there the sender goes, and with it the connection.
        let (answer, _) = tokio::join!(answer, connection);
        answer.map_err(|error: hyper::Error| format!("{error} {error:?}"))
    };
    tokio::join!(exchange, serve(server, answer)).0
}

fn has_bare_lf(answer: &[u8]) -> bool {
    answer.windows(2).any(|pair| pair[0] != b'\r' && pair[1] == b'\n')
}

/// More than ASCII in a `Transfer-Encoding`.
fn has_odd_coding(headers: &HeaderMap) -> bool {
    headers.get_all(http::header::TRANSFER_ENCODING).iter().any(|value| value.to_str().is_err())
}

/// As for more than 100 headers.
fn has_many_lines(answer: &[u8]) -> bool {
    answer.iter().filter(|byte| **byte == b'\n').count() > 100
}

/// As hyper says that there are too many.
fn is_too_many(error: &str) -> bool {
    error.contains("TooLarge") || error.contains("trailers count overflow")
}

/// Bytes as in the size of a chunk, more than there are in one.
fn has_long_size(answer: &[u8]) -> bool {
    let of_size = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b' ' | b'\t');
    answer.split(|byte| !of_size(byte)).any(|run| run.len() > 256)
}

pub(super) fn compare(answer: &[u8], method: &Method) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (ours, hypers) = runtime.block_on(async { (ours(answer, method).await, hypers(answer, method).await) });
    let text = String::from_utf8_lossy(answer);
    match (&ours, &hypers) {
        (_, Ok((_, headers, _))) if has_odd_coding(headers) => {}
        (Outcome::Answer { status, headers, body, .. }, Ok(hypers)) => {
            prop_assert_eq!((status, headers, body), (&hypers.0, &hypers.1, &hypers.2), "{:?}", text);
        }
        (Outcome::Answer { .. }, Err(error)) if has_many_lines(answer) && is_too_many(error) => {}
        (Outcome::Answer { .. }, Err(error)) => prop_assert!(false, "only ours: {:?}\n{}", text, error),
        (_, Ok((101, ..))) | (_, Err(_)) => {}
        (Outcome::Malformed("malformed body"), Ok(_)) if has_bare_lf(answer) || has_long_size(answer) => {}
        (refused, Ok(_)) => prop_assert!(false, "only hyper's: {:?}\n{:?}", text, refused),
    }
    Ok(())
}

proptest! {
    #[test]
    fn valid_answers_are_taken_by_both(answer in valid_answers(), head in any::<bool>()) {
        let method = if head { Method::HEAD } else { Method::GET };
        compare(&answer, &method)?;
    }

    #[test]
    fn broken_answers_are_refused_by_both(answer in mutated_answers(), head in any::<bool>()) {
        let method = if head { Method::HEAD } else { Method::GET };
        compare(&answer, &method)?;
    }
}

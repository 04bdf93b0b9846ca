//! The codec on scripted sockets: no runtime, no network, each read and write as the test says.

mod corpus;
mod differential;
mod exchange;
mod framing;
mod fuzz;
mod pieces;
mod requests;

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use loadtest_core::stats::{Pending, RecorderHandle};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::*;
use crate::body::Body;
use crate::headers::Automatic;
use crate::target::{Base, Target};
use crate::transport::Keep;

/// What a read gives when all pieces were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Close,
    Reset,
    Silence,
}

/// A socket that reads pieces, one each time, and takes so many bytes with each write.
#[derive(Debug)]
struct Script {
    pieces: VecDeque<Vec<u8>>,
    then: Then,
    /// Nothing is to be read before so much is written.
    answers_after: usize,
    /// For each write; the last goes on. 0: the write waits. `None`: it fails.
    writes: Vec<Option<usize>>,
    written: Vec<u8>,
}

impl Script {
    fn new(pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>, then: Then) -> Self {
        let pieces = pieces.into_iter().map(Into::into).filter(|piece: &Vec<u8>| !piece.is_empty()).collect();
        Self { pieces, then, answers_after: 1, writes: vec![Some(usize::MAX)], written: Vec::new() }
    }
}

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.written.len() < self.answers_after {
            return Poll::Pending;
        }
        let then = self.then;
        let Some(piece) = self.pieces.front_mut() else {
            return match then {
                Then::Close => Poll::Ready(Ok(())),
                Then::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                Then::Silence => Poll::Pending,
            };
        };
        let length = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..length]);
        piece.drain(..length);
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let next = if self.writes.len() > 1 { self.writes.remove(0) } else { self.writes[0] };
        match next {
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(0) => Poll::Pending,
            Some(most) => {
                let length = buf.len().min(most);
                self.written.extend_from_slice(&buf[..length]);
                Poll::Ready(Ok(length))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Socket for Script {
    fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        Pin::new(self).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte)).is_pending()
    }
}

/// A request as a session makes it.
struct Ask {
    automatic: Automatic,
    target: Target,
    method: Method,
    cookies: Option<HeaderValue>,
    content_type: Option<&'static str>,
    headers: HeaderMap,
    body: Option<Body>,
    keep: Keep,
    compression: bool,
}

impl Ask {
    fn new(method: Method, path: &str) -> Self {
        let base = Base::parse(Some("http://shop")).expect("a host");
        let target = base.resolve(path).expect("a path");
        let automatic = Automatic::new(&base.origin, base.credentials.as_ref(), &[]);
        let (headers, keep) = (HeaderMap::new(), Keep { all: true, decode: true, most: u64::MAX });
        Self {
            automatic,
            target,
            method,
            cookies: None,
            content_type: None,
            headers,
            body: None,
            keep,
            compression: false,
        }
    }

    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            method: &self.method,
            target: &self.target,
            automatic: &self.automatic,
            cookies: self.cookies.as_ref(),
            content_type: self.content_type,
            headers: &self.headers,
            body: self.body.as_ref(),
            compression: self.compression,
            keep: self.keep,
            connect_timeout: Duration::MAX,
            connections: 1,
            now: Instant::now(),
        }
    }
}

/// What became of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Answer {
        status: u16,
        headers: HeaderMap,
        body: Bytes,
        keeps: bool,
    },
    Malformed(&'static str),
    Closed,
    Io(io::ErrorKind),
    TooLarge,
    Source(io::ErrorKind),
    /// It waits for the socket.
    Waits,
}

impl Outcome {
    fn of(result: Result<(Answer, bool), Trouble>) -> Self {
        match result {
            Ok((Answer { status, head, body, .. }, keeps)) => {
                Self::Answer { status: status.as_u16(), headers: head.map().clone(), body, keeps }
            }
            Err(Trouble::Malformed(Malformed(what), _)) => Self::Malformed(what),
            Err(Trouble::Closed) => Self::Closed,
            Err(Trouble::Io(error)) => Self::Io(error.kind()),
            Err(Trouble::TooLarge) => Self::TooLarge,
            Err(Trouble::Source(error)) => Self::Source(error.kind()),
        }
    }

    /// Whether the connection is kept does not matter, nor what the headers are.
    fn brief(&self) -> Option<(u16, &[u8])> {
        match self {
            Self::Answer { status, body, .. } => Some((*status, body)),
            _ => None,
        }
    }
}

fn pending() -> Pending {
    RecorderHandle::default().start("GET", "/")
}

/// Polls an exchange a few times: the scripted socket never wakes anybody.
fn polled(connection: &mut Connection<Script>, ask: &Ask, pending: &mut Pending) -> Outcome {
    thread_local! {
        static BUFFERS: Rc<Buffers> = Rc::default();
    }
    let (buffers, outgoing) = (BUFFERS.with(Rc::clone), ask.outgoing());
    let mut exchange = pin!(connection.exchange(&buffers, &outgoing, None, pending));
    for _ in 0..20 {
        if let Poll::Ready(result) = exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Outcome::of(result);
        }
    }
    Outcome::Waits
}

/// One request on a connection that answers with these pieces.
fn answer(method: &Method, pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>, then: Then) -> Outcome {
    answer_to(&Ask::new(method.clone(), "/"), pieces, then)
}

fn answer_to(ask: &Ask, pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>, then: Then) -> Outcome {
    polled(&mut Connection::new(Script::new(pieces, then)), ask, &mut pending())
}

/// An answer as RFC 9112 wants it, with much of what it allows.
fn valid_answers() -> impl Strategy<Value = Vec<u8>> {
    let interim = prop::collection::vec(
        prop_oneof![Just("HTTP/1.1 100 Continue\r\n\r\n"), Just("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")],
        0..3,
    );
    let status = prop_oneof![6 => Just(200_u16), 1 => Just(204), 1 => Just(304), 4 => 200..1000_u16];
    let reason = prop_oneof![Just(""), Just(" "), Just(" OK"), Just(" Not \u{fc}ber")];
    let field = (
        prop_oneof![Just("X-One"), Just("set-cookie"), Just("LOCATION"), Just("Connection"), Just("Date")],
        prop_oneof![
            Just(""),
            Just("a=1"),
            Just("keep-alive"),
            Just("x, Close"),
            Just("\t\u{e9} ; "),
            Just("KEEP-ALIVE")
        ],
    );
    let fields = prop::collection::vec(field, 0..6);
    let body = prop::collection::vec(any::<u8>(), 0..300);
    (interim, any::<bool>(), status, reason, fields, framings(), body).prop_map(
        |(interim, is_1_0, status, reason, fields, framing, body)| {
            let mut answer = interim.concat().into_bytes();
            let version = if is_1_0 && !matches!(framing, Shape::Chunked(..)) { "1.0" } else { "1.1" };
            answer.extend_from_slice(format!("HTTP/{version} {status}{reason}\r\n").as_bytes());
            for (name, value) in fields {
                answer.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
            framing.put(&mut answer, &body);
            answer
        },
    )
}

/// How the length of a body is told.
#[derive(Debug, Clone)]
enum Shape {
    Length(&'static str),
    Chunked(&'static str, Vec<usize>, &'static str, &'static str),
    Close,
}

fn framings() -> impl Strategy<Value = Shape> {
    let name = prop_oneof![Just("Content-Length: "), Just("content-length:"), Just("CONTENT-LENGTH: \t")];
    let coding = prop_oneof![
        Just("Transfer-Encoding: chunked"),
        Just("transfer-encoding:Chunked "),
        Just("TRANSFER-ENCODING: gzip, chunked"),
        Just("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked")
    ];
    let extension = prop_oneof![3 => Just(""), 1 => Just(";a=b"), 1 => Just(" ; a=\"b c\""), 1 => Just(" \t")];
    let trailers = prop_oneof![3 => Just(""), 1 => Just("Trailer: x\r\n"), 1 => Just("A:\r\nB: \u{e9}\r\n")];
    prop_oneof![
        name.prop_map(Shape::Length),
        (coding, prop::collection::vec(1..50_usize, 1..6), extension, trailers)
            .prop_map(|(coding, sizes, extension, trailers)| Shape::Chunked(coding, sizes, extension, trailers)),
        Just(Shape::Close),
    ]
}

impl Shape {
    /// The last header, and the body.
    fn put(&self, answer: &mut Vec<u8>, body: &[u8]) {
        match self {
            Self::Close => {
                answer.extend_from_slice(b"\r\n");
                answer.extend_from_slice(body);
            }
            Self::Length(name) => {
                answer.extend_from_slice(format!("{name}{}\r\n\r\n", body.len()).as_bytes());
                answer.extend_from_slice(body);
            }
            Self::Chunked(coding, sizes, extension, trailers) => {
                answer.extend_from_slice(format!("{coding}\r\n\r\n").as_bytes());
                let (mut rest, mut sizes) = (body, sizes.iter().cycle());
                while !rest.is_empty() {
                    let (chunk, more) = rest.split_at(rest.len().min(*sizes.next().expect("a cycle")));
                    answer.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
                    answer.extend_from_slice(chunk);
                    answer.extend_from_slice(b"\r\n");
                    rest = more;
                }
                answer.extend_from_slice(format!("000{extension}\r\n{trailers}\r\n").as_bytes());
            }
        }
    }
}

/// Valid answers with something changed.
fn mutated_answers() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b":".to_vec()),
        Just(b"Content-Length: 5\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"Connection: close\r\n".to_vec()),
        Just(b"ffffffffffffffffff".to_vec()),
        Just(b", ".to_vec()),
        Just(Vec::new()),
    ];
    let change = (any::<prop::sample::Index>(), 0..4_usize, bytes);
    (valid_answers(), prop::collection::vec(change, 1..4)).prop_map(|(mut answer, changes)| {
        for (at, removed, put) in changes {
            let at = at.index(answer.len());
            let end = (at + removed).min(answer.len());
            answer.splice(at..end, put);
        }
        answer
    })
}

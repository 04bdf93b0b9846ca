//! An answer while it comes in.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use loadtest_core::stats::Pending;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::time::Instant;

use super::body::{Content, Decoder, Taken};
use super::parse::{LONGEST_HEAD, Parsed, Start, parse};
use super::{Asked, Malformed, Trouble, excerpt};
use crate::transport::{Answer, Keep};

/// From so many bytes on, the rest of a body of known length is read to where it stays.
const LARGE: u64 = 16 * 1024;

/// An answer, as far as it has come.
#[derive(Debug)]
pub(super) struct Reading {
    asked: Asked,
    keep: Keep,
    /// Something of an answer has come.
    begun: bool,
    /// When the first byte of the answer came, unless the whole came at once.
    first: Option<Instant>,
    /// The beginning of a head.
    held: Vec<u8>,
    /// How much of it the parser has seen, and how much was looked through for an empty line.
    seen: usize,
    searched: usize,
    /// The length of all interim answers: in itself each is short, but a server could go on for ever.
    interim: usize,
    /// Boxed: most answers come whole, and never have one.
    body: Option<Box<Body>>,
}

#[derive(Debug)]
struct Body {
    parsed: Parsed,
    decoder: Decoder,
    content: Content,
}

/// The answer, and whether its connection can serve another request.
type Whole = (Answer, bool);

impl Reading {
    pub(super) fn new(asked: Asked, keep: Keep) -> Self {
        Self { asked, keep, begun: false, first: None, held: Vec::new(), seen: 0, searched: 0, interim: 0, body: None }
    }

    /// Whether something of an answer has come.
    pub(super) fn is_begun(&self) -> bool {
        self.begun
    }

    /// Reads until the answer is whole or nothing more has come.
    pub(super) fn poll<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut S,
        buffer: &mut [u8],
        pending: &mut Pending,
    ) -> Poll<Result<Whole, Trouble>> {
        loop {
            if let Some(Body { decoder: Decoder::Length(left), content, .. }) = self.body.as_deref_mut()
                && *left >= LARGE
                && let Some(room) = content.room(*left)
            {
                let mut room = room.limit(usize::try_from(*left).unwrap_or(usize::MAX));
                let read = ready!(pin!(socket.read_buf(&mut room)).poll(cx)).map_err(Trouble::Io)? as u64;
                content.filled(read);
                *left -= read;
                pending.add_received(read);
                match (read, *left) {
                    (0, _) => return Poll::Ready(Err(Trouble::Closed)),
                    (_, 0) => return Poll::Ready(self.end()),
                    _ => continue,
                }
            }
            let mut read = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut read)).map_err(Trouble::Io)?;
            if read.filled().is_empty() {
                return Poll::Ready(self.end());
            }
            self.begun = true;
            if let Some(ended) = self.take(read.filled(), pending).transpose() {
                return Poll::Ready(ended);
            }
            if self.first.is_none() && (self.body.is_some() || !self.held.is_empty()) {
                self.first = Some(Instant::now());
            }
        }
    }

    /// Takes what has come.
    pub(super) fn take(&mut self, input: &[u8], pending: &mut Pending) -> Result<Option<Whole>, Trouble> {
        if let Some(body) = &mut self.body {
            let whole = body.take(input, pending)?;
            return Ok(whole.and_then(|is_last| Some(self.body.take()?.finish(is_last, self.first))));
        }
        if self.held.is_empty() {
            return self.take_head(input, pending);
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(input);
        // A head that comes byte by byte is not looked at as many times.
        let new = held.get(self.searched.saturating_sub(2)..).unwrap_or_default();
        if held.len() < 2 * self.seen && !has_empty_line(new) {
            self.searched = held.len();
            self.held = held;
            return Ok(None);
        }
        self.take_head(&held, pending)
    }

    #[inline]
    fn take_head(&mut self, mut input: &[u8], pending: &mut Pending) -> Result<Option<Whole>, Trouble> {
        loop {
            let rest = |length: usize| input.get(length..).unwrap_or_default();
            match parse(input, self.asked).map_err(|malformed| in_head(malformed, input))? {
                Start::Partial => {
                    (self.seen, self.searched) = (input.len(), input.len());
                    self.held.extend_from_slice(input);
                    return Ok(None);
                }
                Start::Interim(length) => {
                    input = rest(length);
                    self.interim += length;
                    if self.interim > LONGEST_HEAD {
                        return Err(Malformed("too many interim answers").into());
                    }
                }
                Start::Final(length, parsed) => {
                    let content = Content::new(self.keep, parsed.head.is_coded(), parsed.framing)?;
                    let mut body = Body { decoder: Decoder::new(parsed.framing), parsed, content };
                    let whole = body.take(rest(length), pending)?;
                    return Ok(match whole {
                        Some(is_last) => Some(body.finish(is_last, self.first)),
                        None => {
                            self.body = Some(Box::new(body));
                            None
                        }
                    });
                }
            }
        }
    }

    /// The connection has ended, or the body.
    fn end(&mut self) -> Result<Whole, Trouble> {
        match self.body.as_deref() {
            Some(Body { decoder: Decoder::UntilClose | Decoder::Length(0), .. }) => {
                self.body.take().map(|body| body.finish(true, self.first)).ok_or(Trouble::Closed)
            }
            Some(_) => Err(Trouble::Closed),
            None => {
                parse(&self.held, self.asked).map_err(|malformed| in_head(malformed, &self.held))?;
                Err(Trouble::Closed)
            }
        }
    }
}

impl Body {
    /// Takes what has come. When the body is whole: whether it was the last that came, as it should be, because what
    /// follows an answer nobody asked for.
    #[inline]
    fn take(&mut self, input: &[u8], pending: &mut Pending) -> Result<Option<bool>, Trouble> {
        let before = self.content.length();
        let Taken { bytes, complete } = self.decoder.take(input, &mut self.content)?;
        pending.add_received(self.content.length() - before);
        Ok(complete.then_some(bytes == input.len()))
    }

    #[inline]
    fn finish(self, is_last: bool, first: Option<Instant>) -> Whole {
        let Parsed { status, head, keeps, .. } = self.parsed;
        let received = self.content.length();
        (Answer { status, head, body: self.content.finish(), received, first, end: None }, keeps && is_last)
    }
}

fn in_head(malformed: Malformed, head: &[u8]) -> Trouble {
    Trouble::Malformed(malformed, excerpt::of_head(malformed, head))
}

/// Whether there is an empty line, which ends a head.
fn has_empty_line(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|window| window == b"\n\n") || bytes.windows(3).any(|window| window == b"\n\r\n")
}

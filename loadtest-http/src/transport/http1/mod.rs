//! An HTTP/1.1 client on one connection: a request out, an answer in (RFC 9112).
//!
//! Made for the common case, in which a request goes out with one `write` and an answer comes with one `read`: then
//! nothing is kept but the answer. Requests are not pipelined. Where a message is not what RFC 9112 says, the answer is
//! refused rather than guessed at.

mod body;
mod buffers;
mod excerpt;
mod parse;
mod reading;
mod write;
mod writing;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Method;
use loadtest_core::stats::Pending;
use tokio::io::{AsyncRead, AsyncWrite};

use self::reading::Reading;
use self::writing::Writing;
use super::{Answer, Outgoing};
use crate::body::Streamed;
use crate::fault::Fault;

pub(super) use self::buffers::Buffers;
pub(super) use self::write::head;

/// What a connection runs on.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {
    /// Whether it is open, and nothing has come that nobody asked for; as far as tokio has heard.
    fn is_quiet(&mut self) -> bool;

    /// The same, asked of the system.
    fn is_still_quiet(&mut self) -> bool {
        self.is_quiet()
    }
}

/// A connection, idle or in the hands of one request.
#[derive(Debug)]
pub(super) struct Connection<S> {
    socket: S,
    /// Something of the last request was written.
    touched: bool,
    /// Something of its answer was read.
    answered: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    Io(io::Error),
    /// The connection ended before the answer did.
    Closed,
    /// With a few of its bytes, where there are any to show.
    Malformed(Malformed, Box<str>),
    /// The body is longer than the request allows.
    TooLarge,
    /// What was to be sent could not be read.
    Source(io::Error),
}

/// An answer that is none, in fixed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(&'static str);

/// What matters of a request for the shape of its answer.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    head: bool,
    connect: bool,
    upgrade: bool,
}

impl<S: Socket> Connection<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, touched: false, answered: false }
    }

    /// Whether an idle connection can be used: a server that closed it, or sent a 408, is seen here. Costs no system
    /// call as long as tokio has heard nothing of the socket.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.socket.is_quiet()
    }

    /// The same, whatever tokio has heard: a system call.
    pub(super) fn is_still_quiet(&mut self) -> bool {
        self.socket.is_still_quiet()
    }

    /// Whether nothing of the last request was written: the server cannot know of it.
    pub(super) fn is_untouched(&self) -> bool {
        !self.touched
    }

    /// Whether nothing of the answer has come.
    pub(super) fn is_unanswered(&self) -> bool {
        !self.answered
    }

    /// Sends a request and reads the answer to its end; says whether the connection can serve another.
    ///
    /// Both go on at once: a server may answer before it has read everything. Such an answer counts, but the request
    /// does not count as written, and the connection cannot be used again (RFC 9112, 9.3).
    pub(super) fn exchange<'a>(
        &'a mut self,
        buffers: &'a Buffers,
        outgoing: &Outgoing<'a>,
        streamed: Option<Streamed>,
        pending: &'a mut Pending,
    ) -> Exchange<'a, S> {
        (self.touched, self.answered) = (false, false);
        let asked = Asked {
            head: *outgoing.method == Method::HEAD,
            connect: *outgoing.method == Method::CONNECT,
            upgrade: outgoing.automatic.upgrades_with(outgoing.headers),
        };
        let keeps = !outgoing.automatic.closes_with(outgoing.headers);
        let writing = Writing::new(buffers.writing(), outgoing, streamed);
        let reading = Reading::new(asked, outgoing.keep);
        Exchange { connection: self, buffers, pending, writing, reading, keeps, failed: None }
    }
}

/// A request on its way, and its answer.
pub(super) struct Exchange<'a, S> {
    connection: &'a mut Connection<S>,
    buffers: &'a Buffers,
    pending: &'a mut Pending,
    writing: Writing<'a>,
    reading: Reading,
    /// The request lets the connection serve another.
    keeps: bool,
    /// Writing failed; what the server said before can still be read.
    failed: Option<io::Error>,
}

impl<S: Socket> Exchange<'_, S> {
    /// Writes what can be written; says whether there can be an answer.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, Trouble> {
        let Connection { socket, touched, .. } = &mut *self.connection;
        match self.writing.poll(cx, socket, touched, self.pending) {
            Poll::Ready(Ok(())) => self.buffers.written(self.writing.finish()),
            Poll::Ready(Err(Trouble::Io(error))) if *touched && is_end(&error) => self.failed = Some(error),
            Poll::Ready(Err(trouble)) => return Err(trouble),
            Poll::Pending => {}
        }
        // Before anything is written, what comes is no answer to it.
        Ok(*touched)
    }
}

/// The connection is gone, which reading will see too.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl<S: Socket> Future for Exchange<'_, S> {
    type Output = Result<(Answer, bool), Trouble>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if !this.writing.is_whole() && this.failed.is_none() && !this.write(cx)? {
            return Poll::Pending;
        }
        let mut buffer = this.buffers.reading();
        let read = this.reading.poll(cx, &mut this.connection.socket, &mut buffer, this.pending);
        this.buffers.read(buffer);
        this.connection.answered = this.reading.is_begun();
        match ready!(read) {
            Ok((answer, keeps)) => Poll::Ready(Ok((answer, keeps && this.keeps && this.writing.is_whole()))),
            Err(trouble) => Poll::Ready(Err(match (trouble, this.failed.take()) {
                (Trouble::Closed | Trouble::Io(_), Some(error)) => Trouble::Io(error),
                (trouble, _) => trouble,
            })),
        }
    }
}

impl Malformed {
    const BODY: Self = Self("malformed body");
    const HEAD_TOO_LARGE: Self = Self("message head is too large");
    const HEADER: Self = Self("invalid HTTP header parsed");
    const STATUS: Self = Self("invalid HTTP status-code parsed");
    const LENGTH: Self = Self("invalid content-length parsed");
    const TRANSFER_ENCODING: Self = Self("unexpected transfer-encoding parsed");
}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed, Box::default())
    }
}

impl Trouble {
    /// Whether the connection ended, as a server may end an idle one at any time.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Io(error) => is_end(error) || error.kind() == io::ErrorKind::UnexpectedEof,
            Self::Malformed(..) | Self::TooLarge | Self::Source(_) => false,
        }
    }

    /// In the words of the statistics.
    #[cold]
    pub(super) fn fault(self, address: &str, largest: u64) -> Fault {
        match self {
            Self::TooLarge => Fault::too_large(largest, address),
            Self::Source(error) => Fault::body(&error),
            Self::Io(error) => Fault::of_io(&error, format!("{address}: {error}")),
            Self::Closed => Fault::closed(&address),
            Self::Malformed(Malformed(what), excerpt) if excerpt.is_empty() => Fault::malformed(what, address),
            Self::Malformed(Malformed(what), excerpt) => Fault::malformed(what, &format!("{address}: {excerpt}")),
        }
    }
}

//! What hyper reads from and writes to: a socket that notes how far a request got.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use loadtest_core::stats::Pending;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The largest piece of a body given to hyper at once, so that it need not copy a large body whole.
const PIECE: usize = 64 * 1024;

/// How far the request on a connection got.
///
/// hyper flushes only when it has written out all that it holds. So once the body has been taken and something has
/// been written, a flush that succeeds means: the request is written whole. Over TLS a flush has handed the last
/// record to the kernel too.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes given to the connection; over TLS, before encryption.
    written: Cell<u64>,
    /// Of those, the ones that the sample knows of.
    noted: Cell<u64>,
    /// hyper has taken the body, or there is none.
    body_taken: Cell<bool>,
    whole: Cell<bool>,
}

impl Progress {
    /// Begins a request.
    pub(super) fn begin(&self, has_body: bool) {
        self.written.set(0);
        self.noted.set(0);
        self.body_taken.set(!has_body);
        self.whole.set(false);
    }

    /// Whether nothing of the request was written: the server cannot know of it.
    pub(super) fn is_untouched(&self) -> bool {
        self.written.get() == 0
    }

    /// Whether the request was written to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.whole.get()
    }

    /// Tells the sample.
    pub(super) fn note(&self, pending: &mut Pending) {
        let written = self.written.get();
        if written != self.noted.get() {
            pending.add_sent(written - self.noted.get());
            self.noted.set(written);
        }
        if self.whole.get() {
            pending.set_written();
        }
    }
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Payload {
    left: Bytes,
    progress: Option<Rc<Progress>>,
}

impl Payload {
    pub(super) fn empty() -> Self {
        Self { left: Bytes::new(), progress: None }
    }

    pub(super) fn new(body: Bytes, progress: Rc<Progress>) -> Self {
        Self { left: body, progress: Some(progress) }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(PIECE);
        let piece = self.left.split_to(length);
        if self.left.is_empty()
            && let Some(progress) = &self.progress
        {
            progress.body_taken.set(true);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

/// A connection, plain or encrypted.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that notes what is written to it.
#[derive(Debug)]
pub(super) struct Io {
    stream: Stream,
    progress: Rc<Progress>,
}

impl Io {
    pub(super) fn new(stream: Stream, progress: Rc<Progress>) -> Self {
        Self { stream, progress }
    }
}

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        })?;
        self.progress.written.set(self.progress.written.get() + written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        })?;
        if self.progress.body_taken.get() && !self.progress.is_untouched() {
            self.progress.whole.set(true);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

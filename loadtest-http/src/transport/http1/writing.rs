//! A request while it goes out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use loadtest_core::stats::Pending;
use tokio::io::AsyncWrite;

use super::{Trouble, write};
use crate::body::Streamed;
use crate::transport::Outgoing;

/// A body up to this length is copied behind its head, to go out in the same `write`.
const SMALL: usize = 16 * 1024;

/// What is left to be written.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    /// The head, and behind it a small body; then piece after piece of a streamed one.
    buffer: Vec<u8>,
    /// How much of the buffer is written.
    at: usize,
    /// The rest of a large body, where it lies.
    body: &'a [u8],
    /// What is still to be read of a streamed body.
    streamed: Option<Streamed>,
    whole: bool,
}

impl<'a> Writing<'a> {
    /// `streamed`: the body, if it does not lie in memory.
    pub(super) fn new(mut buffer: Vec<u8>, outgoing: &Outgoing<'a>, streamed: Option<Streamed>) -> Self {
        let mut body = outgoing.body.and_then(|body| body.as_bytes()).map_or(&[][..], |body| body);
        let length = streamed.as_ref().map_or(body.len() as u64, Streamed::length);
        write::head(&mut buffer, outgoing, length);
        if body.len() <= SMALL {
            buffer.extend_from_slice(body);
            body = &[];
        }
        Self { buffer, at: 0, body, streamed, whole: false }
    }

    /// Whether everything was written, and flushed.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Gives the buffer back.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Writes as much as the socket takes, and tells the sample. A flush hands the last TLS record to the kernel.
    pub(super) fn poll<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut S,
        touched: &mut bool,
        pending: &mut Pending,
    ) -> Poll<Result<(), Trouble>> {
        loop {
            let head = self.buffer.get(self.at..).unwrap_or_default();
            let mut socket = Pin::new(&mut *socket);
            let written = match (head.is_empty(), self.body.is_empty()) {
                (true, true) => match ready!(self.refill(cx))? {
                    true => continue,
                    false => break,
                },
                (false, true) => ready!(socket.poll_write(cx, head)),
                (true, false) => ready!(socket.poll_write(cx, self.body)),
                (false, false) => {
                    let parts = [IoSlice::new(head), IoSlice::new(self.body)];
                    ready!(socket.as_mut().poll_write_vectored(cx, &parts))
                }
            };
            let written = written.map_err(Trouble::Io)?;
            if written == 0 {
                return Poll::Ready(Err(Trouble::Io(io::ErrorKind::WriteZero.into())));
            }
            *touched = true;
            pending.add_sent(written as u64);
            let of_head = written.min(head.len());
            self.at += of_head;
            self.body = self.body.get(written - of_head..).unwrap_or_default();
        }
        ready!(Pin::new(socket).poll_flush(cx)).map_err(Trouble::Io)?;
        pending.set_written();
        self.whole = true;
        Poll::Ready(Ok(()))
    }

    /// Gets the next piece of a streamed body; says whether there is one.
    fn refill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Trouble>> {
        let Some(streamed) = &mut self.streamed else { return Poll::Ready(Ok(false)) };
        self.buffer.clear();
        self.at = 0;
        let more = ready!(streamed.poll_piece(cx, &mut self.buffer)).map_err(Trouble::Source)?;
        if !more {
            self.streamed = None;
        }
        Poll::Ready(Ok(more))
    }
}

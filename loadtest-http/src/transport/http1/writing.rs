//! A request while it goes out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use loadtest_core::stats::Pending;
use tokio::io::AsyncWrite;

use super::write;
use crate::transport::Outgoing;

/// A body up to this length is copied behind its head, to go out in the same `write`.
const SMALL: usize = 16 * 1024;

/// What is left to be written.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    /// The head, and behind it a small body.
    buffer: Vec<u8>,
    /// How much of the buffer is written.
    at: usize,
    /// The rest of a large body, where it lies.
    body: &'a [u8],
    whole: bool,
}

impl<'a> Writing<'a> {
    pub(super) fn new(mut buffer: Vec<u8>, outgoing: &Outgoing<'a>) -> Self {
        write::head(&mut buffer, outgoing);
        let mut body = outgoing.body.map_or(&[][..], |body| body);
        if body.len() <= SMALL {
            buffer.extend_from_slice(body);
            body = &[];
        }
        Self { buffer, at: 0, body, whole: false }
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
    ) -> Poll<io::Result<()>> {
        loop {
            let head = self.buffer.get(self.at..).unwrap_or_default();
            let mut socket = Pin::new(&mut *socket);
            let written = match (head.is_empty(), self.body.is_empty()) {
                (true, true) => break,
                (false, true) => ready!(socket.poll_write(cx, head))?,
                (true, false) => ready!(socket.poll_write(cx, self.body))?,
                (false, false) => {
                    let parts = [IoSlice::new(head), IoSlice::new(self.body)];
                    ready!(socket.as_mut().poll_write_vectored(cx, &parts))?
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *touched = true;
            pending.add_sent(written as u64);
            let of_head = written.min(head.len());
            self.at += of_head;
            self.body = self.body.get(written - of_head..).unwrap_or_default();
        }
        ready!(Pin::new(socket).poll_flush(cx))?;
        pending.set_written();
        self.whole = true;
        Poll::Ready(Ok(()))
    }
}

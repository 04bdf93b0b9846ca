//! A connection on which something has to happen: nothing may be held by a peer that neither reads nor writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Ends with an error when for so long nothing could be read or written.
pub(crate) struct Patience<S> {
    inner: S,
    most: Duration,
    end: Pin<Box<Sleep>>,
}

impl<S> Patience<S> {
    pub(crate) fn new(inner: S, most: Duration) -> Self {
        Self { inner, most, end: Box::pin(tokio::time::sleep(most)) }
    }

    /// Starts anew when something has happened; fails when nothing did for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.end.as_mut().reset(Instant::now() + self.most);
            return poll;
        }
        match self.end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S> Patience<S> {
    /// TLS has something of its own to write here. That there is nothing to do says nothing of the peer, and starts nothing
    /// anew.
    fn watch_end(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if poll.is_ready() { poll } else { self.watch(cx, poll) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.watch(cx, poll)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.watch(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch_end(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch_end(cx, poll)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_does_nothing_is_let_go_and_whoever_writes_is_not() {
        let (mut peer, ours) = tokio::io::duplex(64);
        let mut ours = Patience::new(ours, Duration::from_secs(60));
        let mut byte = [0];
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(50)).await;
            peer.write_all(b"x").await.unwrap();
            ours.read_exact(&mut byte).await.unwrap();
        }
        let begun = Instant::now();
        assert_eq!(ours.read(&mut byte).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_let_go() {
        let (_peer, ours) = tokio::io::duplex(64);
        let mut ours = Patience::new(ours, Duration::from_secs(60));
        assert_eq!(ours.write_all(&[0; 65]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // As TLS does it: taken at once, and written when it is flushed.
        let (_peer, ours) = tokio::io::duplex(64);
        let mut ours = Patience::new(tokio::io::BufWriter::new(ours), Duration::from_secs(60));
        ours.write_all(&[0; 65]).await.unwrap();
        assert_eq!(ours.flush().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}

//! The body of a request in the hands of an application.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::body::{Body, OpenError, Streamed};

/// The body of a request as an application in this process gets it: an [`http_body::Body`], whose length is known.
///
/// An application that is written for any body, as axum's `Router` and most services of tower are, need not name it.
#[derive(Debug)]
pub struct AppBody(Kind);

#[derive(Debug)]
enum Kind {
    Bytes(Bytes),
    /// With what is still to be read.
    Streamed {
        streamed: Streamed,
        left: u64,
        taken: Arc<Taken>,
    },
}

/// How far an application has read a body that is read while it is sent; it may do so on another thread, and longer than its
/// request lasts.
#[derive(Debug, Default)]
pub(super) struct Taken {
    bytes: AtomicU64,
    whole: AtomicBool,
    broken: OnceLock<String>,
}

impl Taken {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Acquire)
    }

    /// Why it could not be read on.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    fn add(&self, bytes: u64, is_last: bool) {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        if is_last {
            self.whole.store(true, Ordering::Release);
        }
    }
}

impl AppBody {
    /// Opens a body; says how far a streamed one is read.
    pub(super) async fn open(body: Option<&Body>) -> Result<(Self, Option<Arc<Taken>>), OpenError> {
        let Some(body) = body else { return Ok((Self(Kind::Bytes(Bytes::new())), None)) };
        if let Some(bytes) = body.as_bytes() {
            return Ok((Self(Kind::Bytes(bytes.clone())), None));
        }
        let streamed = Box::pin(body.open()).await?;
        let (left, taken) = (streamed.length(), Arc::new(Taken::default()));
        taken.add(0, left == 0);
        Ok((Self(Kind::Streamed { streamed, left, taken: Arc::clone(&taken) }), Some(taken)))
    }

    /// How much is left of it.
    pub(super) fn length(&self) -> u64 {
        match &self.0 {
            Kind::Bytes(bytes) => bytes.len() as u64,
            Kind::Streamed { left, .. } => *left,
        }
    }
}

impl http_body::Body for AppBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.get_mut().0 {
            Kind::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Streamed { left: 0, .. } => Poll::Ready(None),
            Kind::Streamed { streamed, left, taken } => {
                let mut piece = Vec::new();
                let read = ready!(streamed.poll_piece(cx, &mut piece));
                if let Err(error) = read {
                    // The first stays; it is read no further.
                    let _ = taken.broken.set(error.to_string());
                    *left = 0;
                    return Poll::Ready(Some(Err(error)));
                }
                *left = left.saturating_sub(piece.len() as u64);
                taken.add(piece.len() as u64, *left == 0);
                Poll::Ready(Some(Ok(Frame::data(piece.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}

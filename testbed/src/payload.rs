//! The body of a response: all at once, in chunks, or drop by drop.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// How often at most a paced body sends something.
const PACE: Duration = Duration::from_millis(20);

/// A response body over shared bytes; nothing is copied.
#[derive(Default)]
pub(crate) struct Payload {
    rest: Bytes,
    /// Bytes per frame; 0 means all that is left.
    frame: usize,
    /// Without a known size hyper sends `Transfer-Encoding: chunked`.
    unsized_: bool,
    pace: Option<Pace>,
    /// Dropped with the body, that is when its last byte was handed to the connection
    /// or the client went away.
    hold: Option<Box<dyn Any + Send>>,
}

struct Pace {
    step: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Payload {
    /// The bytes at once, with their length.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { rest: bytes.into(), ..Self::default() }
    }

    /// The bytes in chunks of this size, with `Transfer-Encoding: chunked`.
    pub(crate) fn chunked(bytes: impl Into<Bytes>, chunk: usize) -> Self {
        Self { rest: bytes.into(), frame: chunk, unsized_: true, ..Self::default() }
    }

    /// The bytes with their length, spread evenly over a time.
    pub(crate) fn spread(bytes: impl Into<Bytes>, over: Duration) -> Self {
        let rest: Bytes = bytes.into();
        if over.is_zero() || rest.is_empty() {
            return Self::whole(rest);
        }
        let wanted = usize::try_from(over.as_nanos() / PACE.as_nanos()).unwrap_or(usize::MAX);
        let frame = rest.len().div_ceil(wanted.clamp(1, rest.len()));
        let frames = u32::try_from(rest.len().div_ceil(frame)).unwrap_or(u32::MAX);
        Self::drip(rest, frame, over / frames)
    }

    /// The bytes with their length, `frame` of them after each `step`.
    pub(crate) fn drip(bytes: impl Into<Bytes>, frame: usize, step: Duration) -> Self {
        let sleep = Box::pin(tokio::time::sleep(step));
        Self { rest: bytes.into(), frame, pace: Some(Pace { step, sleep }), ..Self::default() }
    }

    /// Keeps something alive for as long as the body is being sent.
    pub(crate) fn holding(self, held: impl Any + Send) -> Self {
        Self { hold: Some(Box::new(held)), ..self }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("left", &self.rest.len())
            .field("frame", &self.frame)
            .field("holds", &self.hold.is_some())
            .finish_non_exhaustive()
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pace) = &mut self.pace {
            ready!(pace.sleep.as_mut().poll(cx));
            // From the deadline, not from now: a late wake-up is made good.
            let next: Instant = pace.sleep.deadline() + pace.step;
            pace.sleep.as_mut().reset(next);
        }
        let frame = match self.frame {
            0 => self.rest.len(),
            n => n.min(self.rest.len()),
        };
        let bytes = self.rest.split_to(frame);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.unsized_ { SizeHint::default() } else { SizeHint::with_exact(self.rest.len() as u64) }
    }
}

//! The body of an answer that goes on: server-sent events (WHATWG HTML, section 9.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::Event;

/// How often something is said where nothing happens, so that a proxy in between does not take the connection for dead.
const COMMENT: Duration = Duration::from_secs(15);

/// Events as they are sent, until the reader goes away or is let go.
#[derive(Debug)]
pub(crate) struct EventStream {
    first: VecDeque<Arc<Event>>,
    events: mpsc::Receiver<Arc<Event>>,
    with_rows: bool,
    /// What is left of the event that is being sent.
    pieces: VecDeque<Bytes>,
    comment: Interval,
}

impl EventStream {
    pub(super) fn new(first: VecDeque<Arc<Event>>, events: mpsc::Receiver<Arc<Event>>, with_rows: bool) -> Self {
        let mut comment = tokio::time::interval_at(Instant::now() + COMMENT, COMMENT);
        comment.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // How long a browser waits before it comes again.
        let pieces = VecDeque::from([Bytes::from_static(b"retry: 1000\n\n")]);
        Self { first, events, with_rows, pieces, comment }
    }

    fn send(&mut self, event: &Event) {
        let rows = if self.with_rows { event.rows.clone() } else { Bytes::from_static(b"[]") };
        self.pieces.extend([event.before.clone(), rows, Bytes::from_static(b"}\n\n")]);
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if let Some(event) = self.first.pop_front() {
                self.send(&event);
                continue;
            }
            match self.events.poll_recv(cx) {
                Poll::Ready(Some(event)) => self.send(&event),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    if self.comment.poll_tick(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.pieces.push_back(Bytes::from_static(b": nothing new\n\n"));
                }
            }
        }
    }
}

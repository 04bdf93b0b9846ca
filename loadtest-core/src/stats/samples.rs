//! Failed requests as they were: what was sent, what came back, and who sent it.
//!
//! Of each group the first two are kept and one of the last: the first failures of a run are often those of its beginning,
//! and the last one shows whether it is still the same. A shard keeps the first two of each half second, and no memory of
//! what it kept before: a reset or a second run needs to tell it nothing. The first two and the last of all are found
//! whatever the order in which shards and ticks are merged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::interval::shortened;
use super::{Failure, Phases};

/// Samples kept of each group.
pub(crate) const MOST_SAMPLES: usize = 3;
/// Samples that a shard takes of each group between two ticks.
pub(crate) const MOST_PER_TICK: usize = 2;
/// The longest beginning of a body in a sample, in bytes.
pub(crate) const LONGEST_BODY: usize = 4 * 1024;
/// The longest text of both heads of a sample, in bytes: half for each.
pub(crate) const LONGEST_HEADS: usize = 8 * 1024;
/// The longest details.
const LONGEST_DETAILS: usize = 1000;
/// What all samples of a run may take, in bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What those of one shard between two ticks may take.
pub(crate) const MOST_BYTES_PER_TICK: usize = 4 * 1024 * 1024;

/// One failed request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FailureSample {
    /// When it was recorded.
    pub at: SystemTime,
    /// The user class; empty when a client recorded it for no user.
    pub class: Box<str>,
    /// The user's number; `None` in `setup` and `teardown`.
    pub user_number: Option<u64>,
    /// The task or hook that sent it, as in [`TaskKey`](super::TaskKey).
    pub task: Box<str>,
    /// Its service time.
    pub service_time: Duration,
    /// Where that time went, if the client knows.
    pub phases: Option<Phases>,
    /// What distinguishes it from others of its group: a port, the start of the body. Empty where there is nothing.
    pub details: Box<str>,
    /// What was sent and what came back, if the client tells.
    pub exchange: Option<Box<Exchange>>,
}

impl FailureSample {
    /// A sample without an exchange.
    #[must_use]
    pub fn new(at: SystemTime, service_time: Duration) -> Self {
        let (class, task, details) = Default::default();
        Self { at, class, user_number: None, task, service_time, phases: None, details, exchange: None }
    }

    /// What the client tells of it, with so many bytes of each body. A client that panics there tells nothing.
    pub(super) fn tell(&mut self, failure: &Failure<'_>, most: usize) {
        self.details = shortened(failure.sample, LONGEST_DETAILS).into();
        let told = failure.exchange.map(|tell| catch_unwind(AssertUnwindSafe(|| tell(most))));
        self.exchange = told.and_then(Result::ok).map(Box::new);
    }

    /// The same, no longer than what is kept of a run.
    pub(super) fn shortened(mut self) -> Self {
        if let Some(exchange) = &mut self.exchange {
            for head in [&mut exchange.request, &mut exchange.response] {
                cut(head, LONGEST_HEADS / 2);
            }
            for body in [&mut exchange.request_body, &mut exchange.response_body] {
                body.is_cut |= cut(&mut body.text, LONGEST_BODY);
            }
        }
        self
    }

    /// What it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        let texts = [&self.class, &self.task, &self.details].map(|text| text.len()).iter().sum::<usize>();
        let exchange = self.exchange.as_ref().map_or(0, |exchange| {
            let Exchange { request, request_body, response, response_body, .. } = &**exchange;
            let texts = [request, &request_body.text, response, &response_body.text];
            size_of::<Exchange>() + texts.map(|text| text.len()).iter().sum::<usize>()
        });
        size_of::<Self>() + texts + exchange
    }

    /// Which of two comes first: by time, and where that is the same, the same way on every machine.
    fn order(&self) -> impl Ord + '_ {
        (self.at, self.user_number, &self.class, &self.task, self.service_time, &self.details)
    }
}

/// Cuts a text that is too long; says whether it was.
fn cut(text: &mut Box<str>, most: usize) -> bool {
    let is_longer = text.len() > most;
    if is_longer {
        *text = shortened(text, most).into();
    }
    is_longer
}

/// A request and its answer as text. Secrets are masked by the client that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// The request line and the headers, a line each.
    pub request: Box<str>,
    /// The request's body.
    pub request_body: BodyText,
    /// The status code of the answer; `None` when there was no answer.
    pub status: Option<u16>,
    /// The status line and the headers of the answer, a line each; empty when there was none.
    pub response: Box<str>,
    /// The answer's body, after decoding.
    pub response_body: BodyText,
}

/// The beginning of a body as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyText {
    /// What is shown of it; bytes that are no UTF-8 are replaced.
    pub text: Box<str>,
    /// How long the body is, in bytes.
    pub length: u64,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

impl BodyText {
    /// The beginning of a body that lies in memory, `most` bytes of it. It may hold any characters, also those that steer a
    /// terminal: whoever shows it has to escape them.
    ///
    /// ```
    /// use loadtest_core::stats::BodyText;
    ///
    /// let body = BodyText::of("größer".as_bytes(), 3);
    /// assert_eq!((&*body.text, body.length, body.is_cut), ("gr", 8, true));
    /// ```
    #[must_use]
    pub fn of(body: &[u8], most: usize) -> Self {
        let start = body.get(..most).unwrap_or(body);
        let is_cut = start.len() < body.len();
        let text = String::from_utf8_lossy(start);
        // A character that was cut in two is no wrong byte.
        let split = std::str::from_utf8(start).is_err_and(|error| error.error_len().is_none());
        let text = if is_cut && split { text.trim_end_matches('\u{fffd}') } else { &text };
        Self { text: text.into(), length: body.len() as u64, is_cut }
    }
}

/// The samples of one group: the first two and the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Arc<FailureSample>>);

impl Samples {
    pub(crate) fn all(&self) -> &[Arc<FailureSample>] {
        &self.0
    }

    /// Adds one; gives back the one that is no longer kept, which may be the same.
    fn add(&mut self, sample: Arc<FailureSample>) -> Option<Arc<FailureSample>> {
        let place = self.0.partition_point(|kept| kept.order() <= sample.order());
        self.0.insert(place, sample);
        (self.0.len() > MOST_SAMPLES).then(|| self.0.remove(MOST_SAMPLES - 1))
    }

    /// Adds one that a shard has just taken.
    pub(crate) fn take(&mut self, sample: FailureSample) {
        self.add(Arc::new(sample));
    }

    /// Adds those of a shard, as far as the run has room for them.
    pub(crate) fn merge(&mut self, other: &Self, room: &mut Room) {
        for sample in &other.0 {
            let size = sample.size();
            let displaced = self.0.get(MOST_SAMPLES - 1).map_or(0, |last| last.size());
            if room.used.saturating_sub(displaced) + size > MOST_BYTES {
                room.is_short = true;
                return;
            }
            let dropped = self.add(Arc::clone(sample)).map_or(0, |dropped| dropped.size());
            room.used = (room.used + size).saturating_sub(dropped);
        }
    }
}

/// What all samples of a run take.
#[derive(Debug, Default)]
pub(crate) struct Room {
    used: usize,
    /// There were more than there was room for.
    pub(crate) is_short: bool,
}

#[cfg(test)]
mod tests;

//! One request, from its start to its verdict.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::events::{RequestEvent, RequestOutcome, WholeFailure};
use super::samples::LONGEST_BODY;
use super::statuses::NO_STATUS;
use super::table::RowId;
use super::transactions::Open;
use super::{Failure, FailureSample, Phases, RecorderHandle};

/// A request that was started and has no verdict yet.
///
/// ```
/// use loadtest_core::stats::{Failure, RecorderHandle};
///
/// let recorder = RecorderHandle::default();
/// let mut pending = recorder.start("GET", "/cart");
/// pending.set_written();
/// pending.add_received(512);
/// pending.fail(Failure::new("503 Service Unavailable").sample("try again"));
/// drop(recorder.start("GET", "/cart")); // interrupted
/// ```
#[derive(Debug)]
#[must_use = "dropping it records the request as interrupted"]
pub struct Pending {
    recorder: RecorderHandle,
    row: RowId,
    task: RowId,
    /// Of the answer.
    status: u16,
    started_at: Instant,
    /// By how many microseconds the task that sends it began later than its schedule asked for.
    late: Option<u64>,
    /// When its clock was stopped, and its service time.
    stopped: Option<(Instant, Duration)>,
    bytes_sent: u64,
    bytes_received: u64,
    /// The size of the body after decoding, where it is another than what was received.
    content: Option<u64>,
    /// `None` when the client knows nothing of them.
    phases: Option<Phases>,
    /// Of the requests before this one: those that redirects answered, and attempts that failed.
    written_before: u64,
    written: bool,
    ended: bool,
    /// The transaction in which it began.
    transaction: Option<Rc<Open>>,
}

impl Pending {
    #[inline]
    pub(super) fn new(
        recorder: RecorderHandle,
        row: RowId,
        task: RowId,
        started_at: Instant,
        late: Option<u64>,
        transaction: Option<Rc<Open>>,
    ) -> Self {
        Self {
            recorder,
            row,
            task,
            status: NO_STATUS,
            started_at,
            late,
            stopped: None,
            bytes_sent: 0,
            bytes_received: 0,
            content: None,
            phases: None,
            written_before: 0,
            written: false,
            ended: false,
            transaction,
        }
    }

    /// When the request was started.
    #[must_use]
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// The status code of the answer, as HTTP has them: from 1; its times are counted apart.
    #[inline]
    pub fn set_status(&mut self, code: u16) {
        self.status = code;
    }

    /// The request is written whole: a server can have received it.
    #[inline]
    pub fn set_written(&mut self) {
        self.written = true;
    }

    /// A redirect was followed: what is written from now on is another request, of the same sample.
    pub fn next_hop(&mut self) {
        self.written_before += u64::from(self.written);
        self.written = false;
    }

    /// The connection went away before an answer, and the request is sent once more: what is written from now on is
    /// another attempt, of the same sample.
    pub fn next_attempt(&mut self) {
        self.next_hop();
        self.phases_mut().retried += 1;
    }

    /// Where the time of this request goes, and its connections. Whoever asks for them, has them recorded; a client of a
    /// protocol without connections never does.
    #[inline]
    pub fn phases_mut(&mut self) -> &mut Phases {
        self.phases.get_or_insert_default()
    }

    /// What is known so far of where the time of this request goes.
    #[must_use]
    pub fn phases(&self) -> Option<&Phases> {
        self.phases.as_ref()
    }

    /// Whether the request, or the one that a redirect led to, is written whole.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.written
    }

    /// Bytes of the answer's body that have arrived so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.bytes_received
    }

    fn written(&self) -> u64 {
        self.written_before + u64::from(self.written)
    }

    /// Bytes that were given to the connection, head and body.
    #[inline]
    pub fn add_sent(&mut self, bytes: u64) {
        self.bytes_sent += bytes;
    }

    /// Bytes of the answer's body that arrived, as they were on the wire.
    #[inline]
    pub fn add_received(&mut self, bytes: u64) {
        self.bytes_received += bytes;
    }

    /// The size of the body after decoding, of a body that was compressed; without it, it is the bytes received.
    pub fn set_content(&mut self, bytes: u64) {
        self.content = Some(bytes);
    }

    /// Ends the service time now; the verdict may come later. Without it the verdict ends it.
    pub fn stop_clock(&mut self) -> Duration {
        self.stop(Instant::now).1
    }

    /// [`stop_clock`](Self::stop_clock) with a time that the caller has read already.
    #[inline]
    pub fn stop_clock_at(&mut self, end: Instant) -> Duration {
        self.stop(|| end).1
    }

    #[inline]
    fn stop(&mut self, end: impl FnOnce() -> Instant) -> (Instant, Duration) {
        let started_at = self.started_at;
        *self.stopped.get_or_insert_with(|| {
            let end = end();
            (end, end.saturating_duration_since(started_at))
        })
    }

    /// The request ended well.
    #[inline]
    pub fn ok(mut self) {
        self.settle(None);
    }

    /// The request failed.
    #[inline]
    pub fn fail(mut self, failure: Failure<'_>) {
        self.settle(Some(failure));
    }

    /// Gives the verdict where the sample lies, in a guard of your own, say: `None` when the request ended well. A second
    /// verdict is ignored.
    pub fn settle(&mut self, failure: Option<Failure<'_>>) {
        if self.ended {
            return;
        }
        let (end, service_time) = self.stop(Instant::now);
        self.ended = true;
        if let Some(transaction) = &self.transaction {
            transaction.count(1, service_time);
        }
        let is_told = self.count(end, service_time, failure.is_some());
        if let Some(failure) = &failure {
            self.count_failure(failure, service_time);
        }
        if is_told {
            let outcome = if failure.is_some() { RequestOutcome::Failed } else { RequestOutcome::Ok };
            self.tell(outcome, failure, service_time);
        }
    }

    /// Counts it with its verdict; says whether somebody is to be told.
    #[inline]
    fn count(&self, end: Instant, service_time: Duration, failed: bool) -> bool {
        let mut recorder = self.recorder.0.shard.borrow_mut();
        let is_told = recorder.request_sink.is_some();
        let interval = &mut *recorder.current;
        if interval.last_end < Some(end) {
            interval.last_end = Some(end);
        }
        let row = interval.rows.row(self.row);
        if failed {
            row.failed += 1;
        } else {
            row.ok += 1;
        }
        row.bytes_sent += self.bytes_sent;
        row.bytes_received += self.bytes_received;
        row.content_bytes += self.content.unwrap_or(self.bytes_received);
        row.written += self.written();
        row.record_times(self.status, service_time, self.late);
        if let Some(phases) = &self.phases {
            row.count_connections(phases);
            row.phases.record(phases);
        }
        is_told
    }

    /// Counts what it failed with.
    #[cold]
    fn count_failure(&self, failure: &Failure<'_>, service_time: Duration) {
        let at = SystemTime::now();
        let mut recorder = self.recorder.0.shard.borrow_mut();
        let wants_sample = recorder.current.failure(self.row, failure, at);
        if wants_sample || recorder.failure_sink.is_some() {
            drop(recorder);
            self.keep(failure, service_time, at, wants_sample);
        }
    }

    /// Keeps a failure as it was. What the client tells of it is asked for while the recorder is not borrowed.
    #[cold]
    fn keep(&self, failure: &Failure<'_>, service_time: Duration, at: SystemTime, wants_sample: bool) {
        let (key, task, sink) = {
            let recorder = self.recorder.0.shard.borrow();
            let sink = recorder.failure_sink.clone();
            (Arc::clone(&recorder.keys[self.row as usize]), Arc::clone(&recorder.task_keys[self.task as usize]), sink)
        };
        let room = sink.as_ref().and_then(|sink| sink.room());
        if room.is_none() && !wants_sample {
            return;
        }
        let mut sample = FailureSample {
            class: task.class.clone(),
            user_number: self.recorder.0.user_number,
            task: task.task.clone(),
            phases: self.phases,
            ..FailureSample::new(at, service_time)
        };
        sample.tell(failure, room.unwrap_or(LONGEST_BODY));
        if let (Some(sink), Some(_)) = (sink, room) {
            let (kind, error) = (failure.kind, failure.error.into());
            sink.take(WholeFailure { key, kind, error, sample: sample.clone() });
        }
        if wants_sample {
            self.recorder.0.shard.borrow_mut().current.sample(self.row, failure, sample.shortened());
        }
    }

    /// Tells whoever wants to know, when the recorder is not borrowed any more.
    #[cold]
    fn tell(&self, outcome: RequestOutcome, failure: Option<Failure<'_>>, service_time: Duration) {
        let (sink, key) = {
            let recorder = self.recorder.0.shard.borrow();
            let Some(sink) = &recorder.request_sink else { return };
            (Rc::clone(sink), Arc::clone(&recorder.keys[self.row as usize]))
        };
        let origin = &self.recorder.0;
        let event = RequestEvent {
            method: &key.method,
            name: &key.name,
            outcome,
            service_time,
            error: failure.map(|failure| failure.error),
            sample: failure.map_or("", |failure| failure.sample),
            class: origin.class,
            user_number: origin.user_number,
            transaction: self.transaction.as_ref().map(|open| open.name()),
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            phases: self.phases.as_ref(),
        };
        sink.request(&event, &self.recorder);
    }
}

impl Drop for Pending {
    #[inline]
    fn drop(&mut self) {
        if !self.ended {
            self.interrupt();
        }
    }
}

impl Pending {
    /// Counts it as interrupted.
    #[cold]
    fn interrupt(&mut self) {
        let is_told = {
            let mut recorder = self.recorder.0.shard.borrow_mut();
            let row = recorder.current.rows.row(self.row);
            row.interrupted += 1;
            row.written += self.written();
            row.bytes_sent += self.bytes_sent;
            row.bytes_received += self.bytes_received;
            row.bytes_interrupted += self.bytes_received;
            if let Some(phases) = &self.phases {
                row.count_connections(phases);
            }
            recorder.request_sink.is_some()
        };
        if is_told {
            self.tell(RequestOutcome::Interrupted, None, self.started_at.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::RowStats;
    use crate::stats::interval::Interval;

    fn books(interval: &Interval) -> Vec<(u64, u64, u64, u64)> {
        interval.rows.touched().map(|(_, row)| (row.started, row.ok, row.failed, row.interrupted)).collect()
    }

    #[test]
    fn every_way_to_end_is_recorded_once() {
        let recorder = RecorderHandle::default();
        recorder.start("GET", "/a").ok();
        recorder.start("GET", "/a").fail(Failure::new("500"));
        drop(recorder.start("GET", "/a"));
        let pending = recorder.start("POST", "/a");
        let first = recorder.hand_over();
        assert_eq!(books(&first), [(3, 1, 1, 1), (1, 0, 0, 0)]);
        assert_eq!(first.new_keys.len(), 2);
        pending.ok();
        let second = recorder.hand_over();
        assert_eq!(books(&second), [(0, 1, 0, 0)], "the verdict belongs to the interval in which it falls");
        assert!(second.new_keys.is_empty());
    }

    #[test]
    fn a_second_verdict_is_ignored() {
        let recorder = RecorderHandle::default();
        let mut pending = recorder.start("GET", "/a");
        pending.settle(Some(Failure::new("500")));
        pending.settle(None);
        pending.ok();
        assert_eq!(books(&recorder.hand_over()), [(1, 0, 1, 0)]);
    }

    #[test]
    fn a_panic_between_start_and_verdict_records_an_interruption() {
        let recorder = RecorderHandle::default();
        let handle = recorder.clone();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _pending = handle.start("GET", "/");
            panic!("in the task");
        }));
        assert!(panicked.is_err());
        assert_eq!(books(&recorder.hand_over()), [(1, 0, 0, 1)]);
    }

    /// The only row of what was recorded.
    fn row(recorder: &RecorderHandle) -> RowStats {
        recorder.hand_over().rows.touched().next().expect("a row").1.clone()
    }

    #[test]
    fn each_phase_is_counted_where_there_was_one() {
        let recorder = RecorderHandle::default();
        let ms = Duration::from_millis;
        let mut first = recorder.start("GET", "/");
        *first.phases_mut() =
            Phases { dns: ms(1), connect: ms(2), first_byte: ms(3), download: ms(4), opened: 1, ..Phases::default() };
        first.ok();
        let mut second = recorder.start("GET", "/");
        second.phases_mut().reused = 1;
        second.phases_mut().first_byte = ms(5);
        second.fail(Failure::new("500"));
        // A connection that could not be opened: no answer, so no first byte.
        let mut refused = recorder.start("GET", "/");
        refused.phases_mut().connect = ms(6);
        refused.fail(Failure::new("connection refused"));
        recorder.start("GET", "/").ok();
        let row = row(&recorder);
        let counts = row.phases.all().map(|(name, times)| (name, times.count()));
        let expected = [("blocked", 0), ("dns", 1), ("connect", 2), ("tls", 0), ("first byte", 2), ("download", 2)];
        assert_eq!(counts, expected);
        assert_eq!(row.phases.connect().max(), Some(ms(6)));
        assert_eq!(row.phases.download().min(), Some(Duration::ZERO), "an answer without a body");
        assert_eq!((row.connections_opened, row.connections_reused, row.retries), (1, 1, 0));
    }

    #[test]
    fn phases_of_several_requests_of_one_sample_add_up() {
        let ms = Duration::from_millis;
        let hop = Phases {
            blocked: ms(1),
            dns: ms(2),
            connect: ms(3),
            tls: ms(4),
            first_byte: ms(5),
            download: ms(6),
            opened: 1,
            reused: 2,
            retried: 3,
        };
        let mut sum = hop;
        sum.add(hop);
        let twice = Phases {
            blocked: ms(2),
            dns: ms(4),
            connect: ms(6),
            tls: ms(8),
            first_byte: ms(10),
            download: ms(12),
            opened: 2,
            reused: 4,
            retried: 6,
        };
        assert_eq!(sum, twice);
    }

    #[test]
    fn an_interrupted_request_counts_its_connections_and_no_times() {
        let recorder = RecorderHandle::default();
        let mut pending = recorder.start("GET", "/");
        pending.set_written();
        pending.next_attempt();
        pending.set_written();
        pending.add_received(7);
        pending.phases_mut().opened = 1;
        pending.phases_mut().first_byte = Duration::from_millis(1);
        drop(pending);
        let row = row(&recorder);
        assert_eq!((row.connections_opened, row.retries, row.written), (1, 1, 2));
        assert!(row.phases.is_empty());
        assert_eq!((row.bytes_interrupted, row.content_bytes), (7, 0));
    }

    #[test]
    fn the_size_of_the_content_is_that_after_decoding() {
        let recorder = RecorderHandle::default();
        let mut compressed = recorder.start("GET", "/");
        compressed.add_received(100);
        compressed.set_content(1000);
        compressed.ok();
        let mut plain = recorder.start("GET", "/");
        plain.add_received(500);
        plain.fail(Failure::new("500"));
        let row = row(&recorder);
        assert_eq!((row.bytes_received, row.content_bytes, row.mean_size()), (600, 1500, Some(750.0)));
    }

    #[test]
    fn a_stopped_clock_stays() {
        let recorder = RecorderHandle::default();
        let mut pending = recorder.start("GET", "/");
        assert_eq!(pending.stop_clock(), pending.stop_clock());
    }

    #[test]
    fn a_verdict_on_an_older_end_leaves_the_last_one() {
        let recorder = RecorderHandle::default();
        let [caught, mut later] = [(); 2].map(|()| recorder.start("GET", "/"));
        let end = later.started_at + later.stop_clock_at(caught.started_at + Duration::from_secs(9));
        later.ok();
        caught.ok();
        assert_eq!(recorder.hand_over().last_end, Some(end));
    }
}

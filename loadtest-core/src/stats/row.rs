//! One row of the statistics: everything that is known of the requests with one method and name.

use std::time::Duration;

use super::statuses::{StatusStats, Statuses};
use super::table::{Figures, share};
use super::times::micros;
use super::{PhaseTimes, Phases, Times};

/// What requests are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The name under which the requests are grouped: a path, or what the test called it.
    pub name: Box<str>,
    /// The HTTP method, or the kind of request of another protocol.
    pub method: Box<str>,
}

impl RowKey {
    /// A key of these two.
    pub fn new(method: impl Into<Box<str>>, name: impl Into<Box<str>>) -> Self {
        Self { method: method.into(), name: name.into() }
    }
}

/// The figures of one row.
///
/// The books: `started = ok + failed + interrupted + in flight`, and in flight is zero at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RowStats {
    /// Requests begun.
    pub started: u64,
    /// Requests that ended well.
    pub ok: u64,
    /// Requests that failed: a transport error, a status of 400 or above, a check.
    pub failed: u64,
    /// Requests whose future was dropped before the answer was complete: by a stop, or by the task itself.
    /// They are no failures, and their time is not counted.
    pub interrupted: u64,
    /// Requests that were written whole, whatever became of them: what a server can have received on plain HTTP/1.1.
    /// A redirect that was followed makes one sample of several requests.
    pub written: u64,
    /// Request bytes given to the connection, head and body.
    pub bytes_sent: u64,
    /// Bytes of the answers' bodies as they came over the wire, compressed where the server compressed them.
    pub bytes_received: u64,
    /// Of those, the ones of interrupted requests: parts of bodies.
    pub bytes_interrupted: u64,
    /// Bytes of the bodies of ok and failed requests after decoding.
    pub content_bytes: u64,
    /// Connections that requests opened, interrupted ones too, as for the next two.
    pub connections_opened: u64,
    /// Uses of a connection that was open already.
    pub connections_reused: u64,
    /// Requests sent once more because a kept connection had gone away.
    pub retries: u64,
    /// Service time: from the send to the last byte of the answer, of ok and failed requests.
    pub service: Times,
    /// Response time: from when the request should have been sent by the schedule of its user, of ok and failed requests of
    /// tasks that start by a schedule. It is the service time and what the task's start was late by: with it, a server that
    /// stalls is charged for the requests that it held up (G. Tene, *How NOT to Measure Latency*: coordinated omission).
    pub response: Times,
    /// Where the service time went, of requests whose client knows.
    pub phases: PhaseTimes,
    pub(crate) statuses: Statuses,
}

impl RowStats {
    /// Requests that ended with a verdict: ok and failed.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.ok + self.failed
    }

    /// Requests begun and not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ok + self.failed + self.interrupted)
    }

    /// The status codes of the answers, from the lowest, each with its own times; those of requests without any, as of
    /// requests that got no answer and of protocols without statuses, come first.
    pub fn statuses(&self) -> impl Iterator<Item = StatusStats<'_>> {
        self.statuses.all(&self.service)
    }

    /// Counts the times of a sample with a verdict; `late` in microseconds.
    #[inline]
    pub(super) fn record_times(&mut self, status: u16, service: Duration, late: Option<u64>) {
        let service = micros(service);
        self.statuses.record(status, service, &self.service);
        self.service.record_micros(service);
        if let Some(late) = late {
            self.response.record_micros(service.saturating_add(late));
        }
    }

    /// The mean size of the bodies of ok and failed requests after decoding, in bytes; `None` before the first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean of sizes")]
    pub fn mean_size(&self) -> Option<f64> {
        (self.requests() > 0).then(|| self.content_bytes as f64 / self.requests() as f64)
    }

    /// Whether any request told of its phases or connections.
    #[must_use]
    pub fn has_phases(&self) -> bool {
        self.connections_opened + self.connections_reused + self.retries > 0 || !self.phases.is_empty()
    }

    /// The share of failed requests among those with a verdict, 0 to 1; `None` before the first.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        share(self.failed, self.requests())
    }

    /// Adds all of `other`: associative and commutative, and the same as recording everything into one row.
    pub fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.ok += other.ok;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.written += other.written;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.bytes_interrupted += other.bytes_interrupted;
        self.content_bytes += other.content_bytes;
        self.connections_opened += other.connections_opened;
        self.connections_reused += other.connections_reused;
        self.retries += other.retries;
        self.statuses.merge(&other.statuses, &self.service, &other.service);
        self.service.merge(&other.service);
        self.response.merge(&other.response);
        self.phases.merge(&other.phases);
    }

    /// Counts the connections of one sample, whatever became of it.
    pub(crate) fn count_connections(&mut self, phases: &Phases) {
        self.connections_opened += u64::from(phases.opened);
        self.connections_reused += u64::from(phases.reused);
        self.retries += u64::from(phases.retried);
    }
}

impl Figures for RowStats {
    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }

    fn clear(&mut self) {
        let mut service = std::mem::take(&mut self.service);
        service.clear();
        let mut response = std::mem::take(&mut self.response);
        response.clear();
        let mut phases = std::mem::take(&mut self.phases);
        phases.clear();
        let mut statuses = std::mem::take(&mut self.statuses);
        statuses.clear();
        *self = Self { service, response, phases, statuses, ..Self::default() };
    }

    fn reset(&mut self) {
        *self = Self { started: self.in_flight(), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One request: its time, its verdict, and which phases it had, a bit for each.
    type Sample = (u32, u8, u8);

    fn phases(micros: u32, had: u8) -> Phases {
        let time = |bit: u8| Duration::from_micros(u64::from(micros) * u64::from(had >> bit & 1));
        Phases {
            blocked: time(0),
            dns: time(1),
            connect: time(2),
            tls: time(3),
            first_byte: time(4),
            download: time(5),
            opened: u32::from(had >> 6 & 1),
            reused: u32::from(had >> 7),
            retried: u32::from(had % 3),
        }
    }

    fn of(samples: &[Sample]) -> RowStats {
        let mut row = RowStats::default();
        for (micros, verdict, had) in samples {
            let phases = phases(*micros, *had);
            if *had > 0 {
                row.count_connections(&phases);
            }
            row.started += 1;
            match verdict % 3 {
                0 => row.ok += 1,
                1 => row.failed += 1,
                _ => row.interrupted += 1,
            }
            if verdict % 3 < 2 {
                row.written += 1;
                let late = (had & 3 == 3).then_some(u64::from(*micros) / 2);
                row.record_times(200 + u16::from(had % 4), Duration::from_micros(u64::from(*micros)), late);
                row.content_bytes += u64::from(*micros);
                if *had > 0 {
                    row.phases.record(&phases);
                }
            }
            row.bytes_sent += u64::from(*verdict);
        }
        row
    }

    proptest! {
        #[test]
        fn merging_rows_is_recording_everything_into_one(
            a in prop::collection::vec(any::<Sample>(), 0..50),
            b in prop::collection::vec(any::<Sample>(), 0..50),
            c in prop::collection::vec(any::<Sample>(), 0..50),
        ) {
            let all = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (of(&a), of(&b), of(&c));
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut bc = b;
            bc.merge(&c);
            let mut right = bc;
            right.merge(&a);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(left, all);
        }

        #[test]
        fn a_cleared_row_is_as_good_as_new(
            a in prop::collection::vec(any::<Sample>(), 0..50),
            b in prop::collection::vec(any::<Sample>(), 0..50),
        ) {
            let mut row = of(&a);
            row.clear();
            prop_assert_eq!(&row, &RowStats::default());
            prop_assert!(!row.has_phases());
            row.merge(&of(&b));
            prop_assert_eq!(row, of(&b));
        }

    }

    #[test]
    fn each_status_has_its_own_times_and_a_single_one_those_of_the_row() {
        let millis = |row: &RowStats| -> Vec<_> {
            let max = |times: &Times| times.max().map(|time| time.as_millis());
            row.statuses().map(|status| (status.code, status.service.count(), max(status.service))).collect()
        };
        let mut row = RowStats::default();
        assert_eq!(millis(&row), []);
        row.record_times(200, Duration::from_millis(1), None);
        row.record_times(200, Duration::from_millis(3), None);
        assert_eq!(millis(&row), [(Some(200), 2, Some(3))]);
        row.record_times(503, Duration::from_millis(9), None);
        row.record_times(0, Duration::from_millis(5), None);
        row.record_times(200, Duration::from_millis(4), None);
        assert_eq!(millis(&row), [(None, 1, Some(5)), (Some(200), 3, Some(4)), (Some(503), 1, Some(9))]);
    }

    #[test]
    fn a_server_that_makes_up_codes_takes_no_memory_for_each() {
        let mut row = RowStats::default();
        (100..1000).for_each(|code| row.record_times(code, Duration::from_millis(1), None));
        assert!(row.statuses().count() <= 65);
        assert_eq!(row.statuses().map(|status| status.service.count()).sum::<u64>(), 900);
    }

    #[test]
    fn response_time_is_service_time_and_lateness() {
        let mut row = RowStats::default();
        row.record_times(200, Duration::from_millis(5), None);
        assert_eq!(row.response.count(), 0);
        row.record_times(200, Duration::from_millis(5), Some(95_000));
        assert_eq!(
            (row.response.max(), row.service.max()),
            (Some(Duration::from_millis(100)), Some(Duration::from_millis(5)))
        );
    }

    /// 2 shards, each with two intervals that take turns; the collector's figures and those of its last snapshot.
    #[test]
    fn a_name_takes_at_most_96_kib_with_everything_on() {
        // Times of a hundred thousand requests between 1 and 16 ms: more than most names have.
        let mut interval = RowStats::default();
        for sample in 0u64..100_000 {
            let micros = 1000.0 * 16f64.powf((sample * 7919 % 100_000) as f64 / 100_000.0);
            let time = Duration::from_micros(micros as u64);
            let phases = Phases { first_byte: time * 9 / 10, download: time / 10, reused: 1, ..Phases::default() };
            interval.record_times(if sample % 1000 == 0 { 503 } else { 200 }, time, Some(sample % 7000));
            interval.phases.record(&phases);
            if sample % 100 == 0 {
                interval.phases.record(&Phases {
                    connect: time / 20,
                    tls: time / 4,
                    dns: time / 30,
                    blocked: time,
                    ..phases
                });
            }
        }
        let of_statuses: usize = interval.statuses().map(|status| status.service.heap()).sum();
        let of_phases: usize = interval.phases.all().iter().map(|(_, times)| times.heap()).sum();
        let figures = size_of::<RowStats>() + size_of::<Times>() * (6 + 2);
        let one = interval.service.heap() + interval.response.heap() + of_phases + of_statuses + figures;
        assert!(one * 6 <= 96 * 1024, "{} KiB: {one} bytes each", one * 6 / 1024);
    }

    #[test]
    fn a_reset_keeps_what_is_in_flight() {
        let mut row = of(&[(10, 0, 255), (20, 1, 255), (30, 2, 255)]);
        assert!(row.has_phases());
        row.started += 2;
        row.reset();
        assert_eq!((row.started, row.in_flight(), row.requests()), (2, 2, 0));
        assert_eq!(row.service.count(), 0);
        assert!(!row.has_phases());
    }

    #[test]
    fn nothing_measured_is_none_and_not_zero() {
        let times = Times::default();
        assert_eq!((times.min(), times.mean(), times.max(), times.percentile(50.0)), (None, None, None, None));
        assert_eq!(RowStats::default().fail_ratio(), None);
        assert_eq!(RowStats::default().mean_size(), None);
        assert_eq!(RowStats::default().phases.dns().percentile(50.0), None);
    }
}

//! What the server did, request by request.

use std::time::Duration;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// When its last byte could be read, counted from the first request.
    pub arrived: Duration,
    /// How long its answer was to take.
    pub delay: Duration,
    /// From when its last byte could be read until its answer was handed to the system.
    pub took: Duration,
}

/// Everything that was answered, and how many requests there were.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub(super) received: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) away: Duration,
}

impl Log {
    /// Requests that arrived whole. Those whose client left before the answer was due are not in the rest of the log.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// For how long the server, where it is never to sleep, did not come back from looking for requests: stretches of more
    /// than 200 µs, in which its core was somebody else's. On Linux the kernel says when a request arrived, so that what has
    /// waited without being seen is in [`took`](Self::took); elsewhere it is not.
    #[must_use]
    pub fn away(&self) -> Duration {
        self.away
    }

    /// The requests that were answered, in the order of the answers.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the answers took.
    #[must_use]
    pub fn took(&self) -> Sorted {
        Sorted::of(self.entries.iter().map(|entry| entry.took).collect())
    }

    /// What the answers were to take.
    #[must_use]
    pub fn delays(&self) -> Sorted {
        Sorted::of(self.entries.iter().map(|entry| entry.delay).collect())
    }

    /// How much later than they were to be the answers were: the server's own error. It is part of [`took`](Self::took).
    #[must_use]
    pub fn lateness(&self) -> Sorted {
        Sorted::of(self.entries.iter().map(|entry| entry.took.saturating_sub(entry.delay)).collect())
    }
}

/// All values, in order: what percentiles are when nothing is approximated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted(Vec<Duration>);

impl Sorted {
    /// These, in order.
    #[must_use]
    pub fn of(mut values: Vec<Duration>) -> Self {
        values.sort_unstable();
        Self(values)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The percentile by nearest rank: the smallest value that at least this percentage of all values does not exceed.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        // 99.9 % of 1000 is 999.0000000000001 in floating point, and must not become rank 1000.
        let rank = (percentile / 100.0 * self.0.len() as f64 * (1.0 - 1e-12)).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied()
    }

    /// The arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let sum: u128 = self.0.iter().map(Duration::as_nanos).sum();
        sum.checked_div(self.0.len() as u128).map(Duration::from_nanos_u128)
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        self.0.first().copied()
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Sorted {
        Sorted::of(micros.into_iter().map(Duration::from_micros).collect())
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let thousand = of((1..=1000).rev());
        let micros = |percentile| thousand.percentile(percentile).map(|value| value.as_micros());
        assert_eq!([0.0, 50.0, 99.0, 99.9, 99.91, 100.0].map(micros), [1, 500, 990, 999, 1000, 1000].map(Some));
        assert_eq!(of([1, 2]).percentile(50.0), of([1]).max());
        assert_eq!(of([1, 2]).percentile(50.1), of([2]).max());
        assert_eq!((thousand.count(), thousand.mean()), (1000, Some(Duration::from_nanos(500_500))));
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        let none = of([]);
        assert_eq!((none.percentile(50.0), none.mean(), none.min(), none.max()), (None, None, None, None));
    }

    #[test]
    fn lateness_is_what_the_delay_does_not_explain() {
        let entry = |delay, took| Entry {
            arrived: Duration::ZERO,
            delay: Duration::from_micros(delay),
            took: Duration::from_micros(took),
        };
        let log = Log { received: 3, entries: vec![entry(500, 510), entry(100, 103)], away: Duration::ZERO };
        assert_eq!(log.lateness(), of([3, 10]));
        assert_eq!((log.took(), log.delays()), (of([103, 510]), of([100, 500])));
    }
}

//! Times of many samples.

use std::time::Duration;

use super::Histogram;
use super::histogram::COARSE;

/// Times of many samples: exact minimum, mean and maximum, and a [`Histogram`] for the percentiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    sum: u64,
    /// `u64::MAX` while there is none.
    min: u64,
    max: u64,
    histogram: Histogram,
}

impl Default for Times {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Whole microseconds, rounded to the nearest.
#[inline]
pub(crate) fn micros(time: Duration) -> u64 {
    // Not by `as_nanos`: a division of 128 bits costs more than all the rest.
    let rest = u64::from((time.subsec_nanos() + 500) / 1000);
    match time.as_secs() {
        0 => rest,
        seconds => seconds.saturating_mul(1_000_000).saturating_add(rest),
    }
}

impl Times {
    pub(crate) const EMPTY: Self = Self::of(Histogram::EMPTY);

    /// With percentiles within 1.6 % only.
    pub(crate) const COARSE: Self = Self::of(Histogram::coarser_by(COARSE));

    const fn of(histogram: Histogram) -> Self {
        Self { sum: 0, min: u64::MAX, max: 0, histogram }
    }

    /// Counts one time; whole microseconds, rounded to the nearest.
    #[inline]
    pub fn record(&mut self, time: Duration) {
        self.record_micros(micros(time));
    }

    /// Counts one time in microseconds.
    #[inline]
    pub(crate) fn record_micros(&mut self, micros: u64) {
        // Not by `min` and `max`: most times are neither, and nothing is written then.
        if micros < self.min {
            self.min = micros;
        }
        if micros > self.max {
            self.max = micros;
        }
        let (sum, is_too_much) = self.sum.overflowing_add(micros);
        self.sum = sum;
        if is_too_much {
            self.sum = u64::MAX;
        }
        self.histogram.record(micros);
    }

    /// How many times were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// The shortest, exact to the microsecond; `None` when nothing was counted, as for all the others.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        (self.count() > 0).then(|| Duration::from_micros(self.min))
    }

    /// The longest, exact to the microsecond.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        (self.count() > 0).then(|| Duration::from_micros(self.max))
    }

    /// The arithmetic mean of the exact times.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        (self.count() > 0).then(|| {
            let nanos = u128::from(self.sum) * 1000 / u128::from(self.count());
            Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        })
    }

    /// The percentile by nearest rank (`50.0` is the median), at most 0.4 % off; never outside
    /// [`min`](Self::min) and [`max`](Self::max), and `100.0` is exactly the maximum.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        if percentile >= 100.0 {
            return self.max();
        }
        let micros = self.histogram.quantile(percentile / 100.0)?;
        Some(Duration::from_micros(micros.clamp(self.min, self.max)))
    }

    /// The median.
    #[must_use]
    pub fn p50(&self) -> Option<Duration> {
        self.percentile(50.0)
    }

    /// The 90th [percentile](Self::percentile).
    #[must_use]
    pub fn p90(&self) -> Option<Duration> {
        self.percentile(90.0)
    }

    /// The 95th [percentile](Self::percentile).
    #[must_use]
    pub fn p95(&self) -> Option<Duration> {
        self.percentile(95.0)
    }

    /// The 99th [percentile](Self::percentile).
    #[must_use]
    pub fn p99(&self) -> Option<Duration> {
        self.percentile(99.0)
    }

    /// The 99.9th [percentile](Self::percentile).
    #[must_use]
    pub fn p999(&self) -> Option<Duration> {
        self.percentile(99.9)
    }

    /// The 99.99th [percentile](Self::percentile).
    #[must_use]
    pub fn p9999(&self) -> Option<Duration> {
        self.percentile(99.99)
    }

    /// Bytes of memory on the heap.
    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        self.histogram.heap()
    }

    /// The counts behind the percentiles.
    #[must_use]
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Of times that were counted elsewhere.
    pub(crate) fn of_parts(sum: u64, min: u64, max: u64, histogram: Histogram) -> Self {
        Self { sum, min, max, histogram }
    }

    /// The sum, the shortest and the longest, in microseconds.
    pub(crate) fn parts(&self) -> (u64, u64, u64) {
        (self.sum, self.min, self.max)
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum = self.sum.saturating_add(other.sum);
        self.histogram.merge(&other.histogram);
    }

    pub(crate) fn clear(&mut self) {
        self.sum = 0;
        self.min = u64::MAX;
        self.max = 0;
        self.histogram.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn percentiles_stay_between_min_and_max_and_100_is_the_maximum(micros in prop::collection::vec(any::<u32>(), 1..60)) {
            let mut times = Times::default();
            for micros in &micros {
                times.record(Duration::from_micros(u64::from(*micros)));
            }
            let max = Duration::from_micros(u64::from(*micros.iter().max().unwrap()));
            prop_assert_eq!(times.percentile(100.0), Some(max));
            prop_assert_eq!(times.max(), Some(max));
            for percentile in [0.0, 50.0, 99.0, 99.99] {
                let found = times.percentile(percentile).unwrap();
                prop_assert!(found >= times.min().unwrap() && found <= max);
            }
        }
    }

    #[test]
    fn times_are_rounded_to_the_nearest_microsecond() {
        for (time, micros) in [
            (Duration::ZERO, 0),
            (Duration::from_nanos(499), 0),
            (Duration::from_nanos(500), 1),
            (Duration::from_nanos(1_999_999_499), 1_999_999),
            (Duration::from_nanos(1_999_999_500), 2_000_000),
            (Duration::MAX, u64::MAX),
        ] {
            let mut times = Times::default();
            times.record(time);
            assert_eq!(times.max(), Some(Duration::from_micros(micros)), "{time:?}");
        }
    }
}

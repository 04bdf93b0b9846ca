//! What each kind of metric keeps of its values.

use tokio::time::Instant;

use crate::stats::Histogram;

/// A trend counts values in these steps: millionths.
const STEPS: f64 = 1e6;
/// The largest value of a trend: what its steps can count to, rounded down.
const LARGEST_OF_A_TREND: f64 = 1.8e13;
/// The largest amount of a gauge, up or down: so that the sum behind the mean never overflows.
const LARGEST_OF_A_GAUGE: f64 = 1e18;

/// What was added up under one name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CounterStats {
    /// The sum; it stays at [`u64::MAX`] when it gets there.
    pub total: u64,
    /// How often something was added.
    pub count: u64,
}

impl CounterStats {
    pub(super) fn add(&mut self, amount: u64) {
        self.total = self.total.saturating_add(amount);
        self.count += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.count += other.count;
    }
}

/// What a gauge was set to: all figures are of the values that were set, whatever the time between them.
#[derive(Debug, Clone, Default)]
pub struct GaugeStats {
    count: u64,
    /// In millionths: whole numbers, so that the order of merging cannot change the sum.
    sum: i128,
    min: f64,
    max: f64,
    last: Option<(Instant, f64)>,
}

impl GaugeStats {
    /// How often it was set.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value that was set last, by the clock and over all threads; of values that two threads set at the same
    /// nanosecond, the larger. `None` when none was counted, as for all the others.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.last.map(|(_, value)| value)
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The mean of the values set, each rounded to a millionth; not weighted by how long each of them stood.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / STEPS / self.count as f64)
    }

    /// Of values that were set elsewhere: count, sum in millionths, smallest, largest and last.
    #[cfg(feature = "json")]
    pub(crate) fn of_parts(count: u64, sum: i128, min: f64, max: f64, last: f64) -> Self {
        // The clock of the run is gone: what is merged with these values was set later.
        let last = (count > 0).then(|| (Instant::now(), last));
        Self { count, sum, min, max, last }
    }

    /// The sum in millionths.
    #[cfg(feature = "json")]
    pub(crate) fn sum(&self) -> i128 {
        self.sum
    }

    /// `false` when it is no value that a gauge can have.
    pub(super) fn set(&mut self, value: f64, at: Instant) -> bool {
        if !(-LARGEST_OF_A_GAUGE..=LARGEST_OF_A_GAUGE).contains(&value) {
            return false;
        }
        let value = value + 0.0; // never -0
        #[expect(clippy::cast_possible_truncation, reason = "at most 10^24")]
        let sum = (value * STEPS).round() as i128;
        self.merge(&Self { count: 1, sum, min: value, max: value, last: Some((at, value)) });
        true
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            (self.min, self.max) = (other.min, other.max);
        } else {
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.last = match (self.last, other.last) {
            (Some(mine), Some(theirs)) => {
                let later = theirs.0.cmp(&mine.0).then(theirs.1.total_cmp(&mine.1)).is_gt();
                Some(if later { theirs } else { mine })
            }
            (mine, theirs) => mine.or(theirs),
        };
    }
}

impl PartialEq for GaugeStats {
    /// Equal when the same values were set; when the last was set is no figure.
    fn eq(&self, other: &Self) -> bool {
        let figures = |gauge: &Self| (gauge.count, gauge.sum, gauge.min(), gauge.max(), gauge.last());
        figures(self) == figures(other)
    }
}

/// The distribution of values from 0 to 1.8 · 10^13, counted in millionths.
///
/// Count, minimum and maximum are exact and the mean is so to a millionth. Percentiles are at most 0.4 % off, or a
/// millionth where that is more: see [`Histogram`]. Where all values are whole numbers, those below 128 are exact.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrendStats {
    /// In millionths.
    sum: u128,
    min: f64,
    max: f64,
    histogram: Histogram,
    /// Whether there was a value that is no whole number.
    fractions: bool,
}

impl TrendStats {
    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// The smallest; `None` when none was counted, as for all the others.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The arithmetic mean.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / STEPS / self.count() as f64)
    }

    /// The percentile by nearest rank (`50.0` is the median); never outside [`min`](Self::min) and [`max`](Self::max),
    /// and `100.0` is exactly the maximum.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a value with an error of its own")]
    pub fn percentile(&self, percentile: f64) -> Option<f64> {
        if percentile >= 100.0 {
            return self.max();
        }
        let steps = self.histogram.quantile(percentile / 100.0)?;
        let value = (steps as f64 / STEPS).clamp(self.min, self.max);
        // A bucket is at most 1/128 of its value wide: below 128 there is one whole number in it, the nearest.
        Some(if self.fractions || value >= 128.0 { value } else { value.round() })
    }

    /// Of values that were counted elsewhere: their sum in millionths, smallest, largest, the histogram, and whether there
    /// was one that is no whole number.
    #[cfg(feature = "json")]
    pub(crate) fn of_parts(sum: u128, min: f64, max: f64, histogram: Histogram, fractions: bool) -> Self {
        Self { sum, min, max, histogram, fractions }
    }

    /// The sum in millionths, the histogram of millionths, and whether there was a value that is no whole number.
    #[cfg(feature = "json")]
    pub(crate) fn parts(&self) -> (u128, &Histogram, bool) {
        (self.sum, &self.histogram, self.fractions)
    }

    /// `false` when it is no value that a trend can have.
    pub(super) fn record(&mut self, value: f64) -> bool {
        if !(0.0..=LARGEST_OF_A_TREND).contains(&value) {
            return false;
        }
        let value = value + 0.0; // never -0
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1.8 · 10^19")]
        let steps = (value * STEPS).round() as u64;
        if self.count() == 0 {
            (self.min, self.max) = (value, value);
        } else {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        self.fractions |= value.fract() != 0.0;
        self.sum += u128::from(steps);
        self.histogram.record(steps);
        true
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        if self.count() == 0 {
            (self.min, self.max) = (other.min, other.max);
        } else {
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
        }
        self.fractions |= other.fractions;
        self.sum += other.sum;
        self.histogram.merge(&other.histogram);
    }

    /// Forgets all values and keeps the memory.
    pub(super) fn clear(&mut self) {
        (self.sum, self.min, self.max, self.fractions) = (0, 0.0, 0.0, false);
        self.histogram.clear();
    }
}

//! The figures of a row.

use loadtest_core::stats::{Histogram, RowSnapshot, RowStats, Times};
use serde::Serialize;

use super::{millis, rounded};

/// Of a row, or of all rows in one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    started: u64,
    ok: u64,
    failed: u64,
    interrupted: u64,
    rps: f64,
    fps: f64,
    total_rps: f64,
    total_fps: f64,
    fail_ratio: Option<f64>,
    min: Option<f64>,
    avg: Option<f64>,
    max: Option<f64>,
    #[serde(flatten)]
    percentiles: Percentiles,
    size: Option<f64>,
}

impl Figures {
    pub(crate) fn of(row: &RowSnapshot) -> Self {
        let RowStats { started, ok, failed, interrupted, service, .. } = &*row.stats;
        Self {
            started: *started,
            ok: *ok,
            failed: *failed,
            interrupted: *interrupted,
            rps: rounded(row.current_rate),
            fps: rounded(row.current_fail_rate),
            total_rps: rounded(row.rate),
            total_fps: rounded(row.fail_rate),
            fail_ratio: row.fail_ratio(),
            min: service.min().map(millis),
            avg: service.mean().map(millis),
            max: service.max().map(millis),
            percentiles: Percentiles::of(service),
            size: row.stats.mean_size().map(rounded),
        }
    }
}

/// A row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    id: u64,
    method: &'a str,
    name: &'a str,
    #[serde(flatten)]
    figures: Figures,
}

impl<'a> Row<'a> {
    pub(crate) fn of(id: u64, row: &'a RowSnapshot) -> Self {
        Self { id, method: &row.key.method, name: &row.key.name, figures: Figures::of(row) }
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    pub(crate) p95: Option<f64>,
    pub(crate) p99: Option<f64>,
    p999: Option<f64>,
    p9999: Option<f64>,
}

/// In hundredths of a percent, so that ranks are found in whole numbers.
const PERCENTILES: [u64; 7] = [5_000, 7_500, 9_000, 9_500, 9_900, 9_990, 9_999];

impl Percentiles {
    /// All in one walk through the histogram: a table has thousands of rows, each second.
    pub(crate) fn of(times: &Times) -> Self {
        let (Some(min), Some(max)) = (times.min(), times.max()) else { return Self::default() };
        let found = quantiles(times.histogram());
        let [p50, p75, p90, p95, p99, p999, p9999] =
            found.map(|micros| micros.map(|micros| millis(std::time::Duration::from_micros(micros).clamp(min, max))));
        Self { p50, p75, p90, p95, p99, p999, p9999 }
    }
}

/// The middle of the bucket of each percentile, by nearest rank.
fn quantiles(histogram: &Histogram) -> [Option<u64>; PERCENTILES.len()] {
    let mut found = [None; PERCENTILES.len()];
    let count = u128::from(histogram.count());
    let rank = |of: u64| (u128::from(of) * count).div_ceil(10_000);
    let (mut next, mut seen) = (0, 0);
    for (lowest, width, times) in histogram.buckets() {
        seen += u128::from(times);
        while next < found.len() && seen >= rank(PERCENTILES[next]) {
            found[next] = Some(lowest + (width - 1) / 2);
            next += 1;
        }
        if next == found.len() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_core(micros in prop::collection::vec(0u64..10_000_000, 0..300)) {
            let mut times = Times::default();
            micros.iter().for_each(|micros| times.record(Duration::from_micros(*micros)));
            let of = |percentile| times.percentile(percentile).map(millis);
            let expected = Percentiles {
                p50: of(50.0), p75: of(75.0), p90: of(90.0), p95: of(95.0), p99: of(99.0), p999: of(99.9), p9999: of(99.99),
            };
            prop_assert_eq!(Percentiles::of(&times), expected);
        }
    }
}

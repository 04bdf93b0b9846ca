//! What happened when: points of time series.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::time::Duration;

use loadtest_core::stats::{History, Point as Measured, RowHistory, RunPoint, Times};
use serde::Serialize;

use super::figures::Percentiles;
use super::{millis, rounded, seconds};

/// One stretch of time, by its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Point {
    t: f64,
    length: f64,
    users: u64,
    rps: f64,
    fps: f64,
    #[serde(flatten)]
    percentiles: Percentiles,
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response>,
    cpu: Option<f64>,
    memory: Option<u64>,
    queue_delay: Option<f64>,
    held_up: Option<f64>,
    heat: Vec<(f64, u64)>,
}

/// Times from when requests should have been sent by a schedule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Response {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl Response {
    /// `None` where no task has a schedule.
    pub(crate) fn of(times: &Times) -> Option<Self> {
        let Percentiles { p50, p95, p99, .. } = Percentiles::of(times);
        (times.count() > 0).then(|| Self { p50, p95, p99, max: times.max().map(millis) })
    }
}

/// Processors of this machine.
pub(crate) fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1, NonZero::get) as f64
}

impl Point {
    fn of(point: &Measured, run: Option<&RunPoint>, cores: f64) -> Self {
        let length = point.length.as_secs_f64();
        let rate = |count: u64| if length > 0.0 { rounded(count as f64 / length) } else { 0.0 };
        Self {
            t: seconds(point.at + point.length),
            length: seconds(point.length),
            users: run.map_or(0, |run| run.users),
            rps: rate(point.ok + point.failed),
            fps: rate(point.failed),
            percentiles: Percentiles::of(&point.service),
            max: point.service.max().map(millis),
            response: Response::of(&point.response),
            cpu: run.and_then(|run| run.cpu).map(|used| rounded(used / cores)),
            memory: run.and_then(|run| run.memory),
            queue_delay: run.map(|run| millis(run.queue_delay)),
            held_up: run.and_then(|run| run.held_up).map(rounded),
            heat: heat(&point.service),
        }
    }
}

/// Counts in buckets, four in each power of two, by their upper bounds in milliseconds.
pub(crate) fn heat(times: &Times) -> Vec<(f64, u64)> {
    coarse(times, 2)
}

/// The same with `2^bits` buckets in each power of two.
pub(crate) fn coarse(times: &Times, bits: u32) -> Vec<(f64, u64)> {
    let mut counts = BTreeMap::<u64, u64>::new();
    for (lowest, _, count) in times.histogram().buckets() {
        let shift = lowest.max(1).ilog2().saturating_sub(bits);
        *counts.entry(((lowest >> shift) + 1) << shift).or_default() += count;
    }
    counts.into_iter().map(|(upper, count)| (millis(Duration::from_micros(upper)), count)).collect()
}

fn end(at: Duration, length: Duration) -> Duration {
    at + length
}

/// All points of a series, with what is known of the run at their time.
pub(crate) fn all(history: &History, series: &RowHistory) -> Vec<Point> {
    let cores = cores();
    let mut run = history.run().peekable();
    series
        .points()
        .map(|point| {
            // Both are thinned in the same way, but not to the millisecond at the same time.
            let middle = point.at + point.length / 2;
            while run.next_if(|run| end(run.at, run.length) <= middle).is_some() {}
            Point::of(&point, run.peek().copied(), cores)
        })
        .collect()
}

/// The points of all requests that end after `after`, and when the last of them ends.
pub(crate) fn since(history: &History, after: Duration) -> (Vec<Point>, Duration) {
    let cores = cores();
    let new: Vec<&RunPoint> = history.run().filter(|point| end(point.at, point.length) > after).collect();
    let last = new.last().map_or(after, |point| end(point.at, point.length));
    let points = new.into_iter().map(|run| {
        // Only the newest of the series are looked at: they lie in its last few kilobytes.
        let measured = history.total().window(run.length, end(run.at, run.length));
        let measured = measured.unwrap_or_else(|| Measured::new(run.at, run.length));
        Point::of(&measured, Some(run), cores)
    });
    (points.collect(), last)
}

/// When the last full second ended.
pub(crate) fn last_end(history: &History) -> Duration {
    history.run().last().map_or(Duration::ZERO, |point| end(point.at, point.length))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loadtest_core::stats::RowKey;

    use super::*;

    fn history() -> History {
        let second = |second: u64| {
            let mut point = Measured::new(Duration::from_secs(second), Duration::from_secs(1));
            (point.ok, point.failed) = (second + 1, 1);
            (0..second + 2).for_each(|sample| point.service.record(Duration::from_millis(sample + 1)));
            point
        };
        let run = |second: u64| {
            let mut point = RunPoint::new(Duration::from_secs(second), Duration::from_secs(1));
            (point.users, point.cpu) = (second, Some(0.5));
            point
        };
        let of_row = vec![second(1), second(3)];
        History::of_points((0..5).map(run), (0..5).map(second), [(Arc::new(RowKey::new("GET", "/")), of_row)])
    }

    #[test]
    fn what_is_new_is_what_all_has_more_than_before() {
        let history = history();
        let all = all(&history, history.total());
        assert_eq!(all.len(), 5);
        let (new, last) = since(&history, Duration::from_secs(3));
        assert_eq!((&new[..], last), (&all[3..], Duration::from_secs(5)));
        assert_eq!(since(&history, last), (Vec::new(), last));
        assert_eq!(since(&history, Duration::ZERO).0, all);
    }

    #[test]
    fn points_of_a_row_know_the_users_of_their_time() {
        let history = history();
        let points = all(&history, history.row("GET", "/").unwrap());
        let seen: Vec<_> = points.iter().map(|point| (point.t, point.users, point.rps, point.fps)).collect();
        assert_eq!(seen, [(2.0, 1, 3.0, 1.0), (4.0, 3, 5.0, 1.0)]);
    }

    #[test]
    fn a_heat_map_counts_each_sample_below_its_upper_bound() {
        let mut times = Times::default();
        for micros in [0, 1, 7, 8, 9, 10, 1000, 1_000_000] {
            times.record(Duration::from_micros(micros));
        }
        let heat = heat(&times);
        assert_eq!(heat.iter().map(|(_, count)| count).sum::<u64>(), 8);
        assert_eq!(heat[..5], [(0.001, 1), (0.002, 1), (0.008, 1), (0.01, 2), (0.012, 1)]);
        assert!(heat.iter().any(|(upper, _)| *upper > 1000.0 && *upper <= 1250.0), "{heat:?}");
    }
}

//! The points of a time series, no more than a chart can show.

use std::time::Duration;

use crate::report::Report;
use crate::stats::{Point, RunPoint};

/// The most points of a chart, which is some five hundred pixels wide.
const MOST_POINTS: u32 = 300;

/// The end of the course of time, which begins with the run or where what was measured before was left out: up to there
/// charts have something to show.
pub(super) fn end(report: &Report) -> Duration {
    let history = &report.snapshot().history;
    let run = history.run().last().map(|point| point.at + point.length);
    let requests = history.total().points().last().map(|point| point.at + point.length);
    run.max(requests).unwrap_or_else(|| report.duration())
}

/// Neighbours in one, so that there are at most three hundred: percentiles are those of all their samples.
pub(super) fn of_requests(points: impl Iterator<Item = Point>, end: Duration) -> Vec<Point> {
    thinned(points, end, |point| point.at, Point::merge)
}

/// The same of the run.
pub(super) fn of_run<'a>(points: impl Iterator<Item = &'a RunPoint>, end: Duration) -> Vec<RunPoint> {
    thinned(points.cloned(), end, |point| point.at, RunPoint::merge)
}

fn thinned<P>(
    points: impl Iterator<Item = P>,
    end: Duration,
    at: impl Fn(&P) -> Duration,
    merge: impl Fn(&mut P, &P),
) -> Vec<P> {
    // Whole seconds, as points begin with them. Where there is one for each, none are merged.
    let seconds = end.as_secs().div_ceil(u64::from(MOST_POINTS));
    let stretch = if seconds <= 1 { 1 } else { u128::from(seconds) * 1000 };
    let mut all: Vec<(u128, P)> = Vec::new();
    for point in points {
        let of = at(&point).as_millis() / stretch;
        match all.last_mut() {
            Some((last, merged)) if *last == of => merge(merged, &point),
            _ => all.push((of, point)),
        }
    }
    all.into_iter().map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_at_most_three_hundred_points_and_nothing_is_lost() {
        for seconds in [1, 299, 300, 301, 7200, 90_000] {
            let point = |at: u64| {
                let mut point = Point::new(Duration::from_secs(at), Duration::from_secs(1));
                point.ok = 1;
                point.service.record(Duration::from_millis(at));
                point
            };
            let thin = of_requests((0..seconds).map(point), Duration::from_secs(seconds));
            assert!(
                thin.len() <= 301 && (thin.len() as u64 == seconds || thin.len() > 145),
                "{seconds}: {}",
                thin.len()
            );
            assert_eq!(thin.iter().map(|point| point.ok).sum::<u64>(), seconds);
            assert_eq!(thin.last().and_then(|point| point.service.max()), Some(Duration::from_millis(seconds - 1)));
            let run = (0..seconds).map(|at| RunPoint::new(Duration::from_secs(at), Duration::from_secs(1)));
            assert_eq!(of_run(run.collect::<Vec<_>>().iter(), Duration::from_secs(seconds)).len(), thin.len());
        }
    }
}

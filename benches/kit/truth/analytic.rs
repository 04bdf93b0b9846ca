//! What a stall does to requests that start by a schedule, calculated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use testbed::truth::{Delays, Sorted, Stall};

use super::PER_SECOND;
use super::seen::{FIGURES, Seen};

/// Response times, from the intended start, of [`PER_SECOND`] requests per second over whole periods of the stall: first
/// come, first served, by at most so many `connections`, each of which has one request at a time.
///
/// # Panics
/// When the server's stall is none: that is a constant.
#[must_use]
pub fn responses(periods: u32, connections: usize) -> Seen {
    let Delays::Stalling { service, stall } = Delays::STALL else { panic!("a stall that is none") };
    let gap = Duration::from_secs(1) / u32::try_from(PER_SECOND).unwrap_or(u32::MAX);
    let count = (stall.every * periods).as_nanos() / gap.as_nanos();
    let starts = (0..u32::try_from(count).unwrap_or(u32::MAX)).map(|number| gap * number);
    seen(&Sorted::of(served(starts, connections, service, stall)))
}

/// From the start of each request to the end of its answer.
fn served(
    starts: impl Iterator<Item = Duration>,
    connections: usize,
    service: Duration,
    stall: Stall,
) -> Vec<Duration> {
    // When each connection is free again.
    let mut free: BinaryHeap<Reverse<Duration>> = BinaryHeap::new();
    let serve = |start: Duration| {
        let sent = if free.len() < connections { start } else { free.pop().map_or(start, |Reverse(at)| at.max(start)) };
        let end = stall.taken_up(sent) + service;
        free.push(Reverse(end));
        end - start
    };
    starts.map(serve).collect()
}

fn seen(times: &Sorted) -> Seen {
    let micros = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e6);
    let figure = |figure: &'static str| {
        let time = match figure {
            "mean" => times.mean(),
            "max" => times.max(),
            percentile => times.percentile(percentile.trim_start_matches('p').parse().unwrap_or_default()),
        };
        Some((figure, micros(time)?))
    };
    Seen::new(times.count() as f64, FIGURES.into_iter().filter_map(figure))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: a fifth of the requests falls into a stall, and they wait evenly from 0 to 2 s.
    #[test]
    fn with_a_connection_for_each_request() {
        let seen = responses(2, usize::MAX);
        assert_eq!(seen.count, 4000.0);
        for (figure, ms) in
            [("p50", 5.0), ("p90", 1005.0), ("p95", 1505.0), ("p99", 1905.0), ("max", 2005.0), ("mean", 205.5)]
        {
            let time = seen.time(figure).unwrap() / 1000.0;
            assert!((time - ms).abs() < 0.01, "{figure}: {time}");
        }
    }

    /// 20 connections work off the 400 that wait, and those that come meanwhile, at 4,000 per second.
    #[test]
    fn with_twenty_connections() {
        let seen = responses(2, 20);
        for (figure, ms) in
            [("p50", 5.0), ("p90", 1055.0), ("p95", 1530.0), ("p99", 1910.0), ("max", 2005.0), ("mean", 215.5)]
        {
            let time = seen.time(figure).unwrap() / 1000.0;
            assert!((time - ms).abs() < 0.005 * ms, "{figure}: {time}");
        }
    }
}

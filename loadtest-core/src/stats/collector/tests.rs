use proptest::prelude::*;

use super::*;
use crate::stats::{Failure, RecorderHandle};

/// One request: its shard, its name, its verdict, and whether the shard hands over after it.
type Request = (usize, u8, u8, bool);

fn record(recorder: &RecorderHandle, name: u8, verdict: u8) {
    let mut pending = recorder.start("GET", &format!("/{}", name % 4));
    if name % 4 != 3 {
        pending.phases_mut().opened = u32::from(name);
    }
    match verdict % 3 {
        0 => pending.ok(),
        1 => pending.fail(Failure::new("no")),
        _ => drop(pending),
    }
}

fn figures(collector: &Collector) -> Vec<(RowKey, [u64; 6])> {
    let now = Instant::now();
    let row = |row: RowSnapshot| {
        let stats = &row.stats;
        ((*row.key).clone(), {
            let connects = stats.phases.connect().count();
            [stats.started, stats.ok, stats.failed, stats.interrupted, stats.connections_opened, connects]
        })
    };
    collector.rows(now).into_iter().chain([collector.total(now)]).map(row).collect()
}

proptest! {
    #[test]
    fn however_samples_are_spread_over_shards_and_ticks_the_figures_are_the_same(
        requests in prop::collection::vec(any::<Request>(), 0..120),
    ) {
        let start = Instant::now();
        let shards: Vec<_> = (0..3).map(|_| RecorderHandle::default()).collect();
        let mut spread = Collector::new(shards.len(), start);
        let alone = RecorderHandle::default();
        let hand_over = |collector: &mut Collector, shard: usize, recorder: &RecorderHandle| {
            let mut interval = recorder.hand_over();
            collector.merge(shard, &interval, start);
            interval.clear();
            recorder.recycle(interval);
        };
        for (shard, name, verdict, tick) in requests {
            let shard = shard % shards.len();
            record(&shards[shard], name, verdict);
            record(&alone, name, verdict);
            if tick {
                hand_over(&mut spread, shard, &shards[shard]);
            }
        }
        for (shard, recorder) in shards.iter().enumerate() {
            hand_over(&mut spread, shard, recorder);
        }
        let mut together = Collector::new(1, start);
        hand_over(&mut together, 0, &alone);
        prop_assert_eq!(figures(&spread), figures(&together));
        let counts = |collector: &Collector| -> Vec<_> {
            collector.failures().into_iter().map(|failure| (failure.key, failure.count)).collect()
        };
        prop_assert_eq!(counts(&spread), counts(&together));
        for (_, [started, ok, failed, interrupted, ..]) in figures(&spread) {
            prop_assert_eq!(started, ok + failed + interrupted);
        }
    }
}

#[test]
fn current_rates_fall_to_zero_when_traffic_stops() {
    let start = Instant::now();
    let mut collector = Collector::new(1, start);
    let recorder = RecorderHandle::default();
    let second = Duration::from_secs(1);
    for tick in 1..=5u32 {
        for _ in 0..100 {
            record(&recorder, 0, 0);
        }
        collector.merge(0, &recorder.hand_over(), start + second * tick);
    }
    let current = |seconds: u32| collector.total(start + second * seconds).current_rate;
    assert!((current(5) - 100.0).abs() < 1e-9, "a run of five seconds: {}", current(5));
    assert!((current(10) - 50.0).abs() < 1e-9);
    assert!((current(12) - 30.0).abs() < 1e-9);
    assert!(current(15).abs() < 1e-9);
    assert!(current(1000).abs() < 1e-9);
}

#[test]
fn what_setup_and_teardown_ask_for_does_not_change_the_rates() {
    let start = Instant::now();
    let mut collector = Collector::new(1, start);
    let recorder = RecorderHandle::default();
    for _ in 0..2000 {
        record(&recorder, 0, 0);
    }
    collector.merge(0, &recorder.hand_over(), start);
    collector.begin(start);
    assert!(collector.total(start + Duration::from_secs(1)).current_rate.abs() < 1e-9);
    for _ in 0..100 {
        record(&recorder, 0, 0);
    }
    let mut interval = recorder.hand_over();
    interval.last_end = Some(start + Duration::from_secs(10));
    collector.merge(0, &interval, start + Duration::from_secs(10));
    collector.end();
    record(&recorder, 1, 0);
    let mut interval = recorder.hand_over();
    interval.last_end = Some(start + Duration::from_secs(100));
    collector.merge(0, &interval, start + Duration::from_secs(100));
    let total = collector.total(start + Duration::from_secs(100));
    assert!((total.rate - 10.1).abs() < 1e-9, "{}", total.rate);
    assert_eq!(total.stats.ok, 2101);
}

#[test]
fn a_reset_keeps_requests_in_flight_in_the_books() {
    let start = Instant::now();
    let mut collector = Collector::new(1, start);
    let recorder = RecorderHandle::default();
    record(&recorder, 0, 0);
    let pending = recorder.start("GET", "/0");
    collector.merge(0, &recorder.hand_over(), start);
    collector.reset(start);
    pending.ok();
    collector.merge(0, &recorder.hand_over(), start);
    let total = collector.total(start);
    assert_eq!((total.stats.started, total.stats.ok, total.stats.in_flight()), (1, 1, 0));
}

#[test]
fn names_that_are_counted_together_are_told_of_whichever_limit_it_was() {
    let start = Instant::now();
    let mut collector = Collector::new(1, start);
    let recorder = RecorderHandle::default().of_user("User", None);
    for task in ["a", "b", "c", "d", "e"] {
        let _ = recorder.begin_task(None, task, None, false);
        for name in 0..8100 {
            recorder.start("GET", &format!("/{name}")).ok();
        }
    }
    collector.merge(0, &recorder.hand_over(), start);
    assert_eq!(collector.total(start).stats.ok, 5 * 8100);
    assert!(collector.rows(start).len() <= 8101);
    assert!(matches!(collector.warnings().as_slice(), [one] if one.contains("too many request names")));
}

use proptest::prelude::*;

use super::*;

fn point(second: u64, micros: &[u64]) -> Point {
    let mut point = Point::new(Duration::from_secs(second), SECOND);
    for time in micros {
        point.ok += 1;
        point.service.record(Duration::from_micros(*time));
    }
    point
}

fn series(limits: Limits, points: impl IntoIterator<Item = Point>) -> Series {
    let mut series = Series::new(limits);
    points.into_iter().for_each(|point| series.push(&point));
    series
}

/// Feeds one shard's intervals, each with one request a row.
fn feed(historian: &mut Historian, start: Instant, keys: &[Arc<RowKey>], ticks: std::ops::Range<u32>, times: &[u64]) {
    for tick in ticks {
        historian.at(start + HALF_A_TICK * 2 * (tick + 1));
        for (row, key) in keys.iter().enumerate() {
            let mut stats = RowStats::default();
            for (of, time) in times.iter().enumerate() {
                stats.ok += 1;
                stats
                    .service
                    .record(Duration::from_micros(time + (row * 7919 + of * 131 + tick as usize * 37) as u64 % time));
            }
            historian.add(row, key, &stats);
        }
    }
}

fn keys(names: usize) -> Vec<Arc<RowKey>> {
    (0..names).map(|name| Arc::new(RowKey::new("GET", format!("/{name}")))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_point_is_read_as_it_was_written(
        counts in any::<[u64; 3]>(),
        service in prop::collection::vec(any::<u64>(), 0..40),
        response in prop::collection::vec(0u64..10_000_000, 0..40),
    ) {
        let [ok, failed, interrupted] = counts;
        let mut point = Point { ok, failed, interrupted, ..Point::new(Duration::from_millis(ok >> 20), SECOND) };
        service.iter().for_each(|time| point.service.record(Duration::from_micros(*time)));
        response.iter().for_each(|time| point.response.record(Duration::from_micros(*time)));
        let mut bytes = Vec::new();
        point.write(0, &mut bytes);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(Point::read(&mut rest), point);
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn coarser_points_keep_counts_and_extremes_and_are_within_their_error(
        mut times in prop::collection::vec(1u64..60_000_000, 1..80),
        q in 0usize..=1000,
    ) {
        let mut bytes = Vec::new();
        point(0, &times).write(2, &mut bytes);
        let read = Point::read(&mut bytes.as_slice());
        times.sort_unstable();
        let exact = times[(q * times.len()).div_ceil(1000).max(1) - 1] as f64;
        let found = read.service.percentile(q as f64 / 10.0).unwrap().as_micros() as f64;
        prop_assert!((found - exact).abs() <= exact * 0.016 + 2.0, "{} for {}", found, exact);
        prop_assert_eq!(read.service.count(), times.len() as u64);
        prop_assert_eq!(read.service.max().unwrap().as_micros() as u64, times[times.len() - 1]);
        prop_assert_eq!(read.service.percentile(100.0), read.service.max());
    }

    #[test]
    fn thinning_loses_no_request(seconds in 1u64..12_000, gap in 1u64..50) {
        let series = series(OF_A_ROW, (0..seconds).map(|second| point(second * gap, &[second + 1])));
        prop_assert_eq!(series.points().map(|point| point.ok).sum::<u64>(), seconds);
        let ends: Vec<_> = series.points().map(|point| (point.at, point.at + point.length)).collect();
        prop_assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "points follow each other");
        prop_assert!(ends.len() <= 17 * 60 + 3 * 60);
    }
}

#[test]
fn the_last_ten_minutes_have_a_point_per_second_and_what_is_older_has_fewer() {
    let series = series(OF_THE_TOTAL, (0..100_000).map(|second| point(second, &[1000, 2000])));
    let points: Vec<_> = series.points().collect();
    assert!(points.iter().rev().take(600).all(|point| point.length == SECOND));
    let lengths: std::collections::BTreeSet<_> = points.iter().map(|point| point.length.as_secs()).collect();
    assert!(lengths.contains(&10) && lengths.contains(&60), "{lengths:?}");
    assert!(points.len() < 2600, "{}", points.len());
    assert_eq!(points.iter().map(|point| point.ok).sum::<u64>(), 200_000);
    assert!(points.iter().all(|point| point.service.percentile(50.0) == Some(Duration::from_micros(1001))));
}

#[test]
fn a_window_is_the_merged_points_of_its_time() {
    let series = series(OF_THE_TOTAL, (0..1000).map(|second| point(second, &[second + 1])));
    let secs = Duration::from_secs;
    let window = RowHistory(Arc::new(series)).window(secs(10), secs(1000)).unwrap();
    assert_eq!((window.at, window.length, window.ok), (secs(990), secs(10), 10));
    assert_eq!(
        (window.service.min(), window.service.max()),
        (Some(Duration::from_micros(991)), Some(Duration::from_micros(1000)))
    );
    assert_eq!(RowHistory::new(OF_A_ROW).window(secs(10), secs(1000)), None);
}

#[test]
fn seconds_get_two_intervals_each_and_a_reset_begins_anew() {
    let start = Instant::now();
    let mut historian = Historian::new(start);
    let keys = keys(3);
    feed(&mut historian, start, &keys, 0..10, &[500]);
    let before = historian.history();
    historian.finish();
    let history = historian.history();
    let counts: Vec<_> = history.total().points().map(|point| (point.at.as_secs(), point.ok)).collect();
    assert_eq!(counts, [(0, 6), (1, 6), (2, 6), (3, 6), (4, 6)]);
    assert_eq!(history.row("GET", "/1").unwrap().points().map(|point| point.ok).collect::<Vec<_>>(), [2; 5]);
    assert_eq!(history.run().count(), 5);
    assert_eq!(before.total().points().count(), 4, "a snapshot stays as it was");
    historian.restart(start + SECOND * 5);
    assert_eq!(historian.history().total().points().count(), 0);
    feed(&mut historian, start + SECOND * 5, &keys, 0..2, &[500]);
    historian.finish();
    assert_eq!(historian.history().row("GET", "/2").unwrap().points().map(|point| point.ok).sum::<u64>(), 2);
}

/// A reset comes between two ticks: what is handed over first is less than half a second.
#[test]
fn the_first_point_is_as_long_as_what_it_holds() {
    let keys = keys(1);
    for millis in [1, 100, 499, 500, 501, 700] {
        let start = Instant::now();
        let mut historian = Historian::new(start);
        let first_tick = start + Duration::from_millis(millis);
        feed(&mut historian, first_tick - HALF_A_TICK * 2, &keys, 0..12, &[500]);
        let history = historian.history();
        let points: Vec<_> = history.total().points().map(|point| (point.at, point.length)).collect();
        assert_eq!(points[0].0, Duration::from_millis(millis.saturating_sub(500)), "{millis}");
        assert_eq!(points[0].0 + points[0].1, Duration::from_millis(millis + 500), "{millis}");
        assert!(points.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{millis}: {points:?}");
        assert!(points[1..].iter().all(|(_, length)| *length == SECOND), "{millis}: {points:?}");
        for end in history.run().skip(1).map(|point| point.at + point.length) {
            assert_eq!(history.total().window(SECOND, end).map(|point| point.ok), Some(2), "{millis}");
        }
    }
}

/// Half a day takes what a day takes: by then each level is full.
#[test]
fn a_thousand_names_stay_below_64_mib() {
    let start = Instant::now();
    let mut historian = Historian::new(start);
    let keys = keys(3);
    let times: Vec<u64> = (1..=10).map(|of| of * of * 900).collect();
    feed(&mut historian, start, &keys, 0..2 * 3600 * 5, &times);
    let per_name = historian.history().bytes() / keys.len();
    let seconds: usize = historian.rows.iter().map(|row| row.point.service.heap() + row.point.response.heap()).sum();
    let whole = (per_name * 1000).min(MOST_BYTES) + seconds / keys.len() * 1000;
    assert!(whole <= 64 << 20, "{per_name} bytes a name");
}

#[test]
fn what_all_requests_take_is_counted_too() {
    assert_eq!([0, 12, 30, 70].map(|total| most_of_rows(total << 20) >> 20), [48, 48, 30, 0]);
    // Of times from half a millisecond to ten seconds; a day has 2,600 points, each with two kinds of times.
    let point = point(0, &(0..1800).map(|of| (500.0 * 1.0055f64.powi(of)) as u64).collect::<Vec<_>>());
    let mut bytes = Vec::new();
    point.write(0, &mut bytes);
    assert!(bytes.len() < 6 * 1024, "{}", bytes.len());
}

#[test]
fn when_there_are_too_many_names_the_older_points_go_first() {
    let points = (0..7200).map(|second| point(second, &[700, 900 + second % 50, 12_000 + second]));
    let mut series = series(OF_A_ROW, points);
    let before = series.bytes();
    series.thin();
    series.thin();
    assert!(series.bytes() < before);
    assert!(series.points().collect::<Vec<_>>().iter().rev().take(600).all(|point| point.length == SECOND));
    let count = |series: &Series| series.points().map(|point| point.ok).sum::<u64>();
    for _ in 0..24 {
        series.thin();
    }
    assert!(series.bytes() < before / 4, "{} of {before}", series.bytes());
    assert_eq!(count(&series), 3 * 7200);
}

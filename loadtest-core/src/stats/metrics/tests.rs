use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// One value: its kind and name, its amount, its unit, and when it was recorded.
type Value = (u8, u8, i32, u8, u8);

fn record(metrics: &mut Metrics, start: Instant, (kind, name, amount, unit, at): Value) {
    let name = ["orders", "queue", "tokens"][usize::from(name % 3)];
    let unit = ["", "", "ms", "s"][usize::from(unit % 4)];
    let value = f64::from(amount) / 128.0;
    match kind % 3 {
        0 => metrics.add(name, unit, u64::from(amount.unsigned_abs())),
        1 => metrics.set(name, unit, value, start + Duration::from_secs(u64::from(at))),
        _ => metrics.record(name, unit, value),
    }
}

fn of(start: Instant, values: &[Value]) -> Metrics {
    let mut metrics = Metrics::default();
    for value in values {
        record(&mut metrics, start, *value);
    }
    metrics
}

fn figures(metrics: &Metrics) -> (Vec<MetricSnapshot>, Vec<String>) {
    #[expect(clippy::cast_precision_loss, reason = "a rate of small numbers")]
    (metrics.snapshot(|total| total as f64), metrics.warnings())
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(any::<Value>(), 0..60)
}

proptest! {
    #[test]
    fn merging_is_recording_everything_into_one(a in values(), b in values(), c in values()) {
        let start = Instant::now();
        let all = of(start, &[a.clone(), b.clone(), c.clone()].concat());
        let (a, b, c) = (of(start, &a), of(start, &b), of(start, &c));
        let mut left = Metrics::default();
        for part in [&a, &b, &c] {
            left.merge(part);
        }
        let mut right = c;
        right.merge(&b);
        let mut whole = Metrics::default();
        whole.merge(&right);
        whole.merge(&a);
        prop_assert_eq!(figures(&left), figures(&whole));
        prop_assert_eq!(figures(&left), figures(&all));
    }

    #[test]
    fn cleared_metrics_are_as_good_as_new(a in values(), b in values()) {
        let start = Instant::now();
        let mut metrics = of(start, &a);
        metrics.clear();
        prop_assert_eq!(figures(&metrics), (vec![], vec![]));
        // Units are kept with the memory: compared without them.
        let plain = |values: &[Value]| values.iter().map(|value| (value.0, value.1, value.2, 0, value.4)).collect::<Vec<_>>();
        for value in plain(&b) {
            record(&mut metrics, start, value);
        }
        let stats = |metrics: &Metrics| figures(metrics).0.into_iter().map(|metric| metric.stats).collect::<Vec<_>>();
        prop_assert_eq!(stats(&metrics), stats(&of(start, &plain(&b))));
    }

    #[test]
    fn percentiles_of_a_trend_are_within_the_stated_error(
        mut values in prop::collection::vec((0u32..60, 0.0f64..1.0), 1..100), q in 0usize..=1000,
    ) {
        // Evenly over the powers of two from a millionth to 10^12.
        let mut values: Vec<f64> = values.drain(..).map(|(power, part)| (1.0 + part) * 2f64.powi(power as i32 - 20)).collect();
        let mut trend = TrendStats::default();
        for value in &values {
            prop_assert!(trend.record(*value));
        }
        values.sort_by(f64::total_cmp);
        let exact = values[(q * values.len()).div_ceil(1000).clamp(1, values.len()) - 1];
        let found = trend.percentile(q as f64 / 10.0).unwrap();
        prop_assert!((found - exact).abs() <= exact * 0.004 + 1e-6, "{found} for {exact}");
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        prop_assert!((trend.mean().unwrap() - mean).abs() <= mean * 1e-9 + 1e-6);
    }
}

#[test]
fn small_whole_numbers_are_shown_as_they_are() {
    for value in 0..128u32 {
        let mut trend = TrendStats::default();
        for value in [f64::from(value), 0.0, 1e6] {
            assert!(trend.record(value));
        }
        assert_eq!(trend.percentile(66.0), Some(f64::from(value)));
    }
}

#[test]
fn the_last_of_a_gauge_is_the_latest_by_the_clock() {
    let start = Instant::now();
    let second = Duration::from_secs(1);
    let gauge = |value: f64, at: Instant| {
        let mut gauge = GaugeStats::default();
        assert!(gauge.set(value, at));
        gauge
    };
    let mut merged = gauge(7.0, start + second);
    merged.merge(&gauge(-1.0, start));
    assert_eq!(
        (merged.last(), merged.min(), merged.max(), merged.mean()),
        (Some(7.0), Some(-1.0), Some(7.0), Some(3.0))
    );
    merged.merge(&gauge(2.0, start + second * 2));
    merged.merge(&gauge(3.0, start + second * 2));
    assert_eq!(merged.last(), Some(3.0));
}

#[test]
fn values_that_are_none_are_refused_with_a_warning() {
    let mut metrics = Metrics::default();
    let now = Instant::now();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e18, -1.1e18] {
        metrics.set("queue", "", value, now);
    }
    for value in [f64::NAN, f64::INFINITY, -0.5, 1.9e13] {
        metrics.record("tokens", "", value);
    }
    metrics.record("tokens", "", -0.0);
    metrics.record("tokens", "", 1.8e13);
    metrics.set("queue", "", -1e18, now);
    let (metrics, warnings) = figures(&metrics);
    assert_eq!(
        metrics.iter().map(|metric| (metric.stats.count(), metric.refused)).collect::<Vec<_>>(),
        [(1, 5), (2, 4)]
    );
    assert_eq!(
        warnings,
        [
            "5 values of the gauge `queue` were not counted: give numbers from -1e18 to 1e18",
            "4 values of the trend `tokens` were not counted: give numbers from 0 to 1.8e13",
        ]
    );
}

#[test]
fn one_name_for_two_kinds_is_two_metrics_and_a_warning() {
    let mut metrics = Metrics::default();
    metrics.add("orders", "", 3);
    metrics.record("orders", "", 3.5);
    let (metrics, warnings) = figures(&metrics);
    assert_eq!(
        metrics.iter().map(|metric| metric.stats.kind()).collect::<Vec<_>>(),
        [MetricKind::Counter, MetricKind::Trend]
    );
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("`orders` is used as a counter and as a trend"), "{warnings:?}");
}

#[test]
fn names_past_the_limit_share_one_metric_of_each_kind() {
    let mut shards = [Metrics::default(), Metrics::default()];
    for number in 0..MOST_METRICS + 50 {
        shards[number % 2].add(&format!("order {number}"), "pieces", 2);
        shards[number % 2].record("tokens", "", 1.0);
    }
    shards[0].add(&"ü".repeat(100_000), "", 1);
    let mut run = Metrics::default();
    for shard in &shards {
        run.merge(shard);
    }
    let (metrics, warnings) = figures(&run);
    assert!(metrics.len() <= MOST_METRICS + 3, "{}", metrics.len());
    let total: u64 = metrics.iter().map(|metric| metric.stats.total()).sum();
    assert_eq!(total, 2 * (MOST_METRICS as u64 + 50) + 1);
    assert!(metrics.iter().all(|metric| metric.name.len() <= LONGEST_NAME));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("more than 1000 custom metrics"), "{warnings:?}");
}

#[test]
fn a_sum_that_is_too_large_stays_at_its_end() {
    let mut metrics = Metrics::default();
    metrics.add("bytes", "", u64::MAX);
    metrics.add("bytes", "", 1);
    let MetricStats::Counter(counter) = &figures(&metrics).0[0].stats else { panic!("a counter") };
    assert_eq!((counter.total, counter.count), (u64::MAX, 2));
}

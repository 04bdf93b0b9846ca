use std::sync::Arc;

use super::*;
use crate::stats::{RecorderHandle, RowKey, RowSnapshot, RowStats, collector};

/// A row whose requests took these milliseconds, so many of them failed.
fn row(method: &str, name: &str, millis: &[u64], failed: u64) -> RowSnapshot {
    let mut stats = RowStats::default();
    for millis in millis {
        stats.service.record(Duration::from_millis(*millis));
    }
    stats.failed = failed;
    stats.ok = millis.len() as u64 - failed;
    stats.started = millis.len() as u64;
    let (rate, fail_rate) = (millis.len() as f64 / 10.0, failed as f64 / 10.0);
    let key = Arc::new(RowKey::new(method, name));
    RowSnapshot { key, stats: Arc::new(stats), current_rate: 0.0, current_fail_rate: 0.0, rate, fail_rate }
}

fn snapshot(rows: Vec<RowSnapshot>) -> Snapshot {
    let mut total = RowSnapshot { key: Arc::new(RowKey::new("", "Aggregated")), ..row("", "", &[], 0) };
    let mut merged = RowStats::default();
    for row in &rows {
        merged.merge(&row.stats);
        total.rate += row.rate;
        total.fail_rate += row.fail_rate;
    }
    total.stats = Arc::new(merged);
    Snapshot { rows, total, measured: Duration::from_secs(10), ..collector::nothing_yet() }
}

fn shop() -> Snapshot {
    let fast: Vec<u64> = (1..=90).collect();
    snapshot(vec![
        row("GET", "/cart", &fast, 0),
        row("GET", "/cart/[id]", &[1000; 10], 1),
        row("POST", "/cart", &[5, 7], 1),
    ])
}

fn result(text: &str, snapshot: &Snapshot) -> ThresholdResult {
    let threshold: Threshold = text.parse().unwrap_or_else(|error| panic!("{error}"));
    evaluate(&threshold, snapshot)
}

#[test]
fn figures_are_those_of_the_rows_that_match() {
    let shop = shop();
    for (text, value) in [
        ("count == 1", "102"),
        ("ok == 1", "100"),
        ("failed == 1", "2"),
        ("interrupted == 1", "0"),
        ("rps == 1", "10.2"),
        ("fails_per_second == 1", "0.2"),
        ("fail_ratio == 1", "1.96%"),
        ("fail_ratio(POST /cart) == 1", "50.00%"),
        ("fail_ratio(GET *) == 1", "1.00%"),
        ("rps(GET *) == 1", "10"),
        ("count(* /cart) == 1", "92"),
        ("min == 1s", "1.00ms"),
        ("max(GET /cart) == 1s", "90.0ms"),
        ("median(POST /cart) == 1s", "5.01ms"),
        ("mean(POST /cart) == 1s", "6.00ms"),
        ("p0(GET /cart) == 1s", "1.00ms"),
        ("p100 == 1m", "1000ms"),
        // Of the 100 requests of both rows the 90th took 90 ms: no mean of two percentiles says so.
        ("p90(GET *) <= 90ms", "89.9ms"),
        ("p91(GET *) == 1s", "1000ms"),
    ] {
        assert_eq!(result(text, &shop).shown_value(), value, "{text}");
    }
}

#[test]
fn a_verdict_has_a_sentence() {
    let shop = shop();
    for (text, verdict, sentence) in [
        ("max(GET /cart) < 100ms", Verdict::Met, "max(GET /cart) was 90.0ms, as asked for: < 100ms"),
        ("max(GET /cart) <= 90ms", Verdict::Met, "max(GET /cart) was 90.0ms, as asked for: <= 90ms"),
        ("max(GET /cart) < 90ms", Verdict::NotMet, "max(GET /cart) was 90.0ms, not < 90ms"),
        ("fail_ratio(POST *) < 1%", Verdict::NotMet, "fail_ratio(POST *) was 50.00%, not < 1%"),
        ("rps > 500", Verdict::NotMet, "rps was 10.2, not > 500"),
        (
            "p95(GET /crat) < 1s",
            Verdict::NothingMatched,
            "p95(GET /crat): no request matched `GET /crat`; did you mean `GET /cart`?",
        ),
        (
            "count(PUT *) == 0",
            Verdict::NothingMatched,
            "count(PUT *): no request matched `PUT *`; there were: `GET /cart`, `GET /cart/[id]`, `POST /cart`",
        ),
        (
            "p95(transaction checkout) < 1s",
            Verdict::NothingMatched,
            "p95(transaction checkout): no transaction matched `checkout`; there was none at all",
        ),
    ] {
        let result = result(text, &shop);
        assert_eq!((result.verdict, &*result.sentence), (verdict, sentence), "{text}");
        assert_eq!(
            (result.is_met(), result.value.is_some()),
            (verdict == Verdict::Met, verdict != Verdict::NothingMatched)
        );
    }
}

#[test]
fn without_any_request_nothing_is_met() {
    let nothing = snapshot(Vec::new());
    for text in ["count == 0", "fail_ratio < 1%", "p95 < 1s", "rps < 5", "failed == 0", "count(GET /cart) == 0"] {
        let result = result(text, &nothing);
        assert_eq!((result.verdict, result.value), (Verdict::NothingMatched, None), "{text}: {}", result.sentence);
    }
    let mut one = row("GET", "/cart", &[], 0);
    Arc::make_mut(&mut one.stats).interrupted = 1;
    let interrupted = snapshot(vec![one]);
    assert_eq!(result("p95 < 1s", &interrupted).sentence, "p95: no request was answered");
    assert_eq!(result("interrupted < 1", &interrupted).verdict, Verdict::NotMet);
}

#[test]
fn many_names_are_not_all_listed() {
    let many = snapshot((0..1000).map(|name| row("GET", &format!("/{name:040}"), &[1], 0)).collect());
    let sentence = result("p95(DELETE /account) < 1s", &many).sentence;
    assert!(sentence.ends_with("and 995 more") && sentence.len() < 400, "{sentence}");
}

#[test]
fn metrics_and_transactions_have_thresholds_too() {
    let recorder = RecorderHandle::default();
    let now = tokio::time::Instant::now();
    recorder.metrics(|metrics| {
        for value in 1..=100 {
            metrics.record("queue_length", "", f64::from(value));
            metrics.add("orders", "", 2);
            metrics.add("orders of gifts", "", 1);
        }
        for (value, second) in [(3.0, 1), (-5.5, 2), (1.0, 3)] {
            metrics.set("balance", "", value, now + Duration::from_secs(second));
        }
    });
    let mut collector = collector::Collector::new(1, now);
    collector.merge(0, &recorder.hand_over(), now + Duration::from_secs(10));
    let snapshot = collector.snapshot(now + Duration::from_secs(10));
    for (text, met, value) in [
        ("p95(trend queue_length) < 96", true, "95"),
        ("p95(trend queue_length) < 95", false, "95"),
        ("max(trend *) == 100", true, "100"),
        ("mean(trend queue_length) == 50.5", true, "50.5"),
        ("count(trend queue_length) == 100", true, "100"),
        ("total(counter orders) == 200", true, "200"),
        ("total(counter orders*) == 300", true, "300"),
        ("count(counter orders) == 100", true, "100"),
        ("rate(counter orders) == 20", true, "20"),
        ("last(gauge balance) == 1", true, "1"),
        ("min(gauge balance) >= -5", false, "-5.5"),
    ] {
        let result = result(text, &snapshot);
        assert_eq!((result.is_met(), &*result.shown_value()), (met, value), "{}", result.sentence);
    }
    assert_eq!(
        result("total(counter order) == 0", &snapshot).sentence,
        "total(counter order): no counter matched `order`; did you mean `orders`?; add 0 to a counter that may stay at zero"
    );
    assert_eq!(
        result("p95(trend orders) < 5", &snapshot).sentence,
        "p95(trend orders): no trend matched `orders`; there were: `queue_length`"
    );
}

#[test]
fn answers_with_a_status_have_figures_of_their_own() {
    let recorder = RecorderHandle::default();
    let now = tokio::time::Instant::now();
    for (name, status, millis) in [
        ("/cart", 200, 10),
        ("/cart", 200, 20),
        ("/cart", 404, 1),
        ("/cart", 503, 90),
        ("/news", 200, 30),
        ("/news", 0, 5),
    ] {
        let mut pending = recorder.start_at("GET", name, now);
        if status > 0 {
            pending.set_status(status);
        }
        pending.stop_clock_at(now + Duration::from_millis(millis));
        pending.ok();
    }
    let mut collector = collector::Collector::new(1, now);
    collector.merge(0, &recorder.hand_over(), now);
    let snapshot = collector.snapshot(now);
    for (text, value) in [
        ("count(2xx) == 1", "3"),
        ("count(404) == 1", "1"),
        ("count(500) == 0", "0"),
        ("count(5xx GET /cart) == 0", "1"),
        ("count(5xx GET /news) == 0", "0"),
        ("ratio(5xx GET /cart) == 0", "25.00%"),
        ("ratio(2xx) == 0", "50.00%"),
        ("max(200 GET /cart) == 1s", "20.0ms"),
        ("max(2xx GET *) == 1s", "30.0ms"),
        ("min(200) == 1s", "10.0ms"),
        ("max(3xx) == 1s", "-"),
        ("count(2xx GET /crat) == 0", "-"),
    ] {
        assert_eq!(result(text, &snapshot).shown_value(), value, "{text}");
    }
    assert_eq!(result("max(3xx) < 1s", &snapshot).sentence, "max(3xx): no answer had this status");
    assert_eq!(result("count(500) == 0", &snapshot).verdict, Verdict::Met);
    let sentence = result("count(500 GET /crat) == 0", &snapshot).sentence;
    assert_eq!(sentence, "count(500 GET /crat): no request matched `GET /crat`; did you mean `GET /cart`?");
}

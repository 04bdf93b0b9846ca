//! The tables of transactions and of custom metrics.

use std::fmt::Write;

use super::{Table, clean, millis, share};
use crate::stats::{MetricSnapshot, MetricStats, Snapshot, TransactionFailureRow};
use crate::units::format_number;

/// Transactions, with the mean of what went into requests; empty when there was none.
pub(super) fn transactions(snapshot: &Snapshot, width: usize) -> String {
    let header =
        ["Transaction (ms)", "ok", "failed", "interrupted", "min", "mean", "p50", "p95", "p99", "max", "in requests"];
    let mut table = Table::new(&header, &["min", "mean", "p99", "max", "interrupted", "in requests"]);
    for row in &snapshot.transactions {
        let (stats, time) = (&row.stats, &row.stats.time);
        table.rows.push(vec![
            clean(&row.name),
            stats.ok.to_string(),
            share(stats.failed, stats.fail_ratio()),
            stats.interrupted.to_string(),
            millis(time.min()),
            millis(time.mean()),
            millis(time.percentile(50.0)),
            millis(time.percentile(95.0)),
            millis(time.percentile(99.0)),
            millis(time.max()),
            millis(stats.in_requests.mean()),
        ]);
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

/// Why transactions failed.
pub(super) fn transaction_failures(failures: &[TransactionFailureRow]) -> String {
    if failures.is_empty() {
        return String::new();
    }
    let mut out = String::from("Failed transactions\n-------------------\n");
    for failure in failures {
        let _ = writeln!(out, "{:>8}x  {}: {}", failure.count, clean(&failure.name), clean(&failure.error));
    }
    out
}

/// Counters, gauges and trends; empty when there was none.
pub(super) fn metrics(snapshot: &Snapshot, width: usize) -> String {
    let header =
        ["Custom metrics", "kind", "count", "total", "per s", "last", "min", "mean", "p50", "p95", "p99", "max"];
    let mut table = Table::new(&header, &["p99", "per s", "count", "p50", "min", "kind"]);
    for metric in &snapshot.metrics {
        let head = [title(metric), metric.stats.kind().as_str().to_owned(), metric.stats.count().to_string()];
        table.rows.push(head.into_iter().chain(figures(metric)).collect());
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

fn title(metric: &MetricSnapshot) -> String {
    if metric.unit.is_empty() { clean(&metric.name) } else { clean(&format!("{} ({})", metric.name, metric.unit)) }
}

/// What comes after the count; a dash where a kind has no such figure.
fn figures(metric: &MetricSnapshot) -> [String; 9] {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), format_number);
    let none = || number(None);
    match &metric.stats {
        MetricStats::Counter(counter) => {
            let [last, min, mean, p50, p95, p99, max] = std::array::from_fn(|_| none());
            [counter.total.to_string(), format_number(metric.rate), last, min, mean, p50, p95, p99, max]
        }
        MetricStats::Gauge(gauge) => {
            let (last, min) = (number(gauge.last()), number(gauge.min()));
            let (mean, max) = (number(gauge.mean()), number(gauge.max()));
            [none(), none(), last, min, mean, none(), none(), none(), max]
        }
        MetricStats::Trend(trend) => {
            let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percentile| number(trend.percentile(percentile)));
            let (min, mean, max) = (number(trend.min()), number(trend.mean()), number(trend.max()));
            [none(), none(), none(), min, mean, p50, p95, p99, max]
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::stats::collector::Collector;
    use crate::testing::TestShard;

    #[test]
    fn what_a_kind_does_not_have_is_a_dash() {
        let shard = TestShard::new(None);
        let cx = shard.context();
        cx.counter("orders").add(1200);
        cx.gauge("queue\u{1b} length").set(-2.5);
        cx.trend("tokens per answer").unit("tokens").record(17);
        let mut snapshot = shard.snapshot();
        snapshot.metrics[0].rate = 40.0;
        let text = metrics(&snapshot, super::super::UNLIMITED);
        assert_eq!(
            text,
            "\
Custom metrics                 kind  count  total  per s  last   min  mean  p50  p95  p99   max
-----------------------------------------------------------------------------------------------
orders                      counter      1   1200     40     -     -     -    -    -    -     -
queue  length                 gauge      1      -      -  -2.5  -2.5  -2.5    -    -    -  -2.5
tokens per answer (tokens)    trend      1      -      -     -    17    17   17   17   17    17
"
        );
    }

    #[test]
    fn what_there_is_none_of_has_no_table() {
        let now = Instant::now();
        let nothing = Collector::new(1, now).snapshot(now);
        assert_eq!(transactions(&nothing, 80) + &metrics(&nothing, 80) + &transaction_failures(&[]), "");
    }

    #[test]
    fn transactions_are_shown_with_what_went_wrong() {
        let shard = TestShard::new(None);
        let cx = shard.context();
        let checkout = cx.start_transaction("checkout");
        cx.start_transaction("pay").fail("declined\r\n");
        checkout.ok();
        let snapshot = shard.snapshot();
        let text = transactions(&snapshot, super::super::UNLIMITED);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("Transaction (ms)  ok       failed  interrupted"), "{text}");
        assert!(lines[2].starts_with("checkout           1            0            0"), "{text}");
        assert!(lines[3].starts_with("checkout / pay     0  1 (100.00%)            0"), "{text}");
        let failures = transaction_failures(&snapshot.transaction_failures);
        assert_eq!(failures.lines().last(), Some("       1x  checkout / pay: declined  "));
    }
}

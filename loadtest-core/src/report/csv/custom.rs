//! The files of transactions and of custom metrics.

use std::io::{self, Write};

use csv::Writer;

use super::cell::{NONE, millis, number, percentile_names, text};
use crate::report::text::PERCENTILES;
use crate::stats::{MetricStats, Snapshot};

/// `_transactions.csv`: one row for each transaction; times in milliseconds.
pub(crate) fn transactions(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let header = "Name,Started,Ok,Failed,Interrupted,Requests,Average Time,Min Time,Max Time,Average In Requests";
    csv.write_record(header.split(',').map(str::to_owned).chain(percentile_names()))?;
    for row in &snapshot.transactions {
        let stats = &row.stats;
        let counts = [stats.started, stats.ok, stats.failed, stats.interrupted, stats.requests];
        let times = [stats.time.mean(), stats.time.min(), stats.time.max(), stats.in_requests.mean()];
        let percentiles = PERCENTILES.iter().map(|percentile| millis(stats.time.percentile(*percentile)));
        let head = [text(&row.name).into_owned()].into_iter().chain(counts.map(|count| count.to_string()));
        csv.write_record(head.chain(times.map(millis)).chain(percentiles))?;
    }
    csv.flush()
}

/// `_metrics.csv`: one row for each custom metric; what its kind does not have is `N/A`.
pub(crate) fn metrics(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let header = "Type,Name,Unit,Count,Total,Total/s,Last,Average,Min,Max";
    csv.write_record(header.split(',').map(str::to_owned).chain(percentile_names()))?;
    for metric in &snapshot.metrics {
        let none = || NONE.to_owned();
        let stats = &metric.stats;
        let head = [
            stats.kind().as_str().to_owned(),
            text(&metric.name).into_owned(),
            text(&metric.unit).into_owned(),
            stats.count().to_string(),
        ];
        let figures = match stats {
            MetricStats::Counter(counter) => {
                [counter.total.to_string(), format!("{:.3}", metric.rate), none(), none(), none(), none()]
            }
            MetricStats::Gauge(gauge) => {
                let [last, mean, min, max] = [gauge.last(), gauge.mean(), gauge.min(), gauge.max()].map(number);
                [none(), none(), last, mean, min, max]
            }
            MetricStats::Trend(trend) => {
                let [mean, min, max] = [trend.mean(), trend.min(), trend.max()].map(number);
                [none(), none(), none(), mean, min, max]
            }
        };
        let percentiles = PERCENTILES.iter().map(|percentile| match stats {
            MetricStats::Trend(trend) => number(trend.percentile(*percentile)),
            _ => none(),
        });
        csv.write_record(head.into_iter().chain(figures).chain(percentiles))?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestShard;

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        let lines: Vec<_> = written.lines().map(str::to_owned).collect();
        let columns = |line: &String| line.split(',').count();
        assert!(lines.iter().all(|line| columns(line) == columns(&lines[0])), "{written}");
        lines
    }

    #[test]
    fn each_kind_has_its_figures() {
        let shard = TestShard::new(None);
        let cx = shard.context();
        cx.counter("orders").add(3);
        cx.counter("orders").add(4);
        cx.gauge("queue").unit("calls").set(-2.5);
        cx.gauge("queue").set(5);
        cx.trend("tokens").record(17);
        let mut snapshot = shard.snapshot();
        snapshot.metrics[0].rate = 1.5;
        let lines = written(|out| metrics(&snapshot, out));
        assert!(
            lines[0].starts_with("Type,Name,Unit,Count,Total,Total/s,Last,Average,Min,Max,50%,66%,"),
            "{}",
            lines[0]
        );
        assert!(lines[1].starts_with("counter,orders,,2,7,1.500,N/A,N/A,N/A,N/A,N/A,"), "{}", lines[1]);
        assert!(lines[2].starts_with("gauge,queue,calls,2,N/A,N/A,5,1.25,-2.5,5,N/A,"), "{}", lines[2]);
        assert!(lines[3].starts_with("trend,tokens,,1,N/A,N/A,N/A,17,17,17,17,17,"), "{}", lines[3]);
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn transactions_have_their_books() {
        let shard = TestShard::new(None);
        let cx = shard.context();
        let checkout = cx.start_transaction("checkout");
        cx.start_transaction("pay").fail("declined");
        drop(checkout);
        let lines = written(|out| transactions(&shard.snapshot(), out));
        assert!(lines[0].starts_with("Name,Started,Ok,Failed,Interrupted,Requests,Average Time,"), "{}", lines[0]);
        assert!(lines[1].starts_with("checkout,1,0,0,1,0,N/A,N/A,N/A,N/A,N/A,"), "{}", lines[1]);
        assert!(lines[2].starts_with("checkout / pay,1,0,1,0,0,0."), "{}", lines[2]);
    }
}

//! What users did: classes and tasks; and what the test measures itself: transactions and custom metrics.

use super::figures::{count, millis, number, percent, since};
use super::markup::{Page, put};
use super::table::{Cell, Head, Table};
use crate::report::Report;
use crate::stats::{MetricSnapshot, MetricStats, TaskStats, Times, TransactionSnapshot};
use crate::units::format_number;

const TASKS: [Head; 12] = [
    ("Task", "the user class and the task or hook"),
    ("ok", "runs that came to their end"),
    ("failed", "runs that ended with an error or a panic"),
    ("interrupted", "runs that were dropped by a stop"),
    ("run p50", "of a whole run, waits inside included, in milliseconds"),
    ("p95", "of a whole run"),
    ("max", "of a whole run"),
    ("requests", "requests made inside, with a verdict"),
    ("of them failed", "requests that failed"),
    ("share", "of failed requests"),
    ("request p50", "of the requests, in milliseconds"),
    ("p95", "of the requests, in milliseconds"),
];

const TRANSACTIONS: [Head; 11] = [
    ("Transaction", ""),
    ("ok", ""),
    ("failed", ""),
    ("share", "of failed ones"),
    ("interrupted", "came to no verdict; no failures"),
    ("p50", "from begin to end, in milliseconds"),
    ("p95", ""),
    ("p99", ""),
    ("max", ""),
    ("in requests", "the mean part of its time in which requests were under way, in milliseconds"),
    ("requests", "requests inside"),
];

const METRICS: [Head; 12] = [
    ("Metric", ""),
    ("Kind", "a counter adds up; a gauge goes up and down; of a trend the distribution matters"),
    ("count", "how many values"),
    ("total", ""),
    ("per s", ""),
    ("last", ""),
    ("min", ""),
    ("mean", ""),
    ("p50", ""),
    ("p95", ""),
    ("p99", ""),
    ("max", ""),
];

pub(super) fn write(report: &Report, page: &mut Page) {
    let snapshot = report.snapshot();
    let mut classes = Table::new("User classes", with_first(TASKS, ("User class", "")));
    for class in &snapshot.classes {
        classes.row(cells(Cell::text(&class.class), &class.stats));
    }
    if classes.is_empty() {
        return;
    }
    put!(
        page,
        "<p class=\"note\">Runs of tasks, and the requests made in them; times in milliseconds. Hooks have requests only.</p>\n"
    );
    classes.write(page);
    let mut tasks = Table::new("Tasks", TASKS);
    for task in &snapshot.tasks {
        tasks.row(cells(Cell::text(&task.key.to_string()), &task.stats));
    }
    put!(page, "<h3>Tasks and hooks</h3>\n");
    tasks.write(page);
    schedules(report, page);
}

fn with_first<const N: usize>(mut heads: [Head; N], first: Head) -> [Head; N] {
    heads[0] = first;
    heads
}

fn cells(name: Cell, stats: &TaskStats) -> Vec<Cell> {
    let requests = &stats.requests;
    let times = |times: &Times, shown: &[f64]| -> Vec<Cell> {
        shown.iter().map(|percentile| millis(times.percentile(*percentile)).into()).collect()
    };
    let mut cells = vec![
        name,
        count(stats.ok).into(),
        Cell::plain(count(stats.failed)).marked("bad", stats.failed > 0),
        count(stats.interrupted).into(),
    ];
    cells.extend(times(&stats.time, &[50.0, 95.0, 100.0]));
    cells.extend([
        count(requests.ok + requests.failed).into(),
        Cell::plain(count(requests.failed)).marked("bad", requests.failed > 0),
        failed_share(requests.failed, requests.fail_ratio()),
    ]);
    cells.extend(times(&requests.service, &[50.0, 95.0]));
    cells
}

fn failed_share(failed: u64, ratio: Option<f64>) -> Cell {
    let shown = ratio.filter(|_| failed > 0).map_or_else(|| super::figures::NONE.to_owned(), percent);
    Cell::plain(shown).sorted_by(ratio.unwrap_or(-1.0))
}

fn schedules(report: &Report, page: &mut Page) {
    let starts = report.scheduled_starts();
    if starts.count() == 0 {
        return;
    }
    let late = &starts.lateness;
    let [p50, p99, max] =
        [late.p50(), late.p99(), late.max()].map(|at| at.map_or_else(String::new, super::figures::time));
    put!(
        page,
        "<h3>Schedules</h3>\n<p>{} starts by schedule, late by {p50} (p50), {p99} (p99), {max} at most",
        count(starts.count())
    );
    put!(page, "; {} fell into a task that took longer than its period", count(starts.overruns));
    put!(page, "; {} were left out.</p>\n", count(starts.skipped));
}

/// Transactions and custom metrics; nothing where there are none.
pub(super) fn figures(report: &Report, page: &mut Page) {
    if !report.transactions().is_empty() {
        put!(
            page,
            "<h3>Transactions</h3>\n<p class=\"note\">Several requests, and what lies between them, under one name.</p>\n"
        );
        let mut table = Table::new("Transactions", TRANSACTIONS);
        for row in report.transactions() {
            table.row(transaction(row));
        }
        table.write(page);
    }
    if !report.transaction_failures().is_empty() {
        let heads = [("Failed transaction", ""), ("Error", ""), ("count", ""), ("first", ""), ("last", "")];
        let mut table = Table::new("Failed transactions", heads).with_texts(2);
        for failure in report.transaction_failures() {
            let moment = |at| Cell::plain(since(report.started_at(), at));
            table.row(vec![
                Cell::text(&failure.name),
                Cell::text(&failure.error).marked("t wide", true),
                count(failure.count).into(),
                moment(failure.first_seen),
                moment(failure.last_seen),
            ]);
        }
        table.write(page);
    }
    if !report.metrics().is_empty() {
        put!(page, "<h3>Custom metrics</h3>\n");
        let mut table = Table::new("Custom metrics", METRICS).with_texts(2);
        for metric in report.metrics() {
            table.row(self::metric(metric));
        }
        table.write(page);
    }
}

fn transaction(row: &TransactionSnapshot) -> Vec<Cell> {
    let (stats, time) = (&row.stats, &row.stats.time);
    let mut cells = vec![
        Cell::text(&row.name),
        count(stats.ok).into(),
        Cell::plain(count(stats.failed)).marked("bad", stats.failed > 0),
        failed_share(stats.failed, stats.fail_ratio()),
        count(stats.interrupted).into(),
    ];
    let times = [time.p50(), time.p95(), time.p99(), time.max(), stats.in_requests.mean()];
    cells.extend(times.map(|at| Cell::plain(millis(at))));
    cells.push(count(stats.requests).into());
    cells
}

fn metric(metric: &MetricSnapshot) -> Vec<Cell> {
    let title =
        if metric.unit.is_empty() { metric.name.to_string() } else { format!("{} ({})", metric.name, metric.unit) };
    let kind = Cell::plain(metric.stats.kind().as_str()).marked("t", true);
    let none = || number(None);
    let values = match &metric.stats {
        MetricStats::Counter(counter) => {
            let [last, min, mean, p50, p95, p99, max] = std::array::from_fn(|_| none());
            [count(counter.total), format_number(metric.rate), last, min, mean, p50, p95, p99, max]
        }
        MetricStats::Gauge(gauge) => {
            let [last, min, mean, max] = [gauge.last(), gauge.min(), gauge.mean(), gauge.max()].map(number);
            [none(), none(), last, min, mean, none(), none(), none(), max]
        }
        MetricStats::Trend(trend) => {
            let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percentile| number(trend.percentile(percentile)));
            let [min, mean, max] = [trend.min(), trend.mean(), trend.max()].map(number);
            [none(), none(), none(), min, mean, p50, p95, p99, max]
        }
    };
    let head = [Cell::text(&title), kind, Cell::plain(count(metric.stats.count()))];
    head.into_iter().chain(values.map(Cell::plain)).collect()
}

//! Tables for a terminal, no wider than it is.

mod custom;
mod figures;
mod table;
mod thresholds;

use std::fmt::Write;
use std::time::Duration;

use crate::stats::{ExceptionRow, FailureRow, RowSnapshot, ScheduledStarts, Snapshot, Times};
use crate::threshold::ThresholdResult;
pub(crate) use crate::units::format_percent as percent;
use crate::units::{format_bytes, format_millis, format_utc};
use table::Table;
pub(crate) use table::wrapped;
pub(crate) use thresholds::thresholds;

/// The width of a text that goes to no terminal.
pub(crate) const UNLIMITED: usize = usize::MAX;

/// The percentiles of the table at the end, as Locust's.
pub(crate) const PERCENTILES: [f64; 11] = [50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0];

/// One line, without anything that could steer a terminal or turn its direction: names and error texts come from the system
/// under test.
pub(crate) fn clean(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

fn title(row: &RowSnapshot) -> String {
    clean(format!("{} {}", row.key.method, row.key.name).trim())
}

fn millis(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), format_millis)
}

fn share(failed: u64, ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if failed > 0 => format!("{failed} ({})", percent(ratio)),
        _ => "0".to_owned(),
    }
}

/// Requests, failures, times and rates of each row.
pub(crate) fn requests(snapshot: &Snapshot, width: usize) -> String {
    request_table(snapshot).render(width)
}

/// The beginning of a line, no wider than the terminal.
#[cfg(feature = "cli")]
pub(crate) fn cut(line: &str, width: usize) -> String {
    table::beginning(line.chars(), width)
}

/// The same for a live table: no wider than the terminal, if need be with fewer columns.
#[cfg(feature = "cli")]
pub(crate) fn live_requests(snapshot: &Snapshot, width: usize) -> String {
    request_table(snapshot).render_live(width)
}

fn request_table(snapshot: &Snapshot) -> Table {
    let header =
        ["Request (ms)", "ok", "failed", "interrupted", "min", "mean", "p50", "p95", "p99", "max", "req/s", "received"];
    let mut table = Table::new(&header, &["received", "min", "mean", "p99", "interrupted", "max", "p95", "req/s"]);
    table.total = true;
    for row in snapshot.rows.iter().chain([&snapshot.total]) {
        let stats = &row.stats;
        let times = &stats.service;
        table.rows.push(vec![
            title(row),
            stats.ok.to_string(),
            share(stats.failed, stats.fail_ratio()),
            stats.interrupted.to_string(),
            millis(times.min()),
            millis(times.mean()),
            millis(times.percentile(50.0)),
            millis(times.percentile(95.0)),
            millis(times.percentile(99.0)),
            millis(times.max()),
            format!("{:.1}", row.rate),
            format_bytes(stats.bytes_received),
        ]);
    }
    table
}

/// The percentiles of each row's service times.
pub(crate) fn percentiles(snapshot: &Snapshot, width: usize) -> String {
    let names: Vec<String> = PERCENTILES.iter().map(|percentile| format!("p{percentile}")).collect();
    let header: Vec<&str> = ["Service time (ms)"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let mut table = Table::new(&header, &["p66", "p75", "p98", "p80", "p99.99", "p90", "p100"]);
    table.total = true;
    for row in snapshot.rows.iter().chain([&snapshot.total]).filter(|row| row.stats.service.count() > 0) {
        let times = PERCENTILES.iter().map(|percentile| millis(row.stats.service.percentile(*percentile)));
        table.rows.push([title(row)].into_iter().chain(times).collect());
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

/// Median and 95th percentile in one cell.
fn median_and_p95(times: &Times) -> String {
    if times.count() == 0 {
        return "-".to_owned();
    }
    format!("{} / {}", millis(times.percentile(50.0)), millis(times.percentile(95.0)))
}

/// Connections of each row, and where its time went; empty when no client told.
pub(crate) fn phases(snapshot: &Snapshot, width: usize) -> String {
    let rows = || snapshot.rows.iter().chain([&snapshot.total]).filter(|row| row.stats.has_phases());
    // Only a session with more requests at once than connections waits for one.
    let blocked = rows().any(|row| row.stats.phases.blocked().count() > 0);
    let mut header = vec!["Connections and phases (ms, p50 / p95)", "opened", "reused", "retried"];
    header.extend(blocked.then_some("blocked"));
    header.extend(["dns", "connect", "tls", "first byte", "download"]);
    let mut table = Table::new(&header, &["retried", "download", "opened", "dns", "blocked", "connect"]);
    table.total = true;
    for row in rows() {
        let (stats, phases) = (&row.stats, &row.stats.phases);
        let counts = [stats.connections_opened, stats.connections_reused, stats.retries].map(|count| count.to_string());
        let times = [phases.dns(), phases.connect(), phases.tls(), phases.first_byte(), phases.download()];
        let times = blocked.then(|| phases.blocked()).into_iter().chain(times);
        table.rows.push([title(row)].into_iter().chain(counts).chain(times.map(median_and_p95)).collect());
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

/// How well schedules were kept; empty where no user had one.
fn starts(starts: &ScheduledStarts) -> String {
    if starts.count() == 0 {
        return String::new();
    }
    let late = &starts.lateness;
    let [p50, p99, max] = [late.percentile(50.0), late.percentile(99.0), late.max()].map(millis);
    let mut out = format!("Scheduled starts: {}; late by p50 {p50} ms, p99 {p99} ms, max {max} ms", starts.count());
    for (count, what) in [(starts.overruns, "after a task longer than its period"), (starts.skipped, "skipped")] {
        if count > 0 {
            let _ = write!(out, "; {count} {what}");
        }
    }
    out.push('\n');
    out
}

fn failures(snapshot: &Snapshot) -> String {
    let mut out = String::from("Failures\n--------\n");
    for failure in &snapshot.failures {
        let name = format!("{} {}", failure.key.method, failure.key.name);
        let mut lines = vec![format!("{:>8}x  {}: {}", failure.count, name.trim(), failure.error)];
        let share = snapshot.failure_share(failure).map(|share| format!("{} of its requests, ", percent(share)));
        lines.push(format!("{:11}{}, {}{}", "", failure.kind, share.unwrap_or_default(), seen(failure)));
        if !failure.sample.is_empty() {
            lines.push(format!("{:11}for example: {}", "", failure.sample));
        }
        for line in lines {
            let _ = writeln!(out, "{}", clean(&line));
        }
    }
    out
}

/// `16:40:12 to 16:41:03 UTC`; the last one with its day where that is another.
fn seen(failure: &FailureRow) -> String {
    let [first, last] = [failure.first_seen, failure.last_seen].map(format_utc);
    let (day, second) = (10, 19);
    let time = &first[day + 1..second];
    match &last[..second] {
        last if *last == first[..second] => format!("{time} UTC"),
        last if last[..day] == first[..day] => format!("{time} to {} UTC", &last[day + 1..]),
        last => format!("{time} to {} UTC", last.replace('T', " ")),
    }
}

fn exceptions(exceptions: &[ExceptionRow]) -> String {
    let mut out = String::from("Exceptions\n----------\n");
    for exception in exceptions {
        let (class, task, message) = (&exception.class, &exception.task, clean(&exception.message));
        let _ = write!(out, "{:>8}x  {class}::{task}: {message}", exception.count);
        match &exception.place {
            Some(place) => {
                let _ = writeln!(out, "\n           at {place}");
            }
            None => out.push('\n'),
        }
    }
    out
}

/// Everything that is printed at the end of a run.
pub(crate) fn summary(snapshot: &Snapshot, results: &[ThresholdResult], width: usize) -> String {
    let mut parts = vec![requests(snapshot, width), percentiles(snapshot, width), phases(snapshot, width)];
    parts.push(figures::response_times(snapshot, width));
    parts.push(starts(&snapshot.starts));
    parts.extend([figures::statuses(snapshot, width), figures::tasks(snapshot, width)]);
    parts.extend([custom::transactions(snapshot, width), custom::metrics(snapshot, width)]);
    if !snapshot.failures.is_empty() {
        parts.push(failures(snapshot));
    }
    parts.push(custom::transaction_failures(&snapshot.transaction_failures));
    if !snapshot.exceptions.is_empty() {
        parts.push(exceptions(&snapshot.exceptions));
    }
    parts.push(figures::health(&snapshot.health));
    if !snapshot.warnings.is_empty() {
        let mut out = String::from("Warnings\n--------\n");
        for warning in &snapshot.warnings {
            let _ = writeln!(out, "  {}", clean(warning));
        }
        parts.push(out);
    }
    // The last that is read, however much there is to say before.
    parts.push(thresholds(results, width));
    parts.retain(|part| !part.is_empty());
    wrapped(&parts.join("\n"), width)
}

#[cfg(test)]
mod tests;

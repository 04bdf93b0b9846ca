//! The tables of response times, of status codes, and of tasks; and a line on the load generator.

use std::fmt::Write;
use std::time::Duration;

use super::table::Table;
use super::{clean, millis, percent, share, title};
use crate::stats::{GeneratorHealth, RowSnapshot, Snapshot, TaskStats};
use crate::units::format_bytes;

/// Response time beside service time, of requests of tasks that start by a schedule; empty where there is none.
pub(super) fn response_times(snapshot: &Snapshot, width: usize) -> String {
    let header = ["Response / service time (ms)", "scheduled", "mean", "p50", "p95", "p99", "max"];
    let mut table = Table::new(&header, &["mean", "scheduled", "max"]);
    table.total = true;
    for row in all_rows(snapshot).filter(|row| row.stats.response.count() > 0) {
        let (response, service) = (&row.stats.response, &row.stats.service);
        // Service times of requests without a schedule, which are in the same row, say nothing beside response times.
        let is_same = response.count() == service.count();
        let both = |one, other: Option<Duration>| format!("{} / {}", millis(one), millis(other.filter(|_| is_same)));
        let of = |percentile: f64| both(response.percentile(percentile), service.percentile(percentile));
        let head = [title(row), response.count().to_string(), both(response.mean(), service.mean())];
        table.rows.push(head.into_iter().chain([of(50.0), of(95.0), of(99.0), of(100.0)]).collect());
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

fn all_rows(snapshot: &Snapshot) -> impl Iterator<Item = &RowSnapshot> {
    snapshot.rows.iter().chain([&snapshot.total])
}

/// The status codes of rows that had others than 2xx, each with its own times; empty where all is as it should be.
pub(super) fn statuses(snapshot: &Snapshot, width: usize) -> String {
    let header = ["Status codes (ms)", "status", "count", "share", "p50", "p95", "max"];
    let mut table = Table::new(&header, &["max", "share"]);
    for row in &snapshot.rows {
        let is_success = |code: Option<u16>| code.is_some_and(|code| (200..300).contains(&code));
        let has_codes = row.stats.statuses().any(|status| status.code.is_some());
        if !has_codes || row.stats.statuses().all(|status| is_success(status.code)) {
            continue;
        }
        for status in row.stats.statuses() {
            let (count, times) = (status.service.count(), status.service);
            #[expect(clippy::cast_precision_loss, reason = "a ratio of counts below 2^53")]
            let share = percent(count as f64 / row.stats.requests().max(1) as f64);
            table.rows.push(vec![
                title(row),
                status.code.map_or_else(|| "none".to_owned(), |code| code.to_string()),
                count.to_string(),
                share,
                millis(times.percentile(50.0)),
                millis(times.percentile(95.0)),
                millis(times.max()),
            ]);
        }
    }
    if table.rows.is_empty() { String::new() } else { table.render(width) }
}

/// Runs of tasks and the requests inside; after them user classes as a whole, where there is more than one task. Empty where
/// nothing ran.
pub(super) fn tasks(snapshot: &Snapshot, width: usize) -> String {
    let header =
        ["Task (ms)", "ok", "failed", "interrupted", "mean", "p50", "p95", "max", "requests", "failed requests"];
    let mut table = Table::new(&header, &["mean", "interrupted", "max", "requests", "failed requests", "p95"]);
    let tasks = snapshot.tasks.iter().map(|task| (clean(&task.key.to_string()), &*task.stats));
    let classes = snapshot.classes.iter().filter(|_| snapshot.tasks.len() > 1);
    let classes = classes.map(|class| (format!("{} (all tasks)", clean(&class.class)), &*class.stats));
    for (name, stats) in tasks.chain(classes) {
        let TaskStats { time, requests, .. } = stats;
        table.rows.push(vec![
            name,
            stats.ok.to_string(),
            share(stats.failed, stats.fail_ratio()),
            stats.interrupted.to_string(),
            millis(time.mean()),
            millis(time.percentile(50.0)),
            millis(time.percentile(95.0)),
            millis(time.max()),
            (requests.ok + requests.failed).to_string(),
            share(requests.failed, requests.fail_ratio()),
        ]);
    }
    // Requests of a client that no task made are in the table of requests already.
    let none_ran = snapshot.tasks.iter().all(|task| task.stats.started == 0);
    if none_ran { String::new() } else { table.render(width) }
}

/// How the load generator was, in one line; empty where the system tells nothing.
pub(super) fn health(health: &GeneratorHealth) -> String {
    let mut parts = Vec::new();
    if let Some(cpu) = health.cpu {
        let most = health.cpu_max.map_or_else(String::new, |most| format!(" (at most {most:.2})"));
        parts.push(format!("{cpu:.2} cores{most}"));
    }
    if let Some(most) = health.thread_max {
        parts.push(format!("busiest thread {:.0}%", most * 100.0));
    }
    if let Some(memory) = health.memory_max {
        parts.push(format!("{} of memory", format_bytes(memory)));
    }
    if let Some(held_up) = health.held_up {
        parts.push(format!("held up {}", percent(held_up)));
    }
    let delay = &health.queue_delay;
    if delay.count() > 0 {
        parts.push(format!("queue delay p99 {} ms, max {} ms", millis(delay.p99()), millis(delay.max())));
    }
    if parts.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    let threads = if health.threads == 1 { "thread" } else { "threads" };
    let _ = writeln!(out, "Load generator: {} {threads}; {}", health.threads, parts.join(", "));
    out
}

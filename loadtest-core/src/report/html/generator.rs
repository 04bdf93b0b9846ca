//! How the load generator itself was: whether it, and not the server, was the limit.

use super::chart::{Chart, Line, Shape};
use super::figures::{NONE, Unit, time};
use super::markup::{Page, put};
use super::over_time::middle;
use super::series;
use crate::report::Report;
use crate::stats::{GeneratorHealth, RunPoint};
use crate::units::format_bytes;

pub(super) fn write(report: &Report, page: &mut Page) {
    let health = &report.snapshot().health;
    put!(
        page,
        "<p class=\"note\">If the machine that makes the load is at its limit, times come out longer than the server's. "
    );
    put!(page, "A warning at the top says when that was so.</p>\n");
    put!(page, "<dl class=\"facts\">");
    for (name, value) in facts(health) {
        put!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    put!(page, "</dl>\n");
    let run = series::of_run(report.snapshot().history.run(), series::end(report));
    let charts: Vec<_> = charts(report, &run).into_iter().flatten().collect();
    if !charts.is_empty() {
        put!(page, "<div class=\"charts low\">");
        charts.iter().for_each(|chart| chart.write(page));
        put!(page, "</div>\n");
    }
}

fn facts(health: &GeneratorHealth) -> Vec<(&'static str, String)> {
    let show = |unit: Unit, value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| unit.show(value));
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| NONE.to_owned(), format_bytes);
    let delay = &health.queue_delay;
    let delays = [delay.p50(), delay.p99(), delay.max()].map(|at| at.map_or_else(|| NONE.to_owned(), time));
    vec![
        ("Threads", health.threads.to_string()),
        ("Processor, mean", show(Unit::Cores, health.cpu) + " cores"),
        ("Processor, at most", show(Unit::Cores, health.cpu_max) + " cores"),
        ("Busiest thread", show(Unit::Share, health.thread_max)),
        ("Waited for a core", show(Unit::Share, health.held_up)),
        ("Memory, at most", bytes(health.memory_max)),
        ("Delay of a thread's queue, p50 / p99 / max", delays.join(" / ")),
    ]
}

/// Those for which the system told anything.
fn charts(report: &Report, run: &[RunPoint]) -> [Option<Chart>; 4] {
    let chart = |title, caption: &str, unit, name, class, value: &dyn Fn(&RunPoint) -> Option<f64>| {
        let values: Vec<_> = run.iter().map(value).collect();
        values.iter().any(Option::is_some).then(|| Chart {
            title,
            caption: caption.to_owned(),
            unit,
            shape: Shape::Lines,
            may_be_log: false,
            moments: run.iter().map(|point| middle(point.at, point.length)).collect(),
            lines: vec![Line { name, class, values }],
            end: series::end(report),
        })
    };
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let memory = |point: &RunPoint| point.memory.map(|bytes| bytes as f64 / f64::from(1 << 20));
    [
        chart("Processor", "Cores in use.", Unit::Cores, "cores", "c-ok", &|point| point.cpu),
        chart("Queue delay", "The longest that a thread was late.", Unit::Time, "delay", "c-p95", &|point| {
            Some(point.queue_delay.as_secs_f64() * 1e6)
        }),
        chart(
            "Waited for a core",
            "Share of time, of the thread that fared worst.",
            Unit::Share,
            "waited",
            "c-bad",
            &|point| point.held_up,
        ),
        chart("Memory", "Of the whole process.", Unit::Mebibytes, "memory", "c-users", &memory),
    ]
}

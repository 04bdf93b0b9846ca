//! Rate, times, users and failures over time.

use std::time::Duration;

use super::chart::{Chart, Line, Shape};
use super::figures::{Unit, of, percent, rate, share, time};
use super::markup::{Page, put};
use super::{series, summary};
use crate::report::Report;
use crate::stats::{Point, Times};

/// The middle of a stretch, in seconds.
pub(super) fn middle(at: Duration, length: Duration) -> f64 {
    let middle = (at + length / 2).as_secs_f64();
    (middle * 1000.0).round() / 1000.0
}

pub(super) fn write(report: &Report, page: &mut Page) {
    let end = series::end(report);
    let points = series::of_requests(report.snapshot().history.total().points(), end);
    if points.is_empty() {
        put!(
            page,
            "<p class=\"note\">The run was too short for a course of time: there is a point for each second.</p>\n"
        );
        return;
    }
    if let Some(what) = summary::left_out(report) {
        put!(page, "<p class=\"note\">Counted from the end of {what}.</p>\n");
    }
    put!(page, "<div class=\"charts\">");
    throughput(report, &points).write(page);
    let stats = &report.total().stats;
    let service = times(report, "Time of requests", &stats.service, &points, |point| &point.service);
    service.write(page);
    if stats.response.count() > 0 {
        let title = "Time of requests, from when they were due";
        times(report, title, &stats.response, &points, |point| &point.response).write(page);
    }
    users(report, end).write(page);
    if stats.failed > 0 {
        failures(report, &points).write(page);
    }
    put!(page, "</div>\n");
}

fn chart(title: &'static str, unit: Unit, shape: Shape, points: &[Point], end: Duration) -> Chart {
    Chart {
        title,
        caption: String::new(),
        unit,
        shape,
        may_be_log: false,
        moments: points.iter().map(|point| middle(point.at, point.length)).collect(),
        lines: Vec::new(),
        end,
    }
}

/// So many per second in each stretch.
fn rates(points: &[Point], of: impl Fn(&Point) -> u64) -> Vec<Option<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "a rate of counts below 2^53")]
    let rate = |point: &Point| of(point) as f64 / point.length.as_secs_f64().max(1e-3);
    points.iter().map(|point| Some(rate(point))).collect()
}

fn throughput(report: &Report, points: &[Point]) -> Chart {
    let total = report.total();
    let mut chart = chart("Requests per second", Unit::PerSecond, Shape::Stacked, points, series::end(report));
    chart.caption = format!("{} on average, {} at most.", rate(total.rate), rate(summary::highest_rate(report)));
    chart.lines.push(Line { name: "ok", class: "c-ok", values: rates(points, |point| point.ok) });
    if total.stats.failed > 0 {
        chart.lines.push(Line { name: "failed", class: "c-bad", values: rates(points, |point| point.failed) });
    }
    chart
}

fn times(report: &Report, title: &'static str, all: &Times, points: &[Point], of: impl Fn(&Point) -> &Times) -> Chart {
    let mut chart = chart(title, Unit::Time, Shape::Lines, points, series::end(report));
    chart.may_be_log = true;
    let said = [all.p50(), all.p95(), all.p99()].map(|at| at.map_or_else(String::new, time)).join(", ");
    chart.caption = format!("p50, p95 and p99 of the run: {said}.");
    for (name, class, percentile) in [("p50", "c-p50", 50.0), ("p95", "c-p95", 95.0), ("p99", "c-p99", 99.0)] {
        let micros = |point: &Point| of(point).percentile(percentile).map(|time| time.as_secs_f64() * 1e6);
        chart.lines.push(Line { name, class, values: points.iter().map(micros).collect() });
    }
    chart
}

#[expect(clippy::cast_precision_loss, reason = "a number of users")]
fn users(report: &Report, end: Duration) -> Chart {
    let run = series::of_run(report.snapshot().history.run(), end);
    Chart {
        title: "Users",
        caption: format!("{} at most, {} asked for.", of(summary::most_users(report), "user", "users"), report.users()),
        unit: Unit::Count,
        shape: Shape::Steps,
        may_be_log: false,
        moments: run.iter().map(|point| middle(point.at, point.length)).collect(),
        lines: vec![Line {
            name: "users",
            class: "c-users",
            values: run.iter().map(|point| Some(point.users as f64)).collect(),
        }],
        end,
    }
}

fn failures(report: &Report, points: &[Point]) -> Chart {
    let stats = &report.total().stats;
    let mut chart = chart("Failures per second", Unit::PerSecond, Shape::Stacked, points, series::end(report));
    let worst = points.iter().map(|point| share(point.failed, point.ok + point.failed)).fold(0.0, f64::max);
    chart.caption = format!(
        "{} of all requests, {} in the worst stretch.",
        percent(stats.fail_ratio().unwrap_or_default()),
        percent(worst)
    );
    chart.lines.push(Line { name: "failed", class: "c-bad", values: rates(points, |point| point.failed) });
    chart
}

//! Of each request: when which latencies occurred, how they are distributed, and the status codes with their own times.

use super::figures::{count, millis, percent, share};
use super::markup::{Name, Page, put};
use super::table::{Cell, Head, Table};
use super::{heat, series};
use crate::report::Report;
use crate::stats::{RowStats, StatusStats};

/// The most requests whose latencies are drawn: those with the most requests.
const MOST_DRAWN: usize = 200;
/// Where there are more, each is drawn with less detail, so that the file stays small.
const MOST_FINE: usize = 50;

const STATUSES: [Head; 10] = [
    ("Status", "the status code of the answer"),
    ("requests", ""),
    ("share", "of the requests with a verdict"),
    ("min", ""),
    ("mean", ""),
    ("p50", ""),
    ("p90", ""),
    ("p95", ""),
    ("p99", ""),
    ("max", ""),
];

/// The numbers of the rows whose latencies are drawn, the busiest first.
pub(super) fn shown(report: &Report) -> Vec<usize> {
    let rows = report.requests();
    let mut shown: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].stats.service.count() > 0).collect();
    shown.sort_by_key(|row| std::cmp::Reverse(rows[*row].stats.service.count()));
    shown.truncate(MOST_DRAWN);
    shown
}

pub(super) fn write(report: &Report, page: &mut Page) {
    let (total, history, end) = (report.total(), &report.snapshot().history, series::end(report));
    if total.stats.service.count() == 0 {
        return;
    }
    put!(
        page,
        "<p class=\"note\">Left, when which service times occurred: the stronger the colour, the more requests. Right, how many there "
    );
    put!(page, "were of each in the whole run.</p>\n<h3>All requests</h3>\n");
    heat::write(history.total().points(), &total.stats.service, end, heat::FINE, page);
    statuses(&total.stats, "Status codes", page);
    let shown = shown(report);
    put!(page, "<h3>Each request</h3>\n");
    let timed = report.requests().iter().filter(|row| row.stats.service.count() > 0).count();
    if timed > shown.len() {
        put!(page, "<p class=\"note\">The {} with the most requests, of {}.</p>\n", shown.len(), timed);
    }
    let detail = if shown.len() > MOST_FINE { heat::ROUGH } else { heat::FINE };
    for (place, row) in shown.into_iter().enumerate() {
        let row = &report.requests()[row];
        let (key, stats) = (&row.key, &row.stats);
        put!(page, "<details class=\"row\" id=\"r{place}\"><summary><span class=\"what\">{}</span>", Name(key));
        put!(page, "<small>{}", heat::summary(&stats.service));
        if stats.failed > 0 {
            put!(page, " · <b class=\"bad\">{} failed</b>", percent(stats.fail_ratio().unwrap_or_default()));
        }
        put!(page, "</small></summary>\n");
        let points = history.row(&key.method, &key.name).into_iter().flat_map(crate::stats::RowHistory::points);
        heat::write(points, &stats.service, end, detail, page);
        statuses(stats, "Status codes", page);
        put!(page, "</details>\n");
    }
}

fn statuses(stats: &RowStats, label: &'static str, page: &mut Page) {
    let mut table = Table::new(label, STATUSES);
    for status in stats.statuses() {
        let times = status.service;
        let shown =
            [times.min(), times.mean(), times.p50(), times.p90(), times.p95(), times.p99(), times.max()].map(millis);
        let head = [
            title(&status),
            Cell::plain(count(times.count())),
            Cell::plain(percent(share(times.count(), stats.service.count()))),
        ];
        table.row(head.into_iter().chain(shown.map(Cell::plain)).collect());
    }
    table.write(page);
}

fn title(status: &StatusStats<'_>) -> Cell {
    match status.code {
        Some(code) => Cell::markup(format!("<span class=\"s{}\">{code}</span>", (code / 100).min(9))),
        None => Cell::markup("no status".to_owned()),
    }
}

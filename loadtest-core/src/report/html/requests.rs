//! A row for each request: counts, rates and sizes; all percentiles; connections and phases.

use super::figures::{NONE, count, millis, percent, rate};
use super::latency;
use super::markup::{Name, Page, put};
use super::table::{Cell, Head, Table};
use crate::report::Report;
use crate::report::text::PERCENTILES;
use crate::stats::{RowKey, RowSnapshot, Times};
use crate::units::format_bytes;

const COUNTS: [Head; 13] = [
    ("Request", ""),
    ("ok", "ended well"),
    ("failed", "transport errors, statuses of 400 and above, checks"),
    ("share", "of failed ones among those with a verdict"),
    ("interrupted", "given up before the answer was complete, by a stop or by the test itself; no failures"),
    ("per s", "requests with a verdict per second"),
    ("min", "the fastest, in milliseconds"),
    ("mean", "in milliseconds"),
    ("p50", "the median: half of all took no longer, in milliseconds"),
    ("p95", "95 of 100 took no longer, in milliseconds"),
    ("p99", "99 of 100 took no longer, in milliseconds"),
    ("max", "the slowest, in milliseconds"),
    ("size", "mean size of the bodies after decoding"),
];

const TIMES: [Head; 14] = [
    ("Request", ""),
    ("timed", "requests whose time counts"),
    ("p50", ""),
    ("p66", ""),
    ("p75", ""),
    ("p80", ""),
    ("p90", ""),
    ("p95", ""),
    ("p98", ""),
    ("p99", ""),
    ("p99.9", ""),
    ("p99.99", ""),
    ("p100", "the slowest"),
    ("received", "bytes of bodies as they came over the wire"),
];

const PHASES: [Head; 16] = [
    ("Request", ""),
    ("opened", "connections opened"),
    ("reused", "uses of an open connection"),
    ("retried", "sent once more because a kept connection had gone away"),
    ("blocked p50", "waiting for a free connection"),
    ("p95", ""),
    ("dns p50", "address lookup"),
    ("p95", ""),
    ("connect p50", ""),
    ("p95", ""),
    ("tls p50", "handshake"),
    ("p95", ""),
    ("first byte p50", "from the connection being ready to the first byte of the answer"),
    ("p95", ""),
    ("download p50", "from the first to the last byte of the answer"),
    ("p95", ""),
];

/// The name of a row, as a link to its latencies where they are shown.
fn name(key: &RowKey, anchor: Option<usize>) -> Cell {
    Cell::markup(match anchor {
        Some(place) => format!("<a href=\"#r{place}\">{}</a>", Name(key)),
        None => Name(key).to_string(),
    })
}

fn all(key: &str) -> Cell {
    Cell::plain(key.to_owned()).marked("t", true)
}

pub(super) fn write(report: &Report, page: &mut Page) {
    if report.requests().is_empty() {
        put!(page, "<p class=\"note\">No request was made.</p>\n");
        return;
    }
    let shown = latency::shown(report);
    let anchor = |row: usize| shown.iter().position(|shown| *shown == row);
    put!(
        page,
        "<p class=\"note\">Times in milliseconds: service times, from the send to the last byte of the answer. "
    );
    put!(page, "The name leads to its latencies.</p>\n");
    let mut table = Table::new("Requests", COUNTS);
    for (index, row) in report.requests().iter().enumerate() {
        table.row(counts(row, name(&row.key, anchor(index))));
    }
    table.foot(counts(report.total(), all("All requests")));
    table.write(page);

    put!(page, "<h3>Percentiles</h3>\n");
    percentiles(report, "Percentiles", true, |row| &row.stats.service, page);
    if report.total().stats.response.count() > 0 {
        put!(
            page,
            "<h3>Percentiles, from when they were due</h3>\n<p class=\"note\">Response times: of requests of tasks that "
        );
        put!(
            page,
            "start by a schedule, from when the task should have started. A server that stalls is charged for what it "
        );
        put!(page, "held up.</p>\n");
        percentiles(report, "Percentiles from due", false, |row| &row.stats.response, page);
    }
}

fn counts(row: &RowSnapshot, name: Cell) -> Vec<Cell> {
    let (stats, times) = (&row.stats, &row.stats.service);
    let ratio = stats.fail_ratio();
    let size = stats.mean_size();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size")]
    let size_shown = size.map_or_else(|| NONE.to_owned(), |size| format_bytes(size.round() as u64));
    let mut cells = vec![
        name,
        count(stats.ok).into(),
        Cell::plain(count(stats.failed)).marked("bad", stats.failed > 0),
        Cell::plain(if stats.failed > 0 { ratio.map_or_else(String::new, percent) } else { NONE.to_owned() })
            .sorted_by(ratio.unwrap_or(-1.0)),
        count(stats.interrupted).into(),
        rate(row.rate).into(),
    ];
    let shown = [times.min(), times.mean(), times.p50(), times.p95(), times.p99(), times.max()];
    cells.extend(shown.map(|time| Cell::plain(millis(time))));
    cells.push(Cell::plain(size_shown).sorted_by(size.unwrap_or(-1.0)));
    cells
}

fn percentiles(
    report: &Report,
    label: &'static str,
    bytes: bool,
    of: impl Fn(&RowSnapshot) -> &Times,
    page: &mut Page,
) {
    // Bytes are those of all requests, also of those that were not due at any time.
    let mut table = Table::new(label, &TIMES[..TIMES.len() - usize::from(!bytes)]);
    let cells = |row: &RowSnapshot, name: Cell| {
        let times = of(row);
        let shown = PERCENTILES.iter().map(|percentile| Cell::plain(millis(times.percentile(*percentile))));
        let received = row.stats.bytes_received;
        #[expect(clippy::cast_precision_loss, reason = "for sorting")]
        let received = bytes.then(|| Cell::plain(format_bytes(received)).sorted_by(received as f64));
        [name, count(times.count()).into()].into_iter().chain(shown).chain(received).collect()
    };
    for row in report.requests().iter().filter(|row| of(row).count() > 0) {
        table.row(cells(row, name(&row.key, None)));
    }
    table.foot(cells(report.total(), all("All requests")));
    table.write(page);
}

/// Nothing where no client told.
pub(super) fn connections(report: &Report, page: &mut Page) {
    let rows = || report.requests().iter().filter(|row| row.stats.has_phases());
    if rows().next().is_none() {
        return;
    }
    put!(
        page,
        "<p class=\"note\">Where the time of requests went, in milliseconds. A phase counts where there was one: its "
    );
    put!(page, "percentiles say what a lookup or a handshake takes, not how seldom there is one.</p>\n");
    // Most runs have no lookups or handshakes: what nobody had is left out.
    let had: Vec<bool> = report.total().stats.phases.all().iter().map(|(_, times)| times.count() > 0).collect();
    let is_shown = |column: &usize| *column < 4 || had[(column - 4) / 2];
    let heads: Vec<Head> = (0..PHASES.len()).filter(is_shown).map(|column| PHASES[column]).collect();
    let mut table = Table::new("Connections and phases", heads);
    let cells = |row: &RowSnapshot, name: Cell| {
        let stats = &row.stats;
        let counts = [stats.connections_opened, stats.connections_reused, stats.retries].map(|of| count(of).into());
        let phases = stats.phases.all().into_iter().enumerate().filter(|(phase, _)| had[*phase]);
        let times = phases.flat_map(|(_, (_, times))| [times.p50(), times.p95()]).map(|at| Cell::plain(millis(at)));
        [name].into_iter().chain(counts).chain(times).collect()
    };
    for row in rows() {
        table.row(cells(row, name(&row.key, None)));
    }
    table.foot(cells(report.total(), all("All requests")));
    table.write(page);
}

//! Failures as they were: grouped, with samples of what was sent and what came back; and exceptions of user code.

use super::figures::{count, of, percent, share, since, time};
use super::markup::{Name, Page, Text, put};
use super::table::{Cell, Head, Table};
use crate::report::Report;
use crate::stats::{BodyText, Exchange, FailureKind, FailureRow, FailureSample, Phases};
use crate::units::format_bytes;

/// The most bytes of samples in a page; those of the most frequent failures come first.
const MOST_BYTES: usize = 1 << 20;

const EXCEPTIONS: [Head; 7] = [
    ("Where", "the user class and the task or hook"),
    ("Error", ""),
    ("Place", "in the source of the test"),
    ("count", ""),
    ("share", "of all exceptions"),
    ("first", "from the start of the run"),
    ("last", "from the start of the run"),
];

pub(super) fn write(report: &Report, page: &mut Page) {
    let failed = report.total().stats.failed;
    if report.failures().is_empty() {
        if report.total().stats.requests() > 0 {
            put!(page, "<p class=\"note\">No request failed.</p>\n");
        }
        return;
    }
    let mut groups: Vec<&FailureRow> = report.failures().iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    put!(
        page,
        "<p class=\"note\">{} in {}, the most frequent first. ",
        of(failed, "failure", "failures"),
        of(groups.len() as u64, "group", "groups")
    );
    put!(page, "Times count from the start of the run{}.</p>\n", with_what_is_left_out(report));
    let mut room = MOST_BYTES;
    let mut left_out = 0;
    for group in groups {
        let kept: Vec<_> = group.samples.iter().take_while(|sample| takes(sample, &mut room)).collect();
        left_out += group.samples.len() - kept.len();
        write_group(report, group, failed, &kept.into_iter().map(|sample| &**sample).collect::<Vec<_>>(), page);
    }
    if left_out > 0 {
        put!(
            page,
            "<p class=\"note\">{} left out, so that this file stays small.</p>\n",
            of(left_out as u64, "sample was", "samples were")
        );
    }
}

/// Charts begin later where something is left out: these times do not.
fn with_what_is_left_out(report: &Report) -> String {
    super::summary::left_out(report).map_or_else(String::new, |what| format!(", {what} included"))
}

/// Takes what a sample needs from the room that is left; `false` when it is not enough.
fn takes(sample: &FailureSample, room: &mut usize) -> bool {
    let exchange = sample.exchange.as_deref().map_or(0, |exchange| {
        exchange.request.len()
            + exchange.request_body.text.len()
            + exchange.response.len()
            + exchange.response_body.text.len()
    });
    // Escaping makes a text longer, of HTML by a quarter or so.
    let needed = (sample.details.len() + exchange) * 5 / 4 + 400;
    let fits = needed <= *room;
    *room -= if fits { needed } else { *room };
    fits
}

fn write_group(report: &Report, group: &FailureRow, failed: u64, samples: &[&FailureSample], page: &mut Page) {
    let requests = report.request(&group.key.method, &group.key.name).map_or(0, |row| row.stats.requests());
    let start = report.started_at();
    put!(page, "<details class=\"row failure\"><summary><span class=\"n\">{}×</span> ", count(group.count));
    put!(page, "<span class=\"what\">{} <bdi class=\"error\">{}</bdi></span>", Name(&group.key), Text(&group.error));
    put!(page, "<small>");
    if group.kind != FailureKind::Other {
        put!(page, "{} · ", group.kind);
    }
    put!(page, "{} of failures · ", percent(share(group.count, failed)));
    if requests > 0 {
        put!(page, "{} of its requests · ", percent(share(group.count, requests)));
    }
    let [first, last] = [group.first_seen, group.last_seen].map(|at| since(start, at));
    let seen = if first == last { format!("at {first}") } else { format!("{first} to {last}") };
    put!(page, "{seen}</small></summary>\n");
    if samples.is_empty() {
        if group.sample.is_empty() {
            put!(page, "<p class=\"note\">There is no sample.</p>\n");
        } else {
            put!(page, "<h4>For example</h4><pre tabindex=\"0\">{}</pre>\n", Text(&group.sample));
        }
    }
    for (index, sample) in samples.iter().enumerate() {
        put!(page, "<div class=\"sample\"><h4>Sample {} <small>", index + 1);
        write_who(report, sample, page);
        put!(page, "</small></h4>\n");
        if !sample.details.is_empty() && !says_it(sample) {
            put!(page, "<pre tabindex=\"0\">{}</pre>\n", Text(&sample.details));
        }
        if let Some(exchange) = &sample.exchange {
            write_exchange(exchange, page);
        }
        put!(page, "</div>\n");
    }
    put!(page, "</details>\n");
}

/// Whether the answer's body begins with the details, which then need not be shown twice.
fn says_it(sample: &FailureSample) -> bool {
    let body = sample.exchange.as_deref().map(|exchange| &exchange.response_body.text);
    // Details are one line, bodies are not.
    let mut details = sample.details.trim_end_matches('…').chars().filter(|c| !c.is_whitespace());
    body.is_some_and(|body| {
        let mut body = body.chars().filter(|c| !c.is_whitespace());
        details.all(|c| body.next() == Some(c))
    })
}

fn write_who(report: &Report, sample: &FailureSample, page: &mut Page) {
    put!(page, "at {} · took {}", since(report.started_at(), sample.at), time(sample.service_time));
    if !sample.class.is_empty() {
        put!(page, " · {}", Text(&sample.class));
    }
    if !sample.task.is_empty() {
        put!(page, "::{}", Text(&sample.task));
    }
    if let Some(number) = sample.user_number {
        put!(page, " · user {number}");
    }
    let phases = sample.phases.iter().flat_map(Phases::times);
    for (phase, took) in phases.filter(|(_, took)| !took.is_zero()) {
        put!(page, " · {phase} {}", time(took));
    }
}

fn write_exchange(exchange: &Exchange, page: &mut Page) {
    put!(
        page,
        "<div class=\"exchange\"><div><h5>Request</h5><pre tabindex=\"0\">{}",
        Text(exchange.request.trim_end())
    );
    write_body(&exchange.request_body, page);
    put!(page, "</pre></div><div><h5>Answer</h5><pre tabindex=\"0\">");
    if exchange.response.is_empty() && exchange.status.is_none() {
        put!(page, "<i>There was none.</i>");
    } else if exchange.response.is_empty() {
        put!(page, "{}", exchange.status.unwrap_or_default());
    } else {
        put!(page, "{}", Text(exchange.response.trim_end()));
    }
    write_body(&exchange.response_body, page);
    put!(page, "</pre></div></div>\n");
}

fn write_body(body: &BodyText, page: &mut Page) {
    if !body.text.is_empty() {
        put!(page, "\n\n{}", Text(&body.text));
    }
    if body.is_cut {
        put!(page, "\n<i>… cut; the whole body has {}.</i>", format_bytes(body.length));
    } else if body.text.is_empty() && body.length > 0 {
        put!(page, "\n\n<i>A body of {}.</i>", format_bytes(body.length));
    }
}

/// Nothing where there are none.
pub(super) fn exceptions(report: &Report, page: &mut Page) {
    if report.exceptions().is_empty() {
        return;
    }
    let all: u64 = report.exceptions().iter().map(|exception| exception.count).sum();
    put!(
        page,
        "<p class=\"note\">Errors and panics of the test's own code. Times count from the start of the run{}.</p>\n",
        with_what_is_left_out(report)
    );
    let mut table = Table::new("Exceptions", EXCEPTIONS).with_texts(3);
    let seconds = |moment: std::time::SystemTime| {
        moment.duration_since(report.started_at()).map_or(-1.0, |after| after.as_secs_f64())
    };
    for exception in report.exceptions() {
        let moment = |at| Cell::plain(since(report.started_at(), at)).sorted_by(seconds(at));
        table.row(vec![
            Cell::text(&format!("{}::{}", exception.class, exception.task)),
            Cell::text(&exception.message).marked("t wide", true),
            Cell::text(exception.place.as_deref().unwrap_or(super::figures::NONE)),
            count(exception.count).into(),
            percent(share(exception.count, all)).into(),
            moment(exception.first_seen),
            moment(exception.last_seen),
        ]);
    }
    table.write(page);
}

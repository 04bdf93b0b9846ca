//! How it went: the verdict, a sentence, what to be careful with, the main figures, and the thresholds.

use super::figures::{NONE, after, count, date, of, percent, rate, time};
use super::markup::{Page, Text, put};
use super::table::{Cell, Head, Table};
use crate::report::{EndedBy, Report};
use crate::stats::Times;
use crate::threshold;
use crate::units::format_duration;

const THRESHOLDS: [Head; 4] = [
    ("Threshold", ""),
    ("value", "of the whole run, or of its worst window"),
    ("verdict", ""),
    ("when", "from the start of the run"),
];

/// How a run went, in a word or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    Mixed,
    Bad,
}

impl Verdict {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Mixed => "mixed",
            Self::Bad => "bad",
        }
    }
}

/// Thresholds decide. Where there are none, nobody said what is good enough: then it is only told whether anything failed.
pub(super) fn verdict(report: &Report) -> (Verdict, String) {
    let stats = &report.total().stats;
    match report.ended_by() {
        EndedBy::SetupFailed { .. } => return (Verdict::Bad, "Setup failed".to_owned()),
        EndedBy::Abort => return (Verdict::Bad, "Broken off".to_owned()),
        _ => {}
    }
    let (met, all) = thresholds_met(report);
    if met < all && all == 1 {
        return (Verdict::Bad, "Threshold not met".to_owned());
    }
    if met < all {
        return (Verdict::Bad, format!("{} of {} not met", all - met, of(all, "threshold", "thresholds")));
    }
    if stats.requests() == 0 {
        return (Verdict::Mixed, "No requests".to_owned());
    }
    if all > 0 {
        let met = if all == 1 { "Threshold met".to_owned() } else { format!("All {all} thresholds met") };
        return (Verdict::Good, met);
    }
    if stats.failed > 0 || !report.exceptions().is_empty() {
        return (Verdict::Mixed, "Completed with failures".to_owned());
    }
    (Verdict::Good, "Completed without failures".to_owned())
}

/// How many thresholds were met, and how many there are.
fn thresholds_met(report: &Report) -> (u64, u64) {
    let results = report.thresholds();
    (results.iter().filter(|result| result.is_met()).count() as u64, results.len() as u64)
}

/// What was tested, for the title.
fn subject(report: &Report) -> String {
    match report.host() {
        Some(host) => crate::units::without_credentials(host),
        None => report.classes().join(", "),
    }
}

pub(super) fn document_title(report: &Report) -> String {
    format!("Load test of {} · {}", subject(report), date(report.started_at()))
}

pub(super) fn title(report: &Report, page: &mut Page) {
    put!(page, "<div class=\"title\"><h1>Load test of <bdi>{}</bdi></h1>", Text(&subject(report)));
    put!(page, "<p>{} · {}", date(report.started_at()), format_duration(report.duration()));
    put!(page, " · run <bdi>{}</bdi></p>", Text(report.run_id()));
    put!(page, "<button id=\"theme\" type=\"button\" hidden>Theme: system</button></div>");
}

pub(super) fn write(report: &Report, page: &mut Page) {
    let (verdict, words) = verdict(report);
    put!(
        page,
        "<section class=\"summary\" aria-label=\"Summary\"><p class=\"lead\"><strong class=\"verdict {}\">",
        verdict.class()
    );
    put!(page, "{}</strong> {}</p>\n", Text(&words), sentence(report));
    let warnings = report.warnings();
    if !warnings.is_empty() {
        put!(page, "<div class=\"warnings\" role=\"note\"><h2>To be careful with</h2><ul>");
        for warning in warnings {
            put!(page, "<li><bdi>{}</bdi></li>", Text(warning));
        }
        put!(page, "</ul></div>\n");
    }
    tiles(report, page);
    put!(page, "</section>\n");
}

/// The run in a few sentences, as markup.
fn sentence(report: &Report) -> String {
    let total = report.total();
    let (stats, users) = (&total.stats, most_users(report));
    // So long as rates count, so that one can be worked out from the other.
    let long = if stats.requests() > 0 { report.snapshot().measured } else { report.duration() };
    let long = format_duration(long);
    let mut text = format!(
        "{} in {long} by up to {}, {} per second",
        of(stats.requests(), "request", "requests"),
        of(users, "user", "users"),
        rate(total.rate)
    );
    if let Some(what) = left_out(report) {
        text += &format!(", without {what}");
    }
    text += "; ";
    text += &match stats.fail_ratio() {
        None => "there is nothing to be told of their times. ".to_owned(),
        Some(_) if stats.failed == 0 => "none failed. ".to_owned(),
        Some(ratio) => format!("{} failed ({}). ", percent(ratio), count(stats.failed)),
    };
    if let (Some(p50), Some(p95), Some(max)) = (stats.service.p50(), stats.service.p95(), stats.service.max()) {
        text += &format!(
            "Half of them took no more than {}, 95 % no more than <b>{}</b>; the slowest took {}. ",
            time(p50),
            time(p95),
            time(max)
        );
    }
    if let (Some(p95), true) = (stats.response.p95(), stats.response.count() > 0) {
        let due = stats.response.count();
        let which =
            if due < stats.service.count() { format!(" of the {} by schedule", count(due)) } else { String::new() };
        text += &format!("Counted from when they were due, 95 %{which} took no more than {}. ", time(p95));
    }
    text += &match report.ended_by() {
        EndedBy::Abort => "The run was broken off before its users had finished.".to_owned(),
        EndedBy::Request => "The run ended because it was asked to.".to_owned(),
        EndedBy::StopTest(why) => format!("The test itself ended the run: <bdi>{}</bdi>.", Text(why)),
        other => format!("The run ended because <bdi>{}</bdi>.", Text(&other.sentence())),
    };
    if report.is_incomplete() {
        text += " Some figures are missing.";
    }
    text
}

/// What of the run is in no figure.
pub(super) fn left_out(report: &Report) -> Option<String> {
    let settings = report.settings();
    let warm_up = settings.warm_up.map(|time| format!("the warm-up of {}", format_duration(time)));
    let spawning = settings.reset_stats.then(|| "the time in which users were started".to_owned());
    let both: Vec<_> = warm_up.into_iter().chain(spawning).collect();
    (!both.is_empty()).then(|| both.join(" and "))
}

/// The most users at a time.
pub(super) fn most_users(report: &Report) -> u64 {
    let seen = report.snapshot().history.run().map(|point| point.users).max();
    seen.filter(|users| *users > 0).unwrap_or_else(|| report.users())
}

fn tiles(report: &Report, page: &mut Page) {
    let total = report.total();
    let stats = &total.stats;
    let at = |time: Option<std::time::Duration>| time.map_or_else(|| NONE.to_owned(), self::time);
    put!(page, "<dl class=\"tiles\">");
    let mut tile = |name: &str, value: &str, below: &str| {
        put!(page, "<div><dt>{name}</dt><dd>{value}<small>{below}</small></dd></div>");
    };
    let peak = format!("peak {}", rate(highest_rate(report)));
    let interrupted = format!("{} interrupted", count(stats.interrupted));
    tile("Requests", &count(stats.requests()), if stats.interrupted > 0 { &interrupted } else { "" });
    tile("Failed", &stats.fail_ratio().map_or_else(|| NONE.to_owned(), percent), &count(stats.failed));
    tile("Per second", &rate(total.rate), &peak);
    let times: &Times = &stats.service;
    tile("Median", &at(times.p50()), &times.mean().map_or_else(String::new, |mean| format!("mean {}", time(mean))));
    tile("p95", &at(times.p95()), "of 100 requests, 95 took no longer");
    tile("p99", &at(times.p99()), &times.p999().map_or_else(String::new, |at| format!("p99.9 {}", time(at))));
    tile("Slowest", &at(times.max()), "");
    tile("Users", &count(most_users(report)), &format!("{} asked for", count(report.users())));
    put!(page, "</dl>\n");
}

/// The most requests per second in any second that is known; never less than the mean, which begins and ends with a request.
pub(super) fn highest_rate(report: &Report) -> f64 {
    report.snapshot().history.total().points().map(|point| point.rate()).fold(report.total().rate, f64::max)
}

/// Nothing where there are none.
pub(super) fn thresholds(report: &Report, page: &mut Page) {
    if report.thresholds().is_empty() {
        return;
    }
    put!(page, "<p class=\"note\">What the test demands. One that is not met fails the run.</p>\n");
    let mut table = Table::new("Thresholds", THRESHOLDS).with_texts(1);
    for result in report.thresholds() {
        let verdict = match result.verdict {
            threshold::Verdict::Met => Cell::plain("met").marked("good", true),
            other => Cell::plain(other.as_str()).marked("bad", true),
        };
        let at = match result.at {
            Some(at) if result.aborted => format!("{}, which ended the run", after(at)),
            Some(at) => after(at),
            None => "whole run".to_owned(),
        };
        table.row(vec![
            Cell::text(&result.threshold.to_string()),
            Cell::plain(if result.value.is_some() { Text(&result.shown_value()).to_string() } else { NONE.to_owned() }),
            verdict,
            Cell::plain(at),
        ]);
    }
    table.write(page);
    for result in report.thresholds().iter().filter(|result| !result.is_met()) {
        put!(page, "<p class=\"broken\"><bdi>{}</bdi></p>\n", Text(&result.sentence));
    }
}

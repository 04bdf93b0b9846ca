//! What was asked for, and what the words mean.

use super::figures::{count, date};
use super::markup::{Page, Text, put};
use crate::report::Report;
use crate::units::{format_duration, without_credentials};

pub(super) fn write(report: &Report, page: &mut Page) {
    put!(page, "<dl class=\"facts list\">");
    let mut fact = |name: &str, value: &str| {
        put!(page, "<div><dt><bdi>{}</bdi></dt><dd><bdi>{}</bdi></dd></div>", Text(name), Text(value));
    };
    if let Some(host) = report.host() {
        fact("Host", &without_credentials(host));
    }
    fact("User classes", &report.classes().join(", "));
    fact("Users", &count(report.users()));
    let settings = &report.settings;
    fact(
        "Spawn rate",
        &settings.spawn_rate.map_or_else(|| "all at once".to_owned(), |rate| format!("{rate} per second")),
    );
    fact("Run time", &settings.run_time.map_or_else(|| "until stopped".to_owned(), format_duration));
    if let Some(warm_up) = settings.warm_up {
        fact("Warm-up, left out", &format_duration(warm_up));
    }
    for (name, iterations) in
        [("Iterations", settings.iterations), ("Iterations per user", settings.iterations_per_user)]
    {
        if let Some(iterations) = iterations {
            fact(name, &count(iterations));
        }
    }
    fact("Started", &date(report.started_at()));
    fact("Took", &format_duration(report.duration()));
    fact("Ended", &report.ended_by().sentence());
    fact("Threads", &settings.threads.to_string());
    fact("Seed", &report.seed().to_string());
    fact("Run", report.run_id());
    fact("Version", &format!("loadtest {}", report.version));
    for (class, settings) in report.configured() {
        fact(&format!("Configured: {class}"), settings);
    }
    for (name, value) in report.options() {
        fact(&format!("Option: {name}"), value);
    }
    put!(page, "</dl>\n");
}

/// The words of the report, with what they mean.
const WORDS: [(&str, &str); 9] = [
    ("User", "A simulated user: it runs tasks, which make requests, and waits between them."),
    (
        "Failed",
        "The request got no answer, an answer with a status of 400 or above, or one that a check of the test refused.",
    ),
    (
        "Interrupted",
        "The request was given up before its answer was complete, because the run ended or the test wanted it so. It is no \
         failure, and its time does not count.",
    ),
    (
        "Service time",
        "From the send to the last byte of the answer. All times are service times unless it is said otherwise.",
    ),
    (
        "Response time, from due",
        "From when the request should have been made by a schedule. Where users wait for slow answers, service times look \
         better than what people would see who come at their own pace; response times do not.",
    ),
    (
        "p50, p95, p99, …",
        "Percentiles: p95 is the time within which 95 of 100 requests were complete. They are at most 0.4 % off, those of \
         phases and of a single name over time 1.6 %; minimum, mean and maximum are exact.",
    ),
    (
        "Over time",
        "There is a point for each second; in long runs several seconds are one point, with the percentiles of all their \
         requests.",
    ),
    ("Threshold", "What the test demands of a figure. One that is not met fails the run."),
    ("Transaction", "Several requests, and what lies between them, measured as one."),
];

pub(super) fn words(page: &mut Page) {
    put!(
        page,
        "<section id=\"words\" aria-label=\"What the words mean\"><details><summary>What the words mean</summary><dl class=\"words\">"
    );
    for (word, meaning) in WORDS {
        put!(page, "<dt>{word}</dt><dd>{meaning}</dd>");
    }
    put!(page, "</dl></details></section>\n");
}

//! The tables of the documentation.

use super::ours::Starts;
use super::rivals::Rival;
use super::seen::{FIGURES, Seen};
use super::validation::{MANY_USERS, Runs, Scheduled};
use super::{Distribution, PER_SECOND, USERS, verdict};
use crate::figures::Spread;
use crate::tables::{markdown, thousands};

/// A tool's run beside the server's log of it, or why there is none.
pub type Compared = Result<(Seen, Seen), String>;

/// The file that holds the tables.
pub const ACCURACY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/accuracy.md");

/// Our runs: of each figure the difference from the truth in the middle, and the largest.
#[must_use]
pub fn validation(measured: &[(Distribution, Runs)]) -> String {
    let mut head = vec!["delays", "requests a run", "good runs", "left out", "warned"];
    head.extend(FIGURES);
    let mut rows = vec![owned(&head)];
    for (distribution, all) in measured {
        let runs = &all.counted;
        let requests = Spread::of(runs.iter().map(|run| run.truth.took.count));
        let requests = requests.map_or_else(dash, |spread| thousands(spread.median.round() as u64));
        let (good, enough) = all.good();
        let verdict = match enough {
            true => format!("{good} of {}", runs.len()),
            false if (runs.len() as u64) < all.wanted => format!("{good} of {}: **too few**", runs.len()),
            false => format!("{good} of {}: **failed**", runs.len()),
        };
        let left_out = match all.left_out.len() {
            0 => "0".to_owned(),
            left_out => format!("{left_out}, good {}", all.left_out.iter().filter(|run| run.off().is_empty()).count()),
        };
        let warned = runs.iter().filter(|run| run.warned()).count().to_string();
        let mut row = vec![distribution.title.to_owned(), requests, verdict, left_out, warned];
        row.extend(FIGURES.map(|figure| {
            let differences: Vec<f64> =
                runs.iter().filter_map(|run| difference(&run.ours.service, &run.truth.took, figure)).collect();
            spread(&differences)
        }));
        rows.push(row);
    }
    markdown(&rows)
}

/// The server's own lateness over all runs, in microseconds.
#[must_use]
pub fn lateness(measured: &[(Distribution, Runs)]) -> String {
    let figure = |figure: &str| {
        let runs = measured.iter().flat_map(|(_, runs)| &runs.counted);
        Spread::of(runs.filter_map(|run| run.truth.lateness.time(figure)))
            .map_or_else(dash, |spread| format!("{:.0} µs ({:.0}–{:.0})", spread.median, spread.min, spread.max))
    };
    format!("p50 {}, p99 {}", figure("p50"), figure("p99"))
}

/// The difference in the middle, and in parentheses the largest one, in milliseconds.
fn spread(differences: &[f64]) -> String {
    let Some(middle) = Spread::of(differences.iter().copied()) else { return dash() };
    let largest = if middle.max.abs() >= middle.min.abs() { middle.max } else { middle.min };
    format!("{} ({})", signed(middle.median / 1000.0), signed(largest / 1000.0))
}

/// Scheduled starts under the stall: what was calculated, and ours.
#[must_use]
pub fn scheduled(runs: &[Scheduled]) -> String {
    let mut rows = vec![owned(&["", "requests", "p50", "p90", "p95", "p99", "max", "mean"])];
    let mut row = |name: String, seen: &Seen| {
        let mut row = vec![name, thousands(seen.count as u64)];
        row.extend(STALL_FIGURES.map(|figure| seen.time(figure).map_or_else(dash, milliseconds)));
        rows.push(row);
    };
    for Scheduled { users, analytic, run } in runs {
        let how = if *users == MANY_USERS {
            "a connection for each request".to_owned()
        } else {
            format!("{users} connections")
        };
        row(format!("{how}: calculated"), analytic);
        if let Some(response) = &run.ours.response {
            row(format!("**loadtest**, {users} users: response time"), response);
        }
        row(format!("**loadtest**, {users} users: service time"), &run.ours.service);
        row(format!("the server's log of these {users} users"), &run.truth.took);
    }
    markdown(&rows)
}

const STALL_FIGURES: [&str; 6] = ["p50", "p90", "p95", "p99", "max", "mean"];

/// A distribution: what happened in our run, and how far each tool is from what happened in its own.
#[must_use]
pub fn rivals(distribution: &Distribution, ours: &Compared, others: &[(Rival, Compared)]) -> String {
    let mut head = vec!["", "requests"];
    head.extend(FIGURES);
    let mut rows = vec![owned(&head)];
    if let Ok((_, truth)) = ours {
        let mut row = vec!["what happened, under loadtest".to_owned(), thousands(truth.count as u64)];
        row.extend(FIGURES.map(|figure| truth.time(figure).map_or_else(dash, milliseconds)));
        rows.push(row);
    }
    let mut notes = String::new();
    let names = others.iter().map(|(rival, compared)| (rival.name(Starts::Closed), compared));
    for (name, compared) in std::iter::once(("**loadtest**", ours)).chain(names) {
        match compared {
            Ok((seen, truth)) => {
                let mut row = vec![name.to_owned(), counts(seen, truth)];
                row.extend(FIGURES.map(|figure| off(seen, truth, figure)));
                rows.push(row);
            }
            Err(why) => {
                rows.push(owned(&[name, "not measured"]));
                notes.push_str(&format!("\n{name}: not measured: {}.\n", why.replace('\n', " ")));
            }
        }
    }
    format!("### {}\n\n{}{notes}", distribution.title, markdown(&rows))
}

/// The stall at a rate: what was calculated, and how far each tool is from it.
#[must_use]
pub fn rates(analytic: &Seen, ours: &Compared, others: &[(Rival, Compared)]) -> String {
    let mut rows = vec![owned(&["", "requests sent", "requests reported", "p50", "p90", "p95", "p99", "max", "mean"])];
    let wanted = thousands(analytic.count as u64);
    let mut row = vec!["calculated".to_owned(), wanted.clone(), wanted];
    row.extend(STALL_FIGURES.map(|figure| analytic.time(figure).map_or_else(dash, milliseconds)));
    rows.push(row);
    let mut notes = String::new();
    let names = others.iter().map(|(rival, compared)| (rival.name(Starts::Scheduled), compared));
    let ours = std::iter::once(("**loadtest** `constant_throughput`, response time", ours));
    for (name, compared) in ours.chain(names) {
        match compared {
            Ok((seen, truth)) => {
                let mut row = vec![name.to_owned(), thousands(truth.count as u64), thousands(seen.count as u64)];
                row.extend(STALL_FIGURES.map(|figure| {
                    let (Some(seen), Some(expected)) = (seen.time(figure), analytic.time(figure)) else {
                        return dash();
                    };
                    let text = format!("{} ({:+.1} %)", milliseconds(seen), (seen / expected - 1.0) * 100.0);
                    bold(minus(&text), (seen - expected).abs() > 0.05 * expected)
                }));
                rows.push(row);
            }
            Err(why) => {
                rows.push(owned(&[name, "not measured"]));
                notes.push_str(&format!("\n{name}: not measured: {}.\n", why.replace('\n', " ")));
            }
        }
    }
    let title =
        format!("### The stall at {PER_SECOND} requests per second, {USERS} users: from when a request was due");
    format!("{title}\n\n{}{notes}", markdown(&rows))
}

fn counts(seen: &Seen, truth: &Seen) -> String {
    let difference = seen.count - truth.count;
    if difference == 0.0 {
        return "0".to_owned();
    }
    bold(minus(&format!("{difference:+.0} ({:+.1} %)", difference / truth.count * 100.0)), true)
}

/// How far off a figure is in milliseconds; what is too far, also in percent and in bold.
fn off(seen: &Seen, truth: &Seen, figure: &str) -> String {
    let (Some(difference), Some(truth)) = (difference(seen, truth, figure), truth.time(figure)) else { return dash() };
    // The mean is to be as good as a median, the maximum as p99.9.
    let like = match figure {
        "mean" => "p50",
        "max" => "p99.9",
        figure => figure,
    };
    if verdict::tolerance(like, truth).is_some_and(|tolerance| difference.abs() > tolerance) {
        let percent = minus(&format!("{:+.1} %", difference / truth * 100.0));
        bold(format!("{} ({percent})", signed(difference / 1000.0)), true)
    } else {
        signed(difference / 1000.0)
    }
}

fn difference(seen: &Seen, truth: &Seen, figure: &str) -> Option<f64> {
    Some(seen.time(figure)? - truth.time(figure)?)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn dash() -> String {
    "–".to_owned()
}

fn bold(text: String, bold: bool) -> String {
    if bold { format!("**{text}**") } else { text }
}

/// A difference in milliseconds.
fn signed(milliseconds: f64) -> String {
    minus(&format!("{milliseconds:+.2}").replace("-0.00", "+0.00"))
}

/// With the minus of text.
fn minus(text: &str) -> String {
    text.replace('-', "−")
}

fn milliseconds(microseconds: f64) -> String {
    format!("{:.2}", microseconds / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::DISTRIBUTIONS;

    fn seen(count: f64, ms: f64) -> Seen {
        Seen::new(count, FIGURES.map(|figure| (figure, ms * 1000.0)))
    }

    fn cells<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
        let line = text.lines().find(|line| line.starts_with(&format!("| {start}"))).unwrap();
        line.split('|').map(str::trim).collect()
    }

    #[test]
    fn what_is_too_far_off_is_bold_and_in_percent() {
        let ours = Ok((seen(100.0, 50.05), seen(100.0, 50.0)));
        let wrk = Ok((Seen::new(99.0, [("p50", 60_000.0), ("p99.9", 52_000.0)]), seen(100.0, 50.0)));
        let text = rivals(&DISTRIBUTIONS[0], &ours, &[(Rival::Wrk, wrk), (Rival::Oha, Err("no oha".to_owned()))]);
        assert_eq!(cells(&text, "what")[2..4], ["100", "50.00"]);
        assert_eq!(cells(&text, "**loadtest**")[2..4], ["0", "+0.05"]);
        let wrk = cells(&text, "wrk");
        assert_eq!((wrk[2], wrk[3], wrk[4]), ("**−1 (−1.0 %)**", "**+10.00 (+20.0 %)**", "–"));
        assert_eq!(wrk[8], "+2.00");
        assert!(text.contains("\noha: not measured: no oha.\n"), "{text}");
    }

    #[test]
    fn at_a_rate_figures_stand_beside_what_was_calculated() {
        let ours = Ok((seen(4000.0, 102.0), seen(4000.0, 5.0)));
        let text = rates(&seen(4000.0, 100.0), &ours, &[(Rival::Goose, Ok((seen(10.0, 50.0), seen(9.0, 5.0))))]);
        assert_eq!(cells(&text, "**loadtest**")[2..5], ["4,000", "4,000", "102.00 (+2.0 %)"]);
        assert_eq!(cells(&text, "Goose")[2..5], ["9", "10", "**50.00 (−50.0 %)**"]);
    }

    #[test]
    fn of_several_runs_the_middle_and_the_largest() {
        assert_eq!(spread(&[60.0, -90.0, 50.0]), "+0.05 (−0.09)");
        assert_eq!(spread(&[]), "–");
    }
}

//! Outcomes as Markdown, and the places of a README where they stand.

use std::path::Path;

use crate::clients::Client;
use crate::figures::{Figures, Spread, ratio, spread};
use crate::machine;
use crate::rounds::{Outcome, milliseconds};
use crate::scenarios::Scenario;

/// The README that holds the tables.
pub const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// When, where and with what it was measured; in so many rounds of so many seconds, if there are any.
#[must_use]
pub fn heading(versions: &[String], rounds: Option<(u64, u64)>) -> String {
    let mut parts = vec![machine::machine()];
    if let Some((rounds, seconds)) = rounds {
        parts.insert(0, format!("{rounds} {} of {seconds} s", if rounds == 1 { "round" } else { "rounds" }));
    }
    parts.extend_from_slice(versions);
    format!("Measured on {}: {}.\n", machine::today(), parts.join("; "))
}

/// The table of a scenario, with its title.
#[must_use]
pub fn scenario(outcome: &Outcome) -> String {
    let reference = outcome.scenario.reference();
    let of = if reference == Client::Wrk { "of wrk's" } else { "of oha's" };
    let head = ["client", "requests/s", of, "CPU µs/request", of, "p50 ms", of, "p99 ms", of, "server's core"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (client, rounds) in &outcome.clients {
        let name = label(&outcome.scenario, *client);
        if rounds.iter().all(Result::is_err) {
            rows.push(vec![name, "not measured".to_owned()]);
            continue;
        }
        let mut row = vec![name];
        let columns: [(Figure, Show); 4] = [
            (|figures| Some(figures.rate), |rate| thousands(rate.round() as u64)),
            (|figures| Some(figures.cpu), |cpu| format!("{cpu:.2}")),
            (|figures| figures.p50, |time| milliseconds(Some(time))),
            (|figures| figures.p99, |time| milliseconds(Some(time))),
        ];
        for (figure, show) in columns {
            row.push(spread(rounds, figure).map_or_else(dash, |spread| show(spread.median)));
            row.push(
                outcome.rounds(reference).and_then(|other| ratio(rounds, other, figure)).map_or_else(dash, ratios),
            );
        }
        row.push(spread(rounds, |figures| Some(figures.server)).map_or_else(dash, percent));
        rows.push(row);
    }
    format!("### {}\n\n{}{}", outcome.scenario.title, markdown(&rows), notes(outcome))
}

type Figure = fn(&Figures) -> Option<f64>;
type Show = fn(f64) -> String;

fn label(scenario: &Scenario, client: Client) -> String {
    match client {
        Client::Ours if scenario.half_load => format!("{}: each user paced", client.name()),
        Client::Oha if scenario.half_load => format!("{} with `-q`: one rate for all", client.name()),
        _ => client.name().to_owned(),
    }
}

fn notes(outcome: &Outcome) -> String {
    let mut notes = String::new();
    if let Some(why) = outcome.server_bound() {
        notes.push_str(&format!("\n**The server is the limit here**: {why}. Read the CPU, not the rates.\n"));
    }
    if let Some(rate) = outcome.per_second {
        notes.push_str(&format!(
            "\nBoth were asked for {}/s, half of what wrk had just made. Ours: a request of each user is due at fixed times, \
             and one that is late is sent at once. oha: `-q` hands out permits to all connections. Both times run from the \
             sending of a request, not from when it was due. wrk has no such mode.\n",
            thousands(rate)
        ));
    }
    for (client, rounds) in &outcome.clients {
        let failed: Vec<&String> = rounds.iter().filter_map(|round| round.as_ref().err()).collect();
        if let Some(why) = failed.first() {
            let count =
                if failed.len() == rounds.len() { String::new() } else { format!(" in {} rounds", failed.len()) };
            notes.push_str(&format!("\n{}: not measured{count}: {}.\n", client.name(), why.replace('\n', " ")));
        }
    }
    notes
}

fn dash() -> String {
    "–".to_owned()
}

fn ratios(spread: Spread) -> String {
    let digits = |value: f64| if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
    if spread.min == spread.max {
        return digits(spread.median);
    }
    format!("{} ({}–{})", digits(spread.median), digits(spread.min), digits(spread.max))
}

fn percent(spread: Spread) -> String {
    format!("{:.0} %", spread.median * 100.0)
}

/// A whole number with commas.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A Markdown table, its columns of one width; the first row is its head. Rows that are too short are filled up.
#[must_use]
pub fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, width) in widths.iter().enumerate() {
            text.push_str(&format!("| {:<width$} ", cell(row, column)));
        }
        text.push_str("|\n");
        if number == 0 {
            text.push_str(&"|---".repeat(columns));
            text.push_str("|\n");
        }
    }
    text
}

/// Puts `text` between `<!-- name:begin -->` and `<!-- name:end -->` of a file.
///
/// # Errors
/// When the file or its markers are missing.
pub fn write_between(file: &Path, name: &str, text: &str) -> Result<(), String> {
    let wrong = |error| format!("{}: {error}", file.display());
    let old = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let new = replace_between(&old, name, text).map_err(wrong)?;
    std::fs::write(file, new).map_err(|error| wrong(error.to_string()))
}

fn replace_between(old: &str, name: &str, text: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let missing = || format!("no line `{begin}` with a line `{end}` below it");
    let (head, rest) = old.split_once(&begin).ok_or_else(missing)?;
    let (_, tail) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{head}{begin}\n{}\n{end}{tail}", text.trim_end()))
}

#[cfg(test)]
mod tests;

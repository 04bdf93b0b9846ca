//! A full scripted user beside wrk, against the fixed-response server, in one run: `cargo bench --bench end_to_end`.
//!
//! The quick sister of the `rivals` benchmark: one client to compare with, one page, nothing to install but wrk. The
//! server is pinned to core 0, the client to core 1; wrk and we take turns, and the ratios are taken round by round,
//! because absolute figures of a shared machine move. Then 10,000 users with a connection each: how much memory, how
//! fast they start. `ROUNDS` and `SECONDS` change how long it takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::process::ExitCode;
use std::time::Duration;

use benches::asked::{self, number};
use benches::clients::Client;
use benches::figures::{Spread, ratio};
use benches::scenarios::Scenario;
use benches::server::{Served, Server};
use benches::tools::Tools;
use benches::{child, outputs, rounds};

/// As a page behind a log-in: each answer sets the cookie again.
const SERVED: Served = Served { body: 1024, cookies: 1, tls: false };

fn main() -> ExitCode {
    asked::main("end_to_end", run)
}

fn run() -> Result<(), String> {
    Server::build()?;
    let clients = [Client::Wrk, Client::Ours];
    let tools = Tools::prepare(&clients)?;
    for (title, users) in [("50 users, keep-alive, 1 KiB", 50), ("250 users, keep-alive, 1 KiB", 250)] {
        let scenario = Scenario::new("end-to-end", title, users, SERVED, &clients);
        let outcome = rounds::measure(&scenario, &tools, number("ROUNDS", 5)?, number("SECONDS", 4)?)?;
        let (Some(wrk), Some(ours)) = (outcome.rounds(Client::Wrk), outcome.rounds(Client::Ours)) else { continue };
        let rates = ratio(ours, wrk, |figures| Some(figures.rate));
        let cpus = ratio(ours, wrk, |figures| Some(figures.cpu));
        println!("  of wrk's: requests per second {}, CPU per request {}", text(rates), text(cpus));
    }
    memory()
}

fn text(spread: Option<Spread>) -> String {
    let text = |Spread { median, min, max }| format!("{median:.3} ({min:.3}–{max:.3})");
    spread.map_or_else(|| "not measured".to_owned(), text)
}

fn memory() -> Result<(), String> {
    let server = Server::start(SERVED)?;
    let finished = child::run(&format!("memory {} 10000", server.url()), Duration::from_secs(120))?;
    let footprint = outputs::footprint(&finished.stdout)?;
    println!(
        "\n10,000 users with an open connection each: {:.1} KiB each, all connected and answered within {:.1} s",
        footprint.bytes_per_user.unwrap_or_default() / 1024.0,
        footprint.connected_seconds.unwrap_or_default()
    );
    Ok(())
}

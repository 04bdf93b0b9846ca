//! What ten open pages cost the load generator: `cargo bench --bench readers`.
//!
//! A run with 2,000 names as fast as it can be, on one core, alone and with the web UI and ten readers of its event stream;
//! in turns, and the ratio of CPU per request is taken pair by pair. The server and the readers are on the other core.
//! `PAIRS` and `SECONDS` change how long it takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::process::ExitCode;

use benches::asked::{self, number};
use benches::figures::Spread;
use benches::readers::{self, NAMES, READERS};
use benches::server::{Served, Server};

const SERVED: Served = Served { body: 1024, cookies: 0, tls: false };

fn main() -> ExitCode {
    asked::main("readers", run)
}

fn run() -> Result<(), String> {
    Server::build()?;
    let (pairs, seconds) = (number("PAIRS", 7)?, number("SECONDS", 6)?);
    let server = Server::start(SERVED)?;
    println!("{NAMES} names, {pairs} pairs of {seconds} s, {READERS} readers or none");
    let mut ratios = Vec::new();
    for pair in 0..pairs {
        // Who comes first changes: a core that was idle is faster for a while.
        let (alone, watched) = if pair % 2 == 0 {
            let alone = readers::measure(server.url(), seconds, false)?;
            (alone, readers::measure(server.url(), seconds, true)?)
        } else {
            let watched = readers::measure(server.url(), seconds, true)?;
            (readers::measure(server.url(), seconds, false)?, watched)
        };
        let ratio = watched.cpu / alone.cpu;
        println!(
            "  {:>2}  alone {:>7.0}/s {:>6.2} µs   watched {:>7.0}/s {:>6.2} µs   {ratio:.3}   {:.0} KiB a reader and second",
            pair + 1,
            alone.rate,
            alone.cpu,
            watched.rate,
            watched.cpu,
            watched.bytes / 1024.0 / READERS as f64 / seconds as f64
        );
        ratios.push(ratio);
    }
    let Spread { median, min, max } = Spread::of(ratios).ok_or("no pairs")?;
    println!("CPU per request, watched to alone: {median:.3} ({min:.3}–{max:.3}); asked: below 1.03");
    Ok(())
}

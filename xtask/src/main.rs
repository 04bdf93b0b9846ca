//! `cargo xtask test`: everything that must pass before a change lands, in the order in which it fails fastest.

#![expect(clippy::print_stderr, reason = "what a build tool says belongs on stderr, beside cargo's own words")]

mod browser;
mod budget;
mod fuzz;
mod terminal;
mod ui;

use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
Tasks of the project:

  cargo xtask test            formatting, lints, documentation, the crate budget, every feature, fuzzing, all tests
  cargo xtask budget          how many crates a user of the library compiles
  cargo xtask fuzz [SECONDS]  every fuzz target, for so long each (60)
  cargo xtask ui [--check]    builds the page of the web UI; or looks whether the committed one is what its sources make
";

/// Seconds for each fuzz target: alone, and with the tests, where two cores take half a minute for all.
const LONG: u64 = 60;
const SHORT: u64 = 5;

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let done = match task.as_deref() {
        Some("test") => test(),
        Some("budget") => budget::check(),
        Some("fuzz") => match std::env::args().nth(2).map_or(Ok(LONG), |seconds| seconds.parse()) {
            Ok(seconds) => fuzz::run(seconds),
            Err(_) => Err("the seconds of fuzzing are a whole number".to_owned()),
        },
        Some("ui") => match std::env::args().nth(2).as_deref() {
            None => ui::build(),
            Some("--check") => ui::check(),
            Some(_) => Err("`cargo xtask ui` has one flag: --check".to_owned()),
        },
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything, the tests last: their summary is the last thing on the screen.
fn test() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"], &[])?;
    // What a test suite uses, and what a crate for another protocol uses.
    for features in [
        &["--no-default-features", "--features", "http"][..],
        &["--no-default-features"],
        &["--no-default-features", "--features", "http,cli"],
        &["--no-default-features", "--features", "feeders"],
        &["--features", "reqwest"],
        &["--no-default-features", "--features", "tower"],
        &["--features", "tower"],
        &["--features", "tui"],
    ] {
        cargo(&[&["clippy", "-p", "loadtest-rs", "--lib"], features, &["--", "-D", "warnings"]].concat(), &[])?;
    }
    cargo(&["doc", "--workspace", "--all-features", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    budget::check()?;
    fuzz::run(SHORT)?;
    ui::check()?;
    browser::provide()?;
    terminal::provide()?;
    // The second transport, and the one without a network. The rest is tested as most people build it: the compiler's messages, which the macros' tests
    // compare, name the clients that there are.
    cargo(&["test", "-p", "loadtest-http", "--all-features"], &[])?;
    cargo(&["test", "--workspace"], &[])
}

/// Runs cargo and shows what is run and how long it took.
fn cargo(arguments: &[&str], variables: &[(&str, &str)]) -> Result<(), String> {
    let line = format!("cargo {}", arguments.join(" "));
    eprintln!("xtask: {line}");
    let started = Instant::now();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(variables.iter().copied())
        .status()
        .map_err(|error| format!("`{line}` could not be started: {error}"))?;
    eprintln!("xtask: {line}: {} s", started.elapsed().as_secs());
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed")) }
}

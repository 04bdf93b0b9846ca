//! What is asked of a benchmark, and how it ends.

use std::io::Write;
use std::process::ExitCode;

use crate::child;

/// A whole number above 0 from the environment.
///
/// # Errors
/// When there is something else.
pub fn number(name: &str, default: u64) -> Result<u64, String> {
    match std::env::var(name) {
        Err(_) => Ok(default),
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name}={text} is no number above 0")),
        },
    }
}

/// The whole program: what a child is to do, where it is one, else the benchmark of this name.
pub fn main(name: &str, run: impl FnOnce() -> Result<(), String>) -> ExitCode {
    if let Some(code) = child::main() {
        return code;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads this if it cannot be written.
            let _ = writeln!(std::io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

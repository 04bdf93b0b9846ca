//! The server that is late on purpose, in a process of its own, on a core of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use super::seen::Seen;
use crate::process::{self, SERVER_CORE};
use crate::server::target_directory;

/// The program.
pub const PROGRAM: &str = "truth_server";

/// A running server. It ends when it is asked for its log, and with this value.
#[derive(Debug)]
pub struct TruthServer {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

/// What the server did.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The requests that it answered, and what that took.
    pub took: Seen,
    /// Requests that it received, answered or not.
    pub received: f64,
    /// How much later than drawn it answered; included in what it took.
    pub lateness: Seen,
    /// For how many microseconds it did not have its core; in what it took.
    pub away: f64,
}

/// What the first request of each connection is, which takes connecting as well: the server cannot know of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// A request as any other.
    Counts,
    /// Answered at once, and left out on both sides.
    Greets,
}

impl TruthServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(delays: &str, seed: u64, first: First) -> Result<Self, String> {
        // What else the machine has to do is to be done here, where the log has it, and not on the client's core.
        let mut command = process::giving_way(SERVER_CORE, target_directory()?.join("release").join(PROGRAM));
        command.args(["--delays", delays, "--seed", &seed.to_string(), "--busy"]);
        if first == First::Greets {
            command.arg("--greeted");
        }
        let wrong = |error: std::io::Error| format!("the server: {error}");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(wrong)?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut url = String::new();
        let read = stdout.read_line(&mut url).map_err(wrong);
        let server = Self { child, stdout, url: url.trim().to_owned() };
        read?;
        if server.url.is_empty() { Err("the server ended before it listened".to_owned()) } else { Ok(server) }
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the server.
    ///
    /// # Errors
    /// When it does not tell what it did.
    pub fn finish(mut self) -> Result<Truth, String> {
        drop(self.child.stdin.take());
        let mut told = String::new();
        self.stdout.read_to_string(&mut told).map_err(|error| format!("the server's log: {error}"))?;
        truth(&told)
    }
}

impl Drop for TruthServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what the server prints at its end: lines of a name and a number.
fn truth(told: &str) -> Result<Truth, String> {
    let figures: Vec<(&str, f64)> = told
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, v)| Some((name, v.parse().ok()?)))
        .collect();
    let one = |wanted: &str| figures.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let answered = one("answered").ok_or("the server did not tell what it did")?;
    let times = |kind: &str| {
        let times = figures.iter().filter_map(|(name, value)| Some((name.strip_prefix(kind)?.to_owned(), *value)));
        Seen::new(answered, times)
    };
    Ok(Truth {
        took: times("took_"),
        received: one("received").unwrap_or_default(),
        lateness: times("lateness_"),
        away: one("away").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_tells() {
        let told =
            "received 3\nanswered 2\naway 250.5\ntook_p50 51.5\ntook_p99.9 52.0\ndelay_p50 50.0\nlateness_p50 1.5\n";
        let truth = truth(told).unwrap();
        assert_eq!((truth.received, truth.took), (3.0, Seen::new(2.0, [("p50", 51.5), ("p99.9", 52.0)])));
        assert_eq!(truth.away, 250.5);
        assert_eq!(truth.lateness.time("p50"), Some(1.5));
        assert!(super::truth("").is_err());
    }
}

//! Our figures beside the truth: runs, and what they came to.

use super::analytic;
use super::ours::{self, BusyLoop, Ours, Starts};
use super::seen::{FIGURES, Seen};
use super::server::{Truth, TruthServer};
use super::{Distribution, USERS, verdict};

/// The delays of the runs with scheduled starts.
const STALL: &str = "stall";

/// Users with a connection each, of which none is asked for a request before its last was answered, whatever stalls.
pub const MANY_USERS: u64 = 500;

/// Whether the median service time of users that wait for a stall may differ from that of a closed run, in microseconds.
const CLOSED_VIEW: f64 = 1000.0;

/// How the report's warnings about the load generator itself begin.
const OF_ITSELF: &str = "the load generator was at its limit";

/// One run of ours, and what the server did meanwhile.
#[derive(Debug, Clone)]
pub struct Run {
    /// What was reported.
    pub ours: Ours,
    /// What happened.
    pub truth: Truth,
}

impl Run {
    /// Runs against a server of its own.
    ///
    /// # Errors
    /// When either of the two fails.
    pub fn measure(delays: &str, seed: u64, starts: Starts, users: u64, seconds: u64) -> Result<Self, String> {
        let server = TruthServer::start(delays, seed)?;
        let ours = ours::run(server.url(), starts, users, seconds)?;
        Ok(Self { ours, truth: server.finish()? })
    }

    /// Whether its own report says that the load generator was at its limit.
    #[must_use]
    pub fn warned(&self) -> bool {
        self.ours.warnings.iter().any(|warning| warning.starts_with(OF_ITSELF))
    }

    /// What of the service times is off.
    #[must_use]
    pub fn off(&self) -> Vec<String> {
        verdict::off(&self.ours.service, &self.truth.took)
    }
}

/// Closed runs against one distribution, shown as they come.
///
/// # Errors
/// When a run fails.
pub fn closed(distribution: &Distribution, runs: u64, seconds: u64) -> Result<Vec<Run>, String> {
    println!("\n{}: {runs} runs of {seconds} s", distribution.title);
    let run = |number: u64| {
        let run = Run::measure(distribution.name, number, Starts::Closed, USERS, seconds)?;
        let late = |figure| run.truth.lateness.time(figure).unwrap_or_default();
        println!(
            "  {number:>2}  {:>6.0} requests  {}  (server's own lateness p50 {:.0}, p99 {:.0} µs)  {}",
            run.truth.took.count,
            differences(&run.ours.service, &run.truth.took),
            late("p50"),
            late("p99"),
            said(&run.off())
        );
        for warning in &run.ours.warnings {
            println!("      {warning}");
        }
        Ok(run)
    };
    (1..=runs).map(run).collect()
}

/// How many of these runs are good, and whether that is enough.
#[must_use]
pub fn good(runs: &[Run]) -> (usize, bool) {
    let good = runs.iter().filter(|run| run.off().is_empty()).count();
    (good, verdict::enough(good, runs.len()))
}

/// A run with scheduled starts under the stall.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// Users with a connection each.
    pub users: u64,
    /// What was calculated.
    pub analytic: Seen,
    /// The run.
    pub run: Run,
}

impl Scheduled {
    /// What is off: of response times, beside what was calculated; of service times, beside the server's log; and beside
    /// what a closed run sees, where there are fewer users than requests that wait.
    #[must_use]
    pub fn off(&self) -> Vec<String> {
        let mut off = match &self.run.ours.response {
            None => vec!["no response times".to_owned()],
            Some(response) => verdict::off_analytic(response, &self.analytic),
        };
        off.extend(self.run.off().into_iter().map(|what| format!("service {what}")));
        let service = self.run.ours.service.time("p95").unwrap_or_default();
        if self.users < MANY_USERS && (service - 5000.0).abs() > CLOSED_VIEW {
            off.push(format!("service p95 {:.2} ms instead of 5 ms", service / 1000.0));
        }
        off
    }
}

/// The stall with scheduled starts: with as few users as the closed runs have, and with a connection for every request.
///
/// # Errors
/// When a run fails.
pub fn scheduled(periods: u32) -> Result<Vec<Scheduled>, String> {
    let seconds = u64::from(periods) * 10;
    println!("\nscheduled starts under the stall, {seconds} s each");
    let run = |(users, connections): (u64, usize)| {
        let run = Run::measure(STALL, users, Starts::Scheduled, users, seconds)?;
        let scheduled = Scheduled { users, analytic: analytic::responses(periods, connections), run };
        let Run { ours, truth } = &scheduled.run;
        println!("  {users} users: {}", said(&scheduled.off()));
        if let Some(response) = &ours.response {
            println!("      response times: {}", differences(response, &scheduled.analytic));
        }
        println!("      service times:  {}", differences(&ours.service, &truth.took));
        Ok(scheduled)
    };
    [(USERS, USERS as usize), (MANY_USERS, usize::MAX)].into_iter().map(run).collect()
}

/// What the report of a run says of the load generator when another process keeps its core busy.
///
/// # Errors
/// When the run fails.
pub fn beside_a_busy_loop(seconds: u64) -> Result<Vec<String>, String> {
    println!("\na busy loop on the client's core, {seconds} s");
    let server = TruthServer::start("constant", 1)?;
    let busy = BusyLoop::start()?;
    let ours = ours::run(server.url(), Starts::Closed, USERS, seconds)?;
    drop(busy);
    let truth = server.finish()?;
    println!("  {}", differences(&ours.service, &truth.took));
    let warnings: Vec<String> = ours.warnings.into_iter().filter(|warning| warning.starts_with(OF_ITSELF)).collect();
    match warnings.as_slice() {
        [] => println!("  NO WARNING"),
        warnings => warnings.iter().for_each(|warning| println!("  {warning}")),
    }
    Ok(warnings)
}

fn said(off: &[String]) -> String {
    if off.is_empty() { "good".to_owned() } else { format!("OFF: {}", off.join(", ")) }
}

/// Milliseconds more or less than the truth.
fn differences(seen: &Seen, truth: &Seen) -> String {
    let one = |figure: &&str| {
        let difference = (seen.time(figure)? - truth.time(figure)?) / 1000.0;
        Some(format!("{figure} {difference:+.2}"))
    };
    format!("{} ms", FIGURES.iter().filter_map(one).collect::<Vec<_>>().join(" "))
}

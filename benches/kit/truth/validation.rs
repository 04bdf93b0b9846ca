//! Our figures beside the truth: runs, and what they came to.

use std::time::Instant;

use super::analytic;
use super::awake::Awake;
use super::ours::{self, BusyLoop, Ours, Starts};
use super::seen::{FIGURES, Seen};
use super::server::{First, Truth, TruthServer};
use super::{Distribution, USERS, verdict};

/// The delays of the runs with scheduled starts.
const STALL: &str = "stall";

/// Users with a connection each, of which none is asked for a request before its last was answered, whatever stalls.
pub const MANY_USERS: u64 = 500;

/// By how much the 95th percentile of the service time of users that wait for a stall may differ from that of a closed run, in
/// microseconds.
const CLOSED_VIEW: f64 = 1000.0;

/// Runs of which the machine took more than this share of the time from the client are left out, whatever they say: p99
/// is one request in a hundred, and what came together while the core was away stays together and meets the next disturbance
/// as one. What it took from the server is in the server's log, and so in the truth.
const TAKEN: f64 = 0.005;

/// For each run that is to count, so many are made at most.
const ATTEMPTS: u64 = 2;

/// How the report's warnings about the load generator itself begin.
const OF_ITSELF: &str = "the load generator was at its limit";

/// One run of ours, and what the server did meanwhile.
#[derive(Debug, Clone)]
pub struct Run {
    /// What was reported.
    pub ours: Ours,
    /// What happened.
    pub truth: Truth,
    /// For how long the client's core was taken away, in microseconds.
    pub taken: f64,
    /// That of this many seconds, in which the client was started, measured, and ended.
    pub took: f64,
}

impl Run {
    /// Runs against a server of its own.
    ///
    /// # Errors
    /// When either of the two fails.
    pub fn measure(
        (delays, seed): (&str, u64),
        first: First,
        starts: Starts,
        users: u64,
        seconds: u64,
    ) -> Result<Self, String> {
        let server = TruthServer::start(delays, seed, first)?;
        let awake = Awake::start()?;
        let started = Instant::now();
        let ours = ours::run(server.url(), first, starts, users, seconds)?;
        let took = started.elapsed().as_secs_f64();
        Ok(Self { ours, taken: awake.finish()?, truth: server.finish()?, took })
    }

    /// Whether the machine took too much of the core for the run to say anything about the tool.
    #[must_use]
    pub fn disturbed(&self) -> bool {
        self.taken > TAKEN * self.took * 1e6
    }

    /// How long each core was away.
    fn away(&self) -> String {
        format!("client's core away for {:.1} ms, server's for {:.1} ms", self.taken / 1e3, self.truth.away / 1e3)
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

/// Runs that count, and how many do not.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    /// Those during which the client had its core.
    pub counted: Vec<Run>,
    /// Those during which it had not.
    pub left_out: Vec<Run>,
    /// How many were to be counted.
    pub wanted: u64,
}

impl Runs {
    /// How many runs are good, and whether that is enough.
    #[must_use]
    pub fn good(&self) -> (usize, bool) {
        let good = self.counted.iter().filter(|run| run.off().is_empty()).count();
        let all = self.counted.len() as u64 == self.wanted;
        (good, all && verdict::enough(good, self.counted.len()))
    }
}

/// Closed runs against one distribution, shown as they come; those that the machine disturbed are made again, within bounds.
///
/// # Errors
/// When a run fails.
pub fn closed(distribution: &Distribution, wanted: u64, seconds: u64) -> Result<Runs, String> {
    println!("\n{}: {wanted} runs of {seconds} s", distribution.title);
    let mut runs = Runs { wanted, ..Runs::default() };
    for seed in 1..=wanted * ATTEMPTS {
        if runs.counted.len() as u64 == wanted {
            break;
        }
        let run = Run::measure((distribution.name, seed), First::Greets, Starts::Closed, USERS, seconds)?;
        let late = |figure| run.truth.lateness.time(figure).unwrap_or_default();
        println!(
            "  {seed:>2}  {:>6.0} requests  {}  ({}; its lateness p50 {:.0}, p99 {:.0} µs)  {}{}",
            run.truth.took.count,
            differences(&run.ours.service, &run.truth.took),
            run.away(),
            late("p50"),
            late("p99"),
            if run.disturbed() { "LEFT OUT, would be " } else { "" },
            said(&run.off())
        );
        for warning in &run.ours.warnings {
            println!("      {warning}");
        }
        if run.disturbed() { runs.left_out.push(run) } else { runs.counted.push(run) }
    }
    Ok(runs)
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
        if self.run.disturbed() {
            off.push(format!("in {ATTEMPTS} runs the machine always took a core away"));
        }
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
    [(USERS, USERS as usize), (MANY_USERS, usize::MAX)]
        .into_iter()
        .map(|(users, connections)| {
            let measure = || Run::measure((STALL, users), First::Counts, Starts::Scheduled, users, seconds);
            let mut run = measure()?;
            for _ in 1..ATTEMPTS {
                if !run.disturbed() {
                    break;
                }
                println!("  {users} users: left out, {}", run.away());
                run = measure()?;
            }
            let scheduled = Scheduled { users, analytic: analytic::responses(periods, connections), run };
            let Run { ours, truth, .. } = &scheduled.run;
            println!("  {users} users: {} ({})", said(&scheduled.off()), scheduled.run.away());
            if let Some(response) = &ours.response {
                println!("      response times: {}", differences(response, &scheduled.analytic));
            }
            println!("      service times:  {}", differences(&ours.service, &truth.took));
            Ok(scheduled)
        })
        .collect()
}

/// What the report of a run says of the load generator when another process keeps its core busy.
///
/// # Errors
/// When the run fails.
pub fn beside_a_busy_loop(seconds: u64) -> Result<Vec<String>, String> {
    println!("\na busy loop on the client's core, {seconds} s");
    let server = TruthServer::start("constant", 1, First::Greets)?;
    let busy = BusyLoop::start()?;
    let ours = ours::run(server.url(), First::Greets, Starts::Closed, USERS, seconds)?;
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

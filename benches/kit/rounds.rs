//! A scenario, measured: all clients take turns within a round, and each round begins with another one.

use crate::clients::{Client, Load};
use crate::figures::{self, Rounds};
use crate::scenarios::Scenario;
use crate::server::Server;
use crate::tools::Tools;

/// A server whose core is this busy could not have answered much faster.
const BUSY: f64 = 0.95;

/// What came of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// What was measured.
    pub scenario: Scenario,
    /// Each client's rounds, in the order of the scenario.
    pub clients: Vec<(Client, Rounds)>,
    /// The rate of a scenario at half load.
    pub per_second: Option<u64>,
}

impl Outcome {
    /// The rounds of one client.
    #[must_use]
    pub fn rounds(&self, client: Client) -> Option<&Rounds> {
        self.clients.iter().find(|(one, _)| *one == client).map(|(_, rounds)| rounds)
    }

    /// Whether the server was the limit for the clients that are as fast as wrk, or why that is not so.
    #[must_use]
    pub fn server_bound(&self) -> Option<String> {
        let busy = |client| {
            let busy = figures::spread(self.rounds(client)?, |figures| Some(figures.server))?;
            (busy.median >= BUSY)
                .then(|| format!("its core was {:.0} % busy under {}", busy.median * 100.0, name(client)))
        };
        let (bare, wrk) = (self.rounds(Client::Bare), self.rounds(Client::Wrk));
        let slower = bare.zip(wrk).and_then(|(bare, wrk)| {
            let ratio = figures::ratio(bare, wrk, |figures| Some(figures.rate))?.median;
            (ratio <= 1.0).then(|| format!("the bare client got {ratio:.2} times wrk's rate out of it"))
        });
        slower.or_else(|| busy(Client::Wrk)).or_else(|| busy(Client::Ours))
    }
}

fn name(client: Client) -> String {
    client.name().replace("**", "")
}

/// Measures a scenario and shows each figure as it comes.
///
/// # Errors
/// When the server cannot be started. A client that fails is a matter of its own row.
pub fn measure(scenario: &Scenario, tools: &Tools, rounds: u64, seconds: u64) -> Result<Outcome, String> {
    println!("\n{}, in rounds of {seconds} s", scenario.title);
    let mut server = Server::start(scenario.served)?;
    let mut load = Load { users: scenario.users, seconds, per_second: None };
    if scenario.half_load {
        let runs: Rounds = (0..rounds.min(3)).map(|_| Client::Wrk.measure(tools, &server, &load)).collect();
        let wrk = figures::spread(&runs, |figures| Some(figures.rate)).map(|spread| spread.median);
        let wrk = wrk.ok_or("without wrk there is no half of its rate")?;
        // In whole thousands: nobody can read more out of it.
        let half = (wrk / 2000.0).round().max(1.0) as u64 * 1000;
        println!("  wrk makes {wrk:.0}/s, so half of it is {half}/s");
        load.per_second = Some(half);
    }
    let mut clients: Vec<(Client, Rounds)> = scenario.clients.iter().map(|&client| (client, Vec::new())).collect();
    let count = clients.len();
    for round in 0..usize::try_from(rounds).unwrap_or(1) {
        println!("  round {} of {rounds}", round + 1);
        // Some clients leave the caches, the clock of the core or the allocator of the server behind in another state.
        for turn in 0..count {
            let Some((client, results)) = clients.get_mut((round + turn) % count) else { continue };
            let mut result = client.measure(tools, &server, &load);
            if let Some(how) = server.ended() {
                println!("    THE SERVER HAS ENDED: {how}; a new one takes its place");
                result = Err(format!("the server ended: {how}"));
                server = Server::start(scenario.served)?;
            }
            match &result {
                Ok(figures) => println!(
                    "    {:<34} {:>8.0}/s  {:>7.2} us CPU  p50 {:>7}  p99 {:>7}  server {:>3.0} % busy",
                    name(*client),
                    figures.rate,
                    figures.cpu,
                    milliseconds(figures.p50),
                    milliseconds(figures.p99),
                    figures.server * 100.0
                ),
                Err(why) => println!("    {:<34} NOT MEASURED: {why}", name(*client)),
            }
            results.push(result);
        }
    }
    let outcome = Outcome { scenario: scenario.clone(), clients, per_second: load.per_second };
    if let Some(why) = outcome.server_bound() {
        println!("  THE SERVER IS THE LIMIT HERE: {why}");
    }
    Ok(outcome)
}

/// Microseconds as milliseconds; a dash for nothing.
#[must_use]
pub fn milliseconds(microseconds: Option<f64>) -> String {
    match microseconds {
        None => "–".to_owned(),
        Some(microseconds) if microseconds < 10_000.0 => format!("{:.2}", microseconds / 1000.0),
        Some(microseconds) => format!("{:.0}", microseconds / 1000.0),
    }
}

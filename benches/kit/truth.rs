//! Are reported times what happened? A tool's figures beside the log of a server that is late by a known distribution.

pub mod analytic;
pub mod awake;
pub mod ours;
pub mod rivals;
pub mod seen;
pub mod server;
pub mod tables;
pub mod validation;
pub mod verdict;

/// Users of every run, but those that are as many as connections are needed.
pub const USERS: u64 = 20;

/// Requests per second of all users together, where their starts are scheduled.
pub const PER_SECOND: u64 = 200;

/// What the server is told for a run, and how long the run is.
#[derive(Debug, Clone, Copy)]
pub struct Distribution {
    /// As `truth_server --delays` knows it.
    pub name: &'static str,
    /// As the tables say it.
    pub title: &'static str,
    /// Until 20 users without waits have had more than 2,500 answers; under the stall until it is over, so that p99.9 is
    /// one of the requests that waited for that, and not by chance one or the other. No longer, because few machines leave
    /// two cores alone for long.
    pub seconds: u64,
}

/// All of them.
pub const DISTRIBUTIONS: [Distribution; 5] = [
    Distribution { name: "constant", title: "constant, 50.4 ms", seconds: 7 },
    Distribution { name: "uniform", title: "uniform, 10 to 90 ms", seconds: 7 },
    Distribution { name: "lognormal", title: "lognormal, median 20 ms, σ 1", seconds: 5 },
    Distribution { name: "bimodal", title: "bimodal, 5 ms and for 4 % 105 ms", seconds: 4 },
    Distribution { name: "stall", title: "5 ms, with a stall of 2 s every 10 s", seconds: 6 },
];

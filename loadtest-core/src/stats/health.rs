//! How the load generator itself is: whether it, and not the server, was the limit.

use super::Times;

/// The load generator over the run, or since the last reset. What a system does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct GeneratorHealth {
    /// Threads that drive users.
    pub threads: usize,
    /// The mean use of processors by this process, in cores: 1.0 is one core all the time.
    pub cpu: Option<f64>,
    /// The highest use in any second, in cores.
    pub cpu_max: Option<f64>,
    /// The highest use of any thread that drives users in any second, 0 to 1.
    pub thread_max: Option<f64>,
    /// The memory of this process now, in bytes (resident).
    pub memory: Option<u64>,
    /// The most it had.
    pub memory_max: Option<u64>,
    /// The share of time in which a thread that drives users was ready to run and got no core, 0 to 1: of the thread that
    /// fared worst.
    pub held_up: Option<f64>,
    /// By how much the threads that drive users were late for a regular appointment with themselves: what a user has to wait
    /// for its turn.
    pub queue_delay: Times,
}

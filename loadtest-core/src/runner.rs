//! Running a plan: a controller, a shard per thread, and the life of each user.

pub(crate) mod board;
pub(crate) mod controller;
pub(crate) mod load_test;
pub(crate) mod panics;
mod ramp;
pub(crate) mod shard;
#[cfg(test)]
mod tests;
pub(crate) mod threads;
pub(crate) mod user_loop;
mod watchdog;

pub use controller::EndedBy;
pub use load_test::{LoadTest, RunError, Running};

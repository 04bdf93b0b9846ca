//! Running a plan: a controller, a shard per thread, and the life of each user.

mod classes;
pub(crate) mod controller;
mod embedding;
mod hooks;
mod listeners;
pub(crate) mod load_test;
mod ramp;
mod readings;
pub(crate) mod run_error;
pub(crate) mod running;
pub(crate) mod shard;
mod single_user;
#[cfg(test)]
mod tests;
pub(crate) mod threads;
mod thresholds;
mod watchdog;

pub use load_test::LoadTest;
pub use run_error::RunError;
pub use running::{Running, Stopper};

//! What the end-to-end benchmarks share: the server, our users, the clients they are compared with, and how runs
//! become tables.

#![expect(clippy::print_stdout, reason = "benchmarks print their figures")]

pub mod asked;
pub mod child;
pub mod clients;
pub mod figures;
pub mod outputs;
pub mod process;
pub mod readers;
pub mod rounds;
pub mod scenarios;
pub mod server;
pub mod soak;
pub mod tables;
pub mod tools;
pub mod truth;
pub mod waits;

mod bare;
mod footprint;
mod machine;
mod users;

pub use footprint::footprint;

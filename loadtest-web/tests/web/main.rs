//! The server over real sockets, with a test that runs.

#![expect(clippy::unwrap_used, reason = "tests")]

mod client;
mod endpoints;
mod events;
mod load;
mod locust;
mod past;
mod ratio;
mod safety;
mod tls;

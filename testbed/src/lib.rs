//! Systems under test: the servers that the examples, tests and benchmarks of
//! `loadtest` put load on. Nothing here knows the load tester, so nothing here
//! can share its mistakes.
//!
//! | module | what it serves |
//! |---|---|
//! | [`owncloud`] | an ownCloud with accounts, WebDAV files, sessions and locks |
//! | [`fixed`] | one prebuilt response, faster than any client can ask for it |
//! | [`truth`] | late by a known distribution, to some microseconds, and it keeps a log of how late |
//! | [`echo`] | what was sent, over http or https; delays, drips, redirects, cookies |
//! | [`slides`] | a website with a login and a forum behind it |
//! | `users_service` | users with name and e-mail address: JSON, on SQLite (feature `sqlite`) |
//! | `tweetcheck` | a list of tweets that grows with every POST: JSON, on SQLite (feature `sqlite`) |
//! | [`misbehaving`] | whatever can be wrong: silence, resets, floods, broken framing, bad certificates |
//!
//! Every server runs on threads of its own with its own runtime, listens on a free
//! port of 127.0.0.1, is up when the call that starts it returns, and is gone (its
//! listener and all of its connections) when its handle is dropped. All of them count
//! what they received, see [`RequestCounts`].

pub mod echo;
pub mod fixed;
pub mod misbehaving;
pub mod owncloud;
pub mod slides;
pub mod truth;
#[cfg(feature = "sqlite")]
pub mod tweetcheck;
#[cfg(feature = "sqlite")]
pub mod users_service;

mod counts;
mod escape;
#[cfg(feature = "sqlite")]
mod json;
mod payload;
mod random;
mod scan;
mod serve;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tls;

pub use counts::{RequestCounts, RouteCounts};

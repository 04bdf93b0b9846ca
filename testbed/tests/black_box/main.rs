//! The servers, seen from outside over real sockets. `client` is the only thing these
//! tests know HTTP by: what is checked here is not checked with the library that is
//! tested against these servers.

mod client;
mod echo;
mod fixed;
mod life;
mod misbehaving;
mod misbehaving_tls;
mod owncloud_books;
mod owncloud_dav;
mod owncloud_locks;
mod owncloud_ocs;
mod owncloud_sessions;
mod programs;
mod slides;
mod tls;
mod truth;
#[cfg(feature = "sqlite")]
mod tweetcheck;
#[cfg(feature = "sqlite")]
mod users_service;

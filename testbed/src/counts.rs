//! What a server received and answered, to the request.
//!
//! A request counts as received once its head was parsed and its body was read to the
//! end. From then on it counts, also when the client goes away without waiting for the
//! answer: what a load tester started and what a server received can be compared to
//! the request, with no timing in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};

/// A snapshot of what a server has received and answered so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// One row for each method and route that was asked for.
    pub rows: BTreeMap<(String, &'static str), RouteCounts>,
    /// Connections accepted since the start.
    pub connections_accepted: u64,
    /// Connections open now.
    pub connections_open: u64,
}

/// The counts of one method on one route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// Requests received whole: head and body.
    pub received: u64,
    /// Answers handed to the connection, by status code. A request whose client left
    /// before the answer was ready is received but not answered.
    pub answered: BTreeMap<u16, u64>,
}

impl RequestCounts {
    /// Requests with this method received whole on this route.
    #[must_use]
    pub fn received(&self, method: &str, route: &str) -> u64 {
        self.matching(method, route).map(|row| row.received).sum()
    }

    /// Answers with this status to this method on this route.
    #[must_use]
    pub fn answered(&self, method: &str, route: &str, status: u16) -> u64 {
        self.matching(method, route).filter_map(|row| row.answered.get(&status)).sum()
    }

    /// All requests received whole.
    #[must_use]
    pub fn received_total(&self) -> u64 {
        self.rows.values().map(|row| row.received).sum()
    }

    /// All answers.
    #[must_use]
    pub fn answered_total(&self) -> u64 {
        self.rows.values().flat_map(|row| row.answered.values()).sum()
    }

    /// All answers with this status.
    #[must_use]
    pub fn answered_with(&self, status: u16) -> u64 {
        self.rows.values().filter_map(|row| row.answered.get(&status)).sum()
    }

    fn matching<'a>(&'a self, method: &'a str, route: &'a str) -> impl Iterator<Item = &'a RouteCounts> {
        self.rows.iter().filter(move |((m, r), _)| m == method && *r == route).map(|(_, row)| row)
    }
}

/// The write side of [`RequestCounts`], shared by the connections of a server.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: Mutex<BTreeMap<(String, &'static str), RouteCounts>>,
    accepted: AtomicU64,
    open: AtomicU64,
}

impl Tally {
    pub(crate) fn received(&self, method: &Method, route: &'static str) {
        self.rows().entry((method.to_string(), route)).or_default().received += 1;
    }

    pub(crate) fn answered(&self, method: &Method, route: &'static str, status: StatusCode) {
        let mut rows = self.rows();
        let row = rows.entry((method.to_string(), route)).or_default();
        *row.answered.entry(status.as_u16()).or_default() += 1;
    }

    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn connected(self: &Arc<Self>) -> OpenConnection {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenConnection(Arc::clone(self))
    }

    pub(crate) fn snapshot(&self) -> RequestCounts {
        RequestCounts {
            rows: self.rows().clone(),
            connections_accepted: self.accepted.load(Ordering::Relaxed),
            connections_open: self.open.load(Ordering::Relaxed),
        }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<(String, &'static str), RouteCounts>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by a connection's task for as long as the connection is open.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Tally>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

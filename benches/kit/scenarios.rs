//! What is measured, and who takes part in what.

use crate::clients::Client::{self, Bare, Goose, LocustFast, LocustHttp, Oha, Ours, OursDiscarding, Reqwest, Wrk};
use crate::server::Served;

/// A table.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is chosen by.
    pub name: &'static str,
    /// Over the table.
    pub title: &'static str,
    /// Users with a connection each.
    pub users: u64,
    /// What the server answers.
    pub served: Served,
    /// Who takes part, in the order of the table.
    pub clients: Vec<Client>,
    /// At half of wrk's rate instead of as fast as can be; ratios are to oha then.
    pub half_load: bool,
}

impl Scenario {
    /// A scenario in which all clients go as fast as they can.
    #[must_use]
    pub fn new(name: &'static str, title: &'static str, users: u64, served: Served, clients: &[Client]) -> Self {
        Self { name, title, users, served, clients: clients.to_vec(), half_load: false }
    }

    /// The client that the others are compared with.
    #[must_use]
    pub fn reference(&self) -> Client {
        if self.half_load { Oha } else { Wrk }
    }
}

/// The name of the table about memory and the time to make users.
pub const MEMORY: &str = "memory";

const KIB: Served = Served { body: 1024, cookies: 0, tls: false };
const SMALL: Served = Served { body: 10, ..KIB };
const LARGE: Served = Served { body: 64 * 1024, ..KIB };
const COOKIES: Served = Served { cookies: 3, ..KIB };
const TLS: Served = Served { tls: true, ..KIB };

const ALL: &[Client] = &[Bare, Wrk, Ours, Oha, Reqwest, Goose, LocustFast, LocustHttp];
/// Those for which thousands of users, or a body of another size, make a difference.
const FAST: &[Client] = &[Bare, Wrk, Ours, Oha, Reqwest, Goose];
/// The bare client speaks no TLS.
const SECURE: &[Client] = &[Wrk, Ours, Oha, Reqwest, Goose];

/// All tables about rates.
#[must_use]
pub fn all() -> Vec<Scenario> {
    let mut large = Scenario::new("large-50", "64 KiB, 50 users", 50, LARGE, FAST);
    large.clients.insert(3, OursDiscarding);
    let mut half =
        Scenario::new("half-load-50", "Half load: 1 KiB, 50 users, half of wrk's rate", 50, KIB, &[Ours, Oha]);
    half.half_load = true;
    vec![
        Scenario::new("plain-50", "1 KiB, 50 users", 50, KIB, ALL),
        Scenario::new("plain-250", "1 KiB, 250 users", 250, KIB, ALL),
        Scenario::new("plain-2000", "1 KiB, 2,000 users", 2000, KIB, FAST),
        Scenario::new("small-50", "10 bytes, 50 users", 50, SMALL, FAST),
        large,
        Scenario::new("cookies-50", "1 KiB and 3 cookies set by each answer, 50 users", 50, COOKIES, FAST),
        Scenario::new("tls-50", "TLS: 1 KiB, 50 users", 50, TLS, SECURE),
        Scenario::new("tls-250", "TLS: 1 KiB, 250 users", 250, TLS, SECURE),
        half,
    ]
}

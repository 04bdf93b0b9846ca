//! What `#[tasks(…)]` takes.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks(sequential, markov, wait_time = constant(Duration::from_secs(1)), order = "random", krate = "loadtest")]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Admin;

#[tasks(crate)]
impl Admin {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Guest;

#[tasks(crate = loadtest)]
impl Guest {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Bot;

#[tasks(crate = "load test", crate = "loadtest", "more", crate "loadtest")]
impl Bot {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

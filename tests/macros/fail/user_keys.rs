//! The keys of `#[user(…)]`.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
#[user(wait = constant(Duration::from_secs(1)), wieght = 3, colour = "red")]
#[user(name = "a", name = "b")]
#[user(host = "http://localhost", weight)]
#[user(host = "http://localhost:80", wait_time = )]
#[user(weight(3), "name", name "Shopper", weight = 3 4)]
struct Shopper;

#[derive(User)]
#[user(min_wait = 5000, max_wait = 15000)]
struct Visitor;

#[tasks]
impl Visitor {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
#[user]
#[user = "Admin"]
#[client]
#[init(3)]
struct Admin;

#[tasks]
impl Admin {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

//! What is wrong with sequences and Markov chains.

use loadtest::prelude::*;

struct Chain;

#[tasks(markov)]
impl Chain {
    #[task]
    #[next(raed = 3, last)]
    async fn first(&mut self) {}

    #[task]
    #[next(last = 0)]
    async fn read(&mut self) {}

    #[task(3)]
    #[next(last = "2")]
    async fn weighted(&mut self) {}

    #[task(tags("x"))]
    #[next(first, first = 2)]
    async fn tagged(&mut self) {}

    #[task]
    #[next]
    async fn bare(&mut self) {}

    #[task]
    #[next()]
    async fn empty(&mut self) {}

    #[task]
    #[next(last)]
    #[next(first)]
    async fn twice(&mut self) {}

    #[task]
    #[next(3)]
    async fn number(&mut self) {}

    #[next(first)]
    async fn no_task(&mut self) {}

    #[task]
    #[transition("last")]
    async fn as_in_locust(&mut self) {}

    #[task]
    async fn last(&mut self) {}
}

struct Nowhere;

#[tasks(markov)]
impl Nowhere {
    #[task]
    async fn first(&mut self) {}
}

struct Random;

#[tasks]
impl Random {
    #[task]
    #[next(first)]
    async fn first(&mut self) {}
}

struct Both;

#[tasks(markov, sequential)]
impl Both {
    #[task]
    #[next(first)]
    async fn first(&mut self) {}
}

struct Assigned;

#[tasks(sequential = true)]
impl Assigned {
    #[task]
    async fn first(&mut self) {}
}

fn main() {}

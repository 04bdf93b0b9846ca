//! A task that no way leads to is a warning, which can be made an error like any other.

#![deny(deprecated)]

use loadtest::prelude::*;

struct Chain;

#[tasks(markov)]
impl Chain {
    #[task]
    #[next(last)]
    async fn first(&mut self) {}

    #[task]
    #[next(last)]
    async fn island(&mut self) {}

    #[task]
    async fn last(&mut self) {}
}

fn main() {}

//! Values of another type than the key wants: the error stands at the value.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

fn slow() -> Duration {
    Duration::from_secs(5)
}

fn seconds() -> u64 {
    5
}

#[derive(User)]
#[user(wait_time = seconds(), weight = Some(3), fixed_count = slow(), name = slow())]
struct Shopper;

#[derive(User)]
#[user(wait_time = self.pause)]
struct Slow {
    pause: f64,
}

#[derive(User)]
#[user(wait_time = constant_pacing(5))]
struct Paced;

#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(1)).catch_up(CatchUp::Skip))]
struct Unscheduled;

#[tasks]
impl Unscheduled {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Paced {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Slow {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

//! Values of another type than the key wants: the error stands at the value.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

fn slow() -> Duration {
    Duration::from_secs(5)
}

#[derive(User)]
#[user(wait_time = slow(), weight = Some(3), fixed_count = slow(), name = slow())]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

//! What a macro expands to is not known when `#[tasks]` looks for tasks.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

macro_rules! more_tasks {
    () => {};
}

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}

    more_tasks!();
}

fn main() {}

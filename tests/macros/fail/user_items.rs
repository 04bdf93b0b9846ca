//! `#[derive(User)]` is for structs.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
enum Shopper {
    Fast,
    Slow,
}

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
union Bits {
    number: u32,
}

#[tasks]
impl Bits {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

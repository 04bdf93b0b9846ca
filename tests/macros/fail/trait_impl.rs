//! `#[tasks]` on the implementation of a trait.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

trait Shopping {
    async fn look(&mut self);
}

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopping for Shopper {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

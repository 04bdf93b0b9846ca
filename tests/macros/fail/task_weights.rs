//! The weight of a task is a whole number of at least 1.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

const OFTEN: u32 = 5;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task(0)]
    async fn zero(&mut self) {}

    #[task(-3)]
    async fn negative(&mut self) {}

    #[task(1.5)]
    async fn fraction(&mut self) {}

    #[task("3")]
    async fn string(&mut self) {}

    #[task(OFTEN)]
    async fn constant(&mut self) {}

    #[task(4_294_967_296)]
    async fn too_much(&mut self) {}

    #[task(weight = 3)]
    async fn with_a_key(&mut self) {}

    #[task = 3]
    async fn assigned(&mut self) {}

    #[task()]
    async fn empty(&mut self) {}

    #[task(2, 3)]
    async fn two(&mut self) {}

    #[task(2 3)]
    async fn no_comma(&mut self) {}

    #[task(3)]
    async fn right(&mut self) {}
}

fn main() {}

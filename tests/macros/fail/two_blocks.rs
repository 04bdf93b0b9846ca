//! All tasks of a user stand in one block.

#![allow(unused)]

use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Shopper {
    #[task]
    async fn buy(&mut self) {}
}

fn main() {}

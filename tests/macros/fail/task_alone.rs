//! `#[task]` without `#[tasks]` on the block.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, task, tasks};

struct Shopper;

impl Shopper {
    #[task(3)]
    async fn look(&mut self) {}
}

#[task]
async fn buy() {}

#[derive(User)]
struct Admin;

#[task]
impl Admin {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Guest;

#[tasks]
impl Guest {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}

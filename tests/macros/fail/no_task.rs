//! A block without a task: hooks alone make no user.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper<T: Default>(T);

#[tasks]
impl<T: Default> Shopper<T> {
    async fn on_start(&mut self) -> TaskResult {
        Ok(())
    }
}

fn main() {}

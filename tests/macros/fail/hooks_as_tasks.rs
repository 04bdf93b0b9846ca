//! A hook is no task.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}

    #[task]
    async fn on_start(&mut self) {}

    #[tasks]
    async fn on_stop(&mut self) {}

    #[task(3)]
    async fn setup() {}

    #[task_set]
    async fn teardown() {}
}

#[derive(User)]
struct Admin;

#[tasks]
impl Admin {
    #[task]
    async fn look(&mut self) {}

    #[cfg_attr(unix, task)]
    async fn on_start(&mut self) {}
}

fn main() {}

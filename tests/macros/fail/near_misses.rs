//! Names that are almost a hook's.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}

    async fn on_strat(&mut self) {}
    async fn onstart(&mut self) {}
    async fn on_started(&mut self) {}
    async fn start_on(&mut self) {}
    async fn on_stop_(&mut self) {}
    async fn stop_on(&mut self) {}
    async fn on_stopp(&mut self) {}
    async fn on_stpo(&mut self) {}
    async fn set_up(cx: &SetupContext) {}
    async fn setUp(cx: &SetupContext) {}
    async fn setpu(cx: &SetupContext) {}
    async fn on_test_start(cx: &SetupContext) {}
    async fn tear_down() {}
    async fn tearDown() {}
    async fn on_test_stop() {}

    // These are far enough away.
    fn step(&self) {}
    fn stop(&self) {}
    fn restart(&self) {}
    fn on_step(&mut self) {}
    async fn on_shop(&mut self) {}

    // No hook has `self` and parameters.
    fn set_ip(&mut self, ip: std::net::IpAddr) {}
    fn on_stat(&mut self, size: u64) {}
}

fn main() {}

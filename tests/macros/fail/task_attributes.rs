//! `#[task]` stands once, on a method, where `#[tasks]` sees it.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    #[task(3)]
    async fn twice(&mut self) {}

    #[tasks]
    async fn with_an_s(&mut self) {}

    #[task_set(5)]
    fn forum(&mut self) -> Forum {
        Forum
    }

    #[cfg_attr(unix, task(3))]
    async fn conditional(&mut self) {}

    #[task]
    const LIMIT: u32 = 3;

    #[task]
    type Shop = Shopper;
}

fn main() {}

//! Hooks that have the right name and the wrong form.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}

    fn on_start(&mut self) -> TaskResult {
        Ok(())
    }

    async fn on_stop(self, how: &str) {}

    async fn setup(&mut self) -> Result<u32, std::fmt::Error> {
        Ok(1)
    }

    async fn teardown(self) {}
}

#[derive(User)]
struct Admin;

#[tasks]
impl Admin {
    #[task]
    async fn look(&mut self) {}

    async fn on_start() {}

    async fn on_stop<T>(&mut self) {}

    fn setup(cx: SetupContext, users: u32) -> impl Send {}

    async unsafe fn teardown(shared: (), cx: &SetupContext, users: u32) {}
}

#[derive(User)]
struct Guest;

#[tasks]
impl Guest {
    #[task]
    async fn look(&mut self) {}

    async fn setup(cx: &mut SetupContext) -> ! {
        loop {}
    }

    async fn teardown(cx: &SetupContext, shared: &()) {}
}

struct Accounts;

#[derive(User)]
struct Visitor {
    #[shared]
    accounts: Arc<Accounts>,
}

#[tasks]
impl Visitor {
    async fn setup() -> Accounts {
        Accounts
    }

    #[task]
    async fn look(&mut self) {}
}

fn main() {}

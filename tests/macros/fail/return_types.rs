//! Return types of tasks and hooks that mean nothing to the runner: the error stands at the type.

#![allow(unused)]

use std::rc::Rc;

use loadtest::prelude::*;
use loadtest::{User, tasks};

struct NoError;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    async fn on_start(&mut self) -> bool {
        true
    }

    #[task]
    async fn number(&mut self) -> u32 {
        5
    }

    #[task]
    async fn value(&mut self) -> Result<u32, std::fmt::Error> {
        Ok(5)
    }

    #[task]
    async fn text(&mut self) -> Result<(), String> {
        Ok(())
    }

    #[task]
    async fn no_error(&mut self) -> Result<(), NoError> {
        Ok(())
    }

    #[task]
    async fn opaque(&mut self) -> impl Sized {}

    async fn teardown() -> Option<()> {
        None
    }
}

#[derive(User)]
struct Admin;

#[tasks]
impl Admin {
    async fn setup() -> Result<Rc<u32>, std::fmt::Error> {
        Ok(Rc::new(5))
    }

    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Visitor;

#[tasks]
impl Visitor {
    async fn setup() -> Result<u32, NoError> {
        Ok(5)
    }

    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Guest;

#[tasks]
impl Guest {
    async fn setup() -> Result<String, std::fmt::Error> {
        Ok(String::new())
    }

    #[task]
    async fn look(&mut self) {}

    async fn teardown(shared: &u32) {}
}

fn main() {}

//! A task is `async fn name(&mut self)` or `(&self)`, and nothing else.

#![allow(unused)]

use std::rc::Rc;

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[derive(User)]
struct Shopper<'a> {
    name: &'a str,
}

#[tasks]
impl<'a> Shopper<'a> {
    #[task]
    fn not_async(&mut self) -> TaskResult {
        Ok(())
    }

    #[task]
    async fn by_value(self) {}

    #[task]
    async fn by_mutable_value(mut self) {}

    #[task]
    async fn no_self() {}

    #[task]
    async fn no_self_but_a_parameter(times: u32) {}

    #[task]
    async fn typed_self(self: Rc<Self>) {}

    #[task]
    async fn borrowed_for_long(&'a mut self) {}

    #[task]
    async fn parameter(&mut self, times: u32) {}

    #[task]
    async fn parameters(&mut self, times: u32, pause: Duration) {}

    #[task]
    async fn generic<T: Default>(&mut self) {}

    #[task]
    async fn lifetime<'b>(&mut self) -> Result<(), std::fmt::Error> {
        Ok(())
    }

    #[task]
    async fn clause(&mut self)
    where
        Self: Sized,
    {
    }

    #[task]
    async unsafe fn dangerous(&mut self) {}

    #[task]
    async extern "C" fn foreign(&mut self) {}

    #[task]
    const fn constant(&mut self) {}

    /// Every mistake of one method is reported.
    #[task]
    fn wrong_in_three_ways<T>(self, times: T) {}
}

fn main() {}

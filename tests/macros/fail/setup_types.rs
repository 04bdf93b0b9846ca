//! What only the compiler knows not to be a `Result` that users can share.

#![allow(unused)]

use std::rc::Rc;

use loadtest::User;
use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    async fn setup() -> std::io::Result<Rc<u8>> {
        Ok(Rc::new(5))
    }

    #[task]
    async fn look(&mut self) {}
}

type SetupResult = u32;

#[derive(User)]
struct Admin;

#[tasks]
impl Admin {
    async fn setup() -> SetupResult {
        5
    }

    #[task]
    async fn look(&mut self) {}
}

fn main() {}

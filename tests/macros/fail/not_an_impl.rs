//! `#[tasks]` on something else than an `impl` block.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

#[tasks]
#[derive(User)]
struct Shopper {
    name: String,
}

#[tasks]
enum Kind {
    Shopper,
}

#[tasks]
union Bits {
    number: u32,
}

#[tasks]
async fn look() {}

#[tasks]
mod shop {}

#[tasks]
trait Shopping {}

#[tasks]
const LIMIT: u32 = 3;

fn main() {}

//! A user without a `#[tasks]` block.

#![allow(unused)]

use loadtest::User;

#[derive(User)]
struct Shopper {
    name: String,
}

fn main() {}

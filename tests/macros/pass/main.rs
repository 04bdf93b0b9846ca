//! `main!` with one class: the binary takes the command line, and here starts at once and ends by itself.

#![deny(warnings)]

use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) -> TaskResult {
        stop_test("seen enough")
    }
}

loadtest::main!(Shopper, headless = true);

//! Types that `main!` cannot use: the error stands at the user's own tokens.

#![allow(unused)]

use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

struct NoUser;

loadtest::main!(Shopper, NoUser, users = "5", run_time = 10, options = NoUser);

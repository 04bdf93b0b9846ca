//! A host that is none.

use loadtest::User;
use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

loadtest::main!(Shopper, host = 8080);

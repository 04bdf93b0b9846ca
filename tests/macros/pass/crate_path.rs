//! loadtest under another name: `crate = "…"`.

#![deny(warnings)]

mod inner {
    pub mod renamed {
        pub use loadtest::*;
    }
}

use inner::renamed::{Tasks, User, tasks};

#[derive(User)]
#[user(crate = "crate::inner::renamed", weight = 2)]
struct Shopper;

#[tasks(crate = "inner::renamed")]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
    #[inner::renamed::task(3)]
    async fn buy(&mut self) {}
}

fn main() {
    assert_eq!((Shopper::weight(), Shopper::TASKS.len()), (2.0, 2));
}

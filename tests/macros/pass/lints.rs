//! The expansion repeats the user's tokens without their lints.

#![deny(warnings)]
#![deny(nonstandard_style, trivial_numeric_casts, unused_qualifications)]

use loadtest::prelude::*;
use loadtest::{Tasks, User};

#[deprecated]
#[derive(Default)]
struct Old;

#[deprecated]
#[derive(User)]
#[user(weight = 2.0_f64 * 1.5)]
struct Shopper;

#[allow(deprecated)]
#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Admin {
    #[deprecated]
    number: u8,
    #[allow(deprecated)]
    old: Old,
    #[allow(deprecated)]
    #[init(Old)]
    older: Old,
}

#[tasks]
impl Admin {
    #[task]
    async fn look(&mut self) {
        #[allow(deprecated)]
        let _ = (self.number, &self.old, &self.older);
    }

    #[cfg(all())]
    #[task]
    #[deprecated]
    async fn buy(&mut self) {}
}

#[allow(deprecated)]
#[derive(User)]
struct Guest {
    old: Old,
}

#[allow(unused_qualifications)]
#[tasks]
impl Guest {
    async fn setup() -> Result<std::vec::Vec<u8>, std::fmt::Error> {
        Ok(Vec::new())
    }

    #[task]
    async fn look(&mut self) {
        let _ = &self.old;
    }
}

#[allow(deprecated)]
fn main() {
    assert_eq!(Shopper::weight(), 3.0);
    assert_eq!((Shopper::TASKS.len(), Admin::TASKS.len(), Guest::TASKS.len()), (1, 2, 1));
}

//! Crates that forbid lints which generated code may run into.

#![forbid(deprecated, nonstandard_style, trivial_casts, trivial_numeric_casts, unused, unused_qualifications)]

use loadtest::prelude::*;
use loadtest::{Tasks, User, tasks};

#[derive(User)]
#[user(weight = 1 + 1, host = "http://localhost", wait_time = constant(Duration::ZERO))]
struct Shopper<T: Default + 'static> {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    #[shared]
    accounts: Arc<Vec<String>>,
    #[init(5)]
    number: u8,
    other: T,
}

#[tasks]
impl<T: Default + 'static> Shopper<T> {
    async fn setup(cx: &SetupContext) -> Result<Vec<String>, std::io::Error> {
        let _ = cx.run_id();
        Ok(Vec::new())
    }

    async fn on_start(&mut self) -> TaskResult {
        Ok(())
    }

    #[task]
    async fn look(&mut self) -> TaskResult {
        let _ = (&self.http, &self.cx, &self.accounts, self.number, &self.other);
        Ok(())
    }

    #[cfg(all())]
    #[task]
    async fn buy(&mut self) -> Result<(), std::fmt::Error> {
        Ok(())
    }

    async fn teardown(accounts: &Vec<String>, _: &SetupContext) {
        let _ = accounts;
    }
}

fn main() {
    assert_eq!((Shopper::<u8>::weight(), Shopper::<u8>::TASKS.len()), (2.0, 2));
}

//! Every form of a task, and what else may stand in the block.

#![deny(warnings)]
#![deny(missing_docs, clippy::all, clippy::pedantic)]

use loadtest::prelude::*;
use loadtest::{Tasks, fail};

/// A user.
#[derive(User)]
pub struct Shopper {
    visits: u32,
}

/// What a shopper does.
#[tasks]
#[allow(dead_code)]
impl Shopper {
    #![allow(clippy::unused_async)]

    /// A constant among the tasks.
    pub const LIMIT: u32 = 3;

    /// Not a task: called by tasks.
    fn visit(&mut self) {
        self.visits += 1;
    }

    /// An associated function.
    #[must_use]
    pub fn helper<T: Default>(of: Option<T>) -> T {
        of.unwrap_or_default()
    }

    /// Nothing returned.
    #[task]
    pub async fn nothing(&mut self) {
        self.visit();
    }

    #[task(2)]
    async fn shared_self(&self) -> TaskResult {
        let _ = Self::helper(Some(self.visits));
        Ok(())
    }

    #[task(0x10)]
    async fn another_error(&mut self) -> Result<(), std::num::ParseIntError> {
        self.visits = "4".parse()?;
        Ok(())
    }

    #[task(1_000_000)]
    async fn stops(&mut self) -> TaskResult {
        if self.visits > Self::LIMIT { stop_user() } else { fail("too few visits") }
    }

    #[task]
    #[cfg(all())]
    #[inline]
    #[deprecated(note = "but still run")]
    async fn with_other_attributes(&mut self) {}

    #[loadtest::task(5)]
    async fn by_its_full_name(&mut self) {}

    #[task]
    async fn r#loop(&mut self) -> ! {
        loop {
            std::future::pending::<()>().await;
        }
    }

    #[task]
    async fn opaque(&mut self) -> impl Into<TaskResult> + loadtest::IntoTaskResult {
        Ok(())
    }

    #[task]
    pub(crate) async fn not_send(&mut self) -> std::result::Result<(), std::io::Error> {
        let counter = std::rc::Rc::new(5);
        std::future::ready(()).await;
        drop(counter);
        Ok(())
    }
}

impl Shopper {
    /// Far from a hook, and in another block.
    pub async fn on_strat(&mut self) {}
}

fn main() {
    let tasks: Vec<_> = Shopper::TASKS.iter().map(|task| (task.name, task.weight)).collect();
    let expected = [
        ("nothing", 1),
        ("shared_self", 2),
        ("another_error", 16),
        ("stops", 1_000_000),
        ("with_other_attributes", 1),
        ("by_its_full_name", 5),
        ("loop", 1),
        ("opaque", 1),
        ("not_send", 1),
    ];
    assert_eq!(tasks, expected);
}

//! The macros meet in public traits: each may be replaced by an implementation written by hand.

#![deny(warnings)]

use loadtest::prelude::*;
use loadtest::{Scope, TaskInfo, Tasks, UserInit};

#[derive(User)]
struct TasksByHand(u32);

impl Tasks for TasksByHand {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("only", 1)];
    type Shared = ();

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        self.0 += 1;
        Ok(())
    }

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
}

struct UserByHand;

impl loadtest::User for UserByHand {
    const NAME: &'static str = "by hand";

    fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self)
    }
}

#[tasks]
impl UserByHand {
    #[task]
    async fn look(&mut self) {}
}

fn main() {
    fn class<U: loadtest::User>() -> (&'static str, usize) {
        (U::NAME, U::TASKS.len())
    }
    assert_eq!(class::<TasksByHand>(), ("TasksByHand", 1));
    assert_eq!(class::<UserByHand>(), ("by hand", 1));
}

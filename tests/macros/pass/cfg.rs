//! `#[cfg]` on tasks and hooks: what is compiled out is no task, and the numbers of the others stay right.

#![deny(warnings)]

use std::any::TypeId;

use loadtest::Tasks;
use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[cfg(any())]
    #[task]
    async fn absent_first(&mut self) -> NoSuchType {}

    #[task(1)]
    async fn first(&mut self) {}

    #[task(2)]
    #[cfg(all())]
    async fn either(&mut self) {}

    #[task(3)]
    #[cfg(not(all()))]
    async fn either(&mut self) -> NoSuchType {}

    #[task]
    #[cfg(all())]
    #[cfg(any())]
    async fn absent(&mut self) {}

    #[task(4)]
    async fn last(&mut self) {}

    #[cfg(any())]
    async fn on_start(&mut self) -> NoSuchType {}

    #[cfg(all())]
    async fn on_stop(&mut self) {}

    #[cfg(any())]
    async fn setup() -> Result<NoSuchType, NoSuchType> {}

    #[cfg(all())]
    #[cfg(all())]
    async fn setup() -> Result<u8, std::fmt::Error> {
        Ok(5)
    }

    #[cfg(any())]
    async fn teardown(shared: &NoSuchType) {}
}

#[derive(User)]
struct Guest;

#[tasks]
impl Guest {
    #[cfg(any())]
    async fn setup() -> Result<NoSuchType, NoSuchType> {}

    #[cfg(any())]
    #[task]
    async fn absent(&mut self) {}
}

#[tasks]
#[cfg(any())]
impl NoSuchType {
    #[task]
    async fn absent(&mut self) {}
}

fn main() {
    let tasks: Vec<_> = Shopper::TASKS.iter().map(|task| (task.name, task.weight)).collect();
    assert_eq!(tasks, [("first", 1), ("either", 2), ("last", 4)]);
    assert_eq!(TypeId::of::<<Shopper as Tasks>::Shared>(), TypeId::of::<u8>());
    assert!(Guest::TASKS.is_empty());
    assert_eq!(TypeId::of::<<Guest as Tasks>::Shared>(), TypeId::of::<()>());
}

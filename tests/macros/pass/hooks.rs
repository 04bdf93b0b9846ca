//! Every form of a hook.

#![deny(warnings)]

use std::any::TypeId;
use std::pin::pin;
use std::task::{Poll, Waker};

use loadtest::Tasks;
use loadtest::prelude::*;

/// Runs what never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut cx = std::task::Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn shared<T: Tasks>() -> TypeId {
    TypeId::of::<T::Shared>()
}

struct Accounts;

#[derive(Default, User)]
struct Full {
    calls: Vec<&'static str>,
}

#[tasks]
impl Full {
    async fn setup(cx: &SetupContext) -> Result<Accounts, std::io::Error> {
        let _ = cx.run_id();
        Ok(Accounts)
    }

    async fn on_start(&mut self) -> TaskResult {
        self.calls.push("on_start");
        Ok(())
    }

    #[task]
    async fn look(&mut self) {}

    async fn on_stop(&mut self) -> Result<(), std::num::ParseIntError> {
        self.calls.push("on_stop");
        "x".parse::<u8>().map(drop)
    }

    async fn teardown(shared: &Accounts, cx: &SetupContext) -> TaskResult {
        let (Accounts, _) = (shared, cx.run_id());
        Ok(())
    }
}

#[derive(User)]
struct Short;

#[tasks]
impl Short {
    async fn setup() {}
    async fn on_start(&self) {}
    #[task]
    async fn look(&mut self) {}
    async fn on_stop(&self) {}
    async fn teardown() {}
}

#[derive(User)]
struct ByAlias;

type SetupResult = Result<u8, std::fmt::Error>;

#[tasks]
impl ByAlias {
    async fn setup(_: &SetupContext) -> SetupResult {
        Ok(5)
    }
    #[task]
    async fn look(&mut self) {}
    async fn teardown(shared: &u8) -> Result<(), Exit> {
        assert_eq!(*shared, 5);
        Ok(())
    }
}

#[derive(User)]
struct ContextOnly;

#[tasks]
impl ContextOnly {
    async fn setup() -> TaskResult {
        Ok(())
    }
    #[task]
    async fn look(&mut self) {}
    async fn teardown(cx: &loadtest::SetupContext) {
        let _ = cx.run_id();
    }
}

#[derive(User)]
struct OneArgument;

#[tasks]
impl OneArgument {
    async fn setup() -> std::io::Result<String> {
        Ok(String::new())
    }
    #[task]
    async fn look(&mut self) {}
}

#[derive(Default, User)]
struct Raw {
    started: bool,
}

#[tasks]
impl Raw {
    async fn r#on_start(&mut self) {
        self.started = true;
    }
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct NoHooks;

#[tasks]
impl NoHooks {
    #[task]
    async fn look(&mut self) {}
}

fn main() {
    let mut user = Full::default();
    assert!(now(<Full as Tasks>::on_start(&mut user)).is_ok());
    assert!(now(<Full as Tasks>::on_stop(&mut user)).is_err());
    assert_eq!(user.calls, ["on_start", "on_stop"]);
    assert!(now(<Short as Tasks>::on_start(&mut Short)).is_ok());
    let mut raw = Raw::default();
    assert!(now(<Raw as Tasks>::on_start(&mut raw)).is_ok());
    assert!(raw.started);
    assert!(now(<NoHooks as Tasks>::on_start(&mut NoHooks)).is_ok());
    assert!(now(<NoHooks as Tasks>::on_stop(&mut NoHooks)).is_ok());

    assert_eq!(shared::<Full>(), TypeId::of::<Accounts>());
    assert_eq!(shared::<ByAlias>(), TypeId::of::<u8>());
    assert_eq!(shared::<OneArgument>(), TypeId::of::<String>());
    for none in [shared::<Short>(), shared::<ContextOnly>(), shared::<NoHooks>()] {
        assert_eq!(none, TypeId::of::<()>());
    }
}

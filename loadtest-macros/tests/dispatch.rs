//! What the code of `#[tasks]` does, with a stand-in for the crate that it expands to: there a test can make a `Scope`.

use std::marker::PhantomData;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loadtest_macros::tasks;

use stand_in::__private::{Scope, SetupContext, TaskResult, Tasks};

/// The same contract as `loadtest`'s, with results that tests can compare.
mod stand_in {
    pub(crate) mod __private {
        use std::marker::PhantomData;

        #[derive(Debug, PartialEq)]
        pub(crate) enum Exit {
            Error(String, &'static std::panic::Location<'static>),
        }

        impl<E: std::error::Error> From<E> for Exit {
            #[track_caller]
            fn from(error: E) -> Self {
                Self::Error(error.to_string(), std::panic::Location::caller())
            }
        }

        pub(crate) type TaskResult = Result<(), Exit>;

        pub(crate) struct Scope<'a>(pub(crate) PhantomData<&'a ()>);
        pub(crate) struct SetupContext;

        #[derive(Debug, PartialEq)]
        pub(crate) struct TaskInfo(pub(crate) &'static str, pub(crate) u32);

        impl TaskInfo {
            pub(crate) const fn new(name: &'static str, weight: u32) -> Self {
                Self(name, weight)
            }
        }

        pub(crate) trait Tasks: Sized {
            const TASKS: &'static [TaskInfo];
            type Shared: Send + Sync + 'static;
            fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> impl Future<Output = TaskResult>;
            fn on_start(&mut self) -> impl Future<Output = TaskResult> {
                std::future::ready(Ok(()))
            }
            fn on_stop(&mut self) -> impl Future<Output = TaskResult> {
                std::future::ready(Ok(()))
            }
            fn setup(cx: &SetupContext) -> impl Future<Output = Result<Self::Shared, Exit>>;
            fn teardown(shared: &Self::Shared, cx: &SetupContext) -> impl Future<Output = TaskResult> {
                let _ = (shared, cx);
                std::future::ready(Ok(()))
            }
        }

        pub(crate) trait IntoTaskResult {
            fn into_task_result(self) -> TaskResult;
        }

        impl IntoTaskResult for () {
            fn into_task_result(self) -> TaskResult {
                Ok(())
            }
        }

        impl<E: Into<Exit>> IntoTaskResult for Result<(), E> {
            #[track_caller]
            fn into_task_result(self) -> TaskResult {
                match self {
                    Ok(()) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

/// Runs what never waits for anything else.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
    panic!("it waits");
}

/// Gives way once, as a request does.
async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[derive(Default)]
struct Shopper {
    calls: Vec<&'static str>,
}

#[tasks(crate = "stand_in")]
impl Shopper {
    async fn setup(_: &SetupContext) -> Result<u8, std::num::ParseIntError> {
        "5".parse()
    }

    async fn on_start(&mut self) {
        self.calls.push("on_start");
    }

    #[cfg(any())]
    #[task]
    async fn absent(&mut self) {}

    #[task(3)]
    async fn first(&mut self) -> TaskResult {
        give_way().await;
        self.calls.push("first");
        Ok(())
    }

    #[task]
    #[cfg(not(any()))]
    async fn second(&mut self) -> Result<(), std::num::ParseIntError> {
        self.calls.push("second");
        "x".parse::<u8>().map(drop)
    }

    #[cfg(any())]
    #[task]
    async fn absent_too(&mut self) {}

    #[task]
    async fn third(&mut self) {
        self.calls.push("third");
    }

    async fn on_stop(&mut self) -> TaskResult {
        self.calls.push("on_stop");
        Ok(())
    }

    async fn teardown(shared: &u8, _: &SetupContext) -> TaskResult {
        assert_eq!(*shared, 5);
        Err(std::fmt::Error)?
    }
}

#[test]
fn each_number_runs_its_task() {
    let mut user = Shopper::default();
    assert_eq!(Shopper::TASKS.iter().map(|task| task.0).collect::<Vec<_>>(), ["first", "second", "third"]);
    let results: Vec<_> = (0..4).map(|number| now(user.run_task(number, &Scope(PhantomData)))).collect();
    assert_eq!(user.calls, ["first", "second", "third"]);
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true]);
}

#[test]
fn the_hooks_run_the_methods() {
    let mut user = Shopper::default();
    assert_eq!(now(Tasks::on_start(&mut user)), Ok(()));
    assert_eq!(now(Tasks::on_stop(&mut user)), Ok(()));
    assert_eq!(user.calls, ["on_start", "on_stop"]);
    let shared = now(<Shopper as Tasks>::setup(&SetupContext));
    assert_eq!(shared, Ok(5));
    assert!(now(<Shopper as Tasks>::teardown(&5, &SetupContext)).is_err());
}

#[test]
fn an_error_that_the_expansion_converts_has_the_place_of_the_method() {
    let mut user = Shopper::default();
    let Err(stand_in::__private::Exit::Error(message, place)) = now(user.run_task(1, &Scope(PhantomData))) else {
        panic!("no error");
    };
    assert_eq!(message, "invalid digit found in string");
    let line = include_str!("dispatch.rs").lines().nth(place.line() as usize - 1);
    assert!(line.is_some_and(|line| line.contains("async fn second")), "{place}: {line:?}");
}

struct Large {
    sum: usize,
}

#[tasks(crate = "crate::stand_in")]
impl Large {
    #[task]
    async fn thousand(&mut self) {
        let held = [1_u8; 1000];
        give_way().await;
        self.sum += held.len();
    }

    #[task]
    async fn two_thousand(&mut self) -> TaskResult {
        let held = [1_u8; 2000];
        give_way().await;
        self.sum += held.len();
        Ok(())
    }

    #[task]
    async fn nothing(&self) {}
}

/// A box would make it smaller than the largest task, a future for each task larger than that.
#[test]
fn the_future_is_as_large_as_the_largest_task() {
    let mut user = Large { sum: 0 };
    let largest = size_of_val(&user.two_thousand());
    let size = size_of_val(&user.run_task(0, &Scope(PhantomData)));
    assert!((largest..largest + 64).contains(&size), "{size} bytes for tasks of at most {largest}");
    for number in 0..3 {
        assert_eq!(now(user.run_task(number, &Scope(PhantomData))), Ok(()));
    }
    assert_eq!(user.sum, 3000);
}

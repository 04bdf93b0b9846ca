//! Tasks: what `#[tasks]` implements for a user or a task set, and what the loop that runs them needs to know.

pub(crate) mod choice;
pub(crate) mod graph;

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;

use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

use crate::context::{Context, SetupContext};
use crate::exit::{Exit, TaskResult};
use crate::wait::Wait;
use crate::wait::pace::Pace;
use graph::Graph;

/// A future that stays on its thread.
pub(crate) type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a `setup` returned.
pub(crate) type AnyShared = Arc<dyn Any + Send + Sync>;

/// A task as the runner sees it: its name, how often it is chosen, and where it leads.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The method's name.
    pub name: &'static str,
    /// The share of choices: a task of weight 3 is chosen three times as often as one of weight 1, and in a sequence it
    /// runs three times in a row.
    pub weight: u32,
    /// What `--tags` and `--exclude-tags` choose by. The tags of a task that enters a set are those of all its tasks.
    pub tags: &'static [&'static str],
    /// In a Markov chain: the tasks that may come next, with their weights. None is the end of the chain.
    pub next: &'static [(&'static str, u32)],
    set: Option<fn() -> SetInfo>,
}

impl TaskInfo {
    /// A task that is one method.
    #[must_use]
    pub const fn new(name: &'static str, weight: u32) -> Self {
        Self { name, weight, tags: &[], next: &[], set: None }
    }

    /// A task that enters a set.
    #[must_use]
    pub const fn set<S: Tasks + 'static>(name: &'static str, weight: u32) -> Self {
        Self { name, weight, tags: &[], next: &[], set: Some(SetInfo::of::<S>) }
    }

    /// The same with these tags.
    #[must_use]
    pub const fn tags(self, tags: &'static [&'static str]) -> Self {
        Self { tags, ..self }
    }

    /// The same, followed by one of these tasks.
    #[must_use]
    pub const fn next(self, next: &'static [(&'static str, u32)]) -> Self {
        Self { next, ..self }
    }

    /// Whether the task enters a set.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.set.is_some()
    }
}

/// In which order the tasks of a set run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// Each is drawn anew, in proportion to its weight.
    #[default]
    Random,
    /// One after the other as declared, each as often as its weight says, then from the start again.
    Sequential,
    /// The first one declared comes first; what follows a task is drawn from its [`next`](TaskInfo::next). Where a task
    /// has none the set is left, as [`interrupt`](crate::interrupt) does; in a user itself, the user stops.
    Markov,
}

/// A set of weighted tasks with its hooks: a user, or part of what a user does.
///
/// `#[tasks]` on an `impl` block writes this; it can be written by hand as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no tasks",
    label = "no `#[tasks]` for this type",
    note = "write `#[tasks] impl {Self} {{ #[task] async fn my_task(&mut self) -> TaskResult {{ … }} }}`"
)]
pub trait Tasks: Sized {
    /// The tasks, in the order of their declaration; the number of a task is its index here.
    const TASKS: &'static [TaskInfo];

    /// In which order they run.
    const ORDER: Order = Order::Random;

    /// What [`setup`](Self::setup) returns and every user of the class shares; `()` without a `setup`.
    type Shared: Send + Sync + 'static;

    /// Runs the task of this number.
    ///
    /// The scope is what a task that enters another set needs; ordinary tasks do not use it.
    fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> impl Future<Output = TaskResult>;

    /// The wait after each task where the set has one of its own: `#[tasks(wait_time = …)]`. Without it the set waits as
    /// whoever entered it does, by the same schedule if that is one, and a user as
    /// [`User::wait_time`](crate::User::wait_time) says. A schedule of its own begins whenever the set is entered.
    fn own_wait_time(&self) -> Option<Wait> {
        None
    }

    /// Before the first task of each user; of a set, each time it is entered.
    fn on_start(&mut self) -> impl Future<Output = TaskResult> {
        std::future::ready(Ok(()))
    }

    /// After the last task of each user whose `on_start` had begun; of a set, each time it is left.
    fn on_stop(&mut self) -> impl Future<Output = TaskResult> {
        std::future::ready(Ok(()))
    }

    /// Once per test run, before the first user starts.
    fn setup(cx: &SetupContext) -> impl Future<Output = Result<Self::Shared, Exit>>;

    /// Once per test run, after the last user has stopped.
    fn teardown(shared: &Self::Shared, cx: &SetupContext) -> impl Future<Output = TaskResult> {
        let _ = (shared, cx);
        std::future::ready(Ok(()))
    }
}

/// A type with tasks, its type hidden: what is known of it without a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetInfo {
    pub(crate) name: &'static str,
    pub(crate) id: TypeId,
    pub(crate) order: Order,
    pub(crate) tasks: &'static [TaskInfo],
    pub(crate) set_up: for<'a> fn(&'a SetupContext) -> LocalFuture<'a, Result<AnyShared, Exit>>,
    pub(crate) tear_down: for<'a> fn(&'a AnyShared, &'a SetupContext) -> LocalFuture<'a, TaskResult>,
}

impl SetInfo {
    pub(crate) fn of<S: Tasks + 'static>() -> Self {
        Self {
            name: short_name(std::any::type_name::<S>()),
            id: TypeId::of::<S>(),
            order: S::ORDER,
            tasks: S::TASKS,
            set_up: set_up::<S>,
            tear_down: tear_down::<S>,
        }
    }
}

/// `Forum` of `shop::forum::Forum<'_, T>`.
fn short_name(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

fn set_up<S: Tasks + 'static>(cx: &SetupContext) -> LocalFuture<'_, Result<AnyShared, Exit>> {
    Box::pin(async move {
        let shared: AnyShared = Arc::new(S::setup(cx).await?);
        Ok(shared)
    })
}

fn tear_down<'a, S: Tasks + 'static>(shared: &'a AnyShared, cx: &'a SetupContext) -> LocalFuture<'a, TaskResult> {
    Box::pin(async move {
        match shared.downcast_ref::<S::Shared>() {
            Some(shared) => S::teardown(shared, cx).await,
            None => unreachable!("the value comes from the setup of this type"),
        }
    })
}

/// What `setup` may return; the macros find the shared type with this trait.
#[diagnostic::on_unimplemented(
    message = "`setup` cannot return `{Self}`",
    label = "this return type",
    note = "return nothing or `Result<T, E>`, where `T` is `Send + Sync + 'static` and `E` a `std::error::Error`"
)]
pub trait SetupOutput {
    /// What the users share.
    type Shared: Send + Sync + 'static;

    /// The value or the error.
    ///
    /// # Errors
    /// When `setup` failed.
    fn into_shared(self) -> Result<Self::Shared, Exit>;
}

impl SetupOutput for () {
    type Shared = ();

    fn into_shared(self) -> Result<(), Exit> {
        Ok(())
    }
}

impl<T: Send + Sync + 'static, E: Into<Exit>> SetupOutput for Result<T, E> {
    type Shared = T;

    // Not `map_err(Into::into)`: the place of the error would then lie in the standard library.
    #[track_caller]
    fn into_shared(self) -> Result<T, Exit> {
        match self {
            Ok(shared) => Ok(shared),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where in a user a task runs: what it needs to enter a task set.
///
/// [`enter`](Self::enter) stands with the loop that runs tasks.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) place: Option<Place<'a>>,
}

/// The level of a scope: 0 is the user, each set entered is one deeper.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) graph: &'a Graph,
    /// Which set of the graph this is.
    pub(crate) set: usize,
    pub(crate) depth: u32,
    /// From which tasks are chosen, on all levels.
    pub(crate) rng: &'a RefCell<Xoshiro256PlusPlus>,
    /// From which waits are drawn, on all levels.
    pub(crate) waits: &'a RefCell<SplitMix64>,
    /// For sets without a wait of their own: the one of the task that enters them, as it was then.
    pub(crate) wait: RefCell<Option<Box<Wait>>>,
    /// The schedule of the user, or of the innermost set that has a wait of its own.
    pub(crate) pace: &'a RefCell<Pace>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_goes_by_the_last_part_of_its_path() {
        assert_eq!(short_name("shop::forum::Forum<'_, other::Thing>"), "Forum");
        assert_eq!(short_name("Forum"), "Forum");
    }
}

//! Tasks: what `#[tasks]` implements for a user or a task set, and the weighted choice between them.

use rand::{Rng, RngExt};

use crate::context::{Context, SetupContext};
use crate::exit::{Exit, TaskResult};

/// A task as the runner sees it: its name and how often it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The method's name.
    pub name: &'static str,
    /// The share of choices: a task of weight 3 is chosen three times as often as one of weight 1.
    pub weight: u32,
}

impl TaskInfo {
    /// A task that is one method.
    #[must_use]
    pub const fn new(name: &'static str, weight: u32) -> Self {
        Self { name, weight }
    }
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

    /// What [`setup`](Self::setup) returns and every user of the class shares; `()` without a `setup`.
    type Shared: Send + Sync + 'static;

    /// Runs the task of this number.
    ///
    /// The scope is what a task that enters another set needs; ordinary tasks do not use it.
    fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> impl Future<Output = TaskResult>;

    /// Before the first task of each user.
    fn on_start(&mut self) -> impl Future<Output = TaskResult> {
        std::future::ready(Ok(()))
    }

    /// After the last task of each user whose `on_start` had begun.
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

/// Where in a user a task runs.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) cx: &'a Context,
}

/// Draws task numbers in proportion to their weights.
#[derive(Debug, Clone)]
pub(crate) struct Chooser {
    /// The sum of weights up to and including each task.
    upto: Box<[u64]>,
}

impl Chooser {
    /// `None` when there is nothing to choose from.
    pub(crate) fn new(tasks: &[TaskInfo]) -> Option<Self> {
        let mut sum = 0;
        let upto: Box<[u64]> = tasks
            .iter()
            .map(|task| {
                sum += u64::from(task.weight);
                sum
            })
            .collect();
        (sum > 0).then_some(Self { upto })
    }

    #[inline]
    pub(crate) fn choose(&self, rng: &mut impl Rng) -> usize {
        let total = self.upto[self.upto.len() - 1];
        if self.upto.len() == 1 {
            return 0;
        }
        let drawn = rng.random_range(0..total);
        // Few tasks: a scan beats a binary search.
        self.upto.iter().position(|upto| drawn < *upto).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn tasks_are_chosen_in_proportion_to_their_weights() {
        let tasks = [TaskInfo::new("a", 3), TaskInfo::new("never", 0), TaskInfo::new("b", 1)];
        let chooser = Chooser::new(&tasks).expect("tasks");
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut counts = [0; 3];
        for _ in 0..40_000 {
            counts[chooser.choose(&mut rng)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((29_600..30_400).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn without_weight_there_is_no_choice() {
        assert!(Chooser::new(&[]).is_none());
        assert!(Chooser::new(&[TaskInfo::new("a", 0)]).is_none());
    }
}

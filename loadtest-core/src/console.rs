//! One seat from which runs are steered: by the command line, by keys, by a web UI, by a program that embeds a load test.
//!
//! Everyone who steers has a clone of the [`Console`]. Each start takes the test as it was given, lays over it what was asked
//! for, and runs it with threads, plan and run id of its own: nothing of an earlier run can reach a later one. Listeners are
//! those of the test, so they hear of each run from `test_start` to `quitting`.

mod ask;
mod lay;
mod logs;
mod offer;
mod seat;
mod view;
pub mod web;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

pub use ask::{Ask, Edit, Refused};
pub(crate) use lay::ReadOptions;
pub(crate) use logs::LogBook;
pub use logs::LogLine;
pub use offer::{Offer, OfferedClass, OfferedOption, OfferedTask};
pub(crate) use seat::NotStarted;
use seat::Shared;
pub use view::{Marker, PastRun, View};

use crate::report::Report;
use crate::runner::LoadTest;

/// Steers runs. Cheap to clone; all clones are one. Its methods can be called from any thread, with or without an async
/// runtime, and none waits for a run. When the last clone is dropped, the run that goes on is stopped in good order.
///
/// ```
/// # use std::convert::Infallible;
/// # use loadtest_core::{Context, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit};
/// # struct Caller(Context);
/// # impl Tasks for Caller {
/// #     const TASKS: &'static [TaskInfo] = &[TaskInfo::new("call", 1)];
/// #     type Shared = ();
/// #     async fn setup(_: &SetupContext) -> Result<(), Exit> {
/// #         Ok(())
/// #     }
/// #     async fn run_task(&mut self, _task: usize, _: &Scope<'_>) -> TaskResult {
/// #         self.0.measure("CALL", "hello", async { Ok::<_, Infallible>(()) }).await?;
/// #         loadtest_core::stop_user()
/// #     }
/// # }
/// # impl User for Caller {
/// #     const NAME: &'static str = "Caller";
/// #     fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
/// #         Ok(Self(init.context()))
/// #     }
/// # }
/// use loadtest_core::console::{Ask, Console};
/// use loadtest_core::stats::RunState;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let console = Console::new(LoadTest::new().user::<Caller>());
/// let run = console.start(&Ask { users: Some(2), spawn_rate: Some(f64::INFINITY), ..Ask::default() }).unwrap();
///
/// let mut views = console.watch();
/// views.wait_for(|view| view.run == run && view.state == RunState::Stopped).await.unwrap();
/// assert_eq!(console.report(Some(run)).unwrap().request("CALL", "hello").unwrap().stats.ok, 2);
///
/// let refused = console.start(&Ask { users: Some(0), ..Ask::default() }).unwrap_err();
/// assert_eq!(refused.field.as_deref(), Some("users"));
/// # });
/// ```
#[derive(Clone)]
pub struct Console {
    shared: Arc<Shared>,
    /// Of all clones; the run's own thread has none.
    _held: Arc<Held>,
}

/// Stops what runs when nobody is left to steer it.
struct Held(Arc<Shared>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.stop();
    }
}

impl Console {
    /// A console for this test; nothing is started.
    #[must_use]
    pub fn new(test: LoadTest) -> Self {
        Self::with(test, None, Arc::default())
    }

    /// With the options that the command line knows, and its log.
    pub(crate) fn with(test: LoadTest, options: Option<Box<dyn ReadOptions>>, logs: Arc<LogBook>) -> Self {
        let shared = Arc::new(Shared::new(test, options, logs));
        Self { _held: Arc::new(Held(Arc::clone(&shared))), shared }
    }

    /// What there is to choose from.
    #[must_use]
    pub fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.shared.offer)
    }

    /// Starts a run, and gives its number: 1 for the first.
    ///
    /// # Errors
    /// When a run goes on, or something that was asked for makes no sense.
    pub fn start(&self, ask: &Ask) -> Result<u64, Refused> {
        self.shared.start(ask).map_err(|error| match error {
            NotStarted::Refused(refused) => refused,
            NotStarted::Generator(message) => Refused::state(message),
        })
    }

    /// As [`start`](Self::start); tells why not more exactly.
    pub(crate) fn try_start(&self, ask: &Ask) -> Result<u64, NotStarted> {
        self.shared.start(ask)
    }

    /// Changes a run that is spawning or running. With no users it goes on, and can be given some again.
    ///
    /// # Errors
    /// When there is none, or it is about to end, or a number makes no sense.
    pub fn edit(&self, edit: &Edit) -> Result<(), Refused> {
        self.shared.edit(edit)
    }

    /// Holds the number of users where it is while they are started or stopped, and lets it go on from there.
    ///
    /// # Errors
    /// When no run is spawning or running.
    pub fn pause_spawning(&self, paused: bool) -> Result<(), Refused> {
        self.shared.pause_spawning(paused)
    }

    /// Asks the run to end in good order: users finish, `on_stop`, `teardown`. To ask once more does no harm.
    ///
    /// # Errors
    /// When none goes on.
    pub fn stop(&self) -> Result<(), Refused> {
        self.shared.stop()
    }

    /// Ends the run at once, if one goes on: users are dropped where they stand, without `on_stop` and `teardown`.
    pub fn abort(&self) {
        self.shared.abort();
    }

    /// Forgets the figures so far; what is in flight is counted when it ends.
    ///
    /// # Errors
    /// When no run is spawning or running.
    pub fn reset(&self) -> Result<(), Refused> {
        self.shared.reset()
    }

    /// Ends the run that goes on in good order, and then the program, where one waits for that. No run can be started any more.
    pub fn quit(&self) {
        self.shared.quit();
    }

    /// What is to be seen now.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.views.borrow())
    }

    /// Sees each change: about every half second while a run goes on, and each change of state. What `borrow` gives holds up
    /// everybody, so clone the `Arc` in it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.shared.views.subscribe()
    }

    /// The runs that have ended, and those that were added, oldest first; the last 20, and the last of this process in any
    /// case.
    #[must_use]
    pub fn runs(&self) -> Vec<Arc<PastRun>> {
        self.shared.runs()
    }

    /// Adds a run from a file, say, to those that have ended, and gives its number. Of those that are kept it may be one too
    /// many: then the oldest is forgotten.
    pub fn add_run(&self, name: &str, report: Report) -> u64 {
        self.shared.add_run(name, report)
    }

    /// The report of a run; without a number that of the latest, added ones left out. Of a run that goes on: as it stands,
    /// [`EndedBy::GoesOn`](crate::EndedBy::GoesOn).
    #[must_use]
    pub fn report(&self, run: Option<u64>) -> Option<Arc<Report>> {
        self.shared.report(run)
    }

    /// The last lines of the log, at most 1,000: those with a number above `after`. Only programs with a command line keep
    /// them.
    #[must_use]
    pub fn logs(&self, after: u64) -> Vec<LogLine> {
        self.shared.logs.after(after)
    }

    /// The number of the last line of the log, 0 where there is none: whether there is anything new in [`logs`](Self::logs).
    #[must_use]
    pub fn last_log(&self) -> u64 {
        self.shared.logs.last()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("run", &self.view().run).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

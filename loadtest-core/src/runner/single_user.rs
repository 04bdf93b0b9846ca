//! Runs that are limited by what is done, and runs to look at: their failures, or one user.

use std::path::PathBuf;

use crate::report::Report;
use crate::runner::load_test::LoadTest;
use crate::runner::run_error::RunError;
use crate::trace::Trace;
use crate::user::User;

impl LoadTest {
    /// How many tasks to run in total, over all users and exactly; at least 1, and without a limit by default. Then the
    /// users leave in good order, with `on_stop` and `teardown`, and the run has ended by
    /// [`EndedBy::Iterations`](crate::EndedBy::Iterations).
    ///
    /// An iteration is one run of one task. Entering a task set is none, the tasks in it are. Every run counts, however it
    /// ends: with an error, a panic, or dropped by a stop. Who runs how many depends on how long each takes. Users whose
    /// turn comes when all iterations are begun leave, and no further ones are started.
    ///
    /// With [`run_time`](Self::run_time) the run ends by what comes first.
    pub fn iterations(mut self, tasks: u64) -> Self {
        self.iterations = Some(tasks);
        self
    }

    /// How many tasks each user runs before it leaves, as with [`stop_user`](crate::stop_user); at least 1, and without a limit
    /// by default. The run ends when every user has left. What counts: see [`iterations`](Self::iterations).
    ///
    /// A user that is replaced because its `on_start` failed has run no task yet.
    pub fn iterations_per_user(mut self, tasks: u64) -> Self {
        self.iterations_per_user = Some(tasks);
        self
    }

    /// Tells what users do as it happens: requests with their answers, exceptions. For runs of few users: each waits while
    /// its text is taken. See [`run_single_user`](Self::run_single_user).
    pub fn trace(mut self, trace: impl Into<Trace>) -> Self {
        self.trace = Some(trace.into());
        self
    }

    /// Writes failed requests into this folder, each as a file of its own with the whole request and its answer, secrets
    /// masked: `000017-GET-cart-404.txt`. The folder is made if it is not there, and what it holds stays.
    ///
    /// At most 1,000 files and 256 MiB per run. They are written by a thread of its own, for which no user waits: failures that
    /// come faster than it writes are left out. A warning of the report says how many, and what could not be written.
    ///
    /// ```no_run
    /// # use loadtest_core::LoadTest;
    /// let test = LoadTest::new().debug_failures("failures");
    /// ```
    pub fn debug_failures(mut self, folder: impl Into<PathBuf>) -> Self {
        self.debug_failures = Some(folder.into());
        self
    }

    /// Runs one user of this class to look at what it does: every request and its answer, every exception with its place,
    /// and in the end the summary are written as text to `trace`. It runs one task, unless
    /// [`iterations`](Self::iterations) or [`iterations_per_user`](Self::iterations_per_user) says how many; its hooks run
    /// as ever, those of the class too.
    ///
    /// Numbers of users, rates and other classes do not count; host, TLS, seed, run time and timeouts do. Credentials and
    /// values of cookies are masked, unless the trace [shows secrets](Trace::show_secrets); URLs and the beginnings of bodies
    /// are shown as they are.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use loadtest_core::{
    /// #     Context, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit,
    /// # };
    /// # struct Caller(Context);
    /// # impl Tasks for Caller {
    /// #     const TASKS: &'static [TaskInfo] = &[TaskInfo::new("call", 1)];
    /// #     type Shared = ();
    /// #     async fn setup(_: &SetupContext) -> Result<(), Exit> {
    /// #         Ok(())
    /// #     }
    /// #     async fn run_task(&mut self, _task: usize, _: &Scope<'_>) -> TaskResult {
    /// #         self.0.measure("CALL", "hello", async { Ok::<_, Infallible>(()) }).await?;
    /// #         Ok(())
    /// #     }
    /// # }
    /// # impl User for Caller {
    /// #     const NAME: &'static str = "Caller";
    /// #     fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
    /// #         Ok(Self(init.context()))
    /// #     }
    /// # }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let report = LoadTest::new().run_single_user::<Caller>(|text: &str| print!("{text}")).await.unwrap();
    /// assert_eq!(report.request("CALL", "hello").unwrap().stats.ok, 1);
    /// # });
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_single_user<U: User + 'static>(mut self, trace: impl Into<Trace>) -> Result<Report, RunError> {
        let trace = trace.into();
        self.classes.clear();
        let result = self.user::<U>().trace(trace.clone()).single_user().run().await;
        match &result {
            Ok(report) => trace.write(&format!("\n{report}")),
            Err(RunError::Setup { report, .. }) => trace.write(&format!("\n{report}")),
            Err(_) => {}
        }
        result
    }

    /// One user, who runs one task unless something else was said.
    pub(crate) fn single_user(mut self) -> Self {
        if self.iterations.is_none() && self.iterations_per_user.is_none() {
            self.iterations = Some(1);
        }
        self.is_single_user = true;
        self.users(1).spawn_rate(f64::INFINITY).threads(1)
    }
}

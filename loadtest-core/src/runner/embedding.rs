//! A load test inside of something else: of a test suite without an async runtime, of a crate that extends it.

use tokio::runtime::{Builder, Handle};

use crate::context::RunInfo;
use crate::error::InputError;
use crate::report::Report;
use crate::runner::load_test::LoadTest;
use crate::runner::run_error::RunError;

impl LoadTest {
    /// [`run`](Self::run) for a plain `#[test]`, where there is no async runtime: holds up the calling thread until the run
    /// is over. The users run on threads of the run's own, as ever, so several tests can do so at once.
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
    /// let report = LoadTest::new().user::<Caller>().iterations(5).run_blocking().unwrap();
    /// assert_eq!(report.request("CALL", "hello").unwrap().stats.ok, 5);
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run). And inside of a tokio runtime, `#[tokio::test]` say, before anything is started: what is served
    /// by the thread that this would hold up, such as the application under test, would never answer. Other runtimes are not
    /// seen; there it holds up the thread.
    pub fn run_blocking(self) -> Result<Report, RunError> {
        if Handle::try_current().is_ok() {
            return Err(InputError::new(
                "run_blocking() would hold up a thread of the async runtime that it was called in: write .run().await, or \
                 call it from a plain #[test] or a thread of its own",
            )
            .into());
        }
        // It only waits: without timers and sockets.
        Builder::new_current_thread().build().map_err(RunError::Start)?.block_on(self.run())
    }

    /// Leaves a value in the run, for the clients of its users: one of a type, and the last one wins. For crates that extend
    /// `LoadTest` with methods of their own, as the feature `tower` does with `.app(…)`; what a test itself wants its users to
    /// know are [`options`](Self::options).
    ///
    /// Clients get it from [`Context::extension`](crate::Context::extension), and already when they are checked, from
    /// [`ClientSettings::extension`](crate::ClientSettings::extension).
    ///
    /// ```
    /// use loadtest_core::{Client, ClientSettings, Context, Exit, InputError, LoadTest};
    ///
    /// /// Where all lines go.
    /// struct Exchange(String);
    ///
    /// trait WithExchange {
    ///     fn exchange(self, address: &str) -> Self;
    /// }
    ///
    /// impl WithExchange for LoadTest {
    ///     fn exchange(self, address: &str) -> Self {
    ///         self.extension(Exchange(address.to_owned()))
    ///     }
    /// }
    ///
    /// struct Line(String);
    ///
    /// impl Client for Line {
    ///     fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
    ///         match settings.extension::<Exchange>() {
    ///             Some(_) => Ok(()),
    ///             None => Err(InputError::new("no exchange: give its address with .exchange(address)")),
    ///         }
    ///     }
    ///
    ///     fn create(cx: &Context) -> Result<Self, Exit> {
    ///         Ok(Self(cx.extension::<Exchange>().map(|exchange| exchange.0.clone()).unwrap_or_default()))
    ///     }
    /// }
    /// ```
    pub fn extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// What clients see of this test, for tests of clients.
    pub(crate) fn for_clients(self) -> RunInfo {
        let mut run = RunInfo::new("test".to_owned(), 1, self.host.clone(), self.tls_options());
        (run.extensions, run.trace) = (self.extensions, self.trace);
        run
    }
}

//! The builder of a run: [`LoadTest`].

#[cfg(feature = "cli")]
mod laid;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Semaphore, oneshot};

use crate::class_config::ClassConfig;
use crate::context::{OnStopBounds, RunInfo};
use crate::error::InputError;
use crate::extensions::Extensions;
use crate::failure_files::FailureFiles;
use crate::iterations::Iterations;
use crate::listener::Listener;
use crate::options::RunOptions;
use crate::plan::{ClassOf, Plan, Settings, Tasked, UserClass};
use crate::report::Report;
use crate::runner::controller::Command;
use crate::runner::run_error::RunError;
use crate::runner::running::Running;
use crate::runner::{classes, threads};
use crate::task::graph::Filter;
use crate::threshold::{Threshold, ThresholdError};
use crate::tls::TlsOptions;
use crate::trace::Trace;
use crate::units::format_duration;
use crate::user::User;

/// The most users of one run: far beyond what a machine can hold, and what keeps a slip of the finger from filling its
/// memory before anything has started.
const MOST_USERS: u64 = 10_000_000;

/// More threads than any machine has cores.
const MOST_THREADS: usize = 4096;

/// Times are cut to this, so that no clock overflows: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A load test: which users, how many, for how long. It touches nothing that is process-wide, so several can run at
/// once, in a test suite too.
///
/// ```
/// use std::convert::Infallible;
/// use loadtest_core::{
///     Context, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, stop_user,
/// };
///
/// // What `#[derive(User)]` and `#[tasks]` write, by hand.
/// struct Caller(Context);
///
/// impl Tasks for Caller {
///     const TASKS: &'static [TaskInfo] = &[TaskInfo::new("call", 1)];
///     type Shared = ();
///     async fn setup(_: &SetupContext) -> Result<(), Exit> {
///         Ok(())
///     }
///     async fn run_task(&mut self, _task: usize, _: &Scope<'_>) -> TaskResult {
///         self.0.measure("CALL", "hello", async { Ok::<_, Infallible>(()) }).await?;
///         stop_user()
///     }
/// }
///
/// impl User for Caller {
///     const NAME: &'static str = "Caller";
///     fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
///         Ok(Self(init.context()))
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let report = LoadTest::new().user::<Caller>().users(3).spawn_rate(f64::INFINITY).run().await.unwrap();
/// assert_eq!(report.request("CALL", "hello").unwrap().stats.ok, 3);
/// # });
/// ```
#[must_use = "a load test does nothing until `run` or `start`"]
#[derive(Clone, Default)]
pub struct LoadTest {
    pub(super) classes: Vec<Result<Arc<dyn UserClass>, InputError>>,
    /// In the order in which they were said: the later wins.
    configs: Vec<(String, ClassConfig)>,
    /// The classes that were asked for by name.
    only: Option<Vec<String>>,
    options: Option<RunOptions>,
    pub(super) extensions: Extensions,
    pub(super) host: Option<String>,
    tls: TlsOptions,
    insecure: Option<bool>,
    users: Option<u64>,
    spawn_rate: Option<f64>,
    run_time: Option<Duration>,
    stop_timeout: Option<Duration>,
    on_stop_timeout: Option<Duration>,
    stop_concurrency: Option<usize>,
    threads: Option<usize>,
    seed: Option<u64>,
    reset_stats: bool,
    warm_up: Option<Duration>,
    filter: Filter,
    pub(super) iterations: Option<u64>,
    pub(super) iterations_per_user: Option<u64>,
    pub(super) trace: Option<Trace>,
    pub(super) debug_failures: Option<PathBuf>,
    pub(super) is_single_user: bool,
    pub(super) listeners: Vec<Arc<dyn Listener>>,
    pub(super) thresholds: Vec<Result<Threshold, ThresholdError>>,
}

impl LoadTest {
    /// A load test without users.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a class of users.
    pub fn user<U: User + 'static>(mut self) -> Self {
        self.classes.push(ClassOf::<U>::new().map(|class| Arc::new(class) as Arc<dyn UserClass>));
        self
    }

    /// Says something of the user class of this name that wins over its code; key by key, what is said later wins.
    /// Whether there is such a class, with such fields, is checked when the run starts.
    pub fn configure(mut self, class: impl Into<String>, config: ClassConfig) -> Self {
        self.configs.push((class.into(), config));
        self
    }

    /// The test's own options: a struct of any type, which users have in a field marked `#[options]` or ask their
    /// context for. On the command line, `main!(…, options = Options)` gives them.
    pub fn options<T: Send + Sync + 'static>(self, options: T) -> Self {
        self.run_options(RunOptions::new(options, Vec::new()))
    }

    pub(crate) fn run_options(mut self, options: RunOptions) -> Self {
        self.options = Some(options);
        self
    }

    /// The host to test, such as `http://localhost:8080`; wins over the one in a user class's code.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// What clients do about TLS: further roots, an identity of their own.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Whether to accept any certificate, whatever [`tls`](Self::tls) says; not by default, and for test systems
    /// alone.
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = Some(insecure);
        self
    }

    /// How many users to simulate at once; 1 by default, at least 1.
    pub fn users(mut self, users: u64) -> Self {
        self.users = Some(users);
        self
    }

    /// How many users to start per second; 1 by default. [`f64::INFINITY`] starts all at once.
    pub fn spawn_rate(mut self, users_per_second: impl Into<f64>) -> Self {
        self.spawn_rate = Some(users_per_second.into());
        self
    }

    /// How long to run, from the first user's start. Without it the run goes on until it is stopped, or until every
    /// user has stopped itself.
    pub fn run_time(mut self, run_time: Duration) -> Self {
        self.run_time = Some(run_time);
        self
    }

    /// How long a user may take to finish its task at the end; zero by default: the task is dropped at its await point
    /// and its request counted as interrupted.
    pub fn stop_timeout(mut self, stop_timeout: Duration) -> Self {
        self.stop_timeout = Some(stop_timeout);
        self
    }

    /// How long each `on_stop` may take; 30 s by default. It also bounds an `on_start` that is running when the users
    /// are asked to stop, and each `teardown`.
    pub fn on_stop_timeout(mut self, on_stop_timeout: Duration) -> Self {
        self.on_stop_timeout = Some(on_stop_timeout);
        self
    }

    /// How many `on_stop`s may run at once; 100 by default.
    pub fn stop_concurrency(mut self, on_stops: usize) -> Self {
        self.stop_concurrency = Some(on_stops);
        self
    }

    /// How many threads drive the users; by default as many as there are cores.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The seed of all random choices; drawn by default. The same seed gives each user the same sequence of tasks and
    /// waits, on any number of threads.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether to forget the figures when all users have been started; not by default.
    pub fn reset_stats(mut self, reset: bool) -> Self {
        self.reset_stats = reset;
        self
    }

    /// Leaves out what is measured in so long from the first user's start on: while caches fill and connections are opened.
    /// Not by default; it is part of the run time. What is in flight then is counted when it ends.
    pub fn warm_up(mut self, warm_up: Duration) -> Self {
        self.warm_up = Some(warm_up);
        self
    }

    /// Runs only tasks that have one of these tags, or that are in a set entered by one that has: `#[task(tags("read"))]`.
    /// Without any, all tasks run. A class that has none of them is left out.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.filter.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Leaves out tasks that have one of these tags, whatever [`tags`](Self::tags) says.
    pub fn exclude_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.filter.exclude = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Whether to take every weight, of classes and of tasks, for 1; not by default. Fixed counts stay, and so do
    /// classes with weight 0.
    pub fn equal_weights(mut self, equal: bool) -> Self {
        self.filter.equal_weights = equal;
        self
    }

    /// Starts the run on threads of its own.
    ///
    /// # Errors
    /// When something that was asked for makes no sense, or the system gives no thread.
    pub fn start(self) -> Result<Running, RunError> {
        let listeners = self.all_listeners();
        let folder = self.debug_failures.clone();
        let plan = Arc::new(self.plan()?);
        if let Some(folder) = folder {
            let _ = plan.run.failure_files.set(FailureFiles::create(&folder)?);
        }
        let started = threads::start(&plan, &listeners).map_err(RunError::Start)?;
        let (answer, outcome) = oneshot::channel();
        // Received: the controller lives until it is told to quit.
        let _ = started.commands.send(Command::Start(answer));
        Ok(Running {
            plan,
            started_at: SystemTime::now(),
            commands: started.commands,
            published: started.published,
            outcome,
        })
    }

    /// Runs to the end and gives the report.
    ///
    /// The future only waits; it is `Send` and works on any executor. Dropping it stops the run in good order, with
    /// every `on_stop`, on the run's own threads; nothing waits for them then. Where the process may end soon, call
    /// [`Running::stop`] and [`Running::wait`] instead.
    ///
    /// # Errors
    /// As [`start`](Self::start) and [`Running::wait`].
    pub async fn run(self) -> Result<Report, RunError> {
        self.start()?.wait().await
    }

    /// The names of the user classes, with those that cannot be used left out.
    pub(crate) fn class_names(&self) -> Vec<&'static str> {
        self.classes.iter().flatten().map(|class| class.name()).collect()
    }

    #[cfg(feature = "cli")]
    /// Keeps only the classes of these names.
    ///
    /// # Errors
    /// When there is no class of such a name.
    pub(crate) fn keep_classes(&mut self, names: &[&String]) -> Result<(), InputError> {
        let known = self.class_names();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(classes::unknown(unknown, known.into_iter()));
        }
        self.only = Some(names.iter().map(|name| (*name).clone()).collect());
        Ok(())
    }

    /// Both settings of TLS in one.
    pub(crate) fn tls_options(&self) -> TlsOptions {
        let accept = self.insecure.unwrap_or(self.tls.accept_invalid_certificates);
        self.tls.clone().accept_invalid_certificates(accept)
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// When one makes no sense.
    pub(crate) fn check_settings(&self) -> Result<Settings, InputError> {
        Ok(Settings {
            users: check_users(self.users.unwrap_or(1))?,
            spawn_rate: positive_rate(self.spawn_rate.unwrap_or(1.0))?,
            run_time: run_time(self.run_time)?,
            stop_timeout: self.stop_timeout.unwrap_or(Duration::ZERO).min(LONGEST),
            on_stop_timeout: self.on_stop_timeout.unwrap_or(Duration::from_secs(30)).min(LONGEST),
            stop_concurrency: count("stop concurrency", self.stop_concurrency.unwrap_or(100), Semaphore::MAX_PERMITS)?,
            threads: count("threads", self.threads.unwrap_or_else(cores), MOST_THREADS)?,
            reset_stats: self.reset_stats,
            warm_up: warm_up(self.warm_up, self.run_time)?,
            iterations: limit("iterations", self.iterations)?,
            iterations_per_user: limit("iterations per user", self.iterations_per_user)?,
            equal_weights: self.filter.equal_weights,
        })
    }

    /// The classes of the run and their tasks.
    fn tasked(&self) -> Result<Tasked, InputError> {
        let classes = self.classes.iter().cloned().collect::<Result<Vec<_>, _>>()?;
        let classes = classes::of_the_run(classes, &self.configs, self.only.as_deref(), self.is_single_user)?;
        let tasked = Tasked::new(classes, &self.filter)?;
        if !tasked.left_out.is_empty() {
            tracing::warn!("left out, as no task of theirs has these tags: {}", tasked.left_out.join(", "));
        }
        Ok(tasked)
    }

    /// Checks everything that can be checked before any load.
    pub(crate) fn plan(self) -> Result<Plan, InputError> {
        let plan = self.plan_without_clients()?;
        plan.classes.iter().try_for_each(|class| class.check(&plan.run))?;
        Ok(plan)
    }

    /// As [`plan`](Self::plan), while the host of the run is not known: of the clients those are checked whose class has
    /// one of its own.
    #[cfg(feature = "cli")]
    pub(crate) fn plan_with_known_hosts(self) -> Result<Plan, InputError> {
        let plan = self.plan_without_clients()?;
        let mut known = plan.classes.iter().filter(|class| class.config().host.is_some());
        known.try_for_each(|class| class.check(&plan.run))?;
        Ok(plan)
    }

    /// As [`plan`](Self::plan), but for what clients check: while their host is not known. No host can stand in for it, as
    /// each protocol has its own form.
    pub(crate) fn plan_without_clients(self) -> Result<Plan, InputError> {
        let settings = self.check_settings()?;
        let thresholds = self.checked_thresholds()?;
        let tls = self.tls_options();
        let Tasked { classes, graphs, units, left_out: _ } = self.tasked()?;
        let seed = self.seed.unwrap_or_else(random);
        let configs: BTreeMap<_, _> =
            classes.iter().map(|class| (class.name().to_owned(), class.config().clone())).collect();
        let mut run = RunInfo::new(run_id(), seed, self.host, tls);
        (run.configs, run.options, run.extensions) = (configs, self.options, self.extensions);
        run.on_stop =
            OnStopBounds { timeout: settings.on_stop_timeout, permits: Semaphore::new(settings.stop_concurrency) };
        run.trace = self.trace;
        run.meetings.users = settings.users;
        run.meetings.alone = self.is_single_user;
        run.iterations = Iterations::new(settings.iterations, settings.iterations_per_user);
        Ok(Plan { run: Arc::new(run), classes, graphs, units, settings, thresholds })
    }
}

impl fmt::Debug for LoadTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadTest")
            .field("classes", &self.class_names())
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// A number that is at least one and at most `most`.
fn count<N: Copy + From<u8> + PartialOrd + fmt::Display>(what: &str, number: N, most: N) -> Result<N, InputError> {
    if number < N::from(1) {
        return Err(InputError::new(format!("{what}: {number} is too few; give at least 1")));
    }
    if number > most {
        return Err(InputError::new(format!("{what}: {number} is too many; give at most {most}")));
    }
    Ok(number)
}

/// A warm-up that leaves something of the run.
fn warm_up(warm_up: Option<Duration>, run_time: Option<Duration>) -> Result<Option<Duration>, InputError> {
    let Some(warm_up) = warm_up.filter(|warm_up| !warm_up.is_zero()) else { return Ok(None) };
    if let Some(run_time) = run_time.filter(|run_time| *run_time <= warm_up) {
        let [warm_up, run_time] = [warm_up, run_time].map(format_duration);
        let error =
            format!("warm-up: {warm_up} of a run time of {run_time} leaves nothing to measure; give a shorter one");
        return Err(InputError::new(error));
    }
    Ok(Some(warm_up.min(LONGEST)))
}

/// A limit that leaves something to do.
fn limit(what: &str, number: Option<u64>) -> Result<Option<u64>, InputError> {
    number.map(|number| count(what, number, u64::MAX)).transpose()
}

/// A run time that leaves time to run.
fn run_time(time: Option<Duration>) -> Result<Option<Duration>, InputError> {
    if time.is_some_and(|time| time.is_zero()) {
        return Err(InputError::new(
            "run time: 0 s is too short for anything; give a time, or none to run until stopped",
        ));
    }
    Ok(time.map(|time| time.min(LONGEST)))
}

pub(crate) fn check_users(users: u64) -> Result<u64, InputError> {
    count("users", users, MOST_USERS)
}

pub(crate) fn positive_rate(rate: f64) -> Result<f64, InputError> {
    if rate > 0.0 {
        return Ok(rate);
    }
    Err(InputError::new(format!(
        "spawn rate: {rate} is no rate; give a number of users per second above 0, such as 0.5 or 10"
    )))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// A random number; std's hasher keys are the one source of randomness that needs no crate.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Eight letters and digits, different for each run.
fn run_id() -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = random();
    (0..8)
        .map(|_| {
            let letter = LETTERS[usize::try_from(number % 36).unwrap_or(0)];
            number /= 36;
            char::from(letter)
        })
        .collect()
}

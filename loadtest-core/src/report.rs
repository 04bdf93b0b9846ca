//! What a run leaves behind, and the forms in which it is written. Pure functions of a [`Report`] or a `Snapshot`.

#[cfg(feature = "cli")]
pub(crate) mod csv;
mod html;
#[cfg(feature = "json")]
mod json;
mod settings;
mod stable;
pub(crate) mod text;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::plan::Plan;
use crate::stats::{
    ClassSnapshot, CounterStats, ExceptionRow, FailureRow, GaugeStats, GeneratorHealth, History, MetricSnapshot,
    RowSnapshot, ScheduledStarts, Snapshot, TaskSnapshot, TaskStats, TransactionFailureRow, TransactionSnapshot,
    TransactionStats, TrendStats,
};
use crate::threshold::ThresholdResult;
#[cfg(feature = "cli")]
pub use csv::CsvFile;
#[cfg(feature = "json")]
pub use json::JsonError;
pub use settings::RunSettings;

/// With which a run is measured.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// It has not ended: the report is that of a run that goes on, as it stands.
    GoesOn,
    /// Its run time was over.
    RunTime,
    /// Somebody asked for it: Ctrl-C, SIGTERM, or the handle of the run.
    Request,
    /// It was broken off at once, by a second Ctrl-C.
    Abort,
    /// A task or hook said `stop_test(why)`.
    StopTest(String),
    /// Every user had stopped itself.
    NoUsersLeft,
    /// As many tasks had run as were to run in total.
    Iterations,
    /// A threshold with `abort` was not met: which one and by how much, in a sentence.
    Threshold(String),
    /// A `setup` failed: its user class, and the error.
    SetupFailed {
        /// The user class whose `setup` it was.
        class: String,
        /// What it said.
        message: String,
    },
}

impl EndedBy {
    /// One sentence for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::GoesOn => "it still goes on".to_owned(),
            Self::RunTime => "the run time is over".to_owned(),
            Self::Request => "it was asked to".to_owned(),
            Self::Abort => "broken off".to_owned(),
            Self::StopTest(why) => format!("stop_test: {why}"),
            Self::NoUsersLeft => "every user has stopped itself".to_owned(),
            Self::Iterations => "all iterations are done".to_owned(),
            Self::Threshold(broken) => format!("a threshold was not met: {broken}"),
            Self::SetupFailed { class, message } => format!("{class}::setup failed: {message}"),
        }
    }
}

/// The result of a run.
///
/// Its `Display` is the text that the command line prints at the end. With the feature `json` it can be written as JSON
/// and read again, as what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    version: String,
    run_id: String,
    seed: u64,
    host: Option<String>,
    classes: Vec<String>,
    configured: Vec<(String, String)>,
    options: Vec<(String, String)>,
    settings: RunSettings,
    started_at: SystemTime,
    ended_by: EndedBy,
    snapshot: Arc<Snapshot>,
    thresholds: Vec<ThresholdResult>,
    incomplete: bool,
}

impl Report {
    pub(crate) fn new(
        plan: &Plan,
        started_at: SystemTime,
        ended_by: EndedBy,
        snapshot: Arc<Snapshot>,
        thresholds: Vec<ThresholdResult>,
        incomplete: bool,
    ) -> Self {
        Self {
            version: VERSION.to_owned(),
            run_id: plan.run.run_id.clone(),
            seed: plan.run.seed,
            host: plan.run.host.clone(),
            classes: plan.classes.iter().map(|class| class.name().to_owned()).collect(),
            configured: plan.configured().into_iter().map(|(class, shown)| (class.to_owned(), shown)).collect(),
            options: plan.run.options.as_ref().map(|options| options.shown.clone()).unwrap_or_default(),
            settings: RunSettings::of(&plan.settings),
            started_at,
            ended_by,
            snapshot,
            thresholds,
            incomplete,
        }
    }

    /// The row of this method and name; `None` when there was no such request.
    #[must_use]
    pub fn request(&self, method: &str, name: &str) -> Option<&RowSnapshot> {
        self.snapshot.row(method, name)
    }

    /// All rows, sorted by name and method.
    #[must_use]
    pub fn requests(&self) -> &[RowSnapshot] {
        &self.snapshot.rows
    }

    /// All rows in one.
    #[must_use]
    pub fn total(&self) -> &RowSnapshot {
        &self.snapshot.total
    }

    /// Failed requests, grouped by row, kind and error, with samples of each group.
    ///
    /// ```
    /// # use loadtest_core::Report;
    /// fn tell(report: &Report) {
    ///     for failure in report.failures() {
    ///         let share = report.snapshot().failure_share(failure).unwrap_or_default();
    ///         println!("{}: {} ({}), {share:.3}", failure.key.name, failure.error, failure.kind);
    ///         for sample in &failure.samples {
    ///             println!("  user {:?} of {}, in {}", sample.user_number, sample.class, sample.task);
    ///             if let Some(exchange) = &sample.exchange {
    ///                 println!("{}\n{}", exchange.request, exchange.response);
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn failures(&self) -> &[FailureRow] {
        &self.snapshot.failures
    }

    /// Errors and panics of tasks and hooks, grouped.
    #[must_use]
    pub fn exceptions(&self) -> &[ExceptionRow] {
        &self.snapshot.exceptions
    }

    /// The counter of this name; `None` when nothing was added to it.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<&CounterStats> {
        self.snapshot.counter(name)
    }

    /// The gauge of this name; `None` when it was never set.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Option<&GaugeStats> {
        self.snapshot.gauge(name)
    }

    /// The trend of this name; `None` when nothing was recorded.
    #[must_use]
    pub fn trend(&self, name: &str) -> Option<&TrendStats> {
        self.snapshot.trend(name)
    }

    /// All custom metrics, sorted by name and kind.
    #[must_use]
    pub fn metrics(&self) -> &[MetricSnapshot] {
        &self.snapshot.metrics
    }

    /// The transactions of this name, which stands behind those of the transactions around it: `checkout / pay`.
    #[must_use]
    pub fn transaction(&self, name: &str) -> Option<&TransactionStats> {
        self.snapshot.transaction(name)
    }

    /// All transactions, sorted by name: those inside of another follow it. They are no part of the total.
    #[must_use]
    pub fn transactions(&self) -> &[TransactionSnapshot] {
        &self.snapshot.transactions
    }

    /// Failed transactions, grouped by name and error.
    #[must_use]
    pub fn transaction_failures(&self) -> &[TransactionFailureRow] {
        &self.snapshot.transaction_failures
    }

    /// A task or hook of a user class: `Shopper`, `checkout`; of a task set `Forum::read`.
    #[must_use]
    pub fn task(&self, class: &str, task: &str) -> Option<&TaskStats> {
        self.snapshot.task(class, task)
    }

    /// All tasks and hooks, and the requests they made; sorted by user class and name.
    #[must_use]
    pub fn tasks(&self) -> &[TaskSnapshot] {
        &self.snapshot.tasks
    }

    /// All tasks of a user class in one.
    #[must_use]
    pub fn user_class(&self, class: &str) -> Option<&TaskStats> {
        self.snapshot.class(class)
    }

    /// All user classes: the tasks of each in one.
    #[must_use]
    pub fn user_classes(&self) -> &[ClassSnapshot] {
        &self.snapshot.classes
    }

    /// What happened when: users, rates and percentiles over the time of the run.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.snapshot.history
    }

    /// How the load generator itself was.
    #[must_use]
    pub fn health(&self) -> &GeneratorHealth {
        &self.snapshot.health
    }

    /// Starts by schedule, how late they were, and what was skipped; none where no user class has a schedule.
    #[must_use]
    pub fn scheduled_starts(&self) -> &ScheduledStarts {
        &self.snapshot.starts
    }

    /// What a person should know of this run beside its figures.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.snapshot.warnings
    }

    /// What became of each threshold, in the order in which they were asked for.
    #[must_use]
    pub fn thresholds(&self) -> &[ThresholdResult] {
        &self.thresholds
    }

    /// For tests: that every threshold was met.
    ///
    /// # Panics
    /// When one was not met, or matched nothing: with the table of those, and the report.
    #[track_caller]
    pub fn assert_thresholds(&self) {
        let failed: Vec<_> = self.thresholds.iter().filter(|result| !result.is_met()).cloned().collect();
        let table = text::thresholds(&failed, text::UNLIMITED);
        let (count, all) = (failed.len(), self.thresholds.len());
        assert!(failed.is_empty(), "{count} of {all} thresholds not met\n\n{table}\n{self}");
    }

    /// Whether figures are missing, because a thread was kept by a user that does not yield and had to be given up;
    /// a warning names it.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Why the run ended.
    #[must_use]
    pub fn ended_by(&self) -> &EndedBy {
        &self.ended_by
    }

    /// The word that tells this run from others.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// With this seed the users make the same choices again.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The host that was tested, if it was given for the run.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The user classes.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// What was configured from outside, by user class; secrets are masked.
    #[must_use]
    pub fn configured(&self) -> &[(String, String)] {
        &self.configured
    }

    /// The test's own options as they were given on the command line: names and values, with secrets masked. Empty in
    /// a run that was given its options with [`LoadTest::options`](crate::LoadTest::options), where nobody knows names.
    #[must_use]
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// How many users were asked for.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.settings.users
    }

    /// The numbers with which it was started.
    #[must_use]
    pub fn settings(&self) -> &RunSettings {
        &self.settings
    }

    /// The version of this library that measured it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When the run began.
    #[must_use]
    pub fn started_at(&self) -> SystemTime {
        self.started_at
    }

    /// From the first user's start to the end of the last `teardown`.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.snapshot.elapsed
    }

    /// What was said from outside, in lines of text.
    pub(crate) fn asked(&self) -> String {
        let configured = self.configured.iter().map(|(class, settings)| format!("\nConfigured: {class}: {settings}\n"));
        let options: Vec<_> = self.options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let options = (!options.is_empty()).then(|| format!("\nOptions: {}\n", options.join(", ")));
        configured.chain(options).collect()
    }

    /// Writes the report as one HTML file: for people who did not run the test, in any browser, without a network.
    ///
    /// In it are a summary, the thresholds, the course of time, tables of requests, tasks, transactions and metrics, heat
    /// maps and status codes of the 200 requests with the most traffic, failures with samples, exceptions, the load
    /// generator's health and the parameters. Names, bodies and error texts are shown as text, whatever they hold.
    ///
    /// # Errors
    /// When writing fails.
    ///
    /// ```
    /// # use loadtest_core::Report;
    /// fn keep(report: &Report) -> std::io::Result<()> {
    ///     let mut file = std::io::BufWriter::new(std::fs::File::create("report.html")?);
    ///     report.write_html(&mut file)?;
    ///     std::io::Write::flush(&mut file)
    /// }
    /// ```
    pub fn write_html(&self, out: &mut impl io::Write) -> io::Result<()> {
        html::write(self, out)
    }

    #[cfg(feature = "cli")]
    pub(crate) fn shared_snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// All figures.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::summary(&self.snapshot, &self.thresholds, text::UNLIMITED))?;
        f.write_str(&self.asked())
    }
}

#[cfg(test)]
mod tests;

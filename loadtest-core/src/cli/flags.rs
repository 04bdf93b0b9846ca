//! The flags, with Locust's names where the thing is the same.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Command, Parser};
use tracing::level_filters::LevelFilter;

use super::debug::Debug;
use super::outputs::OutputFlags;
use super::thresholds::Thresholds;
use super::tui_flag::TuiFlag;
use super::values::{code, count, level, rate, seed, tasks, time, users, yes_or_no};
use super::web_flags::WebFlags;
use super::{config_users, tls_files};
use crate::error::InputError;
use crate::exit_code;
use crate::runner::LoadTest;
use crate::units::format_duration;

/// What was typed, or set as `LOADTEST_*` variables. Flags win over variables, both over defaults in code.
#[derive(Debug, Parser)]
#[command(
    about = "A load test: simulates many users at once and measures what the system under test makes of it",
    version,
    after_help = "Exit codes: 0 done, 1 failed requests or exceptions, or files that could not be written, 2 bad input, 3 thresholds, 4 setup failed, 5 no threads or a user that did not yield, 130 second Ctrl-C.\n\
                  Flags with [env: …] can be given as a variable: LOADTEST_USERS=20 for --users 20."
)]
#[group(skip)]
pub(super) struct Flags {
    /// Host to test, such as http://localhost:8080
    #[arg(short = 'H', long, env = "LOADTEST_HOST", value_name = "URL", hide_env_values = true)]
    pub(super) host: Option<String>,

    /// Accept any TLS certificate: expired, self-signed, of another name
    #[arg(long, env = "LOADTEST_INSECURE", value_parser = yes_or_no)]
    insecure: bool,

    /// Trust the TLS certificates in this PEM file as well; can be repeated
    #[arg(long, env = "LOADTEST_CACERT", value_name = "FILE")]
    cacert: Vec<PathBuf>,

    /// Show this certificate to the server: a PEM file, which may hold the key too
    #[arg(long, env = "LOADTEST_CERT", value_name = "FILE")]
    cert: Option<PathBuf>,

    /// The private key of --cert, in PEM
    #[arg(long, env = "LOADTEST_KEY", value_name = "FILE")]
    key: Option<PathBuf>,

    /// How many users to simulate at once
    #[arg(short, long, env = "LOADTEST_USERS", value_name = "N", value_parser = users, allow_hyphen_values = true)]
    pub(super) users: Option<u64>,

    /// How many users to start per second; "unlimited" starts all at once
    #[arg(short = 'r', long, env = "LOADTEST_SPAWN_RATE", value_name = "N", value_parser = rate, allow_hyphen_values = true)]
    spawn_rate: Option<f64>,

    /// Stop after this time: 20, 20s, 3m, 2h, 1h20m
    #[arg(short = 't', long, env = "LOADTEST_RUN_TIME", value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    run_time: Option<Duration>,

    /// Stop after this many task runs in total, however they end; with --run-time, after what comes first
    #[arg(long, env = "LOADTEST_ITERATIONS", value_name = "N", value_parser = tasks, allow_hyphen_values = true)]
    iterations: Option<u64>,

    /// Each user leaves after this many task runs; the run ends with the last user
    #[arg(long, env = "LOADTEST_ITERATIONS_PER_USER", value_name = "N", value_parser = tasks, allow_hyphen_values = true)]
    iterations_per_user: Option<u64>,

    /// How long users may take to finish their task at the end; without it requests in flight are interrupted
    #[arg(short, long, env = "LOADTEST_STOP_TIMEOUT", value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    stop_timeout: Option<Duration>,

    /// How long each on_stop may take
    #[arg(long, env = "LOADTEST_ON_STOP_TIMEOUT", value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    on_stop_timeout: Option<Duration>,

    /// How many on_stops may run at once
    #[arg(long, env = "LOADTEST_STOP_CONCURRENCY", value_name = "N", value_parser = count, allow_hyphen_values = true)]
    stop_concurrency: Option<usize>,

    #[command(flatten)]
    pub(super) web: WebFlags,

    #[command(flatten)]
    pub(super) tui: TuiFlag,

    /// Print only the tables at the end
    #[arg(long, env = "LOADTEST_ONLY_SUMMARY", value_parser = yes_or_no)]
    pub(super) only_summary: bool,

    /// Forget the figures when all users have been started
    #[arg(long, env = "LOADTEST_RESET_STATS", value_parser = yes_or_no)]
    reset_stats: bool,

    /// Leave out what is measured in so long from the start on, such as 30s: part of the run time
    #[arg(long, env = "LOADTEST_WARM_UP", value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    warm_up: Option<Duration>,

    #[command(flatten)]
    thresholds: Thresholds,

    #[command(flatten)]
    pub(super) outputs: OutputFlags,

    /// Repeat the random choices of an earlier run [default: drawn, and printed at the end]
    #[arg(long, env = "LOADTEST_SEED", value_name = "N", value_parser = seed, allow_hyphen_values = true)]
    seed: Option<u64>,

    /// How many threads drive the users [default: the number of cores]
    #[arg(long, env = "LOADTEST_THREADS", value_name = "N", value_parser = count, allow_hyphen_values = true)]
    threads: Option<usize>,

    /// How much to log: DEBUG, INFO, WARNING, ERROR, OFF
    #[arg(short = 'L', long, env = "LOADTEST_LOGLEVEL", value_name = "LEVEL", default_value = "INFO", value_parser = level)]
    pub(super) loglevel: LevelFilter,

    /// Log into this file instead of stderr
    #[arg(long, env = "LOADTEST_LOGFILE", value_name = "FILE")]
    pub(super) logfile: Option<PathBuf>,

    /// What holds for a user class in place of its code: weight, fixed_count, host, wait_time (in seconds) and
    /// configurable fields, as {"user_class_name": "Shopper", "weight": 2}, a list of these, or a .json file; can be
    /// repeated
    #[arg(long, env = "LOADTEST_CONFIG_USERS", value_name = "JSON", hide_env_values = true)]
    config_users: Vec<String>,

    /// Show the user classes and end
    #[arg(short, long)]
    pub(super) list: bool,

    /// Show how often each class and task runs, and end
    #[arg(long)]
    pub(super) show_task_ratio: bool,

    /// The same as JSON
    #[arg(long, conflicts_with = "show_task_ratio")]
    pub(super) show_task_ratio_json: bool,

    /// Run only tasks with one of these tags: -T read -T search, or --tags read search before another flag
    #[arg(short = 'T', long, env = "LOADTEST_TAGS", value_name = "TAG", num_args = 1.., value_delimiter = ' ')]
    tags: Vec<String>,

    /// Leave out tasks with one of these tags, whatever --tags says
    #[arg(short = 'E', long, env = "LOADTEST_EXCLUDE_TAGS", value_name = "TAG", num_args = 1.., value_delimiter = ' ')]
    exclude_tags: Vec<String>,

    /// Take every weight, of user classes and of tasks, for 1
    #[arg(long, env = "LOADTEST_EQUAL_WEIGHTS", value_parser = yes_or_no)]
    equal_weights: bool,

    #[command(flatten)]
    pub(super) debug: Debug,

    /// The exit code when requests or transactions failed, or tasks or listeners had errors
    #[arg(long, env = "LOADTEST_EXIT_CODE_ON_ERROR", value_name = "N", default_value_t = exit_code::ERRORS, value_parser = code, allow_hyphen_values = true)]
    pub(super) exit_code_on_error: u8,

    /// User classes to run [default: all]
    #[arg(env = "LOADTEST_USER_CLASSES", value_name = "USER_CLASS", value_delimiter = ' ')]
    pub(super) user_classes: Vec<String>,
}

/// With the defaults in the help, which the test's code may have changed.
pub(super) fn with_defaults_of(test: &LoadTest, command: Command) -> Command {
    // What is wrong with them is said when the run would start.
    let Ok(settings) = test.check_settings() else { return command };
    let rate = settings.spawn_rate;
    let defaults = [
        ("users", settings.users.to_string()),
        ("spawn_rate", if rate.is_finite() { rate.to_string() } else { "unlimited".to_owned() }),
        ("run_time", settings.run_time.map_or_else(|| "until it is stopped".to_owned(), format_duration)),
        ("stop_timeout", format_duration(settings.stop_timeout)),
        ("on_stop_timeout", format_duration(settings.on_stop_timeout)),
        ("stop_concurrency", settings.stop_concurrency.to_string()),
    ];
    defaults.into_iter().fold(command, |command, (flag, default)| {
        command.mut_arg(flag, |argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            argument.help(format!("{help} [default: {default}]"))
        })
    })
}

impl Flags {
    /// Lets what was typed win over what was set before.
    ///
    /// # Errors
    /// When a file that was given cannot be used.
    pub(super) fn apply(&self, mut test: LoadTest) -> Result<LoadTest, InputError> {
        let tls = test.tls_options();
        test = test.tls(tls_files::apply(tls, &self.cacert, self.cert.as_deref(), self.key.as_deref())?);
        for given in self.config_users.iter().filter(|given| !given.trim().is_empty()) {
            for (class, config) in config_users::read(given)? {
                test = test.configure(class, config);
            }
        }
        if self.insecure {
            test = test.insecure(true);
        }
        if let Some(host) = &self.host {
            test = test.host(host);
        }
        if let Some(users) = self.users {
            test = test.users(users);
        }
        if let Some(spawn_rate) = self.spawn_rate {
            test = test.spawn_rate(spawn_rate);
        }
        if let Some(run_time) = self.run_time {
            test = test.run_time(run_time);
        }
        if let Some(iterations) = self.iterations {
            test = test.iterations(iterations);
        }
        if let Some(iterations) = self.iterations_per_user {
            test = test.iterations_per_user(iterations);
        }
        if let Some(stop_timeout) = self.stop_timeout {
            test = test.stop_timeout(stop_timeout);
        }
        if let Some(on_stop_timeout) = self.on_stop_timeout {
            test = test.on_stop_timeout(on_stop_timeout);
        }
        if let Some(stop_concurrency) = self.stop_concurrency {
            test = test.stop_concurrency(stop_concurrency);
        }
        if let Some(threads) = self.threads {
            test = test.threads(threads);
        }
        if let Some(seed) = self.seed {
            test = test.seed(seed);
        }
        if self.reset_stats {
            test = test.reset_stats(true);
        }
        if let Some(warm_up) = self.warm_up {
            test = test.warm_up(warm_up);
        }
        let given = |tags: &[String]| tags.iter().filter(|tag| !tag.is_empty()).cloned().collect::<Vec<_>>();
        if !given(&self.tags).is_empty() {
            test = test.tags(given(&self.tags));
        }
        if !given(&self.exclude_tags).is_empty() {
            test = test.exclude_tags(given(&self.exclude_tags));
        }
        test = self.thresholds.apply(test)?;
        if self.equal_weights {
            test = test.equal_weights(true);
        }
        self.debug.apply(test)
    }

    /// The flags that want no terminal UI, and whether they were given.
    pub(super) fn without_terminal(&self) -> [(&'static str, bool); 4] {
        [
            ("--headless", self.web.is_headless()),
            ("--only-summary", self.only_summary),
            ("--json", self.outputs.json),
            ("--debug-user", self.debug.is_asked_for()),
        ]
    }

    /// The flags that say nothing to a run of one user, as far as they were given.
    pub(super) fn unused(&self) -> Vec<&'static str> {
        let given = [
            ("--users", self.users.is_some()),
            ("--spawn-rate", self.spawn_rate.is_some()),
            ("--threads", self.threads.is_some()),
            ("USER_CLASS", self.user_classes.iter().any(|class| !class.is_empty())),
        ];
        given.into_iter().filter(|(_, given)| *given && self.debug.is_asked_for()).map(|(flag, _)| flag).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn values_are_read() {
        let flags =
            Flags::try_parse_from(["test", "-u", "20", "-r", "unlimited", "-t", "1m", "-L", "warning", "A", "B"])
                .unwrap();
        assert_eq!(
            (flags.users, flags.spawn_rate, flags.run_time),
            (Some(20), Some(f64::INFINITY), Some(Duration::from_secs(60)))
        );
        assert_eq!(flags.loglevel, LevelFilter::WARN);
        assert_eq!(flags.user_classes, ["A", "B"]);
        let flags = Flags::try_parse_from(["test", "--iterations", "7", "--iterations-per-user", "2"]).unwrap();
        assert_eq!((flags.iterations, flags.iterations_per_user), (Some(7), Some(2)));
    }

    #[test]
    fn what_one_user_has_no_use_for_is_known() {
        let all = ["test", "-u", "5", "-r", "2", "--threads", "3", "Shopper"];
        assert!(Flags::try_parse_from(all).unwrap().unused().is_empty());
        let debug = Flags::try_parse_from([&all[..], &["--debug-user", "Visitor"]].concat()).unwrap();
        assert_eq!(debug.unused(), ["--users", "--spawn-rate", "--threads", "USER_CLASS"]);
    }
}

//! The command line of a load test: what `main!` gives a binary.
//!
//! This is the only module that touches what is process-wide: signals, the panic hook, the log, stdout, the
//! environment, the limit of open files. Everything else it does through the same [`LoadTest`] that tests use.

mod config_users;
mod debug;
mod defaults;
mod flags;
mod limits;
mod live;
mod log;
mod options;
mod outputs;
mod screen;
mod signals;
mod thresholds;
mod tls_files;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::error::InputError;
use crate::exit_code;
use crate::failure_files;
use crate::life::panics;
use crate::plan::ratio;
use crate::report::{Report, text};
use crate::runner::{LoadTest, RunError, Running};
pub use defaults::Defaults;
use flags::Flags;
use outputs::Outputs;
use screen::Screen;

/// Runs a load test as the command line says; the defaults come from code.
#[must_use]
pub fn main(test: LoadTest, defaults: Defaults) -> ExitCode {
    let command = match options::command(defaults.own_options()) {
        Ok(command) => flags::with_defaults_of(&test, command),
        Err(error) => {
            complain(&error);
            return ExitCode::from(exit_code::INPUT);
        }
    };
    let arguments: Vec<_> = std::env::args_os().collect();
    let (flags, options) = match options::parse(&command, defaults.own_options(), &arguments) {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(flags::explain(&error, &command)),
    };
    let test = match options {
        Some(options) => test.run_options(options),
        None => test,
    };
    match run(test, defaults, &flags) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error);
            ExitCode::from(exit_code::INPUT)
        }
    }
}

/// Before there is a log: the one line that says why nothing was started.
fn complain(error: &InputError) {
    let _ = writeln!(std::io::stderr(), "error: {error}");
}

/// Writes to stdout; whoever closed it does not want to read more.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn run(mut test: LoadTest, mut defaults: Defaults, flags: &Flags) -> Result<u8, InputError> {
    if flags.list {
        for name in test.class_names() {
            say(&format!("{name}\n"));
        }
        return Ok(exit_code::OK);
    }
    let classes: Vec<&String> = flags.user_classes.iter().filter(|name| !name.is_empty()).collect();
    if !classes.is_empty() && !flags.debug.is_asked_for() {
        test.keep_classes(&classes)?;
    }
    test = flags.apply(test)?;
    if flags.show_task_ratio || flags.show_task_ratio_json {
        let ratio = test.plan_without_clients()?.ratio();
        say(&if flags.show_task_ratio_json { ratio::json(&ratio) } else { ratio::text(&ratio) });
        return Ok(exit_code::OK);
    }
    // Everything that can be wrong is looked at before anything is touched: an earlier run's files stay as they are.
    let settings = test.check_settings()?;
    let host_of_code = flags.host.is_none() && defaults.has_host();
    // The host of the code is started only when all else is well.
    if host_of_code { test.clone().plan_with_known_hosts() } else { test.clone().plan() }?;
    flags.debug.failures().map(failure_files::check).transpose()?;
    let quiet = flags.only_summary || flags.outputs.json || flags.debug.is_asked_for();
    let screen = Arc::new(Screen::new(quiet));
    log::start(flags.loglevel, flags.logfile.as_deref(), &screen)?;
    let mut outputs = Outputs::check(&flags.outputs, &settings)?;
    let unused = flags.unused();
    if !unused.is_empty() {
        tracing::warn!("--debug-user runs one user of that class: {} not used", unused.join(", "));
    }
    panics::watch();
    if cfg!(panic = "abort") {
        tracing::warn!("built with panic = \"abort\": a panic in one task ends the whole run, without a report");
    }
    limits::prepare(&settings, host_of_code);
    let mut host = flags.host.clone();
    if host_of_code && let Some(started) = defaults.start_host()? {
        tracing::info!("no --host given: {}", live::default_host(&started));
        test = test.host(&started);
        host = Some(started);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| InputError::new(format!("the system gives no event queue: {error}")))?;
    let result = runtime.block_on(async {
        // Before the first user: from then on an end must be an orderly one.
        let signals = signals::Signals::new();
        match test.start() {
            Ok(running) => Ok(watch(running, &screen, signals, &mut outputs, host.as_deref()).await),
            Err(RunError::Input(error)) => Err(error),
            // No thread to be had: not what was typed is wrong, so it has an exit code of its own.
            Err(error) => Ok(Err(error)),
        }
    })?;
    Ok(finish(&result, outputs, flags))
}

/// Shows a run while it goes on, and waits for its end.
async fn watch(
    running: Running,
    screen: &Screen,
    mut signals: signals::Signals,
    outputs: &mut Outputs,
    host: Option<&str>,
) -> Result<Report, RunError> {
    tracing::info!("{}", live::opening(&running, host));
    for (class, settings) in running.configured() {
        tracing::info!("configured: {class}: {settings}");
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopper = running.stopper();
    let run_time = running.run_time();
    let snapshots = running.onlooker().snapshots;
    let mut result = std::pin::pin!(running.wait());
    let mut asked = false;
    loop {
        tokio::select! {
            result = &mut result => {
                screen.clear();
                return result;
            }
            name = signals.next() => {
                if asked {
                    tracing::warn!("{name} again: ending at once");
                    stopper.abort();
                } else {
                    tracing::info!("{name}: users finish and run on_stop; once more ends at once");
                    stopper.stop();
                    asked = true;
                }
            }
            _ = tick.tick() => {
                let snapshot = Arc::clone(&snapshots.borrow());
                screen.show(&snapshot, run_time);
                outputs.during(&snapshot);
            }
        }
    }
}

/// The report, also that of a run that ended before it began.
fn report_of(result: &Result<Report, RunError>) -> Option<&Report> {
    match result {
        Ok(report) => Some(report),
        Err(RunError::Setup { report, .. }) => Some(report),
        Err(_) => None,
    }
}

fn finish(result: &Result<Report, RunError>, mut outputs: Outputs, flags: &Flags) -> u8 {
    let mut written = true;
    if let Some(report) = report_of(result) {
        written = outputs.finish(report);
        if !flags.outputs.json {
            say(&format!("\n{}", text::summary(report.snapshot(), report.thresholds(), screen::width())));
            say(&text::wrapped(&report.asked(), screen::width()));
            let ran = crate::units::format_duration(report.duration());
            say(&format!("\nRan {ran}: {}. Seed {}.\n", report.ended_by().sentence(), report.seed()));
        }
    }
    if let Err(error) = result {
        complain(&InputError::new(error.to_string()));
    }
    exit_code::of(result, flags.exit_code_on_error, written)
}

//! The command line of a load test: what `main!` gives a binary.
//!
//! This is the only module that touches what is process-wide: signals, the panic hook, the log, stdout, the
//! environment, the limit of open files. Everything else it does through the same [`LoadTest`] that tests use, and through a
//! [`Console`], of which the web UI has a clone.

mod config_users;
mod debug;
mod defaults;
mod explain;
mod flags;
mod given_options;
mod keys;
mod limits;
mod live;
mod log;
mod options;
mod outputs;
mod screen;
mod signals;
mod steer;
mod thresholds;
mod tls_files;
#[cfg(feature = "tui")]
mod tui;
mod tui_flag;
mod values;
mod web_flags;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use crate::console::web::{Say, ServedUi, WebError, WebSettings, WebUi};
use crate::console::{Console, LogBook, ReadOptions};
use crate::error::InputError;
use crate::exit_code;
use crate::failure_files;
use crate::life::panics;
use crate::plan::ratio;
use crate::report::RunSettings;
use crate::runner::LoadTest;
pub use defaults::Defaults;
use flags::Flags;
use given_options::GivenOptions;
use outputs::Outputs;
use screen::Screen;
use signals::Signals;
use steer::Steering;
use web_flags::Course;

/// Runs a load test as the command line says; the defaults come from code. Without a web UI: a run starts at once, and the
/// program ends with it.
#[must_use]
pub fn main(test: LoadTest, defaults: Defaults) -> ExitCode {
    main_with(test, defaults, None)
}

/// As [`main`], with a web UI: unless `--headless` or `--autostart` is given, runs are started there.
#[must_use]
pub fn main_with(test: LoadTest, defaults: Defaults, web: Option<&'static dyn WebUi>) -> ExitCode {
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
        Err(error) => return ExitCode::from(explain::explain(&error, &command)),
    };
    let test = match options {
        Some(options) => test.run_options(options),
        None => test,
    };
    let given = defaults.own_options().map(|own| GivenOptions::new(own, &command, &arguments));
    match run(test, defaults, &flags, given, web) {
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

fn run(
    mut test: LoadTest,
    mut defaults: Defaults,
    flags: &Flags,
    options: Option<GivenOptions>,
    web: Option<&'static dyn WebUi>,
) -> Result<u8, InputError> {
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
    flags.tui.check(flags.without_terminal())?;
    let tui = flags.tui.tui;
    let course = match tui {
        true => flags.web.course_of_tui(&defaults, web.is_some())?,
        false => flags.web.course(&defaults, web.is_some(), !flags.debug.is_asked_for())?,
    };
    let web = match web.filter(|_| course != Course::Headless && !(tui && defaults.headless)) {
        Some(web) => Some((web, flags.web.settings()?)),
        None => None,
    };
    // Everything that can be wrong is looked at before anything is touched: an earlier run's files stay as they are.
    let settings = test.check_settings()?;
    let host_of_code = flags.host.is_none() && defaults.has_host();
    // The host of the code is started only when all else is well; where a run waits, its host may be said later.
    let host_is_open = host_of_code || (course == Course::Waits && test.asked_host().is_none());
    if host_is_open { test.clone().plan_with_known_hosts() } else { test.clone().plan() }?;
    flags.debug.failures().map(failure_files::check).transpose()?;
    let quiet = flags.only_summary || flags.outputs.json || flags.debug.is_asked_for();
    let screen = Arc::new(Screen::new(quiet));
    let book = Arc::new(LogBook::default());
    log::start(flags.loglevel, flags.logfile.as_deref(), &screen, &book)?;
    Outputs::check(&flags.outputs, &RunSettings::of(&settings))?;
    flags.outputs.warn();
    let unused = flags.unused();
    if !unused.is_empty() {
        tracing::warn!("--debug-user runs one user of that class: {} not used", unused.join(", "));
    }
    #[cfg(feature = "tui")]
    if tui {
        tui::watch_panics();
    }
    panics::watch();
    if cfg!(panic = "abort") {
        tracing::warn!("built with panic = \"abort\": a panic in one task ends the whole run, without a report");
    }
    limits::prepare(&settings, host_of_code);
    if host_of_code && let Some(started) = defaults.start_host()? {
        tracing::info!("no --host given: {}", live::default_host(&started));
        test = test.host(&started);
    }
    let options = options.map(|options| Box::new(options) as Box<dyn ReadOptions>);
    let console = Console::with(test, options, book);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| InputError::new(format!("the system gives no event queue: {error}")))?;
    // Before the page, in which the first user may be started: from then on an end must be an orderly one.
    let signals = {
        let _entered = runtime.enter();
        Signals::new()
    };
    let (without_port, _served) = serve(web, course, &console, &screen)?;
    // The terminal UI waits also where there is no web UI beside it.
    let course = if tui { course } else { without_port };
    runtime.block_on(Steering::new(&console, &screen, flags, course).steer(signals))
}

/// Serves the web UI, if there is one, and says where. Without a port a run that was to start anyway goes on without it.
fn serve(
    web: Option<(&'static dyn WebUi, WebSettings)>,
    course: Course,
    console: &Console,
    screen: &Arc<Screen>,
) -> Result<(Course, Option<Box<dyn ServedUi>>), InputError> {
    let Some((web, mut settings)) = web else { return Ok((course, None)) };
    // Not by the log: its level and its file must not hide where to look, and a token has no place in a file.
    let to = Arc::clone(screen);
    settings.say = Say::new(move |line| to.whisper(line));
    match web.serve(settings, console.clone()) {
        Ok(served) => {
            screen.whisper(&format!("web UI: {}", served.url()));
            if course == Course::Waits {
                tracing::info!("nothing runs until it is started in the web UI; Ctrl-C ends the program");
            }
            Ok((course, Some(served)))
        }
        Err(WebError::PortTaken(sentence)) if course != Course::Waits => {
            tracing::warn!("no web UI: {sentence}");
            Ok((Course::Headless, None))
        }
        Err(WebError::PortTaken(sentence)) => Err(InputError::new(sentence)),
        Err(WebError::Input(error)) => Err(error),
    }
}

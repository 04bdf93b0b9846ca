//! Steers a console from the terminal: shows what runs, writes what a run leaves behind, and knows when to end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::flags::Flags;
use super::keys::Keys;
use super::outputs::Outputs;
use super::screen::{self, Screen};
use super::signals::Signals;
#[cfg(feature = "tui")]
use super::tui::Tui;
use super::web_flags::Course;
use super::{complain, live};
use crate::console::{Ask, Console, NotStarted, PastRun, View};
use crate::error::InputError;
use crate::exit_code;
use crate::report::{EndedBy, Report, text};
use crate::stats::RunState;

pub(super) struct Steering<'a> {
    console: &'a Console,
    screen: &'a Arc<Screen>,
    flags: &'a Flags,
    course: Course,
    /// The run whose outputs are written, by its number.
    begun: u64,
    outputs: Option<Outputs>,
    /// The last run that has ended and whose outputs are written, by its number.
    finished: u64,
    /// Of that run.
    code: u8,
    /// When the program ends by itself.
    quit_at: Option<Instant>,
    interrupted: bool,
}

/// Whether no run goes on.
fn is_over(view: &View) -> bool {
    matches!(view.state, RunState::Ready | RunState::Stopped)
}

impl<'a> Steering<'a> {
    pub(super) fn new(console: &'a Console, screen: &'a Arc<Screen>, flags: &'a Flags, course: Course) -> Self {
        Self {
            console,
            screen,
            flags,
            course,
            begun: 0,
            outputs: None,
            finished: 0,
            code: exit_code::OK,
            quit_at: None,
            interrupted: false,
        }
    }

    /// Until the end of the program; gives the exit code.
    ///
    /// # Errors
    /// When the run that was to start at once makes no sense.
    pub(super) async fn steer(mut self, mut signals: Signals) -> Result<u8, InputError> {
        if self.course != Course::Waits {
            match self.console.try_start(&Ask::default()) {
                Ok(_) => {}
                Err(NotStarted::Refused(refused)) => return Err(InputError::new(refused.message)),
                // No thread to be had: not what was typed is wrong, so it has an exit code of its own.
                Err(NotStarted::Generator(message)) => {
                    complain(&InputError::new(message));
                    return Ok(exit_code::GENERATOR);
                }
            }
        }
        #[cfg(feature = "tui")]
        let _tui = self.flags.tui.tui.then(|| Tui::open(self.console.clone(), self.screen)).transpose()?;
        let keys = !self.flags.tui.tui && !self.flags.debug.is_asked_for();
        let _keys = keys.then(|| Keys::listen(self.console)).flatten();
        let mut views = self.console.watch();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let view = Arc::clone(&views.borrow_and_update());
            self.see(&view);
            if is_over(&view) && (view.quitting || (self.course == Course::Headless && self.finished > 0)) {
                return Ok(self.code);
            }
            let quit_at = self.quit_at;
            tokio::select! {
                // The console is there: it changes, or it stays as it is.
                Ok(()) = views.changed() => {}
                name = signals.next() => self.interrupt(name),
                _ = tick.tick() => self.show(&view),
                () = tokio::time::sleep_until(quit_at.unwrap_or_else(Instant::now)), if quit_at.is_some() => {
                    self.quit_at = None;
                    self.console.quit();
                }
            }
        }
    }

    /// Something has changed: a run began, or ended.
    fn see(&mut self, view: &View) {
        for past in self.console.runs().into_iter().filter(|past| past.name.is_none()) {
            if past.number > self.finished {
                self.begin(past.number, &past.report);
                self.finish(&past);
            }
        }
        if is_over(view) {
            // Its threads ended without a word, and nothing is known of it.
            if let Some(problem) = view.problem.as_ref().filter(|_| view.run > self.finished) {
                self.screen.clear();
                let _ = self.screen.log(format!("error: {problem}\n").as_bytes());
                (self.finished, self.code) = (view.run, exit_code::GENERATOR);
            }
            if let Course::Starts { autoquit: Some(seconds) } = self.course
                && self.finished > 0
            {
                self.quit_at = self.quit_at.or_else(|| Instant::now().checked_add(Duration::from_secs(seconds)));
            }
        } else {
            // Whoever starts another run meanwhile wants to see it.
            self.quit_at = None;
            if view.run > self.begun
                && let Some(report) = self.console.report(Some(view.run))
            {
                self.begin(view.run, &report);
            }
        }
    }

    /// Says what begins, and prepares its outputs.
    fn begin(&mut self, number: u64, report: &Report) {
        if number <= self.begun {
            return;
        }
        self.begun = number;
        tracing::info!("{}", live::opening(report));
        for (class, settings) in report.configured() {
            tracing::info!("configured: {class}: {settings}");
        }
        self.outputs = match Outputs::check(&self.flags.outputs, report.settings()) {
            Ok(outputs) => Some(outputs),
            Err(error) => {
                tracing::error!("{error}");
                None
            }
        };
    }

    fn show(&mut self, view: &View) {
        // The view may be older than the end of its run.
        if !is_over(view) && view.run > self.finished {
            self.screen.show(&view.snapshot, view.asked.run_time.flatten());
            if let Some(outputs) = &mut self.outputs {
                outputs.during(&view.snapshot);
            }
        }
    }

    /// A run has ended: its summary, its files, its exit code.
    fn finish(&mut self, past: &PastRun) {
        self.screen.clear();
        let report = &past.report;
        let written = self.outputs.take().is_some_and(|mut outputs| outputs.finish(report));
        if !self.flags.outputs.json {
            self.screen.say(&format!("\n{}", text::summary(report.snapshot(), report.thresholds(), screen::width())));
            self.screen.say(&text::wrapped(&report.asked(), screen::width()));
            let ran = crate::units::format_duration(report.duration());
            self.screen.say(&format!("\nRan {ran}: {}. Seed {}.\n", report.ended_by().sentence(), report.seed()));
        }
        if let Some(problem) = setup_failed(report) {
            let _ = self.screen.log(format!("error: {problem}\n").as_bytes());
        }
        self.code = exit_code::of(report, self.flags.exit_code_on_error, written);
        self.finished = past.number;
    }

    /// Ctrl-C: the run that goes on ends in good order, and the program with it; once more, and it ends at once.
    fn interrupt(&mut self, name: &str) {
        if is_over(&self.console.view()) {
            tracing::info!("{name}: the end");
        } else if self.interrupted {
            tracing::warn!("{name} again: ending at once");
            self.console.abort();
        } else {
            tracing::info!("{name}: users finish and run on_stop; once more ends at once");
        }
        self.interrupted = true;
        self.console.quit();
    }
}

fn setup_failed(report: &Report) -> Option<String> {
    match report.ended_by() {
        ended_by @ EndedBy::SetupFailed { .. } => Some(ended_by.sentence()),
        _ => None,
    }
}

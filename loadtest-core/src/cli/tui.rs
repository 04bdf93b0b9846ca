//! `--tui`: the run on the whole terminal, with keys to steer it.
//!
//! A thread of its own draws, at most ten times a second and only what has changed; it waits for keys in between. It sees the
//! run as everybody does, through the [`Console`], so that neither the controller nor the users wait for a terminal.

mod app;
mod charts;
mod draw;
mod lists;
mod requests;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use ratatui::crossterm::event::{self, Event, KeyEventKind};
use tracing::Level;

use super::keys::change_users;
use super::screen::Screen;
use crate::console::{Ask, Console, LogLine, Refused};
use crate::error::InputError;
use app::{App, Deed};
use charts::Course;
use draw::Scene;
use terminal::Taken;
pub(super) use terminal::watch_panics;
use theme::Theme;

/// The time between two drawings, at least.
const BETWEEN: Duration = Duration::from_millis(100);
/// How many lines of the log are kept.
const LINES: usize = 1000;

/// The run on the whole terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub(super) struct Tui {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tui {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none that could be taken.
    pub(super) fn open(console: Console, screen: &Arc<Screen>) -> Result<Self, InputError> {
        let refused = |error: io::Error| InputError::new(format!("--tui: the terminal cannot be used: {error}"));
        // From here on the log has the pane. Before the screen is another one: a line on that would stay between what is drawn.
        screen.hold();
        let held = Held(Arc::clone(screen));
        let taken = Taken::new().map_err(refused)?;
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let drawer = Drawer {
            console,
            screen: Arc::clone(screen),
            app: App::default(),
            course: Course::default(),
            logs: VecDeque::new(),
            last: 0,
            whispered: 0,
            theme: Theme::of_environment(),
        };
        let thread = std::thread::Builder::new()
            .name(terminal::THREAD.to_owned())
            .spawn(move || {
                let _held = held;
                // Dropped before, so that what was held back goes to the ordinary screen.
                let mut taken = taken;
                if let Err(error) = drawer.run(&mut taken, &told) {
                    drop(taken);
                    tracing::error!("--tui: the terminal cannot be used any more, the run goes on: {error}");
                }
            })
            .map_err(refused)?;
        Ok(Self { ended, thread: Some(thread) })
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Its panic was printed, and the run went on without it.
            let _ = thread.join();
        }
    }
}

/// Lets the log back to the ordinary screen, also while a panic unwinds.
struct Held(Arc<Screen>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// What the thread has.
struct Drawer {
    console: Console,
    screen: Arc<Screen>,
    app: App,
    course: Course,
    logs: VecDeque<LogLine>,
    /// The number of the last one that the log had.
    last: u64,
    /// How many are from beside the log.
    whispered: usize,
    theme: Theme,
}

impl Drawer {
    fn run(mut self, taken: &mut Taken, ended: &AtomicBool) -> io::Result<()> {
        let name = self.console.offer().name.clone();
        let mut views = self.console.watch();
        let mut drawn: Option<Instant> = None;
        let mut changed = true;
        while !ended.load(Ordering::SeqCst) {
            changed |= views.has_changed().unwrap_or(false) | self.read_log();
            if changed && drawn.is_none_or(|drawn| drawn.elapsed() >= BETWEEN) {
                let view = Arc::clone(&views.borrow_and_update());
                self.course.read(&view.snapshot.history);
                self.app.see(&view);
                let Self { app, course, logs, theme, .. } = &mut self;
                taken
                    .0
                    .draw(|frame| draw::screen(frame, app, &Scene { name: &name, view: &view, course, logs, theme }))?;
                (drawn, changed) = (Some(Instant::now()), false);
            }
            let wait = drawn.map_or(BETWEEN, |drawn| BETWEEN.saturating_sub(drawn.elapsed()));
            if event::poll(if wait.is_zero() { BETWEEN } else { wait })? {
                changed = true;
                match event::read()? {
                    Event::Key(key) if key.kind != KeyEventKind::Release => {
                        if let Some(deed) = self.app.press(key, &self.console.view()) {
                            if deed == Deed::Redraw {
                                taken.0.clear()?;
                            }
                            self.app.notice = done(&self.console, deed);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Whether there were new lines.
    fn read_log(&mut self) -> bool {
        let (new, whispered) = (self.console.logs(self.last), self.screen.whispered(self.whispered));
        let any = !new.is_empty() || !whispered.is_empty();
        self.last = new.last().map_or(self.last, |line| line.number);
        self.whispered += whispered.len();
        let here = |text| LogLine { number: 0, at: SystemTime::now(), level: Level::INFO, text };
        self.logs.extend(whispered.into_iter().map(here));
        self.logs.extend(new);
        let spare = self.logs.len().saturating_sub(LINES);
        self.logs.drain(..spare);
        any
    }
}

/// Does it; gives what there is to say.
fn done(console: &Console, deed: Deed) -> Option<String> {
    let done = match deed {
        Deed::ChangeUsers(by) => change_users(console, by),
        Deed::PauseSpawning(paused) => {
            let said = if paused { "no more users are started: p goes on" } else { "users are started again" };
            console.pause_spawning(paused).map(|()| said.to_owned())
        }
        Deed::Reset => console.reset().map(|()| "figures count from here".to_owned()),
        Deed::Start => console.start(&Ask::default()).map(|number| format!("run {number} starts")),
        Deed::Stop => {
            console.stop().map(|()| "users finish and run on_stop: q or Ctrl-C again ends at once".to_owned())
        }
        Deed::Quit => {
            console.quit();
            return None;
        }
        Deed::Abort => {
            console.abort();
            return None;
        }
        Deed::Redraw => return None,
    };
    Some(done.unwrap_or_else(|refused: Refused| refused.message))
}

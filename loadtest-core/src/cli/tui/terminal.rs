//! The terminal, taken for the whole screen and given back whatever happens.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

/// The name of the thread that draws.
pub(super) const THREAD: &str = "loadtest-tui";

/// Whether the terminal is ours now. One for the process, as it has one terminal, and as a panic's hook knows nothing else.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Taken(pub(super) Terminal<CrosstermBackend<Stdout>>);

impl Taken {
    /// Takes the terminal: no line mode, no echo, the alternate screen, no cursor.
    pub(super) fn new() -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let taken = Self(terminal);
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Each for itself: a terminal that went away keeps neither from being tried.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

/// From now on a panic finds an ordinary terminal to be printed on, or is a line of the log. Called before user code is
/// watched: its panics are counted and not printed.
pub(crate) fn watch_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let draws = std::thread::current().name() == Some(THREAD);
        if draws || cfg!(panic = "abort") {
            give_back();
        }
        if TAKEN.load(Ordering::SeqCst) {
            // Such as one in what a task has spawned: the run goes on, and so does the screen.
            tracing::error!("{info}");
        } else {
            before(info);
        }
    }));
}

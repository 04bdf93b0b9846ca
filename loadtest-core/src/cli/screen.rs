//! The terminal while a run goes on: a live table that is redrawn in place, or plain lines where there is no terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::live;
use crate::report::text::UNLIMITED;
use crate::stats::Snapshot;

/// Seconds between plain lines.
const LINES_EVERY: u64 = 2;
/// Of the log, while it is held back: the last mebibyte.
const MOST_HELD: usize = 1 << 20;

/// What is on the screen, shared with the log so that its lines go above the table.
#[derive(Debug)]
pub(super) struct Screen {
    live: bool,
    quiet: bool,
    drawn: Mutex<Drawn>,
}

#[derive(Debug, Default)]
struct Drawn {
    /// The table that is on the screen now.
    table: String,
    /// How often it was to be shown.
    ticks: u64,
    /// What was said past the log: where the web UI is. As many lines as browsers were let in by a token.
    #[cfg(feature = "tui")]
    whispered: Vec<String>,
    /// While `--tui` has the terminal: what is to be written when that has given it back.
    held: Option<Held>,
}

/// What is written later.
#[derive(Debug, Default)]
struct Held {
    /// To stderr.
    log: Vec<u8>,
    /// To stdout, behind it.
    said: String,
    /// How many lines had been said past the log before; those after it come first.
    #[cfg(feature = "tui")]
    whispered: usize,
}

impl Drawn {
    /// Takes the table off the screen.
    fn erase(&self, out: &mut impl Write) -> io::Result<()> {
        let lines = self.table.lines().count();
        if lines > 0 {
            // Up to its first line, and clear everything below.
            write!(out, "\x1b[{lines}A\r\x1b[J")?;
        }
        Ok(())
    }
}

/// The width of the terminal, if there is one.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return UNLIMITED;
    }
    terminal_size::terminal_size().map_or(UNLIMITED, |(width, _)| usize::from(width.0))
}

fn height() -> usize {
    terminal_size::terminal_size().map_or(24, |(_, height)| usize::from(height.0))
}

impl Screen {
    /// `quiet` shows nothing until the end.
    pub(super) fn new(quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { live: io::stdout().is_terminal() && !dumb, quiet, drawn: Mutex::default() }
    }

    /// Shows the figures of now; called once a second.
    pub(super) fn show(&self, snapshot: &Snapshot, run_time: Option<Duration>) {
        if self.quiet {
            return;
        }
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.held.is_some() {
            return;
        }
        drawn.ticks += 1;
        let mut out = io::stdout().lock();
        // A terminal that went away must not end the run.
        let _ = if self.live {
            let table = live::table(snapshot, run_time, width(), height());
            drawn.erase(&mut out).and_then(|()| {
                drawn.table = table;
                out.write_all(drawn.table.as_bytes())
            })
        } else if drawn.ticks % LINES_EVERY == 1 && drawn.ticks > 1 {
            writeln!(out, "{}", live::line(snapshot, run_time))
        } else {
            Ok(())
        };
        let _ = out.flush();
    }

    /// Takes the live table away.
    pub(super) fn clear(&self) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = io::stdout().lock();
        let _ = drawn.erase(&mut out);
        let _ = out.flush();
        drawn.table.clear();
    }

    /// From now on nothing is shown: something else has the terminal.
    #[cfg(feature = "tui")]
    pub(super) fn hold(&self) {
        self.clear();
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.held = Some(Held { whispered: drawn.whispered.len(), ..Held::default() });
    }

    /// The terminal is an ordinary one again: what the log said meanwhile is written.
    #[cfg(feature = "tui")]
    pub(super) fn release(&self) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = drawn.held.take() {
            // However much the log said meanwhile.
            for line in drawn.whispered.get(held.whispered..).unwrap_or_default() {
                let _ = writeln!(io::stderr(), "{line}");
            }
            let _ = io::stderr().lock().write_all(&held.log);
            super::say(&held.said);
        }
    }

    /// Writes to stdout.
    pub(super) fn say(&self, text: &str) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut drawn.held {
            Some(held) => held.said.push_str(text),
            None => super::say(text),
        }
    }

    /// Tells whoever is at the terminal, and no log.
    pub(super) fn whisper(&self, line: &str) {
        #[cfg(feature = "tui")]
        {
            let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
            drawn.whispered.push(line.to_owned());
            if drawn.held.is_some() {
                return;
            }
        }
        let _ = self.log(format!("{line}\n").as_bytes());
    }

    /// What was told so, but for the first `known` lines.
    #[cfg(feature = "tui")]
    pub(super) fn whispered(&self, known: usize) -> Vec<String> {
        let drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.whispered.get(known..).unwrap_or_default().to_vec()
    }

    /// Writes a log line to stderr, above the table.
    pub(super) fn log(&self, line: &[u8]) -> io::Result<()> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &mut drawn.held {
            held.log.extend_from_slice(line);
            let spare = held.log.len().saturating_sub(MOST_HELD);
            held.log.drain(..spare);
            return Ok(());
        }
        let mut out = io::stdout().lock();
        // A stdout that was closed (`| head`) must not silence the log.
        let _ = drawn.erase(&mut out).and_then(|()| out.flush());
        let written = io::stderr().lock().write_all(line);
        let _ = out.write_all(drawn.table.as_bytes()).and_then(|()| out.flush());
        written
    }
}

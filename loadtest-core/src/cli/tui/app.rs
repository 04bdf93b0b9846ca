//! The state of the screen, and what keys do to it and to the run.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::requests::Sort;
use crate::cli::keys::change_of;
use crate::console::View;
use crate::stats::RunState;

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tab {
    #[default]
    Overview,
    Requests,
    Failures,
    Users,
    Thresholds,
    Log,
}

impl Tab {
    pub(super) const ALL: [Self; 6] =
        [Self::Overview, Self::Requests, Self::Failures, Self::Users, Self::Thresholds, Self::Log];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Requests => "Requests",
            Self::Failures => "Failures",
            Self::Users => "Users",
            Self::Thresholds => "Thresholds",
            Self::Log => "Log",
        }
    }

    pub(super) fn number(self) -> usize {
        self as usize
    }

    fn after(self, by: usize) -> Self {
        Self::ALL[(self.number() + by) % Self::ALL.len()]
    }
}

/// What somebody asked for by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// So many users more, or fewer.
    ChangeUsers(i64),
    /// Start no users for the time being, or go on with it.
    PauseSpawning(bool),
    /// Forget the figures.
    Reset,
    /// Start a run as the command line says.
    Start,
    /// Stop the run in good order, and stay.
    Stop,
    /// Stop what runs in good order, then end the program.
    Quit,
    /// End the run at once.
    Abort,
    /// Draw everything again: something else has written to the terminal.
    Redraw,
}

/// Lines of which a part is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Scroll {
    /// The line that is chosen, or the first that is shown.
    pub(super) at: usize,
    /// How many lines there are, and how many fit: what was drawn last says so.
    pub(super) lines: usize,
    pub(super) page: usize,
}

impl Scroll {
    fn last(self) -> usize {
        self.lines.saturating_sub(1)
    }

    /// Learns what there is to show; what is no longer there is not chosen.
    pub(super) fn fit(&mut self, lines: usize, page: usize) {
        (self.lines, self.page) = (lines, page.max(1));
        self.at = self.at.min(self.last());
    }

    fn press(&mut self, code: KeyCode) -> bool {
        let page = self.page.max(1);
        self.at = match code {
            KeyCode::Up => self.at.saturating_sub(1),
            KeyCode::Down => self.at + 1,
            KeyCode::PageUp => self.at.saturating_sub(page),
            KeyCode::PageDown => self.at + page,
            KeyCode::Home => 0,
            KeyCode::End => self.last(),
            _ => return false,
        };
        self.at = self.at.min(self.last());
        true
    }
}

/// The state of the screen.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) tab: Tab,
    pub(super) help: bool,
    pub(super) sort: Sort,
    /// The chosen row of the requests, and the first that is shown.
    pub(super) requests: Scroll,
    pub(super) first_request: usize,
    pub(super) failures: Scroll,
    pub(super) users: Scroll,
    pub(super) thresholds: Scroll,
    /// From the end: zero shows the newest lines, and stays with them.
    pub(super) log: Scroll,
    /// What became of the last key.
    pub(super) notice: Option<String>,
    /// The run and its state as they were drawn last.
    seen: (u64, RunState),
    /// The run of which somebody asked for the end.
    end_asked: Option<u64>,
}

fn is_idle(view: &View) -> bool {
    matches!(view.state, RunState::Ready | RunState::Stopped)
}

impl App {
    /// Looks at what is about to be drawn: what was said of a key is over with the state in which it was pressed.
    pub(super) fn see(&mut self, view: &View) {
        let now = (view.run, view.state);
        if std::mem::replace(&mut self.seen, now) != now {
            self.notice = None;
        }
    }

    /// What a key asks for, if it is more than another look.
    pub(super) fn press(&mut self, key: KeyEvent, view: &View) -> Option<Deed> {
        self.notice = None;
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c' | 'C') => Some(self.interrupt(view)),
                KeyCode::Char('l' | 'L') => Some(Deed::Redraw),
                _ => None,
            };
        }
        if key.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        match key.code {
            KeyCode::Char(letter) => self.letter(letter, view),
            KeyCode::Enter if is_idle(view) => Some(Deed::Start),
            code => {
                self.look(code);
                None
            }
        }
    }

    fn letter(&mut self, letter: char, view: &View) -> Option<Deed> {
        match letter {
            'p' => return Some(Deed::PauseSpawning(!view.spawning_paused)),
            'r' => return Some(Deed::Reset),
            'q' => return Some(self.quit(view)),
            '?' | 'h' => self.help = !self.help,
            '<' => self.sort.step(false),
            '>' => self.sort.step(true),
            'o' => self.sort.reverse(),
            '1'..='6' => self.show(Tab::ALL[letter as usize - '1' as usize]),
            _ => return change_of(letter).map(Deed::ChangeUsers),
        }
        None
    }

    /// Keys that change what is looked at.
    fn look(&mut self, code: KeyCode) {
        match code {
            KeyCode::Tab => self.show(self.tab.after(1)),
            KeyCode::BackTab => self.show(self.tab.after(Tab::ALL.len() - 1)),
            KeyCode::Left => self.sort.step(false),
            KeyCode::Right => self.sort.step(true),
            KeyCode::Esc => self.help = false,
            KeyCode::F(1) => self.help = !self.help,
            _ => {
                let _ = match self.tab {
                    Tab::Overview | Tab::Requests => self.requests.press(code),
                    Tab::Failures => self.failures.press(code),
                    Tab::Users => self.users.press(code),
                    Tab::Thresholds => self.thresholds.press(code),
                    Tab::Log => self.log.press(upside_down(code)),
                };
            }
        }
    }

    fn show(&mut self, tab: Tab) {
        (self.tab, self.help) = (tab, false);
    }

    /// `q`: the run first, then the program; of a run whose end was asked for, at once.
    fn quit(&mut self, view: &View) -> Deed {
        if is_idle(view) {
            return Deed::Quit;
        }
        match self.end_asked.replace(view.run) {
            Some(run) if run == view.run => Deed::Abort,
            _ => Deed::Stop,
        }
    }

    /// Ctrl-C: as the signal, which a terminal in raw mode does not send.
    fn interrupt(&mut self, view: &View) -> Deed {
        match self.end_asked.replace(view.run) {
            Some(run) if run == view.run && !is_idle(view) => Deed::Abort,
            _ => Deed::Quit,
        }
    }
}

/// The log is counted from its end.
fn upside_down(code: KeyCode) -> KeyCode {
    match code {
        KeyCode::Up => KeyCode::Down,
        KeyCode::Down => KeyCode::Up,
        KeyCode::PageUp => KeyCode::PageDown,
        KeyCode::PageDown => KeyCode::PageUp,
        KeyCode::Home => KeyCode::End,
        KeyCode::End => KeyCode::Home,
        code => code,
    }
}

//! Colours: the sixteen that every terminal has, in the shades that its owner chose; none with `NO_COLOR`.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;

use crate::stats::RunState;

/// How things look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    /// What the eye should find first.
    pub(super) strong: Style,
    /// Labels, frames, scales.
    pub(super) faint: Style,
    pub(super) good: Style,
    pub(super) warning: Style,
    pub(super) bad: Style,
    /// The row or tab that is chosen.
    pub(super) chosen: Style,
    /// The column by which is sorted.
    pub(super) sorted: Style,
    /// Lines of a chart, with what tells them apart where there are no colours.
    pub(super) lines: [(Style, Marker); 3],
}

impl Theme {
    /// As the environment asks for it: `NO_COLOR` with anything in it means none (<https://no-color.org>).
    pub(super) fn of_environment() -> Self {
        match std::env::var_os("NO_COLOR") {
            Some(value) if !value.is_empty() => Self::plain(),
            _ => Self::colours(),
        }
    }

    pub(super) fn colours() -> Self {
        let colour = |colour| Style::new().fg(colour);
        Self {
            strong: Style::new().add_modifier(Modifier::BOLD),
            faint: colour(Color::DarkGray),
            good: colour(Color::Green),
            warning: colour(Color::Yellow),
            bad: colour(Color::Red).add_modifier(Modifier::BOLD),
            chosen: Style::new().add_modifier(Modifier::REVERSED),
            sorted: colour(Color::Cyan).add_modifier(Modifier::BOLD),
            lines: [Color::Green, Color::Yellow, Color::Red].map(|line| (colour(line), Marker::Braille)),
        }
    }

    pub(super) fn plain() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Self {
            strong: bold,
            faint: Style::new(),
            good: Style::new(),
            warning: bold,
            bad: bold,
            chosen: Style::new().add_modifier(Modifier::REVERSED),
            sorted: bold.add_modifier(Modifier::UNDERLINED),
            lines: [Marker::Braille, Marker::Custom('-'), Marker::Custom('=')].map(|marker| (Style::new(), marker)),
        }
    }

    /// Of the word for a state.
    pub(super) fn state(&self, state: RunState) -> Style {
        match state {
            RunState::Ready | RunState::Stopped => self.strong,
            RunState::SettingUp | RunState::Spawning | RunState::Stopping => self.warning,
            RunState::Running => self.good,
        }
    }
}

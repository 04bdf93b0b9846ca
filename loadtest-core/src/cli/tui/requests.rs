//! The table of requests: any number of rows, of which those that fit are drawn.

use std::cmp::Ordering;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::app::App;
use super::theme::Theme;
use crate::report::text::{clean, percent};
use crate::stats::{RowSnapshot, Snapshot};
use crate::units::format_millis;

/// What is said of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Column {
    #[default]
    Name,
    Ok,
    Failed,
    FailRatio,
    Min,
    Mean,
    P50,
    P95,
    P99,
    Max,
    Rate,
}

/// The least width of names, for which other columns are left out.
const NAMES: u16 = 24;

impl Column {
    /// From left to right.
    const ALL: [Self; 11] = [
        Self::Name,
        Self::Ok,
        Self::Failed,
        Self::FailRatio,
        Self::Min,
        Self::Mean,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Rate,
    ];
    /// Those that have no room are left out from the end of this.
    const BY_WORTH: [Self; 10] = [
        Self::Ok,
        Self::Failed,
        Self::P50,
        Self::P95,
        Self::Rate,
        Self::P99,
        Self::Max,
        Self::FailRatio,
        Self::Mean,
        Self::Min,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Name => "Request (ms)",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::FailRatio => "failed%",
            Self::Min => "min",
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Rate => "req/s",
        }
    }

    /// Room for the figures of a long run, and for the mark of the column by which is sorted.
    fn width(self) -> u16 {
        match self {
            Self::Name => NAMES,
            Self::Ok => 9,
            Self::FailRatio | Self::Failed | Self::Rate => 8,
            _ => 7,
        }
    }

    fn shown(self, row: &RowSnapshot) -> String {
        let millis = |time: Option<_>| time.map_or_else(|| "-".to_owned(), format_millis);
        match self {
            Self::Name => name(row),
            Self::Ok => row.stats.ok.to_string(),
            Self::Failed => row.stats.failed.to_string(),
            Self::FailRatio => row.fail_ratio().map_or_else(|| "-".to_owned(), percent),
            Self::Min => millis(row.min()),
            Self::Mean => millis(row.mean()),
            Self::P50 => millis(row.p50()),
            Self::P95 => millis(row.p95()),
            Self::P99 => millis(row.p99()),
            Self::Max => millis(row.max()),
            Self::Rate => format!("{:.1}", row.current_rate),
        }
    }

    /// What is compared; what was not measured is less than everything.
    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    fn figure(self, row: &RowSnapshot) -> f64 {
        let seconds = |time: Option<std::time::Duration>| time.map_or(-1.0, |time| time.as_secs_f64());
        match self {
            Self::Name => 0.0,
            Self::Ok => row.stats.ok as f64,
            Self::Failed => row.stats.failed as f64,
            Self::FailRatio => row.fail_ratio().unwrap_or(-1.0),
            Self::Min => seconds(row.min()),
            Self::Mean => seconds(row.mean()),
            Self::P50 => seconds(row.p50()),
            Self::P95 => seconds(row.p95()),
            Self::P99 => seconds(row.p99()),
            Self::Max => seconds(row.max()),
            Self::Rate => row.current_rate,
        }
    }
}

fn name(row: &RowSnapshot) -> String {
    clean(format!("{} {}", row.key.method, row.key.name).trim())
}

/// The order of the rows: names from A on, figures from the highest, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sort {
    pub(super) column: Column,
    pub(super) reversed: bool,
}

impl Sort {
    /// To the next column or the one before.
    pub(super) fn step(&mut self, forward: bool) {
        let by = if forward { 1 } else { Column::ALL.len() - 1 };
        self.column = Column::ALL[(self.column as usize + by) % Column::ALL.len()];
        self.reversed = false;
    }

    pub(super) fn reverse(&mut self) {
        self.reversed = !self.reversed;
    }

    fn mark(self) -> char {
        // Names rise where figures fall.
        if (self.column == Column::Name) == self.reversed { '▼' } else { '▲' }
    }

    /// The rows in this order; those with equal figures stand by name, as they came.
    pub(super) fn rows(self, snapshot: &Snapshot) -> Vec<&RowSnapshot> {
        let mut rows: Vec<&RowSnapshot> = snapshot.rows.iter().collect();
        if self.column != Column::Name {
            // A percentile is a walk through a histogram: once for each row, not for each comparison.
            let mut keyed: Vec<(f64, &RowSnapshot)> =
                rows.into_iter().map(|row| (self.column.figure(row), row)).collect();
            keyed.sort_by(|one, other| other.0.partial_cmp(&one.0).unwrap_or(Ordering::Equal));
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        if self.reversed {
            rows.reverse();
        }
        rows
    }
}

/// The columns that fit; that by which is sorted always does.
fn columns(width: u16, sorted: Column) -> Vec<Column> {
    let mut room = width.saturating_sub(NAMES);
    let mut shown = vec![Column::Name];
    let mut full = false;
    let by_worth = Column::BY_WORTH.into_iter().filter(|column| *column != sorted);
    let first = Some(sorted).filter(|column| *column != Column::Name);
    for column in first.into_iter().chain(by_worth) {
        let needed = column.width() + 1;
        // Once one has no room, lesser ones that are narrower take none either: columns would jump about.
        full |= needed > room;
        if !full {
            room -= needed;
            shown.push(column);
        }
    }
    Column::ALL.into_iter().filter(|column| shown.contains(column)).collect()
}

/// Draws the table with its total.
pub(super) fn table(frame: &mut Frame<'_>, area: Rect, app: &mut App, snapshot: &Snapshot, theme: &Theme) {
    let [head, body, total] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let room = usize::from(body.height);
    let sort = app.sort;
    let columns = columns(area.width, sort.column);
    let widths: Vec<Constraint> = columns
        .iter()
        .map(|column| match column {
            Column::Name => Constraint::Min(0),
            column => Constraint::Length(column.width()),
        })
        .collect();
    let cells = |row: &RowSnapshot| -> Vec<Cell<'static>> {
        columns.iter().map(|column| cell(*column, column.shown(row))).collect()
    };
    let titles = columns.iter().map(|column| {
        let title = if *column == sort.column {
            format!("{}{}", column.title(), sort.mark())
        } else {
            column.title().to_owned()
        };
        cell(*column, title).style(if *column == sort.column { theme.sorted } else { theme.strong })
    });
    frame.render_widget(Table::new([Row::new(titles)], &widths), head);
    let rows = sort.rows(snapshot);
    app.requests.fit(rows.len(), room);
    let chosen = app.requests.at;
    app.first_request = first_shown(app.first_request, chosen, rows.len(), room);
    if rows.is_empty() {
        frame.render_widget(Paragraph::new("no requests yet").style(theme.faint), body);
    }
    let shown = rows.iter().enumerate().skip(app.first_request).take(room).map(|(index, row)| {
        let style = match row.stats.failed {
            _ if index == chosen => theme.chosen,
            0 => ratatui::style::Style::new(),
            _ => theme.warning,
        };
        Row::new(cells(row)).style(style)
    });
    frame.render_widget(Table::new(shown, &widths), body);
    frame.render_widget(Table::new([Row::new(cells(&snapshot.total)).style(theme.strong)], &widths), total);
}

/// Names to the left, figures to the right.
fn cell(column: Column, text: String) -> Cell<'static> {
    let alignment = if column == Column::Name { Alignment::Left } else { Alignment::Right };
    Cell::new(Text::from(Line::from(text)).alignment(alignment))
}

/// The first row that is shown: as before, unless the chosen one would not be seen.
pub(super) fn first_shown(before: usize, chosen: usize, rows: usize, room: usize) -> usize {
    let room = room.max(1);
    let least = (chosen + 1).saturating_sub(room);
    before.clamp(least, chosen.max(least)).min(rows.saturating_sub(room))
}

//! Failures, tasks, thresholds and the log: lists of lines, of which those that fit are drawn.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Paragraph};
use tracing::Level;

use super::app::{App, Scroll};
use super::draw::Scene;
use super::theme::Theme;
use crate::console::LogLine;
use crate::report::text::{clean, percent};
use crate::stats::Snapshot;
use crate::threshold::Verdict;
use crate::units::{format_millis, format_utc};

/// Draws the part of the lines that fits, from the one that was scrolled to on.
fn scrolled(frame: &mut Frame<'_>, area: Rect, scroll: &mut Scroll, lines: Vec<Line<'_>>) {
    let room = usize::from(area.height);
    // The last page is a full one.
    scroll.fit(lines.len().saturating_sub(room) + 1, room);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(scroll.at).take(room).collect();
    frame.render_widget(Text::from(shown), area);
}

fn nothing(text: &'static str, theme: &Theme) -> Vec<Line<'static>> {
    vec![Line::styled(text, theme.faint)]
}

/// Groups of failures, then exceptions.
pub(super) fn failures(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    let (snapshot, theme) = (&scene.view.snapshot, scene.theme);
    let mut lines = failure_lines(snapshot, theme);
    for exception in &snapshot.exceptions {
        let what = format!("{}::{}: {}", exception.class, exception.task, exception.message);
        lines.push(counted(exception.count, &what, theme));
        lines.extend(exception.place.as_ref().map(|place| below(&format!("at {place}"), theme)));
    }
    if lines.is_empty() {
        lines = nothing("no failures and no exceptions", theme);
    }
    scrolled(frame, area, &mut app.failures, lines);
}

fn failure_lines(snapshot: &Snapshot, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for failure in &snapshot.failures {
        let name = format!("{} {}", failure.key.method, failure.key.name);
        lines.push(counted(failure.count, &format!("{}: {}", name.trim(), failure.error), theme));
        let share = snapshot.failure_share(failure).map(|share| format!(", {} of its requests", percent(share)));
        let sample = if failure.sample.is_empty() { String::new() } else { format!(": {}", failure.sample) };
        let last = &format_utc(failure.last_seen)[11..19];
        lines.push(below(&format!("{}{}, last at {last} UTC{sample}", failure.kind, share.unwrap_or_default()), theme));
    }
    let transactions = snapshot.transaction_failures.iter();
    lines.extend(
        transactions
            .map(|failure| counted(failure.count, &format!("transaction {}: {}", failure.name, failure.error), theme)),
    );
    lines
}

fn counted(count: u64, what: &str, theme: &Theme) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{count:>8}x "), theme.bad), Span::raw(clean(what))])
}

fn below(text: &str, theme: &Theme) -> Line<'static> {
    Line::styled(format!("{:10}{}", "", clean(text)), theme.faint)
}

/// What tasks did.
pub(super) fn tasks(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    let theme = scene.theme;
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let name_width = usize::from(area.width).saturating_sub(4 * 10);
    let row = |name: &str, cells: [String; 4]| {
        let name = crate::report::text::cut(&clean(name), name_width);
        let gap = name_width - Span::raw(&name).width();
        let cells: String = cells.iter().map(|cell| format!("{cell:>10}")).collect();
        format!("{name}{:gap$}{cells}", "")
    };
    let header = row("Task (ms)", ["runs", "failed", "p50", "p95"].map(str::to_owned));
    frame.render_widget(Line::styled(header, theme.strong), head);
    let millis = |time: Option<_>| time.map_or_else(|| "-".to_owned(), format_millis);
    let mut lines: Vec<Line<'_>> = scene
        .view
        .snapshot
        .tasks
        .iter()
        .filter(|task| task.stats.started > 0)
        .map(|task| {
            let stats = &task.stats;
            let counts = [(stats.ok + stats.failed).to_string(), stats.failed.to_string()];
            let [runs, failed] = counts;
            let cells = [runs, failed, millis(stats.time.p50()), millis(stats.time.p95())];
            let style = if stats.failed > 0 { theme.warning } else { Style::new() };
            Line::styled(row(&task.key.to_string(), cells), style)
        })
        .collect();
    if lines.is_empty() {
        lines = nothing("no task has run yet", theme);
    }
    scrolled(frame, body, &mut app.users, lines);
}

/// Thresholds as they stand now.
pub(super) fn thresholds(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut lines = Vec::new();
    for result in &scene.view.thresholds {
        let style = match result.verdict {
            Verdict::Met => theme.good,
            Verdict::NotMet => theme.bad,
            Verdict::NothingMatched => theme.warning,
        };
        lines.push(Line::from(vec![
            Span::styled(format!("{:>16} ", result.verdict.as_str()), style),
            Span::styled(format!("{:>10}  ", result.shown_value()), theme.strong),
            Span::raw(clean(&result.threshold.to_string())),
        ]));
        if !result.is_met() {
            lines.push(Line::styled(format!("{:29}{}", "", clean(&result.sentence)), theme.faint));
        }
    }
    if lines.is_empty() {
        lines = nothing("no thresholds: --threshold 'p95 < 200ms' sets one", theme);
    }
    scrolled(frame, area, &mut app.thresholds, lines);
}

/// Warnings of the run, then the log with its newest lines at the bottom.
pub(super) fn log(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    let lines: Vec<Line<'_>> =
        warnings(scene).into_iter().chain(scene.logs.iter().map(|line| logged(line, scene.theme))).collect();
    let room = usize::from(area.height);
    app.log.fit(lines.len().saturating_sub(room) + 1, room);
    let end = lines.len() - app.log.at.min(lines.len());
    let shown: Vec<Line<'_>> = lines.into_iter().take(end).skip(end.saturating_sub(room)).collect();
    frame.render_widget(Text::from(shown), area);
}

fn warnings(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let problem = scene.view.problem.iter().map(|text| Line::styled(clean(text), scene.theme.bad));
    let warning = |text: &String| Line::styled(format!("Warning: {}", clean(text)), scene.theme.warning);
    problem.chain(scene.view.snapshot.warnings.iter().map(warning)).collect()
}

fn logged(line: &LogLine, theme: &Theme) -> Line<'static> {
    let style = match line.level {
        Level::ERROR => theme.bad,
        Level::WARN => theme.warning,
        _ => Style::new(),
    };
    let time = format_utc(line.at)[11..19].to_owned();
    let level = line.level.as_str();
    Line::from(vec![Span::styled(format!("{time} {level:>5} "), theme.faint), Span::styled(clean(&line.text), style)])
}

/// Below the overview: thresholds that are not met, warnings, and the newest lines of the log in what is left.
pub(super) fn latest(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let block = Block::new().borders(Borders::TOP).border_style(theme.faint).title(verdicts(scene));
    let room = usize::from(block.inner(area).height);
    let mut lines = warnings(scene);
    // At least one line for the log: what has just happened is there.
    lines.truncate(room.saturating_sub(1));
    let left = room - lines.len();
    let from = scene.logs.len().saturating_sub(left);
    lines.extend(scene.logs.iter().skip(from).map(|line| logged(line, theme)));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// The worst of the thresholds in a line.
fn verdicts(scene: &Scene<'_>) -> Line<'static> {
    let results = &scene.view.thresholds;
    let unmet = || results.iter().filter(|result| !result.is_met());
    let Some(first) = unmet().next() else {
        let text = match results.len() {
            0 => " no thresholds ".to_owned(),
            1 => " 1 threshold met ".to_owned(),
            many => format!(" {many} thresholds met "),
        };
        return Line::styled(text, if results.is_empty() { scene.theme.faint } else { scene.theme.good });
    };
    let of = unmet().count();
    let text = format!(" {of} of {} thresholds not met: {} ", results.len(), clean(&first.sentence));
    Line::styled(text, scene.theme.bad)
}

//! The whole screen: a pure function of what is to be seen and of what is looked at.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Clear, Paragraph, Tabs, Wrap};

use super::app::{App, Tab};
use super::charts::{Course, Drawn, chart};
use super::theme::Theme;
use super::{lists, requests};
use crate::console::{LogLine, View};
use crate::report::text::{clean, percent};
use crate::stats::RunState;
use crate::units::{format_bytes, format_duration, format_millis, without_credentials};

/// Below this nothing sensible can be shown.
const LEAST: (u16, u16) = (40, 10);

/// What is to be seen.
pub(super) struct Scene<'a> {
    /// The name of the program.
    pub(super) name: &'a str,
    pub(super) view: &'a View,
    pub(super) course: &'a Course,
    pub(super) logs: &'a VecDeque<LogLine>,
    pub(super) theme: &'a Theme,
}

/// Draws everything.
pub(super) fn screen(frame: &mut Frame<'_>, app: &mut App, scene: &Scene<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(frame, area, scene);
    }
    let parts = [Constraint::Length(2), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
    let [head, tabs, body, foot] = Layout::vertical(parts).areas(area);
    header(frame, head, scene);
    titles(frame, tabs, app, scene);
    match app.tab {
        Tab::Overview => overview(frame, body, app, scene),
        Tab::Requests => requests::table(frame, body, app, &scene.view.snapshot, scene.theme),
        Tab::Failures => lists::failures(frame, body, app, scene),
        Tab::Users => users(frame, body, app, scene),
        Tab::Thresholds => lists::thresholds(frame, body, app, scene),
        Tab::Log => lists::log(frame, body, app, scene),
    }
    footer(frame, foot, app, scene);
    if app.help {
        help(frame, body, scene.theme);
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let (width, height) = LEAST;
    let state = scene.view.state.as_str();
    let text = format!("{}x{} is too small: {width}x{height} at least. The run is {state}.", area.width, area.height);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// As many parts as fit, the first ones first, with dots between them.
fn fitting<'a>(parts: impl IntoIterator<Item = Span<'a>>, width: u16, theme: &Theme) -> Line<'a> {
    let mut line = Line::default();
    for part in parts {
        let dot = if line.spans.is_empty() { "" } else { " · " };
        if line.width() + dot.chars().count() + part.width() <= usize::from(width) {
            line.push_span(Span::styled(dot, theme.faint));
            line.push_span(part);
        }
    }
    line
}

fn header(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let (view, theme) = (scene.view, scene.theme);
    let [first, second] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
    let state = state(view);
    let width = u16::try_from(state.chars().count()).unwrap_or(u16::MAX);
    let [left, right] = Layout::horizontal([Constraint::Min(0), Constraint::Length(width)]).spacing(1).areas(first);
    let host = view.asked.host.as_deref().map(|host| Span::raw(clean(&without_credentials(host))));
    let name = Span::styled(clean(scene.name), theme.strong);
    frame.render_widget(fitting([name].into_iter().chain(host), left.width, theme), left);
    frame.render_widget(Line::styled(state, theme.state(view.state)), right);
    frame.render_widget(fitting(figures(view, theme), second.width, theme), second);
}

/// `running 1m20s of 5m`.
fn state(view: &View) -> String {
    let mut state = view.state.as_str().to_owned();
    if view.spawning_paused {
        state.push_str(", paused");
    }
    if view.run > 0 {
        state = format!("{state} {}", format_duration(Duration::from_secs(view.snapshot.elapsed.as_secs())));
        if let Some(Some(run_time)) = view.asked.run_time {
            state = format!("{state} of {}", format_duration(run_time));
        }
    }
    state
}

/// The figures of all requests, the most important ones first.
fn figures(view: &View, theme: &Theme) -> Vec<Span<'static>> {
    let snapshot = &view.snapshot;
    let (stats, users) = (&snapshot.total.stats, &snapshot.users);
    let mut users_text = format!("{} of {} users", users.alive, snapshot.target_users);
    if view.state == RunState::Stopping {
        users_text = format!("{} users left", users.alive);
    }
    let failed = match stats.fail_ratio() {
        Some(ratio) if stats.failed > 0 => {
            Span::styled(format!("{} failed ({})", stats.failed, percent(ratio)), theme.bad)
        }
        _ => Span::styled("0 failed", theme.good),
    };
    let mut parts = vec![
        Span::raw(users_text),
        Span::styled(format!("{:.1} req/s", snapshot.total.current_rate), theme.strong),
        failed,
    ];
    if let Some(p95) = snapshot.total.p95() {
        parts.push(Span::raw(format!("p95 {} ms", format_millis(p95))));
    }
    if let Some(cpu) = snapshot.history.run().last().and_then(|point| point.cpu).or(snapshot.health.cpu) {
        parts.push(Span::raw(format!("CPU {cpu:.2} cores")));
    }
    parts.push(Span::raw(format!("{} requests", stats.requests())));
    if let Some(memory) = snapshot.health.memory {
        parts.push(Span::raw(format_bytes(memory)));
    }
    parts
}

fn titles(frame: &mut Frame<'_>, area: Rect, app: &App, scene: &Scene<'_>) {
    let snapshot = &scene.view.snapshot;
    let titles = Tab::ALL.map(|tab| {
        let number = tab.number() + 1;
        let (count, style) = match tab {
            Tab::Failures => (snapshot.failures.len() + snapshot.exceptions.len(), scene.theme.bad),
            Tab::Thresholds => {
                (scene.view.thresholds.iter().filter(|result| !result.is_met()).count(), scene.theme.bad)
            }
            Tab::Log => (snapshot.warnings.len(), scene.theme.warning),
            _ => (0, Style::new()),
        };
        match count {
            // Numbers alone where there is no room for words.
            _ if area.width < 76 && tab != app.tab => {
                Line::styled(number.to_string(), if count > 0 { style } else { Style::new() })
            }
            0 => Line::raw(format!("{number} {}", tab.title())),
            _ => Line::styled(format!("{number} {} {count}", tab.title()), style),
        }
    });
    let tabs = Tabs::new(titles).select(app.tab.number()).highlight_style(scene.theme.chosen).divider("");
    frame.render_widget(tabs, area);
}

fn overview(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    // What is short of room goes: first the charts, then the latest lines.
    let lines = match area.height {
        0..11 => 0,
        11..24 => 3,
        24..40 => 5,
        _ => 8,
    };
    let charts = match area.height {
        0..16 => 0,
        height => (height / 5 * 2).clamp(8, 16),
    };
    let parts = [Constraint::Length(charts), Constraint::Min(0), Constraint::Length(lines)];
    let [top, middle, bottom] = Layout::vertical(parts).areas(area);
    if charts > 0 {
        // The third chart where it leaves the others enough room.
        let many = if area.width >= 120 { 3 } else { 2 };
        let places = Layout::horizontal(vec![Constraint::Fill(1); many]).split(top);
        rates(frame, places[0], scene);
        percentiles(frame, places[1], scene);
        if many == 3 {
            user_chart(frame, places[2], scene);
        }
    }
    requests::table(frame, middle, app, &scene.view.snapshot, scene.theme);
    if lines > 0 {
        lists::latest(frame, bottom, scene);
    }
}

fn rates(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let (course, [first, _, third]) = (scene.course, scene.theme.lines);
    let lines = [
        Drawn { name: "req/s", unit: "", points: &course.rate, looks: first },
        Drawn { name: "failed/s", unit: "", points: &course.failures, looks: third },
    ];
    chart(frame, area, "Rate", course, &lines, scene.theme);
}

fn percentiles(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let (course, looks) = (scene.course, scene.theme.lines);
    let line = |index: usize, name| Drawn { name, unit: "", points: &course.percentiles[index], looks: looks[index] };
    chart(frame, area, "Times (ms)", course, &[line(0, "p50"), line(1, "p95"), line(2, "p99")], scene.theme);
}

fn user_chart(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let lines = [Drawn { name: "alive", unit: "", points: &scene.course.users, looks: scene.theme.lines[0] }];
    chart(frame, area, "Users", scene.course, &lines, scene.theme);
}

fn users(frame: &mut Frame<'_>, area: Rect, app: &mut App, scene: &Scene<'_>) {
    let height = if area.height < 14 { 0 } else { (area.height / 2).clamp(8, 16) };
    let [top, bottom] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
    if height > 0 {
        user_chart(frame, top, scene);
    }
    lists::tasks(frame, bottom, app, scene);
}

/// What was said of the last key, or which keys there are.
fn footer(frame: &mut Frame<'_>, area: Rect, app: &App, scene: &Scene<'_>) {
    let (view, theme) = (scene.view, scene.theme);
    if let Some(notice) = &app.notice {
        return frame.render_widget(Line::styled(clean(notice), theme.warning), area);
    }
    let key = |text: &'static str| Span::styled(text, theme.faint);
    let keys = match view.state {
        _ if view.quitting => vec![key("ending: Ctrl-C ends at once")],
        RunState::Ready => vec![key("Enter starts"), key("q quits"), key("? all keys")],
        RunState::Stopped => {
            let how = view.problem.as_deref().or(view.ended.as_deref()).unwrap_or("over");
            vec![Span::styled(clean(how), theme.strong), key("q quits"), key("Enter starts again"), key("? all keys")]
        }
        RunState::Stopping => {
            vec![key("users finish and run on_stop: q or Ctrl-C again ends at once"), key("? all keys")]
        }
        _ => vec![
            key("w/W +1/+10 users"),
            key("s/S −1/−10"),
            key("p pause"),
            key("r reset"),
            key("q stop"),
            key("? all keys"),
        ],
    };
    frame.render_widget(fitting(keys, area.width, theme), area);
}

const HELP: [(&str, &str); 12] = [
    ("w W", "1 or 10 users more"),
    ("s S", "1 or 10 users fewer"),
    ("p", "pause starting users, and go on"),
    ("r", "reset the figures"),
    ("q", "stop: users finish; again: at once; at last: quit"),
    ("Ctrl-C", "stop and quit; again: at once"),
    ("Enter", "start again after the end"),
    ("Tab 1-6", "next tab, or this one"),
    ("< > ← →", "column by which requests are sorted"),
    ("o", "the other way round"),
    ("↑ ↓ PgUp PgDn", "rows, also Home and End"),
    ("? Ctrl-L", "this help; draw everything again"),
];

fn help(frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
    let lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(keys, what)| Line::from(vec![Span::styled(format!("{keys:>13}  "), theme.sorted), Span::raw(*what)]))
        .collect();
    let (width, height) = (68.min(area.width), u16::try_from(HELP.len() + 2).unwrap_or(14).min(area.height));
    let place = Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height);
    frame.render_widget(Clear, place);
    let block = Block::bordered().title(" Keys ").title_alignment(Alignment::Center).border_style(theme.strong);
    frame.render_widget(Paragraph::new(Text::from(lines)).block(block), place);
}

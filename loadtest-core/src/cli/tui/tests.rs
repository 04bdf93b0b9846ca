use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::app::{App, Deed, Tab};
use super::charts::{Course, nice_above};
use super::draw::{Scene, screen};
use super::requests::{Column, Sort, first_shown};
use super::theme::Theme;
use crate::console::{Ask, LogLine, View};
use crate::stats::collector::{self, Collector};
use crate::stats::{Failure, History, Point, RecorderHandle, RunPoint, RunState, Snapshot, UserCounts};
use crate::threshold::{Threshold, ThresholdResult, Verdict};

/// A run that is in this state, with so many names.
fn snapshot(state: RunState, names: usize) -> Snapshot {
    let recorder = RecorderHandle::default();
    for name in 0..names {
        for _ in 0..=name % 3 {
            recorder.start("GET", &format!("/articles/{name:04}")).ok();
        }
    }
    of(&recorder, state)
}

fn of(recorder: &RecorderHandle, state: RunState) -> Snapshot {
    let now = tokio::time::Instant::now();
    let mut collector = Collector::new(1, now);
    collector.merge(0, &recorder.hand_over(), now);
    let users = UserCounts { alive: 17, starting: 0, stopping: 0 };
    Snapshot { state, elapsed: Duration::from_secs(80), users, target_users: 20, ..collector.snapshot(now) }
}

fn view(snapshot: Snapshot) -> View {
    let host = Some("https://ada:secret@shop.example".to_owned());
    View {
        run: 1,
        run_id: "abc".to_owned(),
        state: snapshot.state,
        snapshot: Arc::new(snapshot),
        thresholds: Vec::new(),
        started_at: Some(SystemTime::now()),
        asked: Ask { users: Some(20), run_time: Some(Some(Duration::from_secs(300))), host, ..Ask::default() },
        spawning_paused: false,
        ended: None,
        problem: None,
        markers: Vec::new(),
        quitting: false,
    }
}

fn waiting() -> View {
    let asked = Ask { run_time: Some(None), ..Ask::default() };
    View { run: 0, asked, started_at: None, ..view(collector::nothing_yet()) }
}

/// Two minutes with a hundred requests a second, of 10 to 90 ms.
fn history() -> History {
    let seconds = || (0..120).map(|second| (Duration::from_secs(second), Duration::from_secs(1)));
    let points = seconds().map(|(at, length)| {
        let mut point = Point::new(at, length);
        (point.ok, point.failed) = (100, 2);
        let times = [(94, 10), (4, 50), (2, 90)];
        times
            .iter()
            .for_each(|(count, millis)| (0..*count).for_each(|_| point.service.record(Duration::from_millis(*millis))));
        point
    });
    let run = seconds().map(|(at, length)| {
        let mut point = RunPoint::new(at, length);
        (point.users, point.cpu) = (at.as_secs(), Some(0.25));
        point
    });
    History::of_points(run, points, [])
}

struct Shown {
    lines: Vec<String>,
    terminal: Terminal<TestBackend>,
}

impl Shown {
    fn text(&self) -> String {
        self.lines.join("\n")
    }

    fn expect(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.text().contains(text), "`{text}` is missing in:\n{}", self.text());
        }
    }

    fn line(&self, text: &str) -> &str {
        self.lines.iter().find(|line| line.contains(text)).unwrap_or_else(|| panic!("`{text}` in:\n{}", self.text()))
    }
}

fn shown_with(app: &mut App, view: &View, logs: &[LogLine], theme: &Theme, (width, height): (u16, u16)) -> Shown {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut course = Course::default();
    course.read(&view.snapshot.history);
    let logs: VecDeque<LogLine> = logs.iter().cloned().collect();
    let scene = Scene { name: "shop-load", view, course: &course, logs: &logs, theme };
    terminal.draw(|frame| screen(frame, app, &scene)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    Shown { lines: (0..height).map(line).collect(), terminal }
}

fn shown(app: &mut App, view: &View, size: (u16, u16)) -> Shown {
    shown_with(app, view, &[], &Theme::colours(), size)
}

fn on(tab: Tab) -> App {
    let mut app = App::default();
    app.tab = tab;
    app
}

fn log_line(number: u64, text: &str) -> LogLine {
    LogLine { number, at: UNIX_EPOCH, level: tracing::Level::WARN, text: text.to_owned() }
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn press(app: &mut App, keys: &str, view: &View) -> Option<Deed> {
    keys.chars().map(|letter| app.press(key(KeyCode::Char(letter)), view)).last().flatten()
}

#[test]
fn before_the_first_run_it_says_how_to_start() {
    shown(&mut App::default(), &waiting(), (80, 24)).expect(&["shop-load", "ready", "no requests yet", "Enter starts"]);
}

#[test]
fn the_overview_fits_80_columns_and_24_lines() {
    let mut snapshot = snapshot(RunState::Running, 3);
    snapshot.history = Arc::new(history());
    let shown = shown_with(&mut App::default(), &view(snapshot), &[log_line(1, "hello")], &Theme::colours(), (80, 24));
    shown.expect(&["shop-load · https://shop.example", "running 1m20s of 5m", "17 of 20 users", "CPU 0.25 cores"]);
    shown.expect(&[
        "Rate req/s 102 failed/s 2",
        "Times (ms) p50 10 p95 50 p99 89.9",
        "GET /articles/0002",
        "Aggregated",
    ]);
    shown.expect(&["00:00:00  WARN hello", "no thresholds", "w/W +1/+10 users"]);
    // Both scales: of the rate to 200 a second, of the times to 100 ms, over two minutes.
    shown.expect(&["200│", "100│", "2m", "1m"]);
    assert!(!shown.text().contains("secret"), "{}", shown.text());
}

#[test]
fn while_users_start_it_says_how_many() {
    let mut spawning = view(snapshot(RunState::Spawning, 1));
    shown(&mut App::default(), &spawning, (80, 24)).expect(&["17 of 20 users", "spawning 1m20s of 5m"]);
    spawning.spawning_paused = true;
    shown(&mut App::default(), &spawning, (80, 24)).expect(&["spawning, paused"]);
}

#[test]
fn at_the_end_it_says_why_and_how_to_leave() {
    let mut ended = view(snapshot(RunState::Stopped, 1));
    ended.ended = Some("the run time was over".to_owned());
    shown(&mut App::default(), &ended, (80, 24)).expect(&["the run time was over", "q quits", "Enter starts again"]);
    ended.problem = Some("setup of Shopper failed: no database".to_owned());
    shown(&mut App::default(), &ended, (80, 24)).expect(&["setup of Shopper failed"]);
}

#[test]
fn of_2000_rows_those_are_drawn_that_were_scrolled_to() {
    let view = view(snapshot(RunState::Running, 2000));
    let mut app = on(Tab::Requests);
    let first = shown(&mut app, &view, (100, 30));
    first.expect(&["GET /articles/0000", "GET /articles/0023", "Aggregated"]);
    assert!(!first.text().contains("/articles/0024"), "{}", first.text());
    app.press(key(KeyCode::PageDown), &view);
    app.press(key(KeyCode::Down), &view);
    let next = shown(&mut app, &view, (100, 30));
    assert_eq!(app.requests.at, 25);
    next.expect(&["/articles/0025"]);
    app.press(key(KeyCode::End), &view);
    shown(&mut app, &view, (100, 30)).expect(&["GET /articles/1976", "GET /articles/1999"]);
    app.press(key(KeyCode::Home), &view);
    shown(&mut app, &view, (100, 30)).expect(&["GET /articles/0000"]);
    // In a smaller terminal the chosen row stays to be seen.
    app.press(key(KeyCode::End), &view);
    shown(&mut app, &view, (60, 12)).expect(&["/articles/1999"]);
}

#[test]
fn rows_are_sorted_by_any_column_both_ways() {
    let view = view(snapshot(RunState::Running, 3));
    let mut app = on(Tab::Requests);
    let names =
        |sort: Sort| -> Vec<String> { sort.rows(&view.snapshot).iter().map(|row| row.key.name.to_string()).collect() };
    assert_eq!(names(app.sort)[0], "/articles/0000");
    press(&mut app, ">", &view);
    assert_eq!(app.sort, Sort { column: Column::Ok, reversed: false });
    assert_eq!(names(app.sort), ["/articles/0002", "/articles/0001", "/articles/0000"]);
    shown(&mut app, &view, (80, 24)).expect(&["ok▼"]);
    press(&mut app, "o", &view);
    assert_eq!(names(app.sort)[0], "/articles/0000");
    shown(&mut app, &view, (80, 24)).expect(&["ok▲"]);
    press(&mut app, "<<", &view);
    assert_eq!(app.sort.column, Column::Rate);
    press(&mut app, ">", &view);
    assert_eq!(app.sort.column, Column::Name);
}

#[test]
fn the_sorted_column_is_shown_also_where_there_is_no_room_for_all() {
    let view = view(snapshot(RunState::Running, 3));
    let mut app = on(Tab::Requests);
    press(&mut app, ">>>>", &view);
    assert_eq!(app.sort.column, Column::Min);
    shown(&mut app, &view, (44, 12)).expect(&["min▼"]);
}

#[test]
fn failures_stand_with_their_share_and_an_example() {
    let recorder = RecorderHandle::default();
    recorder.start("GET", "/cart").ok();
    recorder.start("GET", "/cart").fail(Failure::new("503 Service Unavailable").sample("cart service timed out"));
    let failing = view(of(&recorder, RunState::Running));
    let shown = shown(&mut on(Tab::Failures), &failing, (90, 24));
    shown.expect(&["1x GET /cart: 503 Service Unavailable", "50.00% of its requests", "cart service timed out"]);
    shown.expect(&["1 failed (50.00%)", "3 Failures 1"]);
    super::tests::shown(&mut on(Tab::Failures), &waiting(), (90, 24)).expect(&["no failures"]);
}

fn threshold(text: &str, verdict: Verdict) -> ThresholdResult {
    let threshold = Threshold::parse_list(text).unwrap().remove(0);
    let sentence = format!("{text}: that is how it was");
    ThresholdResult { threshold, value: None, verdict, sentence, at: None, aborted: false }
}

#[test]
fn thresholds_are_shown_as_they_stand() {
    let mut running = view(snapshot(RunState::Running, 1));
    running.thresholds = vec![threshold("p95 < 200ms", Verdict::Met), threshold("fail_ratio < 1%", Verdict::NotMet)];
    let shown = shown(&mut on(Tab::Thresholds), &running, (90, 24));
    shown.expect(&["5 Thresholds 1", "fail_ratio < 1%: that is how it was"]);
    assert!(shown.line("p95 < 200ms").trim_start().starts_with("met "), "{}", shown.text());
    assert!(shown.line("-  fail_ratio").trim_start().starts_with("not met"), "{}", shown.text());
    super::tests::shown(&mut App::default(), &running, (90, 24)).expect(&["1 of 2 thresholds not met: fail_ratio"]);
}

#[test]
fn the_log_stays_at_its_end_until_one_scrolls() {
    let view = view(snapshot(RunState::Running, 1));
    let lines: Vec<LogLine> = (1..=100).map(|number| log_line(number, &format!("line {number}."))).collect();
    let mut app = on(Tab::Log);
    let draw = |app: &mut App| shown_with(app, &view, &lines, &Theme::colours(), (80, 24));
    draw(&mut app).expect(&["line 100.", "line 81."]);
    app.press(key(KeyCode::PageUp), &view);
    let above = draw(&mut app);
    above.expect(&["line 80.", "line 61."]);
    assert!(!above.text().contains("line 81."), "{}", above.text());
    app.press(key(KeyCode::Home), &view);
    draw(&mut app).expect(&["line 1.", "line 20."]);
    app.press(key(KeyCode::End), &view);
    draw(&mut app).expect(&["line 100."]);
}

#[test]
fn names_and_texts_steer_no_terminal() {
    let hostile = "/\u{1b}[2J\u{7}\u{202e}gnp.exe\u{2066}\r\n\u{9b}31m検索";
    let recorder = RecorderHandle::default();
    recorder.start("GET\u{1b}c", hostile).fail(Failure::new(hostile).sample(hostile));
    let mut hostile_view = view(of(&recorder, RunState::Running));
    hostile_view.asked.host = Some(hostile.to_owned());
    hostile_view.ended = Some(hostile.to_owned());
    for tab in Tab::ALL {
        let mut app = on(tab);
        app.notice = Some(hostile.to_owned());
        let shown = shown_with(&mut app, &hostile_view, &[log_line(1, hostile)], &Theme::colours(), (90, 24));
        let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!shown.lines.iter().any(|line| line.contains(steers)), "{tab:?}:\n{}", shown.text());
    }
    shown(&mut on(Tab::Requests), &hostile_view, (90, 24)).expect(&["gnp.exe"]);
}

#[test]
fn without_colours_there_are_none_and_lines_still_differ() {
    let mut snapshot = snapshot(RunState::Running, 3);
    snapshot.history = Arc::new(history());
    let shown = shown_with(&mut App::default(), &view(snapshot), &[log_line(1, "x")], &Theme::plain(), (80, 24));
    let buffer = shown.terminal.backend().buffer();
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    shown.expect(&["---", "==="]);
}

#[test]
fn colours_are_among_the_sixteen() {
    let mut snapshot = snapshot(RunState::Running, 3);
    snapshot.history = Arc::new(history());
    let view = view(snapshot);
    for tab in Tab::ALL {
        let shown = shown(&mut on(tab), &view, (80, 24));
        let buffer = shown.terminal.backend().buffer();
        assert!(!buffer.content().iter().any(|cell| matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_))), "{tab:?}");
    }
}

#[test]
fn help_names_every_key() {
    let view = view(snapshot(RunState::Running, 1));
    let mut app = App::default();
    press(&mut app, "?", &view);
    let help = shown(&mut app, &view, (80, 24));
    help.expect(&["w W", "s S", "pause", "reset", "Ctrl-C", "Tab 1-6", "PgDn", "Ctrl-L"]);
    app.press(key(KeyCode::Esc), &view);
    assert!(!shown(&mut app, &view, (80, 24)).text().contains("PgDn"));
}

#[test]
fn keys_steer_the_run() {
    let running = view(snapshot(RunState::Running, 1));
    let mut app = App::default();
    assert_eq!(press(&mut app, "w", &running), Some(Deed::ChangeUsers(1)));
    assert_eq!(press(&mut app, "W", &running), Some(Deed::ChangeUsers(10)));
    assert_eq!(press(&mut app, "s", &running), Some(Deed::ChangeUsers(-1)));
    assert_eq!(press(&mut app, "S", &running), Some(Deed::ChangeUsers(-10)));
    assert_eq!(press(&mut app, "r", &running), Some(Deed::Reset));
    assert_eq!(press(&mut app, "p", &running), Some(Deed::PauseSpawning(true)));
    let paused = View { spawning_paused: true, ..running.clone() };
    assert_eq!(press(&mut app, "p", &paused), Some(Deed::PauseSpawning(false)));
    assert_eq!(app.press(key(KeyCode::Enter), &running), None);
    assert_eq!(press(&mut app, "x", &running), None);
    assert_eq!(app.press(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::ALT), &running), None);
}

#[test]
fn q_stops_then_aborts_then_quits() {
    let running = view(snapshot(RunState::Running, 1));
    let stopping = View { state: RunState::Stopping, ..running.clone() };
    let stopped = View { state: RunState::Stopped, ..running.clone() };
    let mut app = App::default();
    assert_eq!(press(&mut app, "q", &running), Some(Deed::Stop));
    assert_eq!(press(&mut app, "q", &stopping), Some(Deed::Abort));
    assert_eq!(press(&mut app, "q", &stopped), Some(Deed::Quit));
    // The next run is stopped in good order again, also when it is about to end by itself.
    let next = View { run: 2, ..stopping };
    assert_eq!(press(&mut app, "q", &next), Some(Deed::Stop));
    assert_eq!(press(&mut app, "q", &next), Some(Deed::Abort));
    assert_eq!(press(&mut App::default(), "q", &waiting()), Some(Deed::Quit));
    assert_eq!(App::default().press(key(KeyCode::Enter), &stopped), Some(Deed::Start));
}

#[test]
fn ctrl_c_is_the_signal() {
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let running = view(snapshot(RunState::Running, 1));
    let mut app = App::default();
    assert_eq!(app.press(ctrl_c, &running), Some(Deed::Quit));
    assert_eq!(app.press(ctrl_c, &running), Some(Deed::Abort));
    let mut app = App::default();
    assert_eq!(press(&mut app, "q", &running), Some(Deed::Stop));
    assert_eq!(app.press(ctrl_c, &running), Some(Deed::Abort));
    assert_eq!(App::default().press(ctrl_c, &waiting()), Some(Deed::Quit));
}

#[test]
fn what_was_said_of_a_key_goes_with_the_state_of_the_run() {
    let running = view(snapshot(RunState::Running, 1));
    let stopped = View { state: RunState::Stopped, ..running.clone() };
    let mut app = App::default();
    app.see(&running);
    app.notice = Some("users finish".to_owned());
    app.see(&running);
    shown(&mut app, &running, (80, 24)).expect(&["users finish"]);
    app.see(&stopped);
    assert!(!shown(&mut app, &stopped, (80, 24)).text().contains("users finish"));
}

#[test]
fn tabs_come_by_tab_and_by_number() {
    let view = waiting();
    let mut app = App::default();
    app.press(key(KeyCode::Tab), &view);
    assert_eq!(app.tab, Tab::Requests);
    app.press(key(KeyCode::BackTab), &view);
    app.press(key(KeyCode::BackTab), &view);
    assert_eq!(app.tab, Tab::Log);
    for tab in Tab::ALL {
        press(&mut app, &(tab.number() + 1).to_string(), &view);
        assert_eq!(app.tab, tab);
    }
}

#[test]
fn a_tiny_terminal_says_so() {
    let view = view(snapshot(RunState::Running, 3));
    shown(&mut App::default(), &view, (39, 24)).expect(&["39x24 is too small", "40x10"]);
    shown(&mut App::default(), &view, (80, 9)).expect(&["80x9 is too small"]);
    shown(&mut App::default(), &view, (40, 10)).expect(&[
        "shop-load",
        "GET /articles/0000",
        "Aggregated",
        "w/W +1/+10 users",
    ]);
}

#[test]
fn scales_end_with_round_numbers() {
    let above = |number| format!("{}", nice_above(number));
    assert_eq!([0.0, 0.3, 1.0, 7.0, 130.0, 4999.0, f64::NAN].map(above), ["1", "0.5", "1", "10", "200", "5000", "1"]);
}

proptest! {
    // A drawing takes some milliseconds without optimization.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_size_is_drawn(width in 1u16..200, height in 1u16..70, tab in 0usize..6, keys in "[<>owp?1-6]{0,8}", help: bool) {
        static VIEW: LazyLock<View> = LazyLock::new(|| {
            let mut snapshot = snapshot(RunState::Running, 40);
            snapshot.history = Arc::new(history());
            let thresholds = vec![threshold("p95 < 200ms", Verdict::NotMet)];
            View { thresholds, ..view(snapshot) }
        });
        let view = &*VIEW;
        let mut app = on(Tab::ALL[tab]);
        app.help = help;
        for code in [KeyCode::PageDown, KeyCode::End, KeyCode::Up] {
            shown(&mut app, view, (width, height));
            app.press(key(code), view);
        }
        press(&mut app, &keys, view);
        let shown = shown(&mut app, view, (width, height));
        prop_assert_eq!(shown.lines.len(), usize::from(height));
    }

    #[test]
    fn the_chosen_row_is_always_among_the_shown(before in 0usize..300, rows in 1usize..200, at in 0usize..200, room in 1usize..60) {
        let chosen = at % rows;
        let first = first_shown(before, chosen, rows, room);
        prop_assert!(first <= chosen && chosen < first + room, "{}", first);
        // No empty lines at the end, as long as there are rows to fill them.
        prop_assert!(first + room <= rows.max(room));
    }

    #[test]
    fn a_scale_has_room_and_is_not_much_longer(number in 1e-6f64..1e12) {
        let top = nice_above(number);
        prop_assert!(top >= number && top <= number * 2.6, "{}", top);
    }
}

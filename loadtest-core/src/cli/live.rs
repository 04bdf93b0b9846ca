//! What is shown while a run goes on, as text.

use std::fmt::Write;
use std::time::Duration;

use crate::report::{Report, text};
use crate::stats::{RunState, Snapshot};
use crate::units::{format_duration, format_millis, without_credentials};

/// The line before the run.
pub(super) fn opening(report: &Report) -> String {
    let settings = report.settings();
    let mut line = format!("run {}, seed {}, {} threads", report.run_id(), report.seed(), settings.threads);
    if let Some(host) = report.host() {
        let _ = write!(line, ", against {}", without_credentials(host));
    }
    if let Some(run_time) = settings.run_time {
        let _ = write!(line, ", for {}", format_duration(run_time));
    }
    line
}

/// What is tested when nobody said what.
pub(super) fn default_host(host: &str) -> String {
    let here = ["//127.", "//localhost", "//[::1]"].iter().any(|here| host.contains(here));
    let shared = if here { ", which shares this machine with the users" } else { "" };
    format!("testing {}{shared}", without_credentials(host))
}

/// Users, rate, failures, percentiles and the time left in one line.
pub(super) fn line(snapshot: &Snapshot, run_time: Option<Duration>) -> String {
    let total = &snapshot.total;
    let stats = &total.stats;
    let mut line = format!("[{:>6}] {}", format_duration(snapshot.elapsed), users(snapshot));
    // Early in the line: what does not fit a narrow terminal is cut off.
    if let Some(left) = left(snapshot, run_time) {
        let _ = write!(line, " · {} left", format_duration(Duration::from_secs_f64(left.as_secs_f64().ceil())));
    }
    let _ = write!(line, " · {} requests, {:.1}/s", stats.requests(), total.current_rate);
    match stats.fail_ratio() {
        Some(ratio) if stats.failed > 0 => {
            let _ = write!(line, " · {} failed ({})", stats.failed, text::percent(ratio));
        }
        _ => line.push_str(" · 0 failed"),
    }
    if let (Some(p50), Some(p95)) = (stats.service.percentile(50.0), stats.service.percentile(95.0)) {
        let _ = write!(line, " · p50 {} ms, p95 {} ms", format_millis(p50), format_millis(p95));
    }
    line
}

fn users(snapshot: &Snapshot) -> String {
    let users = snapshot.users;
    match snapshot.state {
        RunState::Spawning => format!("{} of {} users", users.alive, snapshot.target_users),
        RunState::Stopping => format!("stopping: {} users left", users.alive),
        RunState::SettingUp => "setting up".to_owned(),
        _ => format!("{} users", users.alive),
    }
}

fn left(snapshot: &Snapshot, run_time: Option<Duration>) -> Option<Duration> {
    let running = matches!(snapshot.state, RunState::Spawning | RunState::Running);
    run_time.filter(|_| running).map(|run_time| run_time.saturating_sub(snapshot.elapsed))
}

/// The live table, no larger than the terminal.
pub(super) fn table(snapshot: &Snapshot, run_time: Option<Duration>, width: usize, height: usize) -> String {
    let mut out = String::from("\n");
    let fit = |line: &str| text::cut(line, width);
    let requests = text::live_requests(snapshot, width);
    let lines: Vec<&str> = requests.lines().collect();
    // Kept free: the empty line, the summary, and the line on which the cursor stands.
    let room = height.saturating_sub(4).max(4);
    if lines.len() <= room {
        for line in &lines {
            let _ = writeln!(out, "{}", fit(line));
        }
    } else {
        // The header and as many rows as fit, then how many do not, then the total with its rule.
        let (head, tail) = (&lines[..room - 3], &lines[lines.len() - 2..]);
        for line in head {
            let _ = writeln!(out, "{}", fit(line));
        }
        let _ = writeln!(out, "{}", fit(&format!("… and {} more", lines.len() - head.len() - tail.len())));
        for line in tail {
            let _ = writeln!(out, "{}", fit(line));
        }
    }
    let _ = writeln!(out, "{}", fit(&line(snapshot, run_time)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::collector::Collector;
    use crate::stats::{RecorderHandle, UserCounts, collector};

    fn snapshot(names: usize) -> Snapshot {
        let now = tokio::time::Instant::now();
        let recorder = RecorderHandle::default();
        for name in 0..names {
            recorder.start("GET", &format!("/a/rather/long/path/with/number/{name}")).ok();
        }
        let mut collector = Collector::new(1, now);
        collector.merge(0, &recorder.hand_over(), now);
        let users = UserCounts { alive: 3, starting: 0, stopping: 0 };
        let (rows, total) = (collector.rows(now), collector.total(now));
        Snapshot {
            state: RunState::Running,
            elapsed: Duration::from_secs(5),
            users,
            rows,
            total,
            ..collector::nothing_yet()
        }
    }

    #[test]
    fn the_table_fits_the_terminal() {
        for (names, width, height) in [(0, 80, 24), (3, 80, 24), (100, 80, 24), (100, 40, 10), (5, 20, 5)] {
            let table = table(&snapshot(names), Some(Duration::from_secs(10)), width, height);
            assert!(table.lines().count() < height.max(8), "{names} names in {height} lines:\n{table}");
            assert!(table.lines().all(|line| line.chars().count() <= width), "{width}:\n{table}");
        }
    }

    #[test]
    fn one_line_says_it_all() {
        let line = line(&snapshot(2), Some(Duration::from_secs(10)));
        assert!(line.starts_with("[    5s] 3 users · 5s left · 2 requests"), "{line}");
        assert!(line.contains("0 failed") && line.ends_with(" ms"), "{line}");
    }
}

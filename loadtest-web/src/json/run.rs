//! The run itself.

use std::time::Duration;

use loadtest_core::console::View;
use loadtest_core::stats::{GeneratorHealth, RunState};
use loadtest_core::{Threshold as Asked, ThresholdResult};
use serde::Serialize;

use super::ask::Ask;
use super::figures::Figures;
use super::points::cores;
use super::{date, millis, rounded, seconds};

/// The present run, or the last one.
#[derive(Debug, Serialize)]
pub(crate) struct Run<'a> {
    run: u64,
    run_id: &'a str,
    state: &'static str,
    started_at: Option<String>,
    elapsed: f64,
    since: f64,
    users: u64,
    starting: u64,
    stopping: u64,
    target_users: u64,
    asked: Ask,
    host: Option<&'a str>,
    spawning_paused: bool,
    ended: Option<&'a str>,
    problem: Option<&'a str>,
    warnings: &'a [String],
    markers: Vec<Marker<'a>>,
    thresholds: Vec<Threshold<'a>>,
    health: Health,
    total: Figures,
    failures: usize,
    exceptions: usize,
    logs: u64,
    quitting: bool,
}

/// Something that was done to it.
#[derive(Debug, Serialize)]
pub(crate) struct Marker<'a> {
    t: f64,
    text: &'a str,
}

/// A reset is marked when it is asked for, which is a moment before it is done.
const A_MOMENT: Duration = Duration::from_secs(2);

impl<'a> Marker<'a> {
    /// On the axis of what is measured; what was done to figures that were forgotten is left out.
    pub(crate) fn of(markers: &'a [loadtest_core::console::Marker], since: Duration) -> Vec<Self> {
        let kept = markers.iter().filter(|marker| marker.at + A_MOMENT >= since);
        kept.map(|marker| Self { t: seconds(marker.at.saturating_sub(since)), text: &marker.text }).collect()
    }
}

impl<'a> Run<'a> {
    pub(crate) fn of(view: &'a View, logs: u64) -> Self {
        let snapshot = &view.snapshot;
        Self {
            run: view.run,
            run_id: &view.run_id,
            state: view.state.as_str(),
            started_at: view.started_at.map(date),
            elapsed: seconds(snapshot.elapsed),
            since: seconds(snapshot.since),
            users: snapshot.users.alive,
            starting: snapshot.users.starting,
            stopping: snapshot.users.stopping,
            target_users: snapshot.target_users,
            asked: Ask::of(&view.asked),
            host: view.asked.host.as_deref(),
            spawning_paused: view.spawning_paused,
            ended: view.ended.as_deref(),
            problem: view.problem.as_deref(),
            warnings: &snapshot.warnings,
            markers: Marker::of(&view.markers, snapshot.since),
            thresholds: view.thresholds.iter().map(Threshold::of).collect(),
            health: Health::of(&snapshot.health),
            total: Figures::of(&snapshot.total),
            failures: snapshot.failures.len(),
            exceptions: snapshot.exceptions.len(),
            logs,
            quitting: view.quitting,
        }
    }
}

/// Whether a run goes on, so that it can be edited or stopped.
pub(crate) fn goes_on(state: RunState) -> bool {
    matches!(state, RunState::SettingUp | RunState::Spawning | RunState::Running | RunState::Stopping)
}

/// What became of a threshold so far.
#[derive(Debug, Serialize)]
pub(crate) struct Threshold<'a> {
    text: String,
    value: String,
    verdict: &'static str,
    sentence: &'a str,
    aborted: bool,
}

impl<'a> Threshold<'a> {
    fn of(result: &'a ThresholdResult) -> Self {
        let text = |threshold: &Asked| threshold.to_string();
        Self {
            text: text(&result.threshold),
            value: result.shown_value(),
            verdict: result.verdict.as_str(),
            sentence: &result.sentence,
            aborted: result.aborted,
        }
    }
}

/// How the load generator is; processors as a share of all there are.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    threads: usize,
    cpu: Option<f64>,
    cpu_max: Option<f64>,
    memory: Option<u64>,
    memory_max: Option<u64>,
    held_up: Option<f64>,
    queue_delay_p99: Option<f64>,
}

impl Health {
    fn of(health: &GeneratorHealth) -> Self {
        let cores = cores();
        let share = |used: Option<f64>| used.map(|used| rounded(used / cores));
        Self {
            threads: health.threads,
            cpu: share(health.cpu),
            cpu_max: share(health.cpu_max),
            memory: health.memory,
            memory_max: health.memory_max,
            held_up: health.held_up.map(rounded),
            queue_delay_p99: health.queue_delay.p99().map(millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use loadtest_core::console::Marker as Done;

    use super::*;

    #[test]
    fn markers_stand_where_the_points_of_their_time_do() {
        let done = |at: u64, text: &str| Done { at: Duration::from_secs(at), text: text.to_owned() };
        let done = [done(60, "20 users"), done(299, "figures reset"), done(360, "40 users")];
        let told =
            |since| Marker::of(&done, Duration::from_secs(since)).iter().map(|marker| marker.t).collect::<Vec<_>>();
        assert_eq!(told(0), [60.0, 299.0, 360.0]);
        assert_eq!(told(300), [0.0, 60.0], "of what was forgotten there is no mark");
    }
}

//! How the load generator itself is: whether it, and not the server, was the limit.

use std::time::Duration;

use tokio::time::Instant;

use super::{RunPoint, ScheduledStarts, Times};
use crate::units::format_millis;

/// The load generator over the run, or since the last reset. What a system does not tell is `None`: only Linux tells of
/// threads.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct GeneratorHealth {
    /// Threads that drive users.
    pub threads: usize,
    /// The mean use of processors by this process, in cores: 1.0 is one core all the time.
    pub cpu: Option<f64>,
    /// The highest use in any second, in cores.
    pub cpu_max: Option<f64>,
    /// The highest use of a core by any thread that drives users in any second, 0 to 1.
    pub thread_max: Option<f64>,
    /// The share of seconds in which such a thread used more than nine tenths of a core, 0 to 1: of the busiest.
    pub busy: Option<f64>,
    /// The memory of this process now, in bytes (resident).
    pub memory: Option<u64>,
    /// The most it had.
    pub memory_max: Option<u64>,
    /// The share of time in which a thread that drives users was ready to run and got no core, 0 to 1: of the thread that
    /// fared worst.
    pub held_up: Option<f64>,
    /// How long, on average, it then took until it got one: what that adds to a measured time.
    pub core_wait: Option<Duration>,
    /// By how much the threads that drive users were late for a regular appointment with themselves, ten times a second: what
    /// a user has to wait for its turn. The timers of the threads are up to 1 ms late by themselves.
    pub queue_delay: Times,
}

/// A thread that used more than this of a core was busy.
const BUSY: f64 = 0.9;
/// What is said of less than this means nothing.
const LEAST: Duration = Duration::from_secs(2);
/// The same of a few appointments or starts.
const LEAST_COUNT: u64 = 20;
/// Over how long use is measured, at least: processors' time is counted in hundredths of a second.
const WINDOW: Duration = Duration::from_millis(900);

/// More of each of these is worth a warning.
const MOST_BUSY: f64 = 0.2;
const MOST_HELD_UP: f64 = 0.02;
const LEAST_HELD_UP: f64 = 0.002;
const LONGEST_CORE_WAIT: Duration = Duration::from_micros(200);
/// Where nothing is in the way it is below 2 ms, of which the timer makes one.
const LONGEST_QUEUE_DELAY: Duration = Duration::from_millis(3);
const LATEST_START: Duration = Duration::from_millis(20);

impl GeneratorHealth {
    /// What a person should know before they blame the server.
    pub(crate) fn warnings(&self, starts: &ScheduledStarts) -> Vec<String> {
        let mut warnings = Vec::new();
        let limit = "the load generator was at its limit, so that the times are in part its own";
        if let Some(busy) = self.busy.filter(|busy| *busy > MOST_BUSY) {
            let (percent, threads) = (percent(busy), self.threads);
            warnings.push(format!(
                "{limit}: a thread used more than 90% of its core in {percent} of the seconds ({threads} threads drive \
                 users); use fewer users or more cores, or take the times for those of both"
            ));
        }
        let is_held_up = self.held_up.is_some_and(|share| share > MOST_HELD_UP);
        let is_seldom = self.held_up.is_none_or(|share| share < LEAST_HELD_UP);
        let waits = !is_seldom && self.core_wait.is_some_and(|wait| wait > LONGEST_CORE_WAIT);
        if is_held_up || waits {
            let share = percent(self.held_up.unwrap_or_default());
            let wait = format_millis(self.core_wait.unwrap_or_default());
            warnings.push(format!(
                "{limit}: other programs had its cores: a thread that was ready waited {share} of the time for one, {wait} ms \
                 on average, which is in the measured times; give it cores of its own"
            ));
        }
        let delays = &self.queue_delay;
        if let Some(delay) = delays.p95().filter(|delay| *delay > LONGEST_QUEUE_DELAY && delays.count() >= LEAST_COUNT)
        {
            let delay = format_millis(delay);
            warnings.push(format!(
                "{limit}: users waited for their turn on a thread, one in twenty times {delay} ms or longer; look for \
                 tasks that compute or block, or use fewer users"
            ));
        }
        // Starts that are made up are late because of the server.
        let is_late = |late: &Duration| *late > LATEST_START && starts.overruns == 0 && starts.count() >= LEAST_COUNT;
        if let Some(late) = starts.lateness.p99().filter(is_late) {
            let late = format_millis(late);
            warnings.push(format!(
                "{limit}: one in a hundred tasks started {late} ms or more after its schedule asked for"
            ));
        }
        warnings
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// What a thread has used and waited for since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ThreadLoad {
    /// Time on a core.
    pub(crate) on_core: Duration,
    /// Time in which it was ready and had none.
    pub(crate) waited: Duration,
    /// How often it got one.
    pub(crate) turns: u64,
}

/// What this process has used since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ProcessLoad {
    pub(crate) on_core: Duration,
    /// In bytes.
    pub(crate) memory: Option<u64>,
}

/// Readings of one thread, from the first to the last.
#[derive(Debug, Clone, Copy)]
struct Thread {
    first: (Instant, ThreadLoad),
    last: (Instant, ThreadLoad),
    most: Option<f64>,
    windows: u32,
    busy: u32,
}

impl Thread {
    fn new(first: (Instant, ThreadLoad)) -> Self {
        Self { first, last: first, most: None, windows: 0, busy: 0 }
    }
}

/// Follows the load generator through a run.
#[derive(Debug, Default)]
pub(crate) struct HealthMonitor {
    threads: Vec<Option<Thread>>,
    first: Option<(Instant, ProcessLoad)>,
    last: Option<(Instant, ProcessLoad)>,
    cpu_max: Option<f64>,
    memory_max: Option<u64>,
    queue_delay: Times,
}

impl HealthMonitor {
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads: vec![None; threads], ..Self::default() }
    }

    /// Counts from the last readings on.
    pub(crate) fn restart(&mut self) {
        let threads = self.threads.iter().map(|thread| thread.map(|thread| Thread::new(thread.last))).collect();
        *self = Self { threads, first: self.last, last: self.last, ..Self::default() };
    }

    pub(crate) fn see_delays(&mut self, delays: &Times, run: &mut RunPoint) {
        self.queue_delay.merge(delays);
        run.queue_delay = run.queue_delay.max(delays.max().unwrap_or_default());
    }

    /// What a thread says of itself.
    pub(crate) fn see_thread(&mut self, thread: usize, at: Instant, load: ThreadLoad, run: &mut RunPoint) {
        let Some(thread) = self.threads.get_mut(thread) else { return };
        let seen = thread.get_or_insert_with(|| Thread::new((at, load)));
        let (before, then) = seen.last;
        let length = at.saturating_duration_since(before);
        if length < WINDOW {
            return;
        }
        let used = share(load.on_core.saturating_sub(then.on_core), length);
        seen.most = Some(seen.most.unwrap_or_default().max(used));
        seen.windows += 1;
        seen.busy += u32::from(used > BUSY);
        let waited = share(load.waited.saturating_sub(then.waited), length);
        run.held_up = Some(run.held_up.unwrap_or_default().max(waited));
        seen.last = (at, load);
    }

    /// What the system says of this process.
    pub(crate) fn see_process(&mut self, at: Instant, load: ProcessLoad, run: &mut RunPoint) {
        self.first.get_or_insert((at, load));
        let (before, then) = *self.last.get_or_insert((at, load));
        self.memory_max = self.memory_max.max(load.memory);
        run.memory = load.memory;
        let length = at.saturating_duration_since(before);
        if length < WINDOW {
            return;
        }
        let cores = share(load.on_core.saturating_sub(then.on_core), length);
        self.cpu_max = Some(self.cpu_max.unwrap_or_default().max(cores));
        run.cpu = Some(cores);
        self.last = Some((at, load));
    }

    pub(crate) fn health(&self) -> GeneratorHealth {
        let long_enough = |first: Instant, last: Instant| last.saturating_duration_since(first) >= LEAST;
        let threads = || self.threads.iter().flatten().filter(|thread| long_enough(thread.first.0, thread.last.0));
        let most = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
        let of = |thread: &Thread| {
            let waited = thread.last.1.waited.saturating_sub(thread.first.1.waited);
            (
                waited,
                thread.last.0.duration_since(thread.first.0),
                thread.last.1.turns.saturating_sub(thread.first.1.turns),
            )
        };
        let core_wait = |thread: &Thread| {
            let (waited, _, turns) = of(thread);
            waited.checked_div(u32::try_from(turns).unwrap_or(u32::MAX))
        };
        let process = self.first.zip(self.last).filter(|(first, last)| long_enough(first.0, last.0));
        GeneratorHealth {
            threads: self.threads.len(),
            cpu: process.map(|((begun, first), (ended, last))| {
                share(last.on_core.saturating_sub(first.on_core), ended.duration_since(begun))
            }),
            cpu_max: self.cpu_max,
            thread_max: most(&mut threads().filter_map(|thread| thread.most)),
            busy: most(&mut threads().map(|thread| f64::from(thread.busy) / f64::from(thread.windows.max(1)))),
            memory: self.last.and_then(|(_, load)| load.memory),
            memory_max: self.memory_max,
            held_up: most(&mut threads().map(|thread| share(of(thread).0, of(thread).1))),
            core_wait: threads().filter_map(core_wait).max(),
            queue_delay: self.queue_delay.clone(),
        }
    }
}

fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A run of so many seconds in which a thread is so long on a core each second, and waits so long for one.
    fn run(seconds: u32, on_core: Duration, waited: Duration, turns: u64) -> (GeneratorHealth, RunPoint) {
        let start = Instant::now();
        let mut monitor = HealthMonitor::new(2);
        let mut point = RunPoint::default();
        for second in 0..=seconds {
            let at = start + SECOND * second;
            let load = |of: u32| ThreadLoad {
                on_core: on_core * second / of,
                waited: waited * second / of,
                turns: turns * u64::from(second),
            };
            monitor.see_thread(0, at, load(1), &mut point);
            monitor.see_thread(1, at, load(2), &mut point);
            let memory = Some(1000 + u64::from(seconds - second));
            monitor.see_process(at, ProcessLoad { on_core: on_core * second * 3 / 2, memory }, &mut point);
        }
        (monitor.health(), point)
    }

    fn warnings(health: &GeneratorHealth) -> Vec<String> {
        health.warnings(&ScheduledStarts::default())
    }

    #[test]
    fn an_idle_generator_is_well() {
        let (health, point) = run(10, SECOND / 10, SECOND / 1000, 100);
        assert_eq!(warnings(&health), [""; 0]);
        let close = |one: Option<f64>, other: f64| one.is_some_and(|one| (one - other).abs() < 1e-9);
        assert!(close(health.cpu, 0.15) && close(health.cpu_max, 0.15), "{health:?}");
        assert!(close(health.thread_max, 0.1) && close(health.held_up, 0.001), "{health:?}");
        assert_eq!(health.core_wait, Some(Duration::from_micros(10)));
        assert_eq!((health.memory, health.memory_max, point.memory), (Some(1000), Some(1010), Some(1000)));
        assert!(close(point.cpu, 0.15) && close(point.held_up, 0.001));
    }

    #[test]
    fn a_busy_thread_is_told_of() {
        let (health, _) = run(10, SECOND * 95 / 100, Duration::ZERO, 100);
        assert!(matches!(warnings(&health).as_slice(), [one] if one.contains("in 100% of the seconds")));
    }

    #[test]
    fn other_programs_on_its_cores_are_told_of() {
        let (health, _) = run(10, SECOND / 10, SECOND / 5, 100_000);
        assert!(matches!(warnings(&health).as_slice(), [one] if one.contains("waited 20% of the time")));
        // Seldom, but long.
        let (health, _) = run(10, SECOND / 10, SECOND / 50, 20);
        assert!(matches!(warnings(&health).as_slice(), [one] if one.contains("1.00 ms on average")), "{health:?}");
    }

    #[test]
    fn nothing_is_said_of_a_moment() {
        let (health, _) = run(1, SECOND, SECOND, 1);
        assert_eq!((health.busy, health.held_up, health.cpu), (None, None, None));
        assert_eq!(warnings(&health), [""; 0]);
    }

    #[test]
    fn a_restart_counts_from_there() {
        let start = Instant::now();
        let mut monitor = HealthMonitor::new(1);
        let mut point = RunPoint::default();
        for second in 0..20u32 {
            if second == 10 {
                monitor.restart();
            }
            let busy = SECOND * second.min(10) + SECOND / 4 * second.saturating_sub(10);
            let load = ThreadLoad { on_core: busy, ..ThreadLoad::default() };
            monitor.see_thread(0, start + SECOND * second, load, &mut point);
        }
        let health = monitor.health();
        assert!(health.busy.is_some_and(|busy| busy <= 0.11), "{health:?}");
    }

    #[test]
    fn long_queues_and_late_starts_are_told_of_unless_they_are_made_up() {
        let mut health = GeneratorHealth::default();
        (0..100).for_each(|_| health.queue_delay.record(SECOND / 20));
        assert!(matches!(warnings(&health).as_slice(), [one] if one.contains("waited for their turn")));
        let mut starts = ScheduledStarts::default();
        (0..100).for_each(|_| starts.record(SECOND / 10, false, 0));
        let told = |starts: &ScheduledStarts| GeneratorHealth::default().warnings(starts).len();
        assert_eq!(told(&starts), 1);
        starts.record(SECOND / 10, true, 0);
        assert_eq!(told(&starts), 0);
    }
}

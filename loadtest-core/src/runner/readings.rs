//! What the system tells of this process and its threads: `/proc` on Linux, and nothing elsewhere.

use crate::stats::{ProcessLoad, ThreadLoad};

/// Of the thread that asks: `/proc/thread-self/schedstat` (Linux's Documentation/scheduler/sched-stats.rst).
#[cfg(target_os = "linux")]
pub(crate) fn this_thread() -> Option<ThreadLoad> {
    thread_load(&std::fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// Of this process: `/proc/self/stat` and `/proc/self/status` (proc(5)).
#[cfg(target_os = "linux")]
pub(crate) fn this_process() -> Option<ProcessLoad> {
    let read = |name| std::fs::read_to_string(name).ok();
    process_load(&read("/proc/self/stat")?, &read("/proc/self/status")?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn this_thread() -> Option<ThreadLoad> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn this_process() -> Option<ProcessLoad> {
    None
}

/// Nanoseconds on a core and nanoseconds ready, and how often it was given one.
#[cfg(any(target_os = "linux", test))]
fn thread_load(schedstat: &str) -> Option<ThreadLoad> {
    use std::time::Duration;

    let mut numbers = schedstat.split_whitespace().map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten();
    let (on_core, waited, turns) = (next()?, next()?, next()?);
    Some(ThreadLoad { on_core: Duration::from_nanos(on_core), waited: Duration::from_nanos(waited), turns })
}

/// Fields 14 and 15 are user and system time in ticks of 10 ms: `USER_HZ` is 100 on every architecture that Rust has a
/// Linux target for but Alpha.
#[cfg(any(target_os = "linux", test))]
fn process_load(stat: &str, status: &str) -> Option<ProcessLoad> {
    use std::time::Duration;

    // The second field is the program's name in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    let ticks = ticks.next().flatten()?.saturating_add(ticks.next().flatten()?);
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"));
    let memory = kib.and_then(|kib| kib.trim().parse::<u64>().ok()).map(|kib| kib.saturating_mul(1024));
    Some(ProcessLoad { on_core: Duration::from_millis(ticks.saturating_mul(10)), memory })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_linux_writes_is_read() {
        let load = thread_load("397568469 702645 87\n").expect("a load");
        assert_eq!(
            (load.on_core, load.waited, load.turns),
            (Duration::from_nanos(397_568_469), Duration::from_nanos(702_645), 87)
        );
        let stat = "16607 (a) b) R 16599 16599 15643 0 -1 4194304 2845 6505 13 3 35 4 4 1 20 0 1 0 3447369";
        let load = process_load(stat, "Name:\tx\nVmRSS:\t   3331 kB\nThreads:\t1\n").expect("a load");
        assert_eq!((load.on_core, load.memory), (Duration::from_millis(390), Some(3331 * 1024)));
    }

    #[test]
    fn what_it_does_not_write_is_none() {
        for text in ["", "1 2", "a b c", "0 0", "\0"] {
            assert_eq!(thread_load(text), None);
            assert_eq!(process_load(text, text), None);
        }
        assert_eq!(process_load("1 (x) R 1 2 3 4 5 6 7 8 9 10 11 12", "").map(|load| load.memory), Some(None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_system_tells() {
        assert!(this_process().is_some_and(|load| load.memory > Some(1 << 20)));
    }
}

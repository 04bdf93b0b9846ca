//! When scheduled starts happen: a timer that is some 50 µs late where tokio's is a millisecond.
//!
//! Tokio's timers lie on a wheel of whole milliseconds, rounded up. That is cheap, and right for waits: a hundred thousand
//! users can be in one. It is too late for starts at a given instant.

mod alarms;

use std::cell::OnceCell;

use tokio::time::Instant;

use alarms::AlarmClock;

/// The timer of one shard.
#[derive(Debug)]
pub(crate) enum Timer {
    /// Tokio's: where time is paused, and where no thread can be had.
    Tokio,
    /// A thread of its own, from the first scheduled start on.
    Precise(OnceCell<Option<AlarmClock>>),
}

impl Timer {
    /// With a thread, once it is needed.
    pub(crate) fn precise() -> Self {
        Self::Precise(OnceCell::new())
    }

    /// Whether time is that of the clock, and not paused.
    pub(crate) fn is_precise(&self) -> bool {
        matches!(self, Self::Precise(_))
    }

    /// Waits until `due`, and never ends before it. Dropping the future takes its alarm back.
    pub(crate) async fn until(&self, due: Instant) {
        match self.alarm_clock() {
            Some(clock) => clock.alarm(due.into_std()).await,
            // Boxed, so that the users of a run with precise starts need not keep room for it.
            None => Box::pin(tokio::time::sleep_until(due)).await,
        }
    }

    fn alarm_clock(&self) -> Option<&AlarmClock> {
        let Self::Precise(clock) = self else { return None };
        let start = || {
            let clock = AlarmClock::start().inspect_err(|error| {
                tracing::warn!("no thread for precise starts ({error}): they will be up to two milliseconds late");
            });
            clock.ok()
        };
        clock.get_or_init(start).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_paused_time_it_is_exact() {
        let start = Instant::now();
        Timer::Tokio.until(start + Duration::from_millis(1500)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(1500));
    }

    #[test]
    fn no_thread_before_the_first_start() {
        let timer = Timer::precise();
        let Timer::Precise(clock) = &timer else { unreachable!() };
        assert!(clock.get().is_none());
    }
}

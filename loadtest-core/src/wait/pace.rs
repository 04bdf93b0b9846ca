//! Where one user is in its schedule: a function of the wait, the time and the user's generator. No clock is read here.

use std::time::Duration;

use rand::{Rng, RngExt};
use tokio::time::Instant;

use super::{CatchUp, Gaps, LONGEST, Schedule, Wait, nanos};
use crate::error::InputError;

/// Missed starts of a Poisson process that are drawn one by one; if there are more, the rest is taken for average. Without
/// a bound a task of an hour would be followed by billions of draws.
const MOST_DRAWN: u64 = 10_000;

/// What a user does after a task, or before its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Starts the next task at once.
    Now,
    /// Starts it after a wait; a millisecond more or less does not matter.
    After(Duration),
    /// Starts it when it is due.
    At(Start),
}

/// A start by schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// When it is to be; in the past when it is made up.
    pub(crate) due: Instant,
    /// Whether the task before took longer than its period.
    pub(crate) overrun: bool,
    /// How many starts were left out before it.
    pub(crate) skipped: u64,
}

/// The schedule of one user, or of a task set with a wait of its own.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the present task was due; `None` outside of a schedule.
    due: Option<Instant>,
}

/// The place of a user among the others of the run, so that they do not all start together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// Where the grid begins that is common to all users, whatever their periods.
    pub(crate) origin: Instant,
    pub(crate) user_number: u64,
}

impl Phase {
    /// The part of the period by which the user's starts lie behind the grid's beginning: *frac(k · 0.618…)*, in whole
    /// numbers: 2^64 divided by the golden ratio, times k, modulo 2^64.
    pub(crate) fn offset(user_number: u64, period: Duration) -> Duration {
        const FRACTION: u64 = 0x9e37_79b9_7f4a_7c15;
        let fraction = user_number.wrapping_mul(FRACTION);
        duration((u128::from(fraction) * u128::from(nanos(period))) >> 64)
    }

    /// The user's next place on the grid.
    fn next(&self, period: Duration, now: Instant) -> Instant {
        let elapsed = now.saturating_duration_since(self.origin).as_nanos();
        let (period, offset) = (period.as_nanos(), Self::offset(self.user_number, period).as_nanos());
        // Both are below the period, so one more of it keeps the difference from going below zero.
        let late = (elapsed % period + period - offset) % period;
        later(now, duration(if late == 0 { 0 } else { period - late }))
    }
}

impl Pace {
    /// The schedule of a task set, whose first task starts when the set is entered.
    pub(crate) fn starting(now: Instant) -> Self {
        Self { due: Some(now) }
    }

    /// What comes next. Only a schedule asks for the time and for the phase: everybody else need not read a clock.
    ///
    /// # Errors
    /// When the wait is none: the rate of its schedule is no rate.
    pub(crate) fn next(
        &mut self,
        wait: &Wait,
        rng: &mut impl Rng,
        now: impl FnOnce() -> Instant,
        phase: impl FnOnce(Duration, Instant) -> Phase,
    ) -> Result<Next, InputError> {
        let Wait::Scheduled(Schedule { gaps, catch_up }) = wait else {
            self.due = None;
            return Ok(wait.draw(rng).map_or(Next::Now, Next::After));
        };
        let gaps = gaps.as_ref().map_err(Clone::clone)?;
        if *gaps == Gaps::Every(Duration::ZERO) {
            self.due = None;
            return Ok(Next::Now);
        }
        let now = now();
        let start = match (self.due, gaps) {
            (Some(before), gaps) => follow(before, gaps, *catch_up, now, rng),
            (None, Gaps::Every(period)) => on_time(phase(*period, now).next(*period, now)),
            // Without memory: users need no phase, and a first start is no different from the others.
            (None, Gaps::Exponential(_)) => on_time(later(now, gaps.draw(rng))),
        };
        self.due = Some(start.due);
        Ok(Next::At(start))
    }
}

impl Gaps {
    fn draw(&self, rng: &mut impl Rng) -> Duration {
        match self {
            Self::Every(period) => *period,
            Self::Exponential(mean) => {
                let uniform: f64 = rng.random();
                let gap = -(1.0 - uniform).ln() * mean.as_secs_f64();
                Duration::try_from_secs_f64(gap).map_or(LONGEST, |gap| gap.min(LONGEST))
            }
        }
    }
}

fn on_time(due: Instant) -> Start {
    Start { due, overrun: false, skipped: 0 }
}

/// The start after the one that was due at `before`.
///
/// Due times are added to due times, never to the time at which something happened: so a late timer does not add up.
fn follow(before: Instant, gaps: &Gaps, catch_up: CatchUp, now: Instant, rng: &mut impl Rng) -> Start {
    let due = later(before, gaps.draw(rng));
    if now <= due {
        return on_time(due);
    }
    match catch_up {
        CatchUp::Delay => Start { due: now, overrun: true, skipped: 0 },
        CatchUp::Burst => Start { due, overrun: true, skipped: 0 },
        CatchUp::Skip => {
            let (due, skipped) = skip(due, gaps, now, rng);
            Start { due, overrun: true, skipped }
        }
    }
}

/// The first start that is not in the past, and how many before it are.
fn skip(missed: Instant, gaps: &Gaps, now: Instant, rng: &mut impl Rng) -> (Instant, u64) {
    match gaps {
        Gaps::Every(period) => {
            let skipped = now.saturating_duration_since(missed).as_nanos().div_ceil(period.as_nanos());
            let due = later(missed, duration(skipped * period.as_nanos()));
            (due, u64::try_from(skipped).unwrap_or(u64::MAX))
        }
        Gaps::Exponential(mean) => {
            let (mut due, mut skipped) = (missed, 0);
            while due < now && skipped < MOST_DRAWN {
                due = later(due, gaps.draw(rng));
                skipped += 1;
            }
            if due < now {
                let rest = now.saturating_duration_since(due).as_nanos() / mean.as_nanos().max(1);
                skipped = skipped.saturating_add(u64::try_from(rest).unwrap_or(u64::MAX));
                // Without memory: what is left of the gap in which `now` lies is distributed as a whole one.
                due = later(now, gaps.draw(rng));
            }
            (due, skipped)
        }
    }
}

/// Never past the end of the clock.
fn later(instant: Instant, by: Duration) -> Instant {
    instant.checked_add(by).or_else(|| instant.checked_add(LONGEST)).unwrap_or(instant)
}

fn duration(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;

//! Starts by schedule: whether they came when they were due.

use std::time::Duration;

use super::Times;

/// How well the schedules of users were kept: [`constant_pacing`](crate::constant_pacing),
/// [`constant_throughput`](crate::constant_throughput) and [`poisson`](crate::poisson).
///
/// Tasks that start after an ordinary wait are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScheduledStarts {
    /// Of each start, the time from when it was due until it happened. Where nothing overran its period this is what the
    /// load generator adds; starts that [`CatchUp::Burst`](crate::CatchUp::Burst) makes up are as late as they are.
    pub lateness: Times,
    /// Starts that fell into a task that took longer than its period: of each such task, one.
    pub overruns: u64,
    /// Starts that were left out with [`CatchUp::Skip`](crate::CatchUp::Skip).
    pub skipped: u64,
}

impl ScheduledStarts {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lateness.count()
    }

    pub(crate) fn record(&mut self, late: Duration, overrun: bool, skipped: u64) {
        self.lateness.record(late);
        self.overruns += u64::from(overrun);
        self.skipped = self.skipped.saturating_add(skipped);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.lateness.merge(&other.lateness);
        self.overruns += other.overruns;
        self.skipped = self.skipped.saturating_add(other.skipped);
    }

    pub(crate) fn clear(&mut self) {
        self.lateness.clear();
        self.overruns = 0;
        self.skipped = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(starts: &[(u64, bool, u64)]) -> ScheduledStarts {
        let mut all = ScheduledStarts::default();
        for (late, overrun, skipped) in starts {
            all.record(Duration::from_micros(*late), *overrun, *skipped);
        }
        all
    }

    proptest! {
        #[test]
        fn merging_is_recording_everything_into_one(
            a in prop::collection::vec(any::<(u64, bool, u64)>(), 0..50),
            b in prop::collection::vec(any::<(u64, bool, u64)>(), 0..50),
        ) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(&merged, &of(&[a, b].concat()));
            prop_assert_eq!(merged.overruns as usize <= merged.count() as usize, true);
            merged.clear();
            prop_assert_eq!(merged, ScheduledStarts::default());
        }
    }
}

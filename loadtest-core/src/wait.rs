//! The pause of a user between two tasks.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::{Rng, RngExt};

/// How long a user waits after each task.
///
/// Written as `#[user(wait_time = …)]` with [`constant`], [`between`] or [`Wait::None`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Wait {
    /// No wait; the user still lets the others of its thread run after each task.
    #[default]
    None,
    /// Always the same.
    Constant(Duration),
    /// Uniformly distributed over the range, both ends included.
    Between(RangeInclusive<Duration>),
}

/// The same wait after every task.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::{Wait, constant};
///
/// assert_eq!(constant(Duration::from_secs(1)), Wait::Constant(Duration::from_secs(1)));
/// ```
#[must_use]
pub fn constant(wait: Duration) -> Wait {
    Wait::Constant(wait)
}

/// A wait drawn uniformly between `shortest` and `longest`, both included.
///
/// The other way round means the same: a range has two ends, and no order can be mistaken.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::between;
///
/// let wait = between(Duration::from_secs(5), Duration::from_secs(15));
/// assert_eq!(wait, between(Duration::from_secs(15), Duration::from_secs(5)));
/// ```
#[must_use]
pub fn between(shortest: Duration, longest: Duration) -> Wait {
    Wait::Between(shortest.min(longest)..=shortest.max(longest))
}

impl Wait {
    /// The next wait; `None` is no wait at all.
    pub(crate) fn next(&self, rng: &mut impl Rng) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Constant(wait) => Some(*wait),
            Self::Between(range) => {
                let (one, other) = (nanos(*range.start()), nanos(*range.end()));
                // Written by hand, a range may be the wrong way round.
                Some(Duration::from_nanos(rng.random_range(one.min(other)..=one.max(other))))
            }
        }
        .filter(|wait| !wait.is_zero())
    }
}

/// Whole nanoseconds, up to 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    proptest! {
        #[test]
        fn between_stays_in_its_range(a in 0u64..10_000, b in 0u64..10_000, seed: u64) {
            let (a, b) = (Duration::from_micros(a), Duration::from_micros(b));
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let wait = between(a, b).next(&mut rng).unwrap_or_default();
            prop_assert!(wait >= a.min(b) && wait <= a.max(b));
        }
    }

    #[test]
    fn a_range_the_wrong_way_round_is_turned() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(3));
        let wait = Wait::Between(long..=short).next(&mut rng).expect("a wait");
        assert!(wait >= short && wait <= long);
    }

    #[test]
    fn no_wait_and_a_wait_of_zero_are_the_same() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!(Wait::None.next(&mut rng), None);
        assert_eq!(constant(Duration::ZERO).next(&mut rng), None);
    }

    #[test]
    fn the_mean_of_between_is_the_middle() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let wait = between(Duration::from_secs(5), Duration::from_secs(15));
        let total: f64 = (0..10_000).filter_map(|_| wait.next(&mut rng)).map(|wait| wait.as_secs_f64()).sum();
        assert!((total / 10_000.0 - 10.0).abs() < 0.1, "{total}");
    }
}

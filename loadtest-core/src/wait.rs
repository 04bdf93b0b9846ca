//! The pause of a user between two tasks, and schedules for their starts.

pub(crate) mod pace;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::{Rng, RngExt};

use crate::error::InputError;

/// The highest rate of one user, in starts per second: a task costs its thread about a microsecond, without doing anything.
const HIGHEST_RATE: f64 = 1_000_000.0;

/// Longer gaps are cut to this, so that no clock overflows: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// How long a user waits after each task, or when its tasks start.
///
/// Written as `#[user(wait_time = …)]`, with one of
///
/// | | the next task starts |
/// |---|---|
/// | [`constant`] | so long after the end of the one before |
/// | [`between`] | a random time after the end of the one before |
/// | [`constant_pacing`] | so long after the *start* of the one before |
/// | [`constant_throughput`] | the same, given as starts per second |
/// | [`poisson`] | at random times, independent of each other, so many per second on average |
/// | a `Duration` | as `constant` |
/// | [`Wait::None`] | at once |
/// | `self.my_wait()` | as that method of yours says, which is asked after each task |
///
/// A method of yours returns a `Duration`, or a `Wait` where it chooses between kinds:
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::{Wait, between, constant_pacing};
///
/// fn my_wait(in_a_hurry: bool) -> Wait {
///     if in_a_hurry {
///         constant_pacing(Duration::from_secs(1)).into()
///     } else {
///         between(Duration::from_secs(5), Duration::from_secs(15))
///     }
/// }
/// assert!(matches!(my_wait(true), Wait::Scheduled(_)));
/// ```
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
    /// Tasks start when they are due, however long they take.
    Scheduled(Schedule),
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

/// A task of the user *starts* every `period`, however long each takes; zero is no wait at all.
///
/// Starts are due at whole multiples of the period, so neither a late timer nor the time of a task adds up. What happens
/// when a task takes longer than its period is for [`Schedule::catch_up`] to say.
///
/// **Users do not start together.** The starts of user *k* lie at *frac(k · 0.618…)* of the period, on a grid that is common
/// to all users of the run and begins with the first of them. Multiples of the golden ratio's fraction are spread evenly
/// for any number of users (D. Knuth, *The Art of Computer Programming*, vol. 3, section 6.4, theorem S), and a common grid
/// keeps them so whatever the spawn rate. The first task of a user starts when its place on the grid comes: within one
/// period of its `on_start`.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::{CatchUp, constant_pacing};
///
/// let every_second = constant_pacing(Duration::from_secs(1));
/// let none_left_out = constant_pacing(Duration::from_secs(1)).catch_up(CatchUp::Burst);
/// assert_ne!(every_second, none_left_out);
/// ```
pub fn constant_pacing(period: Duration) -> Schedule {
    Schedule { gaps: Ok(Gaps::Every(period.min(LONGEST))), catch_up: CatchUp::Delay }
}

/// So many tasks of *each user* start per second: [`constant_pacing`] with a period of `1 / per_second`.
///
/// With 200 users and `constant_throughput(10.0)` a run starts 2,000 tasks per second.
///
/// The rate is above 0 and at most a million. With any other the run does not start, where the wait is the same for all
/// users of a class; where it depends on the user, that user has an exception under `wait_time` and waits a second instead.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::{constant_pacing, constant_throughput};
///
/// assert_eq!(constant_throughput(4), constant_pacing(Duration::from_millis(250)));
/// assert_eq!(constant_throughput(0.5), constant_pacing(Duration::from_secs(2)));
/// ```
pub fn constant_throughput(per_second: impl Into<f64>) -> Schedule {
    Schedule { gaps: period("constant_throughput", per_second.into()).map(Gaps::Every), catch_up: CatchUp::Delay }
}

/// Tasks of each user start at random, independently of each other, `per_second` on average: a Poisson process.
///
/// The gaps between *starts* are drawn from the exponential distribution, −ln(1 − U) / rate with U uniform on [0, 1)
/// (inversion: L. Devroye, *Non-Uniform Random Variate Generation*, section II.2). So the rate is the mean rate, and the
/// starts of all users together are again a Poisson process, with the sum of their rates. Locust draws the wait *after*
/// each task from that distribution: the rate there is 1 / (1 / rate + time of a task).
///
/// Short gaps are the most frequent ones, so even quick tasks are now and then longer than theirs. Starts that fall into a
/// task follow right after it, [`CatchUp::Burst`], as the rate would be another otherwise; [`Schedule::catch_up`] changes
/// that. A user whose tasks take longer than `1 / per_second` on average falls behind all the same.
///
/// What is said of bad rates at [`constant_throughput`] holds here too.
///
/// ```
/// use loadtest_core::{CatchUp, poisson};
///
/// assert_eq!(poisson(2.5), poisson(2.5).catch_up(CatchUp::Burst));
/// ```
pub fn poisson(per_second: impl Into<f64>) -> Schedule {
    Schedule { gaps: period("poisson", per_second.into()).map(Gaps::Exponential), catch_up: CatchUp::Burst }
}

/// One over a rate.
fn period(function: &str, per_second: f64) -> Result<Duration, InputError> {
    if !(per_second > 0.0 && per_second <= HIGHEST_RATE) {
        return Err(InputError::new(format!(
            "{function}({per_second}): the rate is a number of starts per second, above 0 and at most 1,000,000: \
             write for example {function}(2.5), or Wait::None to go on at once"
        )));
    }
    // Only a period that no clock can hold is no Duration.
    Ok(Duration::try_from_secs_f64(per_second.recip()).map_or(LONGEST, |period| period.min(LONGEST)))
}

/// When the tasks of a user start: made by [`constant_pacing`], [`constant_throughput`] and [`poisson`].
///
/// How late each start was is part of the report. With a schedule, starts come from a timer more precise than that of
/// waits: some 50 µs late instead of a millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Schedule {
    gaps: Result<Gaps, InputError>,
    catch_up: CatchUp,
}

/// The time from one start to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gaps {
    Every(Duration),
    /// With this mean.
    Exponential(Duration),
}

/// What happens to starts that fall into a task that takes longer than its period.
///
/// A user runs one task at a time. With a period of one second, a task of 2.4 s and then shorter ones:
///
/// ```text
/// due    0.........1.........2.........3.........4.........5
/// Delay  [======================][=]       [=]       [=]         starts at 0, 2.4, 3.4, 4.4
/// Skip   [======================]      [=]       [=]       [=]   starts at 0, 3, 4, 5; two are counted as skipped
/// Burst  [======================][=][=][=]       [=]       [=]   starts at 0, 2.4 and 2.7 (those of 1 and 2), 3, 4, 5
/// ```
///
/// Whatever the policy, how many tasks took longer than their period is part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CatchUp {
    /// The next task starts at once, and the schedule goes on from there: there are fewer starts. What Locust does.
    #[default]
    Delay,
    /// The next task starts when the next start is due: what was missed is left out, and counted as skipped.
    Skip,
    /// The starts that were missed are made up at once, one after the other, until the schedule is reached again: in the
    /// end no start is missing.
    Burst,
}

impl Schedule {
    /// What is to happen when a task takes longer than its period.
    ///
    /// ```
    /// use loadtest_core::{CatchUp, constant_throughput};
    ///
    /// let wait = constant_throughput(10).catch_up(CatchUp::Skip);
    /// # let _ = wait;
    /// ```
    pub fn catch_up(self, catch_up: CatchUp) -> Self {
        Self { catch_up, ..self }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.gaps {
            Ok(Gaps::Every(period)) => write!(f, "a start every {period:?}")?,
            Ok(Gaps::Exponential(mean)) => write!(f, "a start every {mean:?} on average, at random")?,
            Err(error) => return write!(f, "{error}"),
        }
        match self.catch_up {
            CatchUp::Delay => Ok(()),
            CatchUp::Skip => f.write_str(", missed ones left out"),
            CatchUp::Burst => f.write_str(", missed ones made up"),
        }
    }
}

impl From<Duration> for Wait {
    fn from(wait: Duration) -> Self {
        Self::Constant(wait)
    }
}

impl From<Schedule> for Wait {
    fn from(schedule: Schedule) -> Self {
        Self::Scheduled(schedule)
    }
}

/// What `#[user(wait_time = …)]` takes; the macros convert it with this trait.
///
/// Beside `Into<Wait>` because the compiler can say of a trait of ours what to write instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no wait",
    label = "this is no wait",
    note = "write a `Duration`, a `Wait`, or one of `constant`, `between`, `constant_pacing`, `constant_throughput`, `poisson`"
)]
pub trait IntoWait {
    /// The same as a [`Wait`].
    fn into_wait(self) -> Wait;
}

impl IntoWait for Wait {
    fn into_wait(self) -> Wait {
        self
    }
}

impl IntoWait for Duration {
    fn into_wait(self) -> Wait {
        self.into()
    }
}

impl IntoWait for Schedule {
    fn into_wait(self) -> Wait {
        self.into()
    }
}

impl Wait {
    /// Whether users can wait like this: whether the rate of a schedule is one.
    ///
    /// ```
    /// use loadtest_core::{Wait, constant_throughput};
    ///
    /// let error = Wait::from(constant_throughput(0)).check().unwrap_err();
    /// assert!(error.to_string().starts_with("constant_throughput(0): the rate is a number of starts per second"));
    /// ```
    ///
    /// # Errors
    /// When not: with what to write instead.
    pub fn check(&self) -> Result<(), InputError> {
        match self {
            Self::Scheduled(Schedule { gaps: Err(error), .. }) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// The next wait of those without a schedule; `None` is no wait at all.
    fn draw(&self, rng: &mut impl Rng) -> Option<Duration> {
        match self {
            Self::None | Self::Scheduled(_) => None,
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

/// What the macros write for a wait that is the same for all users of a class.
///
/// # Errors
/// As [`Wait::check`], with the class.
#[doc(hidden)]
pub fn check_wait(class: &str, wait: &Wait) -> Result<(), InputError> {
    wait.check().map_err(|error| InputError::new(format!("user class {class}, wait_time: {error}")))
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
            let wait = between(a, b).draw(&mut rng).unwrap_or_default();
            prop_assert!(wait >= a.min(b) && wait <= a.max(b));
        }

        #[test]
        fn a_rate_is_refused_or_has_a_period(rate: f64) {
            for schedule in [constant_throughput(rate), poisson(rate)] {
                let good = rate > 0.0 && rate <= HIGHEST_RATE;
                prop_assert_eq!(Wait::from(schedule.clone()).check().is_ok(), good, "{}", rate);
                if let Ok(Gaps::Every(gap) | Gaps::Exponential(gap)) = schedule.gaps {
                    prop_assert!(gap >= Duration::from_micros(1) && gap <= LONGEST);
                }
            }
        }
    }

    #[test]
    fn a_range_the_wrong_way_round_is_turned() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(3));
        let wait = Wait::Between(long..=short).draw(&mut rng).expect("a wait");
        assert!(wait >= short && wait <= long);
    }

    #[test]
    fn no_wait_and_a_wait_of_zero_are_the_same() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!(Wait::None.draw(&mut rng), None);
        assert_eq!(constant(Duration::ZERO).draw(&mut rng), None);
    }

    #[test]
    fn the_mean_of_between_is_the_middle() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let wait = between(Duration::from_secs(5), Duration::from_secs(15));
        let total: f64 = (0..10_000).filter_map(|_| wait.draw(&mut rng)).map(|wait| wait.as_secs_f64()).sum();
        assert!((total / 10_000.0 - 10.0).abs() < 0.1, "{total}");
    }

    #[test]
    fn bad_rates_are_refused_with_what_to_write() {
        for rate in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1_000_001.0] {
            for (name, schedule) in [("constant_throughput", constant_throughput(rate)), ("poisson", poisson(rate))] {
                let error = Wait::from(schedule).check().expect_err("a bad rate").to_string();
                assert!(error.starts_with(&format!("{name}({rate}): ")), "{error}");
                assert!(error.contains(&format!("write for example {name}(2.5)")), "{error}");
            }
        }
    }

    #[test]
    fn schedules_for_people() {
        for (schedule, text) in [
            (constant_throughput(4), "a start every 250ms"),
            (constant_pacing(Duration::from_secs(2)).catch_up(CatchUp::Skip), "a start every 2s, missed ones left out"),
            (poisson(2), "a start every 500ms on average, at random, missed ones made up"),
        ] {
            assert_eq!(schedule.to_string(), text);
        }
    }

    #[test]
    fn very_low_rates_are_rates() {
        for rate in [1e-300, f64::MIN_POSITIVE, 1e-12] {
            assert_eq!(constant_throughput(rate).gaps, Ok(Gaps::Every(LONGEST)));
        }
    }
}

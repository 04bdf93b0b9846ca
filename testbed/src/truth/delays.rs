//! How long an answer takes: distributions that are known before anything is measured.

use std::f64::consts::TAU;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::random::Random;

/// No answer takes longer, whatever was drawn: clients give up after some time, and what they then report is another
/// question.
const LONGEST: Duration = Duration::from_secs(5);

/// How long answers take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delays {
    /// Each takes as long.
    Constant(Duration),
    /// Evenly spread.
    Uniform {
        /// The shortest.
        from: Duration,
        /// The longest.
        to: Duration,
    },
    /// The logarithm is distributed normally, as of many services: a few answers take many times as long as most. Cut off
    /// at 5 s.
    Lognormal {
        /// Half of the answers take longer.
        median: Duration,
        /// The standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// One of two: found in a cache or not.
    Bimodal {
        /// What most take.
        fast: Duration,
        /// What the others take.
        slow: Duration,
        /// The share of the others, 0 to 1.
        slow_share: f64,
    },
    /// Always as long, but for times in which nothing is answered.
    Stalling {
        /// What an answer takes by itself.
        service: Duration,
        /// When nothing is.
        stall: Stall,
    },
}

/// A server that stands still again and again, as one whose garbage is collected or whose disk is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// From the first request to the first stall.
    pub first: Duration,
    /// From the beginning of a stall to the beginning of the next.
    pub every: Duration,
    /// How long a stall is.
    pub length: Duration,
}

impl Stall {
    /// When a request that arrives `at` this time is taken up: at once, or at the end of the stall that it fell into. Both
    /// count from the first request.
    #[must_use]
    pub fn taken_up(&self, at: Duration) -> Duration {
        let Some(since_first) = at.checked_sub(self.first) else { return at };
        let into = Duration::from_nanos_u128(since_first.as_nanos() % self.every.as_nanos().max(1));
        if into < self.length { at + (self.length - into) } else { at }
    }
}

impl Delays {
    /// 50.4 ms.
    pub const CONSTANT: Self = Self::Constant(Duration::from_micros(50_400));
    /// From 10 to 90 ms.
    pub const UNIFORM: Self = Self::Uniform { from: Duration::from_millis(10), to: Duration::from_millis(90) };
    /// A median of 20 ms and a mean of 33 ms: p95 is 104 ms, p99 205 ms, p99.9 440 ms.
    pub const LOGNORMAL: Self = Self::Lognormal { median: Duration::from_millis(20), sigma: 1.0 };
    /// 5 ms, and of 4 % of the answers 105 ms: the mean is 9 ms, and no common percentile lies where the two meet.
    pub const BIMODAL: Self =
        Self::Bimodal { fast: Duration::from_millis(5), slow: Duration::from_millis(105), slow_share: 0.04 };
    /// 5 ms, and a stall of 2 s every 10 s, of which the first begins 4 s after the first request.
    pub const STALL: Self = Self::Stalling {
        service: Duration::from_millis(5),
        stall: Stall { first: Duration::from_secs(4), every: Duration::from_secs(10), length: Duration::from_secs(2) },
    };

    /// Those that have a name, by which [`FromStr`] knows them.
    pub const NAMED: [(&str, Self); 5] = [
        ("constant", Self::CONSTANT),
        ("uniform", Self::UNIFORM),
        ("lognormal", Self::LOGNORMAL),
        ("bimodal", Self::BIMODAL),
        ("stall", Self::STALL),
    ];

    /// How long the answer to a request takes that arrives `at` this time after the first one.
    pub(super) fn draw(&self, at: Duration, random: &mut Random) -> Duration {
        let drawn = match *self {
            Self::Constant(delay) => delay,
            Self::Uniform { from, to } => from + to.saturating_sub(from).mul_f64(random.unit()),
            Self::Lognormal { median, sigma } => {
                // Box and Muller's way to a normal number; the logarithm is of more than 0.
                let (radius, angle) = (1.0 - random.unit(), random.unit());
                let normal = (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos();
                Duration::try_from_secs_f64(median.as_secs_f64() * (sigma * normal).exp()).unwrap_or(LONGEST)
            }
            Self::Bimodal { fast, slow, slow_share } => {
                if random.unit() < slow_share {
                    slow
                } else {
                    fast
                }
            }
            Self::Stalling { service, stall } => stall.taken_up(at).saturating_sub(at) + service,
        };
        drawn.min(LONGEST)
    }
}

/// A name that is none of [`Delays::NAMED`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDelays(String);

impl fmt::Display for UnknownDelays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Delays::NAMED.map(|(name, _)| name).join(", ");
        write!(f, "there are no delays `{}`; there are {names}", self.0)
    }
}

impl std::error::Error for UnknownDelays {}

impl FromStr for Delays {
    type Err = UnknownDelays;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::NAMED.into_iter().find(|(name, _)| *name == text);
        named.map(|(_, delays)| delays).ok_or_else(|| UnknownDelays(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const S: Duration = Duration::from_secs(1);

    /// Sorted.
    fn drawn(delays: Delays, seed: u64, count: usize) -> Vec<Duration> {
        let mut random = Random::seeded(seed);
        let mut drawn: Vec<_> = (0..count).map(|_| delays.draw(Duration::ZERO, &mut random)).collect();
        drawn.sort_unstable();
        drawn
    }

    fn close(measured: Duration, expected_ms: f64) {
        let ratio = measured.as_secs_f64() * 1000.0 / expected_ms;
        assert!((0.95..1.05).contains(&ratio), "{measured:?} instead of {expected_ms} ms");
    }

    fn mean(drawn: &[Duration]) -> Duration {
        drawn.iter().sum::<Duration>() / u32::try_from(drawn.len()).unwrap()
    }

    #[test]
    fn the_distributions_are_what_they_are_called() {
        const COUNT: usize = 100_000;
        let constant = drawn(Delays::CONSTANT, 1, 10);
        assert_eq!(constant, [Duration::from_micros(50_400); 10]);

        let uniform = drawn(Delays::UNIFORM, 2, COUNT);
        assert!(uniform[0] >= 10 * MS && uniform[COUNT - 1] < 90 * MS);
        close(mean(&uniform), 50.0);
        close(uniform[COUNT / 4], 30.0);
        close(uniform[COUNT / 100 * 99], 89.2);

        let lognormal = drawn(Delays::LOGNORMAL, 3, COUNT);
        close(lognormal[COUNT / 2], 20.0);
        close(lognormal[COUNT / 100 * 95], 103.6);
        close(lognormal[COUNT / 100 * 99], 204.8);
        // exp(σ²/2) times the median.
        close(mean(&lognormal), 32.97);

        let bimodal = drawn(Delays::BIMODAL, 4, COUNT);
        let slow = bimodal.iter().filter(|delay| **delay == 105 * MS).count();
        assert_eq!(bimodal.iter().filter(|delay| **delay == 5 * MS).count(), COUNT - slow);
        assert!((3700..4300).contains(&slow), "{slow}");
    }

    #[test]
    fn a_seed_gives_the_same_delays_and_another_seed_others() {
        assert_eq!(drawn(Delays::LOGNORMAL, 7, 100), drawn(Delays::LOGNORMAL, 7, 100));
        assert_ne!(drawn(Delays::LOGNORMAL, 7, 100), drawn(Delays::LOGNORMAL, 8, 100));
    }

    #[test]
    fn nothing_takes_longer_than_five_seconds() {
        let wide = Delays::Lognormal { median: S, sigma: 100.0 };
        assert_eq!(drawn(wide, 5, 1000)[999], 5 * S);
    }

    #[test]
    fn who_arrives_in_a_stall_waits_for_its_end() {
        let stall = Stall { first: 4 * S, every: 10 * S, length: 2 * S };
        let nano = Duration::from_nanos(1);
        for (at, taken_up) in [
            (Duration::ZERO, Duration::ZERO),
            (4 * S - nano, 4 * S - nano),
            (4 * S, 6 * S),
            (5500 * MS, 6 * S),
            (6 * S - nano, 6 * S),
            (6 * S, 6 * S),
            (13_999 * MS, 13_999 * MS),
            (14 * S, 16 * S),
            (16 * S, 16 * S),
            (1_000_005 * S, 1_000_006 * S),
        ] {
            assert_eq!(stall.taken_up(at), taken_up, "at {at:?}");
        }
        let mut random = Random::seeded(0);
        let mut delay = |at| Delays::STALL.draw(at, &mut random);
        assert_eq!((delay(3 * S), delay(4 * S), delay(5999 * MS), delay(6 * S)), (5 * MS, 2005 * MS, 6 * MS, 5 * MS));
    }

    #[test]
    fn a_stall_of_no_period_does_not_end_the_server() {
        let stall = Stall { first: S, every: Duration::ZERO, length: S };
        assert_eq!(stall.taken_up(3 * S), 4 * S);
    }

    #[test]
    fn names_are_known_and_others_are_said() {
        for (name, delays) in Delays::NAMED {
            assert_eq!(name.parse(), Ok(delays));
        }
        let error = "gamma".parse::<Delays>().unwrap_err().to_string();
        assert_eq!(error, "there are no delays `gamma`; there are constant, uniform, lognormal, bimodal, stall");
    }
}

//! Going from one number of users to another at a rate: pure arithmetic, no clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Users `from` to `to` are started one by one, or stopped with the last first, `rate` of them per second.
///
/// User k is due at `start + (k − from) / rate`. A ramp is for all shards together: shard i of n takes the users
/// k ≡ i (mod n) among them, each at its own due time, so the run as a whole is even.
#[derive(Debug, Clone)]
pub(crate) struct Ramp {
    /// Tells this ramp from the ones before.
    pub(crate) id: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) start: Instant,
    /// Users per second; infinite for all at once.
    pub(crate) rate: f64,
    /// The class of each user below the larger of `from` and `to`.
    pub(crate) classes: Arc<[u16]>,
}

impl Ramp {
    /// When the step number `step` (0 for the first) is due.
    #[expect(clippy::cast_precision_loss, reason = "a time from a count below 2^53")]
    fn due(&self, step: u64) -> Instant {
        let seconds = step as f64 / self.rate;
        // A rate so low that a user is due beyond any clock: a century will do.
        let wait =
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(Duration::from_secs(3_000_000_000));
        self.start + wait
    }

    /// When user `k` is to be started.
    pub(crate) fn starts(&self, k: u64) -> Instant {
        self.due(k.saturating_sub(self.from))
    }

    /// When user `k` is to be stopped.
    pub(crate) fn stops(&self, k: u64) -> Instant {
        self.due(self.from.saturating_sub(k + 1))
    }

    /// How many users there are to be at `now`.
    pub(crate) fn users_at(&self, now: Instant) -> u64 {
        let steps = self.from.abs_diff(self.to);
        if steps == 0 || now < self.start {
            return self.from;
        }
        let elapsed = now.duration_since(self.start).as_secs_f64();
        if self.rate.is_infinite() {
            return self.to;
        }
        // The first step is due at once.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
        let due = ((elapsed * self.rate).floor() as u64).saturating_add(1).min(steps);
        if self.to > self.from { self.from + due } else { self.from - due }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ramp(from: u64, to: u64, rate: f64) -> Ramp {
        Ramp { id: 0, from, to, start: Instant::now(), rate, classes: Arc::new([]) }
    }

    #[test]
    fn users_start_evenly() {
        let ramp = ramp(0, 5, 2.0);
        let due: Vec<_> = (0..5).map(|k| (ramp.starts(k) - ramp.start).as_millis()).collect();
        assert_eq!(due, [0, 500, 1000, 1500, 2000]);
    }

    #[test]
    fn the_last_started_stops_first() {
        let ramp = ramp(5, 2, 10.0);
        let due: Vec<_> = [4, 3, 2].map(|k| (ramp.stops(k) - ramp.start).as_millis()).to_vec();
        assert_eq!(due, [0, 100, 200]);
    }

    #[test]
    fn an_infinite_rate_starts_all_at_once_and_a_tiny_one_never_overflows() {
        let all = ramp(0, 1000, f64::INFINITY);
        assert_eq!(all.starts(999), all.start);
        assert_eq!(all.users_at(all.start), 1000);
        let _ = ramp(0, u64::MAX, f64::MIN_POSITIVE).starts(u64::MAX - 1);
    }

    proptest! {
        #[test]
        fn the_count_at_a_time_is_the_number_of_users_due(from in 0u64..50, to in 0u64..50, rate in 0.1f64..100.0, millis in 0u64..20_000) {
            let ramp = ramp(from, to, rate);
            let now = ramp.start + Duration::from_millis(millis);
            // Off the exact steps, where rounding decides.
            let at = |time: Instant| time.saturating_duration_since(now).as_secs_f64() < 1e-6;
            let due = if to > from {
                from + (from..to).filter(|k| ramp.starts(*k) <= now || at(ramp.starts(*k))).count() as u64
            } else {
                from - (to..from).filter(|k| ramp.stops(*k) <= now || at(ramp.stops(*k))).count() as u64
            };
            prop_assert!(ramp.users_at(now).abs_diff(due) <= 1);
            prop_assert!(ramp.users_at(now) >= from.min(to) && ramp.users_at(now) <= from.max(to));
        }
    }
}

//! Rates of now.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Over how long current rates are taken.
const WINDOW: Duration = Duration::from_secs(10);
/// Intervals that end within this time of each other share a slot of the window, so that its length is bounded
/// however many shards there are.
const SLOT: Duration = Duration::from_millis(500);

/// Verdicts of the last ten seconds, in slots.
#[derive(Debug, Default)]
pub(super) struct RateWindow {
    slots: VecDeque<(Instant, u64, u64)>,
}

impl RateWindow {
    pub(super) fn add(&mut self, at: Instant, requests: u64, failed: u64) {
        if requests == 0 {
            return;
        }
        match self.slots.back_mut() {
            Some((slot, have, have_failed)) if at < *slot + SLOT => {
                *have += requests;
                *have_failed += failed;
            }
            _ => {
                while self.slots.front().is_some_and(|(slot, ..)| *slot + WINDOW <= at) {
                    self.slots.pop_front();
                }
                self.slots.push_back((at, requests, failed));
            }
        }
    }

    /// Requests and failures per second in the window that ends at `now`, of a run that began at `start`.
    #[expect(clippy::cast_precision_loss, reason = "counts of ten seconds")]
    pub(super) fn rates(&self, now: Instant, start: Instant) -> (f64, f64) {
        let length = now.saturating_duration_since(start).min(WINDOW).as_secs_f64();
        if length <= 0.0 {
            return (0.0, 0.0);
        }
        let inside = self.slots.iter().filter(|(slot, ..)| *slot + WINDOW > now);
        let (requests, failed) = inside.fold((0, 0), |sum, (_, requests, failed)| (sum.0 + requests, sum.1 + failed));
        (requests as f64 / length, failed as f64 / length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_short_with_many_shards() {
        let start = Instant::now();
        let mut window = RateWindow::default();
        for millis in 0..100_000 {
            window.add(start + Duration::from_millis(millis), 1, 0);
        }
        assert!(window.slots.len() <= 21, "{}", window.slots.len());
    }
}

//! Thresholds while a run goes on: those that can end it, and the windows of others.

use std::time::Duration;

use super::evaluate::{evaluate, judged, measure, windows};
use super::result::{ThresholdResult, Verdict};
use super::{Threshold, Value};
use crate::stats::{History, Snapshot};

/// What a threshold has come to so far.
#[derive(Debug)]
struct Watched {
    threshold: Threshold,
    /// The worst window, and its end, from the start of the run.
    worst: Option<(Value, Duration)>,
    /// A window that was not met since the last look.
    broken: Option<ThresholdResult>,
    /// What it was when it ended the run.
    ended: Option<ThresholdResult>,
}

/// Looks at the snapshots of one run, in their order.
#[derive(Debug)]
pub(crate) struct Watch {
    thresholds: Vec<Watched>,
    /// When the figures began: at the start of the run, or at the last reset.
    begin: Duration,
    /// The end of the last second whose windows were looked at, from there.
    seen: Duration,
}

impl Watch {
    pub(crate) fn new(thresholds: &[Threshold]) -> Self {
        let watched =
            |threshold: &Threshold| Watched { threshold: threshold.clone(), worst: None, broken: None, ended: None };
        Self { thresholds: thresholds.iter().map(watched).collect(), begin: Duration::ZERO, seen: Duration::ZERO }
    }

    /// The figures begin anew when so much of the run has passed: with it, or at a reset.
    pub(crate) fn reset(&mut self, elapsed: Duration) {
        (self.begin, self.seen) = (elapsed, Duration::ZERO);
        for watched in &mut self.thresholds {
            (watched.worst, watched.broken, watched.ended) = (None, None, None);
        }
    }

    /// Whether there is any.
    pub(crate) fn is_there(&self) -> bool {
        !self.thresholds.is_empty()
    }

    /// Whether a look is worth its time.
    pub(crate) fn is_needed(&self) -> bool {
        self.thresholds.iter().any(|watched| watched.threshold.over.is_some() || watched.threshold.abort.is_some())
    }

    /// Looks at the figures of a run that goes on. Gives the sentence of the threshold that ends it, if one does.
    pub(crate) fn look(&mut self, snapshot: &Snapshot) -> Option<String> {
        self.look_at_windows(&snapshot.history, Duration::MAX);
        let elapsed = snapshot.elapsed;
        // All forget what was broken: it ends the run now, or it does not.
        let broken: Vec<_> = self.thresholds.iter_mut().map(|watched| watched.broken.take()).collect();
        self.thresholds.iter_mut().zip(broken).find_map(|(watched, broken)| {
            let threshold = &watched.threshold;
            threshold.abort.filter(|after| elapsed >= *after)?;
            let result = match threshold.over {
                Some(_) => broken?,
                None => measure(threshold, snapshot).ok().map(|value| judged(threshold, value, None))?,
            };
            if result.verdict != Verdict::NotMet {
                return None;
            }
            let at = result.at.or(Some(elapsed));
            watched.ended = Some(ThresholdResult { at, aborted: true, ..result });
            watched.ended.as_ref().map(|result| result.sentence.clone())
        })
    }

    /// Looks at the windows that end in seconds that were not looked at yet.
    fn look_at_windows(&mut self, history: &History, until: Duration) {
        if self.thresholds.iter().all(|watched| watched.threshold.over.is_none()) {
            return;
        }
        let (begin, ends) = windows::seconds(history, self.seen, until);
        for end in ends {
            let at = self.begin + end;
            for watched in &mut self.thresholds {
                let threshold = &watched.threshold;
                let Some(length) = threshold.over.filter(|length| end >= begin + *length) else { continue };
                let Some(value) = windows::measure(threshold, history, length, end) else { continue };
                let (comparison, limit) = (threshold.comparison, threshold.limit);
                if watched.worst.is_none_or(|(worst, _)| comparison.is_worse(value, worst, limit)) {
                    watched.worst = Some((value, at));
                }
                if !comparison.holds(value, limit) {
                    watched.broken = Some(judged(threshold, value, Some(at)));
                }
            }
            self.seen = end;
        }
    }

    /// All thresholds as they stand: while a run goes on, and at its end with the windows of the load, which ended at
    /// `load_end`.
    pub(crate) fn results(&mut self, snapshot: &Snapshot, load_end: Option<Duration>) -> Vec<ThresholdResult> {
        let until = load_end.map_or(Duration::MAX, |load_end| load_end.saturating_sub(self.begin));
        self.look_at_windows(&snapshot.history, until);
        let result = |watched: &Watched| match (&watched.ended, watched.worst) {
            (Some(ended), _) => ended.clone(),
            // Windows without a request of a name that was seen before the last reset say nothing.
            (None, Some((value, at))) if measure(&watched.threshold, snapshot).is_ok() => {
                judged(&watched.threshold, value, Some(at))
            }
            (None, _) => evaluate(&watched.threshold, snapshot),
        };
        self.thresholds.iter().map(result).collect()
    }
}

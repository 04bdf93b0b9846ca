//! What is to be seen of the runs: the present one, and those that have ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::ask::Ask;
use super::offer::Offer;
use crate::report::Report;
use crate::stats::{RunState, Snapshot, collector};
use crate::threshold::ThresholdResult;

/// The present run, or the last one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct View {
    /// Its number, from 1; 0 before the first.
    pub run: u64,
    /// The word that tells it from others; empty before the first.
    pub run_id: String,
    /// [`RunState::Ready`] before the first, [`RunState::Stopped`] after a run: then its report is kept and the next can be
    /// started.
    pub state: RunState,
    /// Its figures.
    pub snapshot: Arc<Snapshot>,
    /// What has become of each threshold so far; windows (`over …`) are those until now.
    pub thresholds: Vec<ThresholdResult>,
    /// When it was started.
    pub started_at: Option<SystemTime>,
    /// With what it was started, defaults filled in and edits laid over it; without secrets.
    pub asked: Ask,
    /// Whether the ramp is held where it is.
    pub spawning_paused: bool,
    /// Why it ended, in a sentence; `None` while it goes on.
    pub ended: Option<String>,
    /// What went wrong in a run without a proper end: a `setup` that failed, say.
    pub problem: Option<String>,
    /// What was done to it, the last 200 times.
    pub markers: Vec<Marker>,
    /// Whether the program is about to end.
    pub quitting: bool,
}

/// Something that was done to a run while it went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Since the start of the run.
    pub at: Duration,
    /// What, for people: `20 users, 5 per second`.
    pub text: String,
}

/// A run that has ended, or one from a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PastRun {
    /// Its number.
    pub number: u64,
    /// Of the file it comes from; `None` for a run of this process.
    pub name: Option<String>,
    /// What it measured.
    pub report: Arc<Report>,
    /// What was done to it; nothing is known of those from files.
    pub markers: Vec<Marker>,
}

impl View {
    /// Each view and each event has all of them: a program may edit a run every second.
    const MOST_MARKERS: usize = 200;

    pub(super) fn mark(&mut self, marker: Marker) {
        if self.markers.len() == Self::MOST_MARKERS {
            self.markers.remove(0);
        }
        self.markers.push(marker);
    }

    pub(super) fn before_the_first(offer: &Offer) -> Self {
        Self {
            run: 0,
            run_id: String::new(),
            state: RunState::Ready,
            snapshot: Arc::new(collector::nothing_yet()),
            thresholds: Vec::new(),
            started_at: None,
            asked: Ask::default().over(offer),
            spawning_paused: false,
            ended: None,
            problem: None,
            markers: Vec::new(),
            quitting: false,
        }
    }
}

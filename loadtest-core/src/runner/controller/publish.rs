//! What the controller shows to others: snapshots, and what has become of the thresholds so far.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Controller;
use crate::report::EndedBy;
use crate::runner::readings;
use crate::stats::{RunState, Snapshot, UserCounts, collector};
use crate::threshold::ThresholdResult;

/// What has become of each threshold so far.
pub(crate) type LiveThresholds = Arc<[ThresholdResult]>;

/// Where others look.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    /// Sent before the snapshot from which they come, and only while somebody has subscribed: they take time.
    pub(crate) thresholds: watch::Sender<LiveThresholds>,
}

impl Default for Published {
    fn default() -> Self {
        let snapshots = watch::Sender::new(Arc::new(collector::nothing_yet()));
        Self { snapshots, thresholds: watch::Sender::new(Arc::new([])) }
    }
}

impl Controller {
    pub(super) fn users(&self) -> UserCounts {
        let mut users = UserCounts::default();
        for shard in self.shards.iter().filter(|shard| !shard.lost) {
            shard.handle.board.add_to(&mut users);
        }
        users
    }

    pub(super) fn publish(&mut self) {
        let now = Instant::now();
        let users = self.users();
        self.collector.see_run(users.alive, now, readings::this_process());
        let mut warnings = self.warnings.clone();
        let replaced: u64 = self.shards.iter().map(|shard| shard.handle.board.replaced()).sum();
        if replaced > 0 {
            warnings.push(format!("{replaced} users were replaced because their on_start failed"));
        }
        let figures = self.collector.snapshot(now);
        warnings.extend_from_slice(&figures.warnings);
        let snapshot = Snapshot {
            state: self.state,
            elapsed: now.duration_since(self.started),
            since: self.collector.start().saturating_duration_since(self.started),
            users,
            target_users: self.ramp.as_ref().map_or(0, |_| self.goal.users),
            warnings,
            ..figures
        };
        if self.published.thresholds.receiver_count() > 0 && self.thresholds.is_there() {
            let results = self.threshold_results(&snapshot);
            self.published.thresholds.send_replace(results.into());
        }
        self.published.snapshots.send_replace(Arc::new(snapshot));
    }

    /// What has become of the thresholds. Windows of the time in which users say goodbye do not count.
    pub(super) fn threshold_results(&mut self, snapshot: &Snapshot) -> Vec<ThresholdResult> {
        let load_end = self.stopped.map(|stopped| stopped.saturating_duration_since(self.started));
        self.thresholds.results(snapshot, load_end)
    }

    pub(super) fn look_at_thresholds(&mut self) {
        let runs = matches!(self.state, RunState::Spawning | RunState::Running);
        // Figures that are about to be forgotten end no run.
        let counts = self.warm_until.is_none() && !matches!(self.flush, Some((.., true)));
        if runs && counts && self.thresholds.is_needed() {
            let snapshot = Arc::clone(&self.published.snapshots.borrow());
            if let Some(broken) = self.thresholds.look(&snapshot) {
                self.stop(EndedBy::Threshold(broken));
            }
        }
    }
}

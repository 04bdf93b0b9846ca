//! Shards whose thread is kept by a user that does not yield.

use std::time::Duration;

use tokio::time::Instant;

use super::{Controller, Ending};

impl Controller {
    /// A user that does not yield cannot be stopped: after `patience` its shard is given up, so that the others'
    /// figures are not lost with it. After an abort that is `overdue`, so is every shard that has not answered.
    pub(super) fn give_up_stuck(&mut self, now: Instant, patience: Duration, overdue: bool) {
        let mut warnings = Vec::new();
        for (number, shard) in self.shards.iter_mut().enumerate().filter(|(_, shard)| !shard.lost) {
            let stuck = shard.watchdog.stuck_for(&self.plan, now);
            let answered = match (self.ending, &self.flush) {
                (Ending::Users, _) => shard.drained,
                (_, Some((_, waiting, _))) => !waiting.contains(&number),
                (_, None) => true,
            };
            if (overdue && !answered) || stuck.as_ref().is_some_and(|(stuck, _)| *stuck > patience) {
                shard.lost = true;
                let users = shard.handle.board.alive();
                let whose = stuck.map_or_else(|| "something".to_owned(), |(_, whose)| whose);
                warnings.push(format!(
                    "a thread with {users} users could not be stopped: {whose} does not yield; \
                     their on_stop has not run, and what they measured last is missing"
                ));
            }
        }
        if warnings.is_empty() {
            return;
        }
        // Users of a lost thread keep the permits they have or are given next.
        self.plan.run.on_stop.permits.close();
        for warning in warnings {
            self.warn(warning);
        }
        match self.ending {
            Ending::Users => self.look_whether_drained(),
            Ending::Teardown => self.tear_down_next(),
            Ending::LastIntervals(_) => self.finish_flush(),
        }
    }
}

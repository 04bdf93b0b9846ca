//! How many users there are to be, and the ramps that lead there.

use std::cmp::Ordering;

use tokio::time::Instant;

use super::Controller;
use crate::report::EndedBy;
use crate::runner::ramp::Ramp;
use crate::runner::shard::ShardCommand;
use crate::stats::RunState;

/// What was asked for last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Goal {
    pub(super) users: u64,
    /// Users per second; may be infinite.
    rate: f64,
    /// No ramp moves.
    held: bool,
}

impl Controller {
    /// The first ramp of a run.
    pub(super) fn begin_load(&mut self) {
        let settings = &self.plan.settings;
        self.goal = Goal { users: settings.users, rate: settings.spawn_rate, held: false };
        self.fit_goal();
        self.ramp_from(0);
    }

    /// Takes what the classes can have of the users that were asked for.
    fn fit_goal(&mut self) {
        // Who edits a run over and over need not be told each time, and every snapshot has all warnings.
        if let Some(misfit) = self.plan.misfit(self.goal.users).filter(|misfit| !self.warnings.contains(misfit)) {
            self.warn(misfit);
        }
        self.goal.users = self.plan.most_users().map_or(self.goal.users, |most| most.min(self.goal.users));
    }

    /// A ramp to the goal. One that is held leads nowhere: shards that were behind catch up, and that is all.
    fn ramp_from(&mut self, from: u64) {
        let to = if self.goal.held { from } else { self.goal.users };
        let classes = self.plan.deal(from.max(to));
        let ramp = Ramp { id: self.next_id, from, to, start: Instant::now(), rate: self.goal.rate, classes };
        self.next_id += 1;
        self.state = RunState::Spawning;
        self.tell_all(|| ShardCommand::Ramp(ramp.clone()));
        self.ramp = Some(ramp);
        self.publish();
    }

    /// How many users the present ramp has come to, while users are started or run.
    fn ramped_users(&self) -> Option<u64> {
        match (self.state, &self.ramp) {
            (RunState::Spawning | RunState::Running, Some(ramp)) => Some(ramp.users_at(Instant::now())),
            _ => None,
        }
    }

    pub(super) fn edit(&mut self, users: Option<u64>, spawn_rate: Option<f64>) {
        let Some(from) = self.ramped_users() else { return };
        self.goal.rate = spawn_rate.unwrap_or(self.goal.rate);
        if let Some(users) = users.filter(|users| *users != self.goal.users) {
            self.goal.users = users;
            // None at all is no misfit of classes.
            if users > 0 {
                self.fit_goal();
            }
        }
        if self.state == RunState::Spawning || self.goal.users != from {
            self.ramp_from(from);
        }
    }

    pub(super) fn hold_ramp(&mut self, held: bool) {
        let Some(from) = self.ramped_users().filter(|_| held != self.goal.held) else { return };
        self.goal.held = held;
        if self.state == RunState::Spawning {
            self.ramp_from(from);
        }
    }

    pub(super) fn look_whether_ramped(&mut self) {
        let Some(ramp) = &self.ramp else { return };
        let all = self.shards.iter().all(|shard| shard.lost || shard.ramped == ramp.id);
        if self.state == RunState::Spawning && all && ramp.to == self.goal.users {
            let users = ramp.to;
            match ramp.from.cmp(&users) {
                Ordering::Greater => tracing::info!("{users} users are left"),
                Ordering::Less | Ordering::Equal => tracing::info!("all {users} users started"),
            }
            self.state = RunState::Running;
            if self.plan.settings.reset_stats {
                self.flush(true);
            }
            let stop = self.hooks.spawning_complete(users, &mut self.collector);
            self.publish();
            self.stop_for(stop);
            self.look_whether_deserted();
        }
    }

    pub(super) fn look_whether_deserted(&mut self) {
        if self.state == RunState::Running && self.goal.users > 0 && self.nobody_is_left() {
            // The last user of all may be gone before its last iteration was looked at.
            let done = self.plan.run.iterations.are_done();
            self.stop(if done { EndedBy::Iterations } else { EndedBy::NoUsersLeft });
        }
    }

    /// Nobody is there, nor waits for a number that was somebody's.
    fn nobody_is_left(&self) -> bool {
        self.shards.iter().filter(|shard| !shard.lost).all(|shard| shard.handle.board.is_deserted())
    }
}

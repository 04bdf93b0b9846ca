//! Finds users that do not yield: they keep all other users of their thread waiting.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::control::{IN_NO_TASK, IN_ON_START, IN_ON_STOP, IN_SETUP, IN_TEARDOWN};
use crate::life::board::Board;
use crate::plan::Plan;

/// How long a user may run without reaching an await point before it is named.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches one shard from the controller's thread.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    /// The poll that was going on at the last look, and since when.
    seen: Option<((u64, u32, u32), Instant)>,
    told: HashSet<(u32, u32)>,
}

impl Watchdog {
    /// Looks at the shard; the warning is given once for each class and task.
    pub(crate) fn look(&mut self, board: &Board, plan: &Plan, now: Instant) -> Option<String> {
        self.seen = match (board.busy.now(), self.seen) {
            (None, _) => None,
            (Some(turn), Some((before, since))) if turn == before => Some((turn, since)),
            (Some(turn), _) => Some((turn, now)),
        };
        let ((_, class, task), since) = self.seen?;
        if now.duration_since(since) < PATIENCE || !self.told.insert((class, task)) {
            return None;
        }
        let (class, task) = name(plan, class, task);
        Some(format!(
            "{class}::{task} has not yielded for 2 s: all other users of its thread wait for it \
             (await something, or move the work to tokio::task::spawn_blocking)"
        ))
    }

    /// How long the poll that is going on has lasted, and whose it is.
    pub(crate) fn stuck_for(&self, plan: &Plan, now: Instant) -> Option<(Duration, String)> {
        let ((_, class, task), since) = self.seen?;
        let (class, task) = name(plan, class, task);
        Some((now.duration_since(since), format!("{class}::{task}")))
    }
}

fn name(plan: &Plan, class: u32, task: u32) -> (&'static str, String) {
    let number = class as usize;
    let Some(class) = plan.classes.get(number) else { return ("?", "?".to_owned()) };
    let task = match task {
        IN_ON_START => "on_start",
        IN_ON_STOP => "on_stop",
        IN_SETUP => "setup",
        IN_TEARDOWN => "teardown",
        IN_NO_TASK => "(between tasks)",
        task => return (class.name(), plan.graphs[number].task_name((task >> 16) as usize, (task & 0xffff) as usize)),
    };
    (class.name(), task.to_owned())
}

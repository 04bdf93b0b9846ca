//! A shard's notice board: how many users are where, readable from other threads at any time.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::context::control::Busy;
use crate::stats::UserCounts;

/// Written by one shard, read by the controller. Relaxed: each count stands for itself.
#[derive(Debug, Default)]
pub(crate) struct Board {
    alive: AtomicU64,
    starting: AtomicU64,
    stopping: AtomicU64,
    /// Users whose number is that of one on its way out.
    waiting: AtomicU64,
    /// Users whose `on_start` failed and whose seat was given to another.
    replaced: AtomicU64,
    pub(crate) busy: Arc<Busy>,
}

impl Board {
    pub(crate) fn alive(&self) -> u64 {
        self.alive.load(Ordering::Relaxed)
    }

    /// Whether nobody is there, nor waits for a number. Whoever gets one is counted as alive before as no longer waiting.
    pub(crate) fn is_deserted(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0 && self.alive() == 0
    }

    /// One more waits for a number.
    pub(crate) fn waits(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// One got its number, or is not wanted any more.
    pub(crate) fn waits_no_more(&self) {
        self.waiting.fetch_sub(1, Ordering::Release);
    }

    pub(crate) fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Relaxed)
    }

    pub(crate) fn add_to(&self, counts: &mut UserCounts) {
        counts.alive += self.alive();
        counts.starting += self.starting.load(Ordering::Relaxed);
        counts.stopping += self.stopping.load(Ordering::Relaxed);
    }

    pub(crate) fn clear_replaced(&self) {
        self.replaced.store(0, Ordering::Relaxed);
    }
}

/// What a user is doing, for the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting,
    Running,
    /// Between a failed `on_start` and the next user on the same seat.
    Replacing,
    Stopping,
}

/// What the users of a shard tell it when they leave.
pub(crate) struct WaysOut {
    pub(crate) board: Arc<Board>,
    /// A user is gone.
    pub(crate) gone: Notify,
}

/// A user on the board; takes itself off when it is dropped, however its future ended.
pub(crate) struct Alive {
    ways_out: Rc<WaysOut>,
    phase: Cell<Phase>,
}

impl fmt::Debug for Alive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alive").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Alive {
    pub(crate) fn new(ways_out: &Rc<WaysOut>) -> Self {
        ways_out.board.alive.fetch_add(1, Ordering::Relaxed);
        Self { ways_out: Rc::clone(ways_out), phase: Cell::new(Phase::Running) }
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.count(self.phase.replace(phase), u64::MAX);
        self.count(phase, 1);
    }

    /// Adds one, or takes one away by adding the largest number (the counts wrap).
    fn count(&self, phase: Phase, one: u64) {
        match phase {
            Phase::Starting => self.ways_out.board.starting.fetch_add(one, Ordering::Relaxed),
            Phase::Stopping => self.ways_out.board.stopping.fetch_add(one, Ordering::Relaxed),
            Phase::Running | Phase::Replacing => 0,
        };
    }

    pub(crate) fn replaced(&self) {
        self.ways_out.board.replaced.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.count(self.phase.get(), u64::MAX);
        self.ways_out.board.alive.fetch_add(u64::MAX, Ordering::Relaxed);
        self.ways_out.gone.notify_one();
    }
}

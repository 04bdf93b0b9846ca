//! The server's clock. Tests put it forward instead of waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Real time, plus what it was put forward by.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_at: SystemTime,
    ahead_ms: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now(), ahead_ms: AtomicU64::new(0) }
    }

    pub(super) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// Time since the server was started.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// The time of day, for headers.
    pub(super) fn wall(&self) -> SystemTime {
        self.started_at + self.now()
    }

    /// The time of day in whole seconds since 1970, as files carry it.
    pub(super) fn unix_seconds(&self) -> u64 {
        self.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

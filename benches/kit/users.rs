//! Our users, as the benchmarks have them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use loadtest::prelude::*;
use tokio::time::Instant;

/// The full scripted user: macro dispatch, two weighted tasks, names, a timeout, cookies, statistics.
#[derive(User)]
pub(crate) struct Scripted {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl Scripted {
    #[task(3)]
    async fn thing(&mut self) -> TaskResult {
        self.http.get("/things/17").name("/things/[id]").timeout(Duration::from_secs(30)).send().await?;
        Ok(())
    }

    #[task]
    async fn other(&mut self) -> TaskResult {
        debug_assert!(!self.cx.stopping());
        self.http.get("/others/4").name("/others/[id]").timeout(Duration::from_secs(30)).send().await?;
        Ok(())
    }
}

/// As [`Scripted`], without keeping bodies.
#[derive(User)]
pub(crate) struct Discarding {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Discarding {
    #[task(3)]
    async fn thing(&mut self) -> TaskResult {
        let request = self.http.get("/things/17").name("/things/[id]").timeout(Duration::from_secs(30));
        request.discard_body().send().await?;
        Ok(())
    }

    #[task]
    async fn other(&mut self) -> TaskResult {
        let request = self.http.get("/others/4").name("/others/[id]").timeout(Duration::from_secs(30));
        request.discard_body().send().await?;
        Ok(())
    }
}

/// Requests of [`Waiting`] users that were answered: the run's own snapshots come only twice a second.
pub(crate) static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// Connected, and idle for most of the time.
#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(10)))]
pub(crate) struct Waiting {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Waiting {
    #[task]
    async fn thing(&mut self) -> TaskResult {
        self.http.get("/things/17").name("/things/[id]").send().await?;
        ANSWERED.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// The time from one request of a [`Paced`] user to its next. One per process: it is the whole of what this process does.
pub(crate) static PACE: OnceLock<Duration> = OnceLock::new();

/// Sends at a steady rate: a request is due one pace after the one before was due; one that is late is sent at once.
#[derive(User)]
pub(crate) struct Paced {
    #[client]
    http: HttpSession,
    #[init(Instant::now())]
    due: Instant,
}

#[tasks]
impl Paced {
    #[task]
    async fn thing(&mut self) -> TaskResult {
        tokio::time::sleep_until(self.due).await;
        self.due += PACE.get().copied().unwrap_or_default();
        self.http.get("/things/17").name("/things/[id]").timeout(Duration::from_secs(30)).send().await?;
        Ok(())
    }
}

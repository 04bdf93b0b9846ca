//! Our users, as the benchmarks have them.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use loadtest::http::{HttpSettings, RequestBuilder};
use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, InputError};
use tokio::time::Instant;

/// A session that accepts the certificate of the benchmark's server, as all clients here do.
pub(crate) struct Session(HttpSession);

impl Client for Session {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        HttpSession::check(settings)
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        let settings = HttpSettings::new().accept_invalid_certificates(true);
        Ok(Self(HttpSession::create_with(cx, &settings)?))
    }
}

impl Deref for Session {
    type Target = HttpSession;

    fn deref(&self) -> &HttpSession {
        &self.0
    }
}

/// The full scripted user: macro dispatch, two weighted tasks, names, a timeout, cookies, statistics.
#[derive(User)]
pub(crate) struct Scripted {
    #[client]
    http: Session,
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
    http: Session,
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
    http: Session,
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
    http: Session,
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

//! Points at which users of a run wait for each other.

use std::collections::HashMap;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use super::Context;
use super::control::Stop;
use crate::exit::{Exit, ExitKind, TaskError, TaskResult};

/// Names that are kept; beyond, those at which nobody waits are forgotten.
const MOST_NAMES: usize = 1000;

/// The rendezvous of a run, for all its threads. A lock is fine: it is held for a few instructions, by users who wait.
#[derive(Debug)]
pub(crate) struct Meetings {
    points: Mutex<HashMap<Box<str>, Point>>,
    /// How many users the run was asked for.
    pub(crate) users: u64,
    /// The run has one user, to be looked at: nobody else will come, so it goes on at once.
    pub(crate) alone: bool,
}

impl Default for Meetings {
    fn default() -> Self {
        Self { points: Mutex::default(), users: u64::MAX, alone: false }
    }
}

#[derive(Debug)]
struct Point {
    /// How many users make a group.
    users: u64,
    /// How many of the present group are here.
    arrived: u64,
    /// The present group; another one from the moment in which it is let go.
    group: Arc<Notify>,
}

/// What became of an arrival.
enum Arrival<'a> {
    /// It was the last of its group.
    Complete,
    Waiting(Place<'a>),
}

impl Meetings {
    fn points(&self) -> MutexGuard<'_, HashMap<Box<str>, Point>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// When the point waits for another number of users: that number.
    fn arrive<'a>(&'a self, name: &'a str, users: u64) -> Result<Arrival<'a>, u64> {
        let mut points = self.points();
        if points.len() >= MOST_NAMES && !points.contains_key(name) {
            points.retain(|_, point| point.arrived > 0);
        }
        let point = points.entry(name.into()).or_insert_with(|| {
            if users > self.users {
                tracing::warn!(
                    "rendezvous {name:?} waits for {users} users, but the run has {}: without more they wait until \
                     they are stopped",
                    self.users
                );
            }
            Point { users, arrived: 0, group: Arc::default() }
        });
        if point.users != users {
            return Err(point.users);
        }
        point.arrived += 1;
        if point.arrived < users {
            return Ok(Arrival::Waiting(Place { meetings: self, name, group: Arc::clone(&point.group), left: false }));
        }
        point.arrived = 0;
        let complete = std::mem::take(&mut point.group);
        drop(points);
        complete.notify_waiters();
        Ok(Arrival::Complete)
    }
}

/// One user who waits; counted out again when it is dropped before its group is complete.
struct Place<'a> {
    meetings: &'a Meetings,
    name: &'a str,
    group: Arc<Notify>,
    left: bool,
}

impl Place<'_> {
    /// Whether the group was let go, with this user in it.
    fn is_complete(&self) -> bool {
        !self.meetings.points().get(self.name).is_some_and(|point| Arc::ptr_eq(&point.group, &self.group))
    }

    /// Counts the user out, unless its group was let go; says whether it was counted out.
    fn leave(&mut self) -> bool {
        let mut points = self.meetings.points();
        let point = points.get_mut(self.name).filter(|point| Arc::ptr_eq(&point.group, &self.group));
        match point {
            Some(point) if !self.left => {
                self.left = true;
                point.arrived -= 1;
                true
            }
            _ => false,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Context {
    /// Waits until `users` users of the run have come to the rendezvous of this name, on whatever threads, and lets them
    /// all go together; the next ones make the next group.
    ///
    /// ```
    /// # use loadtest_core::{Context, TaskResult};
    /// async fn flash_sale(cx: &Context) -> TaskResult {
    ///     // Put something into the cart, each user in its own time; then 50 pay in the same moment.
    ///     cx.rendezvous("checkout", 50).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// A stop of the user or the run ends the task here, at once, as in [`wait`](Self::wait); in `on_start` it gives
    /// [`stop_user`](crate::stop_user). A user who leaves in any other way, by a `select!` say, is counted out again. In
    /// `on_stop` nothing but its time limit ends the wait.
    ///
    /// More users than there are never come together: those who came wait until they are stopped. The log warns of it once
    /// for each name. Users that have left by themselves, also because all [iterations](crate::LoadTest::iterations) are
    /// begun, do not come either. Where it may happen, [`rendezvous_timeout`](Self::rendezvous_timeout) has a limit. In a run of a
    /// [single user](crate::LoadTest::run_single_user) nobody else can come, and the user goes on at once.
    ///
    /// # Errors
    /// An exception when `users` is 0, or another number than at an earlier call with the same name.
    #[track_caller]
    pub fn rendezvous(&self, name: &str, users: u64) -> impl Future<Output = TaskResult> {
        let place = Location::caller();
        async move { self.meet(name, users, std::future::pending::<()>(), place).await.map(drop) }
    }

    /// As [`rendezvous`](Self::rendezvous), but waits no longer than `limit`: says whether the group came together. A user
    /// whose time is over is counted out again.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use loadtest_core::{Context, TaskResult, fail};
    /// async fn flash_sale(cx: &Context) -> TaskResult {
    ///     if !cx.rendezvous_timeout("checkout", 50, Duration::from_secs(30)).await? {
    ///         return fail("fewer than 50 users came to pay");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`rendezvous`](Self::rendezvous).
    #[track_caller]
    pub fn rendezvous_timeout(
        &self,
        name: &str,
        users: u64,
        limit: Duration,
    ) -> impl Future<Output = Result<bool, Exit>> {
        let place = Location::caller();
        async move { self.meet(name, users, tokio::time::sleep(limit), place).await }
    }

    async fn meet(
        &self,
        name: &str,
        users: u64,
        limit: impl Future<Output = ()>,
        place: &'static Location<'static>,
    ) -> Result<bool, Exit> {
        let wrong = |message| Err(Exit(ExitKind::Error(TaskError { message, place: Some(place) })));
        let meetings = &self.0.run.meetings;
        if users == 0 {
            return wrong(format!("rendezvous {name:?}: 0 is too few users; give at least 1"));
        }
        if meetings.alone {
            if let Some(trace) = self.trace() {
                let who = self.traced_as();
                trace.write(&format!("{who}: rendezvous {name:?} of {users} users: a single user goes on at once\n"));
            }
            return Ok(true);
        }
        let mut waiting = match meetings.arrive(name, users) {
            Ok(Arrival::Complete) => return Ok(true),
            Ok(Arrival::Waiting(waiting)) => waiting,
            Err(known) => {
                return wrong(format!(
                    "rendezvous {name:?}: {users} users, but {known} at an earlier call: give each number a name of its own"
                ));
            }
        };
        let control = self.control();
        let _stoppable = control.enter_wait();
        let group = Arc::clone(&waiting.group);
        let mut let_go = pin!(group.notified());
        let mut limit = pin!(limit);
        std::future::poll_fn(|cx| {
            // The group may have been let go before `let_go` was there to hear of it.
            if let_go.as_mut().poll(cx).is_ready() || waiting.is_complete() {
                return Poll::Ready(Ok(true));
            }
            // A task is dropped by its loop. An `on_start` is not, and would use up its whole time here.
            if control.stop() != Stop::No && !control.is_in_on_stop() {
                return Poll::Ready(Err(Exit(ExitKind::StopUser)));
            }
            match limit.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Ok(!waiting.leave())),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_which_nobody_waits_are_forgotten() {
        let meetings = Meetings::default();
        let mut waiting = Vec::new();
        for number in 0..MOST_NAMES * 3 {
            let name: &'static str = Box::leak(format!("order {number}").into());
            let Ok(Arrival::Waiting(place)) = meetings.arrive(name, 2) else { panic!("nobody else is here") };
            if number % 100 == 0 {
                waiting.push(place);
            }
        }
        assert!(meetings.points().len() <= MOST_NAMES, "{}", meetings.points().len());
        assert!(waiting.iter().all(|place| !place.is_complete()));
        for place in &waiting {
            assert!(matches!(meetings.arrive(place.name, 2), Ok(Arrival::Complete)));
        }
        assert!(waiting.iter().all(Place::is_complete));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn more_users_than_there_are_is_worth_one_warning() {
        struct Into(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Into {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().expect("no panic").extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let text = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&text);
        let log = tracing_subscriber::fmt().with_writer(move || Into(Arc::clone(&into))).finish();
        tracing::subscriber::with_default(log, || {
            let meetings = Meetings { users: 20, ..Meetings::default() };
            for (name, users) in [("fits", 20), ("large", 21), ("large", 21), ("large", 21)] {
                drop(meetings.arrive(name, users));
            }
        });
        let text = String::from_utf8(text.lock().expect("no panic").clone()).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("\"large\" waits for 21 users, but the run has 20"), "{text}");
    }

    #[test]
    fn leaving_twice_counts_once() {
        let meetings = Meetings::default();
        let Ok(Arrival::Waiting(mut first)) = meetings.arrive("x", 3) else { panic!("the first") };
        let Ok(Arrival::Waiting(_second)) = meetings.arrive("x", 3) else { panic!("the second") };
        assert!(first.leave() && !first.leave());
        drop(first);
        assert_eq!(meetings.points()["x"].arrived, 1);
        assert_eq!(meetings.arrive("x", 2).err(), Some(3));
    }
}

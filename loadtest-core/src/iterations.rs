//! How many tasks a run may run.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// The limits of a run on its task runs, in total and for each user; mostly there are none.
#[derive(Debug, Default)]
pub(crate) struct Iterations {
    total: Option<u64>,
    per_user: Option<u64>,
    /// Task runs that were begun under `total`, and attempts to begin more.
    begun: AtomicU64,
    /// Those that have ended.
    ended: AtomicU64,
    /// Told when the last one has ended.
    done: Notify,
}

impl Iterations {
    pub(crate) fn new(total: Option<u64>, per_user: Option<u64>) -> Self {
        Self { total, per_user, ..Self::default() }
    }

    /// A run begins.
    pub(crate) fn restart(&self) {
        self.begun.store(0, Ordering::Release);
        self.ended.store(0, Ordering::Release);
    }

    /// Leave for one more task run of a user who has had so many; `None` when it is to go.
    #[inline]
    pub(crate) fn begin(&self, of_user: u64) -> Option<Iteration<'_>> {
        if self.per_user.is_some_and(|most| of_user >= most) {
            return None;
        }
        // No more than one attempt too many for each user: the count cannot wrap.
        if self.total.is_some_and(|most| self.begun.fetch_add(1, Ordering::AcqRel) >= most) {
            return None;
        }
        Some(Iteration(self))
    }

    /// Whether a user who has had so many task runs gets no more: what it would wait for.
    #[inline]
    pub(crate) fn are_over_for(&self, of_user: u64) -> bool {
        self.per_user.is_some_and(|most| of_user >= most) || self.are_all_begun()
    }

    /// Whether the run needs no further users.
    #[inline]
    pub(crate) fn are_all_begun(&self) -> bool {
        self.total.is_some_and(|most| self.begun.load(Ordering::Acquire) >= most)
    }

    /// Whether as many tasks as the run may run have ended.
    pub(crate) fn are_done(&self) -> bool {
        self.total.is_some_and(|most| self.ended.load(Ordering::Acquire) >= most)
    }

    /// Waits for a sign that they may be done.
    pub(crate) async fn changed(&self) {
        self.done.notified().await;
    }
}

/// One task run; ended when it is dropped, however the task ended.
#[derive(Debug)]
pub(crate) struct Iteration<'a>(&'a Iterations);

impl Drop for Iteration<'_> {
    fn drop(&mut self) {
        if let Some(most) = self.0.total
            && self.0.ended.fetch_add(1, Ordering::AcqRel) + 1 == most
        {
            self.0.done.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let iterations = Iterations::default();
        assert!((0..10).all(|_| iterations.begin(u64::MAX).is_some()));
        assert!(!iterations.are_all_begun() && !iterations.are_done() && !iterations.are_over_for(u64::MAX));
        assert_eq!(iterations.begun.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn as_many_begin_as_may_on_however_many_threads() {
        let iterations = Iterations::new(Some(10_000), None);
        let begun: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..5000).filter(|_| iterations.begin(0).is_some()).count())).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(begun, 10_000);
        assert!(iterations.are_done());
        iterations.restart();
        assert!(!iterations.are_all_begun() && !iterations.are_done());
        let last = iterations.begin(0);
        assert!(last.is_some());
    }

    #[test]
    fn they_are_done_when_the_last_has_ended() {
        let iterations = Iterations::new(Some(2), Some(5));
        let first = iterations.begin(4).expect("leave");
        assert!(iterations.begin(5).is_none(), "this user has had its five");
        let second = iterations.begin(0).expect("leave");
        assert!(iterations.begin(0).is_none() && iterations.are_over_for(0));
        drop(first);
        assert!(iterations.are_all_begun() && !iterations.are_done());
        drop(second);
        assert!(iterations.are_done());
    }
}

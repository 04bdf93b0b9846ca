//! The time allowed for a request, at the price of one timer per session.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer of a session, kept from one request to the next.
///
/// It is set when a request waits, and then left alone: a later request's deadline is later than the one it is set
/// to, so it is set again only when it fires. Several requests at once take timers of their own.
#[derive(Default)]
pub(crate) struct Timer(Cell<Option<Pin<Box<Sleep>>>>);

/// The future's value, or `None` when the deadline passed before.
///
/// The future is borrowed: given by value it would lie twice in the future of the caller.
pub(crate) fn within<'a, F: Future>(
    timer: &'a Timer,
    deadline: Option<Instant>,
    mut future: Pin<&'a mut F>,
) -> impl Future<Output = Option<F::Output>> + 'a {
    let mut lent = Lent { timer, sleep: None };
    poll_fn(move |cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        match deadline {
            Some(deadline) => lent.poll(cx, deadline).map(|()| None),
            None => Poll::Pending,
        }
    })
}

/// The timer in the hands of one request; it goes back also when that is dropped.
struct Lent<'a> {
    timer: &'a Timer,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Lent<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let timer = self.timer;
        let sleep = self.sleep.get_or_insert_with(|| timer.0.take().unwrap_or_else(|| Box::pin(sleep_until(deadline))));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            // A sleep spends of tokio's budget, and without budget it does not look at the clock. A future that always
            // finds something to do, such as a flood of bytes, uses it all up: its time would never run out.
            ready!(pin!(tokio::task::unconstrained(sleep.as_mut())).poll(cx));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(sleep) = self.sleep.take() {
            self.timer.0.set(Some(sleep));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    fn after(millis: u64) -> Option<Instant> {
        Some(Instant::now() + Duration::from_millis(millis))
    }

    #[tokio::test(start_paused = true)]
    async fn one_timer_serves_deadlines_in_any_order() {
        let timer = Timer::default();
        for millis in [100, 50, 400, 10] {
            let start = Instant::now();
            assert!(within(&timer, after(millis), pin!(pending::<()>())).await.is_none());
            assert_eq!(start.elapsed(), Duration::from_millis(millis));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_time_is_returned() {
        let timer = Timer::default();
        for _ in 0..3 {
            let work = async { tokio::time::sleep(Duration::from_millis(99)).await };
            assert!(within(&timer, after(100), pin!(work)).await.is_some());
        }
        assert!(within(&timer, None, pin!(async {})).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn several_at_once_do_not_share_a_timer() {
        let timer = Timer::default();
        let start = Instant::now();
        let wait = async |millis| {
            assert!(within(&timer, after(millis), pin!(pending::<()>())).await.is_none());
            assert_eq!(start.elapsed(), Duration::from_millis(millis));
        };
        tokio::join!(wait(30), wait(10), wait(20));
    }

    /// As a socket with ever more to read: it is never the one to wait, only its task's turn is over.
    #[tokio::test]
    async fn a_deadline_passes_although_there_is_always_something_to_do() {
        let timer = Timer::default();
        let busy = pin!(async {
            loop {
                tokio::task::coop::consume_budget().await;
            }
        });
        let started = std::time::Instant::now();
        let mut within = pin!(within(&timer, after(20), busy));
        let ended = poll_fn(|cx| match within.as_mut().poll(cx) {
            Poll::Ready(ended) => Poll::Ready(ended.is_none()),
            Poll::Pending if started.elapsed() > Duration::from_secs(5) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        });
        assert!(ended.await, "{:?}", started.elapsed());
    }
}

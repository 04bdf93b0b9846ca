//! Alarms of one thread's futures, kept by another thread that sleeps until the next one is due.
//!
//! ```text
//! Alarm ─ due, waker ─▶ Alarms (locked) ◀─ next one due? ─ the pacing thread
//!   ▲                     │                                   │ wakes, once for all that are due
//!   └───────── wakes ─── the ringer, a task beside the futures ◀┘
//! ```
//!
//! The pacing thread wakes one task, the ringer, and that wakes the futures: from their own thread that costs a fraction
//! of what it costs from another. In a steady run neither thread tells the other anything but this: new alarms are later
//! than those that are there already, so the sleeper need not be woken for them.
//!
//! Rejected: a timerfd. It is as precise, but takes another crate and is to be had on Linux alone.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

/// The thread wakes the other one at most so often: alarms that are closer to each other ring together, with the last one.
/// At high rates most of the cost is in the waking; at low ones no two are so close.
const TOGETHER: Duration = Duration::from_micros(100);

/// Stack of the pacing thread, which calls next to nothing.
const STACK: usize = 64 * 1024;

/// By time, and alarms of one time in the order of their making.
type Key = (Instant, u64);

#[derive(Debug)]
struct Alarms {
    waiting: BTreeMap<Key, Waker>,
    next_id: u64,
    /// What was due up to here has been told to the ringer.
    rung: Instant,
    /// Until when the thread sleeps; `None` is until it is told. In the past while it is awake.
    asleep_until: Option<Instant>,
    ringer: Option<Waker>,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    alarms: Mutex<Alarms>,
    /// There is an alarm before the one for which the thread sleeps, or the end.
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Alarms> {
        // Nothing that can panic happens under the lock.
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The alarms of the futures of one local runtime, and the thread that keeps the time; it ends with this.
#[derive(Debug)]
pub(crate) struct AlarmClock {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    ringer: AbortHandle,
}

impl AlarmClock {
    /// Within a local runtime: the one whose futures it is to wake.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start() -> io::Result<Self> {
        let now = Instant::now();
        let alarms = Alarms {
            waiting: BTreeMap::new(),
            next_id: 0,
            rung: now,
            asleep_until: Some(now),
            ringer: None,
            closed: false,
        };
        let shared = Arc::new(Shared { alarms: Mutex::new(alarms), changed: Condvar::new() });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("loadtest-pacing".to_owned())
            .stack_size(STACK)
            .spawn(move || keep_time(&for_thread))?;
        let ringer = tokio::task::spawn_local(ring(Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, thread: Some(thread), ringer })
    }

    /// A future that ends when it is `due`.
    pub(super) fn alarm(&self, due: Instant) -> Alarm {
        Alarm { shared: Arc::clone(&self.shared), due, id: None }
    }
}

impl Drop for AlarmClock {
    fn drop(&mut self) {
        self.ringer.abort();
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It sleeps or is about to: that takes no time.
            let _ = thread.join();
        }
    }
}

/// The pacing thread.
fn keep_time(shared: &Shared) {
    wake_in_time();
    let mut alarms = shared.lock();
    while !alarms.closed {
        let now = Instant::now();
        let after = (Bound::Excluded((alarms.rung, u64::MAX)), Bound::Unbounded);
        let next = alarms.waiting.range(after).next().map(|((due, _), _)| *due);
        // A due alarm that follows another too closely waits for those that follow it.
        let next = next.map(|due| due.max(alarms.rung + TOGETHER));
        match next {
            Some(due) if due <= now => {
                alarms.rung = now;
                let ringer = alarms.ringer.clone();
                // The wake is a system call: not under the lock.
                drop(alarms);
                if let Some(ringer) = ringer {
                    ringer.wake();
                }
                alarms = shared.lock();
            }
            Some(due) => {
                alarms.asleep_until = Some(due);
                alarms = shared.changed.wait_timeout(alarms, due - now).unwrap_or_else(PoisonError::into_inner).0;
                alarms.asleep_until = Some(now);
            }
            None => {
                alarms.asleep_until = None;
                alarms = shared.changed.wait(alarms).unwrap_or_else(PoisonError::into_inner);
                alarms.asleep_until = Some(now);
            }
        }
    }
}

/// Asks the system not to wake this thread up to 50 µs late to save a wake-up, its default (`PR_SET_TIMERSLACK` in prctl(2),
/// `/proc/pid/timerslack_ns` in proc(5)). Where it will not, starts are as late as they were.
fn wake_in_time() {
    #[cfg(target_os = "linux")]
    {
        // `thread-self` leads into the process's folder of tasks, which has no such file; `/proc` itself knows threads by
        // their number, too.
        let thread = std::fs::read_link("/proc/thread-self");
        let number = thread.as_ref().ok().and_then(|thread| thread.file_name());
        if let Some(number) = number {
            let _ = std::fs::write(std::path::Path::new("/proc").join(number).join("timerslack_ns"), "1");
        }
    }
}

/// Wakes the futures whose alarms are due, from their own thread.
async fn ring(shared: Arc<Shared>) {
    let mut due = Vec::new();
    std::future::poll_fn(|cx| {
        {
            let mut alarms = shared.lock();
            match &mut alarms.ringer {
                Some(ringer) => ringer.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            let now = Instant::now();
            while let Some(first) = alarms.waiting.first_entry()
                && first.key().0 <= now
            {
                due.push(first.remove());
            }
            // So that the thread does not ring for them once more.
            alarms.rung = alarms.rung.max(now);
        }
        due.drain(..).for_each(Waker::wake);
        Poll::Pending
    })
    .await
}

/// Ends when its time has come.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct Alarm {
    shared: Arc<Shared>,
    due: Instant,
    /// While it is among those that are waiting.
    id: Option<u64>,
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let this = self.get_mut();
        // Also what wakes the future for another reason, when it is due by then.
        if this.due <= Instant::now() {
            return Poll::Ready(());
        }
        let mut alarms = this.shared.lock();
        if let Some(id) = this.id {
            if let Some(waker) = alarms.waiting.get_mut(&(this.due, id)) {
                waker.clone_from(cx.waker());
            }
            return Poll::Pending;
        }
        let id = alarms.next_id;
        alarms.next_id += 1;
        // The thread looks only at what is due after this.
        if this.due <= alarms.rung {
            return Poll::Ready(());
        }
        this.id = Some(id);
        alarms.waiting.insert((this.due, id), cx.waker().clone());
        if alarms.asleep_until.is_none_or(|until| this.due < until) {
            // Told once is enough.
            alarms.asleep_until = Some(this.due);
            drop(alarms);
            this.shared.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.lock().waiting.remove(&(self.due, id));
        }
    }
}

#[cfg(test)]
mod tests;

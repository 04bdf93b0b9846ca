//! Live figures: what changes, once a second, to everybody who reads along.
//!
//! An interval is encoded once. All readers get the same bytes, and the last intervals are kept for those who were away
//! for a moment. Each reader has a short queue; whoever does not keep up with it is let go and may come again, so that
//! nobody waits for the slowest. While nobody reads, nothing is encoded: the next reader gets what has changed until then.

mod stream;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut, Bytes, BytesMut};
use loadtest_core::console::View;
use loadtest_core::stats::{RowSnapshot, RowStats};
use serde::Serialize;
use tokio::sync::{Notify, mpsc};
use tokio::time::MissedTickBehavior;

use crate::json::figures::Row;
use crate::json::points::{self, Point};
use crate::json::run::Run;
use crate::shared::Shared;
pub(crate) use stream::EventStream;

/// How often what changed is told.
const INTERVAL: Duration = Duration::from_secs(1);
/// Intervals that are kept for readers who come again, as long as they take no more bytes than this.
const MOST_KEPT: usize = 600;
const MOST_BYTES_KEPT: usize = 32 << 20;
/// Events that a reader may be behind.
const QUEUE: usize = 16;

/// One event, as it is sent; the rows by themselves, as not everybody wants them.
#[derive(Debug)]
pub(crate) struct Event {
    seq: u64,
    /// From the name of the event to where the rows begin.
    before: Bytes,
    rows: Bytes,
}

impl Event {
    fn new(name: &str, run: u64, seq: u64, fields: &impl Serialize, rows: &[Row<'_>]) -> Arc<Self> {
        let mut before = BytesMut::from(format!("event: {name}\nid: {run}-{seq}\ndata: ").as_bytes()).writer();
        let _ = serde_json::to_writer(&mut before, fields);
        let mut before = before.into_inner();
        // What was written is an object, and the rows are its last field.
        before.truncate(before.len().saturating_sub(1));
        before.put_slice(b",\"rows\":");
        Arc::new(Self { seq, before: before.freeze(), rows: crate::json::encode(&rows) })
    }

    fn bytes(&self) -> usize {
        self.before.len() + self.rows.len()
    }
}

#[derive(Serialize)]
struct Hello<'a> {
    seq: u64,
    run: &'a Run<'a>,
    history: Vec<Point>,
}

#[derive(Serialize)]
struct Interval<'a> {
    seq: u64,
    run: &'a Run<'a>,
    points: Vec<Point>,
}

struct Reader {
    queue: mpsc::Sender<Arc<Event>>,
    /// Ends its connection, also where it is stuck in writing.
    kick: Arc<Notify>,
}

/// What was told last, and who listens.
pub(crate) struct Feed {
    inner: Mutex<Inner>,
    joined: Notify,
}

struct Inner {
    seq: u64,
    /// What readers know.
    view: Arc<View>,
    logs: u64,
    /// When the last point that they know ended.
    end: Duration,
    rows: HashMap<u64, Told>,
    /// Of the view; made when somebody needs it.
    hello: Option<Arc<Event>>,
    /// The last intervals since the last hello.
    kept: VecDeque<Arc<Event>>,
    bytes_kept: usize,
    /// The event before the first one that is kept.
    floor: u64,
    readers: Vec<Reader>,
    /// Figures were forgotten since the last event.
    was_reset: bool,
}

/// What readers know of a row.
struct Told {
    stats: Arc<RowStats>,
    rates: [f64; 4],
}

impl Told {
    fn of(row: &RowSnapshot) -> Self {
        let rates = [row.current_rate, row.current_fail_rate, row.rate, row.fail_rate];
        Self { stats: Arc::clone(&row.stats), rates }
    }

    /// Whether there is anything new. The mean rate of a row that is idle falls all the time: a percent is worth telling.
    fn differs(&self, row: &RowSnapshot) -> bool {
        let far = |told: f64, now: f64| (told - now).abs() > now.abs() / 100.0;
        let [rate, fail_rate, mean, mean_fail] = self.rates;
        !Arc::ptr_eq(&self.stats, &row.stats)
            || rate != row.current_rate
            || fail_rate != row.current_fail_rate
            || far(mean, row.rate)
            || far(mean_fail, row.fail_rate)
    }
}

/// Where a process begins to number its events: behind whatever an earlier one can have sent, as there are fewer events than
/// milliseconds. So a reader that comes again after a restart is not taken for one that knows the figures of this process.
fn beginning() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// What a reader that comes again says it has seen last: `<run>-<seq>`.
pub(crate) fn last_seen(id: &str) -> Option<(u64, u64)> {
    let (run, seq) = id.split_once('-')?;
    Some((run.parse().ok()?, seq.parse().ok()?))
}

impl Feed {
    pub(crate) fn new(view: Arc<View>) -> Self {
        let end = points::last_end(&view.snapshot.history);
        let seq = beginning();
        let inner = Inner {
            seq,
            view,
            logs: 0,
            end,
            rows: HashMap::new(),
            hello: None,
            kept: VecDeque::new(),
            bytes_kept: 0,
            floor: seq,
            readers: Vec::new(),
            was_reset: false,
        };
        Self { inner: Mutex::new(inner), joined: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last event.
    pub(crate) fn seq(&self) -> u64 {
        self.lock().seq
    }
}

impl Shared {
    /// One more reader: from where it was, if that is still kept; else from the beginning.
    pub(crate) fn join(&self, seen: Option<(u64, u64)>, with_rows: bool, kick: Arc<Notify>) -> EventStream {
        let mut inner = self.feed.lock();
        inner.readers.retain(|reader| !reader.queue.is_closed());
        if inner.readers.is_empty() {
            // Nobody was there to be told: what has changed meanwhile comes first.
            inner.step(self);
        }
        let floor = inner.floor;
        let is_kept = |(run, seq): &(u64, u64)| *run == inner.view.run && (floor..=inner.seq).contains(seq);
        let first = match seen.filter(is_kept) {
            Some((_, seq)) => inner.kept.iter().filter(|event| event.seq > seq).cloned().collect(),
            None => VecDeque::from([inner.hello(self)]),
        };
        let (queue, events) = mpsc::channel(QUEUE);
        inner.readers.push(Reader { queue, kick });
        drop(inner);
        self.feed.joined.notify_one();
        EventStream::new(first, events, with_rows)
    }

    /// Tells readers what changes, for as long as it is polled.
    pub(crate) async fn pump(self: Arc<Self>) {
        let mut views = self.console.watch();
        let mut latest = self.console.view();
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let has_readers = {
                let mut inner = self.feed.lock();
                inner.readers.retain(|reader| !reader.queue.is_closed());
                !inner.readers.is_empty()
            };
            if !has_readers {
                self.feed.joined.notified().await;
                continue;
            }
            tokio::select! {
                _ = tick.tick() => self.feed.lock().step(&self),
                Ok(()) = views.changed() => {
                    // Buttons and states change at once; figures wait for their second.
                    let view = Arc::clone(&views.borrow_and_update());
                    let mut inner = self.feed.lock();
                    inner.was_reset |= was_reset(&latest, &view);
                    if inner.was_reset || is_news(&inner.view, &view) {
                        inner.step(&self);
                    }
                    latest = view;
                }
            }
        }
    }
}

/// Whether something happened that a person did or waits for.
fn is_news(before: &View, now: &View) -> bool {
    let brief = |view: &View| (view.run, view.state, view.spawning_paused, view.quitting, view.markers.len());
    brief(before) != brief(now)
        || before.ended != now.ended
        || before.problem != now.problem
        || before.asked != now.asked
}

impl Inner {
    /// Brings readers up to date.
    fn step(&mut self, shared: &Shared) {
        let view = shared.console.view();
        let logs = shared.console.last_log();
        if Arc::ptr_eq(&view, &self.view) && logs == self.logs {
            return;
        }
        let was_reset = std::mem::take(&mut self.was_reset) || was_reset(&self.view, &view);
        let begins_anew = view.run != self.view.run || was_reset;
        self.seq += 1;
        self.view = view;
        self.logs = logs;
        self.hello = None;
        if begins_anew {
            self.begin_anew(shared);
        } else {
            let event = self.interval(shared);
            self.keep(&event);
            self.tell(&event);
        }
    }

    /// Another run, or a reset: nothing of what readers know counts any more.
    fn begin_anew(&mut self, shared: &Shared) {
        self.kept.clear();
        self.bytes_kept = 0;
        self.floor = self.seq;
        self.end = points::last_end(&self.view.snapshot.history);
        let rows = &self.view.snapshot.rows;
        let ids = shared.ids.of(self.view.run, rows);
        self.rows = ids.into_iter().zip(rows).map(|(id, row)| (id, Told::of(row))).collect();
        if !self.readers.is_empty() {
            let hello = self.hello(shared);
            self.tell(&hello);
        }
    }

    /// What differs from what readers know; from now on they know it.
    fn interval(&mut self, shared: &Shared) -> Arc<Event> {
        let view = Arc::clone(&self.view);
        let (points, end) = points::since(&view.snapshot.history, self.end);
        self.end = end;
        let rows = &view.snapshot.rows;
        let ids = shared.ids.of(view.run, rows);
        let told = &mut self.rows;
        let mut changed = |(id, row): (u64, &RowSnapshot)| match told.get_mut(&id) {
            Some(known) if !known.differs(row) => false,
            Some(known) => {
                *known = Told::of(row);
                true
            }
            None => {
                told.insert(id, Told::of(row));
                true
            }
        };
        let rows: Vec<_> = ids
            .into_iter()
            .zip(rows)
            .filter(|(id, row)| changed((*id, row)))
            .map(|(id, row)| Row::of(id, row))
            .collect();
        let fields = Interval { seq: self.seq, run: &Run::of(&view, self.logs), points };
        Event::new("interval", view.run, self.seq, &fields, &rows)
    }

    /// All of what readers know. Encoded once, however many come.
    fn hello(&mut self, shared: &Shared) -> Arc<Event> {
        if let Some(hello) = &self.hello {
            return Arc::clone(hello);
        }
        let view = Arc::clone(&self.view);
        let ids = shared.ids.of(view.run, &view.snapshot.rows);
        let rows: Vec<_> = ids.into_iter().zip(&view.snapshot.rows).map(|(id, row)| Row::of(id, row)).collect();
        let history = &view.snapshot.history;
        let history = points::all(history, history.total());
        let fields = Hello { seq: self.seq, run: &Run::of(&view, self.logs), history };
        let hello = Event::new("hello", view.run, self.seq, &fields, &rows);
        self.hello = Some(Arc::clone(&hello));
        hello
    }

    fn keep(&mut self, event: &Arc<Event>) {
        self.bytes_kept += event.bytes();
        self.kept.push_back(Arc::clone(event));
        while self.kept.len() > MOST_KEPT || self.bytes_kept > MOST_BYTES_KEPT {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes_kept -= oldest.bytes();
            self.floor = oldest.seq;
        }
    }

    /// Whoever is too far behind is let go.
    fn tell(&mut self, event: &Arc<Event>) {
        self.readers.retain(|reader| match reader.queue.try_send(Arc::clone(event)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                reader.kick.notify_one();
                false
            }
        });
    }
}

/// Whether figures have been forgotten in between: what only grows is less, or time counts from later.
fn was_reset(before: &View, now: &View) -> bool {
    let requests = |view: &View| view.snapshot.total.stats.requests();
    // Without a point nobody has drawn an axis yet: so when the load begins after `setup`.
    let has_points = !points::last_end(&before.snapshot.history).is_zero();
    requests(now) < requests(before)
        || now.snapshot.measured < before.snapshot.measured
        || (has_points && now.snapshot.since > before.snapshot.since)
}

#[cfg(test)]
mod tests;

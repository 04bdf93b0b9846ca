//! The points of time series, and how they are kept: as bytes, as there may be a million of them.

use std::time::Duration;

use crate::stats::{Histogram, Times};

/// What became of requests in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Point {
    /// When it began, from the start of the run or the last reset.
    pub at: Duration,
    /// How long it is.
    pub length: Duration,
    /// Requests that ended well.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests whose future was dropped before the answer was complete.
    pub interrupted: u64,
    /// Service time of ok and failed requests.
    pub service: Times,
    /// Response time of those of tasks that start by a schedule.
    pub response: Times,
}

impl Point {
    /// A point without requests.
    #[must_use]
    pub fn new(at: Duration, length: Duration) -> Self {
        Self { at, length, ..Self::default() }
    }

    /// Requests with a verdict per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate of counts below 2^53")]
    pub fn rate(&self) -> f64 {
        let length = self.length.as_secs_f64();
        if length > 0.0 { (self.ok + self.failed) as f64 / length } else { 0.0 }
    }

    /// Adds a later or an earlier point: together they reach from the beginning of one to the end of the other.
    pub fn merge(&mut self, other: &Self) {
        (self.at, self.length) = span((self.at, self.length), (other.at, other.length));
        self.ok += other.ok;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.service.merge(&other.service);
        self.response.merge(&other.response);
    }

    /// Appends it; `coarser` says how many of the bits of buckets' numbers are left out.
    pub(super) fn write(&self, coarser: u8, out: &mut Vec<u8>) {
        for number in [millis(self.at), millis(self.length), self.ok, self.failed, self.interrupted] {
            write(number, out);
        }
        write_times(&self.service, coarser, out);
        write_times(&self.response, coarser, out);
    }

    pub(super) fn read(bytes: &mut &[u8]) -> Self {
        let mut number = || read(bytes);
        let (at, length) = (Duration::from_millis(number()), Duration::from_millis(number()));
        let (ok, failed, interrupted) = (number(), number(), number());
        let (service, response) = (read_times(bytes), read_times(bytes));
        Self { at, length, ok, failed, interrupted, service, response }
    }
}

/// The run in one stretch of time.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct RunPoint {
    /// When it began, from the start of the run or the last reset.
    pub at: Duration,
    /// How long it is.
    pub length: Duration,
    /// Users at its end.
    pub users: u64,
    /// Processors used by the load generator, in cores; `None` where the system does not tell.
    pub cpu: Option<f64>,
    /// Its memory in bytes, at the end.
    pub memory: Option<u64>,
    /// The share of time in which a thread that drives users was ready to run and got no core: of the one that fared worst.
    pub held_up: Option<f64>,
    /// The longest that a thread that drives users was late for a regular appointment with itself.
    pub queue_delay: Duration,
}

impl RunPoint {
    /// A point without anything.
    #[must_use]
    pub fn new(at: Duration, length: Duration) -> Self {
        Self { at, length, ..Self::default() }
    }

    /// Adds a later point.
    pub(crate) fn merge(&mut self, later: &Self) {
        let (mine, other) = (self.length.as_secs_f64(), later.length.as_secs_f64());
        let mean = |one: Option<f64>, two: Option<f64>| match (one, two) {
            (Some(one), Some(two)) if mine + other > 0.0 => Some((one * mine + two * other) / (mine + other)),
            (one, two) => two.or(one),
        };
        self.cpu = mean(self.cpu, later.cpu);
        self.held_up = mean(self.held_up, later.held_up);
        (self.at, self.length) = span((self.at, self.length), (later.at, later.length));
        self.users = later.users;
        self.memory = later.memory.or(self.memory);
        self.queue_delay = self.queue_delay.max(later.queue_delay);
    }

    /// The next point begins with what has not changed.
    pub(super) fn next(&mut self) {
        let users = self.users;
        *self = Self { users, ..Self::default() };
    }
}

fn span(one: (Duration, Duration), other: (Duration, Duration)) -> (Duration, Duration) {
    let at = one.0.min(other.0);
    (at, (one.0 + one.1).max(other.0 + other.1) - at)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// LEB128: seven bits a byte, from the lowest.
fn write(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// What [`write`] has written. Bytes are never from outside; of others it makes some number.
fn read(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn write_times(times: &Times, coarser: u8, out: &mut Vec<u8>) {
    if times.count() == 0 {
        write(0, out);
        return;
    }
    let (sum, min, max) = times.parts();
    let coarser = coarser.max(times.histogram().coarser());
    let fewer = coarser - times.histogram().coarser();
    // How many buckets there are is known when they are written.
    let mut buckets: Vec<(usize, u64)> = Vec::new();
    for (bucket, count) in times.histogram().counted() {
        match buckets.last_mut() {
            Some((last, counted)) if *last == bucket >> fewer => *counted += count,
            _ => buckets.push((bucket >> fewer, count)),
        }
    }
    write(buckets.len() as u64, out);
    for number in [u64::from(coarser), sum, min, max - min] {
        write(number, out);
    }
    let mut before = 0;
    for (bucket, count) in buckets {
        write((bucket - before) as u64, out);
        write(count, out);
        before = bucket;
    }
}

fn read_times(bytes: &mut &[u8]) -> Times {
    let buckets = read(bytes);
    if buckets == 0 {
        return Times::default();
    }
    let coarser = read(bytes);
    let (sum, min) = (read(bytes), read(bytes));
    let max = min.saturating_add(read(bytes));
    let (mut histogram, mut bucket) = (Histogram::coarser_by(coarser as u8), 0);
    for _ in 0..buckets {
        bucket += read(bytes) as usize;
        let count = read(bytes);
        histogram.add(bucket, count);
    }
    Times::of_parts(sum, min, max, histogram)
}

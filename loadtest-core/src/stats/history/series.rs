//! Series of points that become fewer as they grow older.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::points::{Point, RunPoint};

/// Points that are kept and thinned together.
const CHUNK: usize = 60;
/// The lengths of the points of each level, in milliseconds.
const LENGTHS: [u128; 3] = [1000, 10_000, 60_000];

/// How much a series keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Chunks of 60 points on each level.
    pub(super) chunks: [usize; 3],
    /// By how many bits the histograms are coarser.
    pub(super) coarser: u8,
}

/// Points of about one length.
#[derive(Debug, Clone, Default, PartialEq)]
struct Level {
    /// Shared with the snapshots that have them: a series is copied when it changes, once a second.
    full: VecDeque<Arc<[u8]>>,
    open: Vec<u8>,
    in_open: usize,
}

impl Level {
    fn push(&mut self, point: &Point, coarser: u8) {
        point.write(coarser, &mut self.open);
        self.in_open += 1;
        if self.in_open == CHUNK {
            self.full.push_back(self.open.as_slice().into());
            self.open = Vec::new();
            self.in_open = 0;
        }
    }

    fn points(&self) -> impl DoubleEndedIterator<Item = Point> {
        self.full.iter().map(|chunk| &**chunk).chain([self.open.as_slice()]).flat_map(points_of)
    }

    fn bytes(&self) -> usize {
        self.full.iter().map(|chunk| chunk.len() + 16).sum::<usize>() + self.open.capacity()
    }
}

fn points_of(mut bytes: &[u8]) -> Vec<Point> {
    let mut points = Vec::with_capacity(CHUNK);
    while !bytes.is_empty() {
        points.push(Point::read(&mut bytes));
    }
    points
}

/// Makes one of neighbours for which that is asked.
fn merged<P>(
    points: impl IntoIterator<Item = P>,
    together: impl Fn(&P, &P) -> bool,
    merge: impl Fn(&mut P, &P),
) -> Vec<P> {
    let mut all: Vec<P> = Vec::new();
    for point in points {
        match all.last_mut() {
            Some(last) if together(last, &point) => merge(last, &point),
            _ => all.push(point),
        }
    }
    all
}

/// Makes one of each two.
fn paired<P>(points: impl IntoIterator<Item = P>, merge: impl Fn(&mut P, &P)) -> Vec<P> {
    let mut all: Vec<P> = Vec::new();
    for (index, point) in points.into_iter().enumerate() {
        match all.last_mut() {
            Some(last) if index % 2 == 1 => merge(last, &point),
            _ => all.push(point),
        }
    }
    all
}

/// Whether two times are in the same stretch of this length.
fn same(one: Duration, other: Duration, length: u128) -> bool {
    one.as_millis() / length == other.as_millis() / length
}

/// The time series of one row.
#[derive(Debug, Clone)]
pub(super) struct Series {
    limits: Limits,
    /// The newest points first.
    levels: [Level; 3],
}

impl Series {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, levels: Default::default() }
    }

    pub(super) fn of_points(limits: Limits, points: impl IntoIterator<Item = Point>) -> Self {
        let mut series = Self::new(limits);
        // All on one level: they were thinned before, and nothing is added to them.
        points.into_iter().for_each(|point| series.levels[0].push(&point, limits.coarser));
        series
    }

    pub(super) fn push(&mut self, point: &Point) {
        self.push_to(0, point);
    }

    fn push_to(&mut self, level: usize, point: &Point) {
        self.levels[level].push(point, self.limits.coarser);
        if self.levels[level].full.len() > self.limits.chunks[level] {
            if level + 1 < self.levels.len() {
                self.age(level);
            } else {
                self.pair(level);
            }
        }
    }

    /// Moves the oldest chunk of a level to the next.
    fn age(&mut self, level: usize) {
        let Some(chunk) = self.levels[level].full.pop_front() else { return };
        let length = LENGTHS[level + 1];
        let together = |one: &Point, other: &Point| same(one.at, other.at, length);
        for point in merged(points_of(&chunk), together, Point::merge) {
            self.push_to(level + 1, &point);
        }
    }

    /// Makes one of each two points of a level.
    fn pair(&mut self, level: usize) {
        let old = std::mem::take(&mut self.levels[level]);
        for point in paired(old.points(), Point::merge) {
            self.levels[level].push(&point, self.limits.coarser);
        }
    }

    /// Makes it smaller: the points that are older than ten minutes first, as long as they are a fifth of it.
    pub(super) fn thin(&mut self) {
        let [newest, older, oldest] = self.levels.each_ref().map(Level::bytes);
        if older + oldest < newest / 4 {
            self.age(0);
        } else {
            self.pair(if older > oldest { 1 } else { 2 });
        }
    }

    /// From the oldest.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> {
        self.levels.iter().rev().flat_map(Level::points)
    }

    /// From the newest; only as much is decoded as is looked at.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = Point> {
        self.levels.iter().flat_map(|level| level.points().rev())
    }

    /// The points that end after `from` and not after `until`, in one.
    pub(super) fn window(&self, from: Duration, until: Duration) -> Option<Point> {
        let inside = self
            .newest_first()
            .skip_while(|point| point.at + point.length > until)
            .take_while(|point| point.at + point.length > from);
        inside.reduce(|mut all, point| {
            all.merge(&point);
            all
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.levels.iter().map(Level::bytes).sum()
    }
}

impl PartialEq for Series {
    /// Equal when they have the same points, on whichever levels.
    fn eq(&self, other: &Self) -> bool {
        self.points().eq(other.points())
    }
}

/// The time series of the run itself, thinned in the same way.
#[derive(Debug, Clone)]
pub(super) struct Thinned {
    limits: Limits,
    levels: [VecDeque<RunPoint>; 3],
}

impl Thinned {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, levels: Default::default() }
    }

    pub(super) fn of_points(limits: Limits, points: impl IntoIterator<Item = RunPoint>) -> Self {
        let mut thinned = Self::new(limits);
        thinned.levels[0].extend(points);
        thinned
    }

    pub(super) fn push(&mut self, point: RunPoint) {
        self.push_to(0, point);
    }

    fn push_to(&mut self, level: usize, point: RunPoint) {
        self.levels[level].push_back(point);
        if self.levels[level].len() < (self.limits.chunks[level] + 1) * CHUNK {
            return;
        }
        if level + 1 == self.levels.len() {
            self.levels[level] = paired(std::mem::take(&mut self.levels[level]), RunPoint::merge).into();
            return;
        }
        let length = LENGTHS[level + 1];
        let together = |one: &RunPoint, other: &RunPoint| same(one.at, other.at, length);
        let oldest = self.levels[level].drain(..CHUNK).collect::<Vec<_>>();
        for point in merged(oldest, together, RunPoint::merge) {
            self.push_to(level + 1, point);
        }
    }

    pub(super) fn points(&self) -> impl Iterator<Item = &RunPoint> {
        self.levels.iter().rev().flatten()
    }
}

impl PartialEq for Thinned {
    fn eq(&self, other: &Self) -> bool {
        self.points().eq(other.points())
    }
}

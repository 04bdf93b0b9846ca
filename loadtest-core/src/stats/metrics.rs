//! Metrics of a test's own: counters, gauges and trends, by name.

mod values;

use hashbrown::{Equivalent, HashMap};
use tokio::time::Instant;

use super::interval::shortened;
use super::recorder::{LONGEST_NAME, OTHER};
pub use values::{CounterStats, GaugeStats, TrendStats};

/// Different metrics kept per run; further ones of a kind are counted in one, `(other)`.
pub(crate) const MOST_METRICS: usize = 1000;
/// The longest unit kept, in bytes; longer ones are cut.
const LONGEST_UNIT: usize = 64;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MetricKind {
    /// Something that adds up.
    Counter,
    /// Something that goes up and down.
    Gauge,
    /// Values of which the distribution matters.
    Trend,
}

impl MetricKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Trend => "trend",
        }
    }
}

/// The figures of one metric, by its kind.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetricStats {
    /// Of a counter.
    Counter(CounterStats),
    /// Of a gauge.
    Gauge(GaugeStats),
    /// Of a trend.
    Trend(TrendStats),
}

impl MetricStats {
    fn new(kind: MetricKind) -> Self {
        match kind {
            MetricKind::Counter => Self::Counter(CounterStats::default()),
            MetricKind::Gauge => Self::Gauge(GaugeStats::default()),
            MetricKind::Trend => Self::Trend(TrendStats::default()),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        match self {
            Self::Counter(_) => MetricKind::Counter,
            Self::Gauge(_) => MetricKind::Gauge,
            Self::Trend(_) => MetricKind::Trend,
        }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Counter(counter) => counter.count,
            Self::Gauge(gauge) => gauge.count(),
            Self::Trend(trend) => trend.count(),
        }
    }

    fn total(&self) -> u64 {
        if let Self::Counter(counter) = self { counter.total } else { 0 }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Counter(mine), Self::Counter(theirs)) => mine.merge(theirs),
            (Self::Gauge(mine), Self::Gauge(theirs)) => mine.merge(theirs),
            (Self::Trend(mine), Self::Trend(theirs)) => mine.merge(theirs),
            _ => unreachable!("the kind is part of what metrics are looked up by"),
        }
    }

    /// Forgets everything and keeps the memory.
    fn clear(&mut self) {
        match self {
            Self::Counter(counter) => *counter = CounterStats::default(),
            Self::Gauge(gauge) => *gauge = GaugeStats::default(),
            Self::Trend(trend) => trend.clear(),
        }
    }
}

/// One metric at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MetricSnapshot {
    /// What the test called it.
    pub name: Box<str>,
    /// The unit of its values; empty when the test gave none.
    pub unit: Box<str>,
    /// The figures since the start or the last reset.
    pub stats: MetricStats,
    /// What was added to a counter per second, from the start to the last request of the run; 0 for other kinds.
    pub rate: f64,
    /// Values that were not counted, because a metric of this kind cannot have them.
    pub refused: u64,
}

/// What metrics are looked up by. With the kind: a name that is used for two kinds is two metrics, so nothing is lost
/// and it does not matter which shard was first; the report warns of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct MetricKey {
    name: Box<str>,
    kind: MetricKind,
}

#[derive(Hash)]
struct MetricKeyRef<'a> {
    name: &'a str,
    kind: MetricKind,
}

impl Equivalent<MetricKey> for MetricKeyRef<'_> {
    fn equivalent(&self, key: &MetricKey) -> bool {
        self.kind == key.kind && *self.name == *key.name
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Metric {
    stats: MetricStats,
    /// Of several, the first in the alphabet: then the order of merging does not matter.
    unit: Box<str>,
    units_differ: bool,
    refused: u64,
    /// What `setup` counted before the load: no part of the rate.
    before: u64,
}

impl Metric {
    fn new(kind: MetricKind) -> Self {
        Self { stats: MetricStats::new(kind), unit: Box::default(), units_differ: false, refused: 0, before: 0 }
    }

    #[inline]
    fn see_unit(&mut self, unit: &str) {
        if !unit.is_empty() && *self.unit != *unit {
            self.see_other_unit(shortened(unit, LONGEST_UNIT));
        }
    }

    #[cold]
    fn see_other_unit(&mut self, unit: &str) {
        if *self.unit == *unit {
            return;
        }
        self.units_differ |= !self.unit.is_empty();
        if self.unit.is_empty() || *unit < *self.unit {
            self.unit = unit.into();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.stats.merge(&other.stats);
        self.see_unit(&other.unit);
        self.units_differ |= other.units_differ;
        self.refused += other.refused;
    }

    fn is_empty(&self) -> bool {
        self.stats.count() == 0 && self.refused == 0
    }
}

/// The metrics of one shard between two ticks, or of a run.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    ids: HashMap<MetricKey, usize>,
    metrics: Vec<Metric>,
}

impl Metrics {
    #[inline]
    fn metric(&mut self, kind: MetricKind, name: &str) -> &mut Metric {
        let name = shortened(name, LONGEST_NAME);
        let id = match self.ids.get(&MetricKeyRef { name, kind }) {
            Some(id) => *id,
            None => self.new_metric(kind, name),
        };
        &mut self.metrics[id]
    }

    #[cold]
    fn new_metric(&mut self, kind: MetricKind, name: &str) -> usize {
        let name = if self.ids.len() < MOST_METRICS { name } else { OTHER };
        *self.ids.entry(MetricKey { name: name.into(), kind }).or_insert_with(|| {
            self.metrics.push(Metric::new(kind));
            self.metrics.len() - 1
        })
    }

    /// Those in which something was counted.
    fn all(&self) -> impl Iterator<Item = (&MetricKey, &Metric)> {
        self.ids.iter().map(|(key, id)| (key, &self.metrics[*id])).filter(|(_, metric)| !metric.is_empty())
    }

    pub(crate) fn add(&mut self, name: &str, unit: &str, amount: u64) {
        let metric = self.metric(MetricKind::Counter, name);
        metric.see_unit(unit);
        if let MetricStats::Counter(counter) = &mut metric.stats {
            counter.add(amount);
        }
    }

    pub(crate) fn set(&mut self, name: &str, unit: &str, value: f64, at: Instant) {
        let metric = self.metric(MetricKind::Gauge, name);
        metric.see_unit(unit);
        if let MetricStats::Gauge(gauge) = &mut metric.stats {
            metric.refused += u64::from(!gauge.set(value, at));
        }
    }

    pub(crate) fn record(&mut self, name: &str, unit: &str, value: f64) {
        let metric = self.metric(MetricKind::Trend, name);
        metric.see_unit(unit);
        if let MetricStats::Trend(trend) = &mut metric.stats {
            metric.refused += u64::from(!trend.record(value));
        }
    }

    /// Adds all of `other`: associative and commutative, and the same as recording everything into one.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, metric) in other.all() {
            self.metric(key.kind, &key.name).merge(metric);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.metrics.iter().all(Metric::is_empty)
    }

    /// Forgets all values and keeps the memory, so that recording the like again allocates nothing.
    pub(crate) fn clear(&mut self) {
        for metric in &mut self.metrics {
            metric.stats.clear();
            metric.refused = 0;
            metric.units_differ = false;
        }
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.ids.clear();
        self.metrics.clear();
    }

    /// Rates count from here.
    pub(crate) fn begin(&mut self) {
        for metric in &mut self.metrics {
            metric.before = metric.stats.total();
        }
    }

    /// The metrics, sorted by name and kind; with what makes a rate of a sum.
    pub(crate) fn snapshot(&self, per_second: impl Fn(u64) -> f64) -> Vec<MetricSnapshot> {
        let mut metrics: Vec<_> = self.all().collect();
        metrics.sort_by_key(|(key, _)| *key);
        let snapshot = |(key, metric): (&MetricKey, &Metric)| MetricSnapshot {
            name: key.name.clone(),
            // What is counted together because there are too many names has no unit.
            unit: if *key.name == *OTHER { Box::default() } else { metric.unit.clone() },
            stats: metric.stats.clone(),
            rate: per_second(metric.stats.total().saturating_sub(metric.before)),
            refused: metric.refused,
        };
        metrics.into_iter().map(snapshot).collect()
    }

    /// What a person should know of them.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.all().collect();
        keys.sort_by_key(|(key, _)| *key);
        let mut warnings = Vec::new();
        if keys.iter().any(|(key, _)| *key.name == *OTHER) {
            warnings.push(format!(
                "there are more than {MOST_METRICS} custom metrics: further ones are counted as {OTHER}; \
                 keep numbers and ids out of their names"
            ));
        }
        let named = || keys.iter().filter(|(key, _)| *key.name != *OTHER);
        for (first, second) in named().zip(named().skip(1)).filter(|(first, second)| first.0.name == second.0.name) {
            let (name, one, other) = (&first.0.name, first.0.kind.as_str(), second.0.kind.as_str());
            warnings.push(format!(
                "the custom metric `{name}` is used as a {one} and as a {other}: they are two metrics; rename one"
            ));
        }
        for (key, metric) in named() {
            let (name, kind, refused) = (&key.name, key.kind.as_str(), metric.refused);
            if refused > 0 {
                let range = match key.kind {
                    MetricKind::Trend => "from 0 to 1.8e13",
                    _ => "from -1e18 to 1e18",
                };
                warnings
                    .push(format!("{refused} values of the {kind} `{name}` were not counted: give numbers {range}"));
            }
            if metric.units_differ {
                warnings.push(format!("the {kind} `{name}` is recorded in different units: its figures mean nothing"));
            }
        }
        warnings
    }
}

#[cfg(test)]
mod tests;

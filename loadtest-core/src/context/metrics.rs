//! Metrics of a test's own, as users record them.

use tokio::time::Instant;

use crate::context::{Context, SetupContext};
use crate::stats::RecorderHandle;

/// What the three kinds have in common: where, under which name, in which unit.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    recorder: &'a RecorderHandle,
    name: &'a str,
    unit: &'a str,
}

/// Adds up: orders placed, bytes read, retries. See [`Context::counter`].
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is counted before `add`"]
pub struct Counter<'a>(Named<'a>);

impl<'a> Counter<'a> {
    /// With the unit of what is counted, for the report.
    pub fn unit(self, unit: &'a str) -> Self {
        Self(Named { unit, ..self.0 })
    }

    /// Adds this much.
    pub fn add(self, amount: u64) {
        let Named { recorder, name, unit } = self.0;
        recorder.metrics(|metrics| metrics.add(name, unit, amount));
    }
}

/// Follows something that goes up and down: the length of a queue, a balance. See [`Context::gauge`].
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is recorded before `set`"]
pub struct Gauge<'a>(Named<'a>);

impl<'a> Gauge<'a> {
    /// With the unit of its values, for the report.
    pub fn unit(self, unit: &'a str) -> Self {
        Self(Named { unit, ..self.0 })
    }

    /// Sets it to a number from -10^18 to 10^18. What is none is not counted, and the report warns of it.
    pub fn set(self, value: impl Into<f64>) {
        let Named { recorder, name, unit } = self.0;
        let (value, now) = (value.into(), Instant::now());
        recorder.metrics(|metrics| metrics.set(name, unit, value, now));
    }
}

/// Shows how values are distributed: tokens per answer, articles per cart. See [`Context::trend`].
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is recorded before `record`"]
pub struct Trend<'a>(Named<'a>);

impl<'a> Trend<'a> {
    /// With the unit of its values, for the report.
    pub fn unit(self, unit: &'a str) -> Self {
        Self(Named { unit, ..self.0 })
    }

    /// Counts a value from 0 to 1.8 · 10^13, in steps of a millionth. What is none is not counted, and the report warns
    /// of it.
    pub fn record(self, value: impl Into<f64>) {
        let Named { recorder, name, unit } = self.0;
        let value = value.into();
        recorder.metrics(|metrics| metrics.record(name, unit, value));
    }
}

impl Context {
    fn named<'a>(&'a self, name: &'a str) -> Named<'a> {
        Named { recorder: self.recorder(), name, unit: "" }
    }

    /// A counter of the test's own. The report shows its sum, and that per second.
    ///
    /// Metrics are recorded without a lock and, once their names are known, without an allocation; those of all threads
    /// are merged under their name. A run keeps 1,000 names; further ones are counted as `(other)`, and the report warns
    /// of it, as it does when a name is used for two kinds, which are two metrics then.
    ///
    /// ```
    /// # use loadtest_core::Context;
    /// fn ordered(cx: &Context, articles: u32, queue: u32, tokens: f64) {
    ///     cx.counter("orders").add(1);
    ///     cx.gauge("queue length").set(queue);
    ///     cx.trend("articles per order").record(articles);
    ///     cx.trend("tokens per answer").unit("tokens").record(tokens);
    /// }
    /// ```
    pub fn counter<'a>(&'a self, name: &'a str) -> Counter<'a> {
        Counter(self.named(name))
    }

    /// A gauge of the test's own. The report shows the value that was set last (by the clock, over all users and
    /// threads), the smallest, the largest, and the mean of all that were set.
    pub fn gauge<'a>(&'a self, name: &'a str) -> Gauge<'a> {
        Gauge(self.named(name))
    }

    /// A trend of the test's own. The report shows the exact minimum, mean and maximum of its values, and percentiles
    /// that are at most 0.4 % off.
    pub fn trend<'a>(&'a self, name: &'a str) -> Trend<'a> {
        Trend(self.named(name))
    }
}

impl SetupContext {
    /// As [`Context::counter`].
    pub fn counter<'a>(&'a self, name: &'a str) -> Counter<'a> {
        self.0.counter(name)
    }

    /// As [`Context::gauge`].
    pub fn gauge<'a>(&'a self, name: &'a str) -> Gauge<'a> {
        self.0.gauge(name)
    }

    /// As [`Context::trend`].
    pub fn trend<'a>(&'a self, name: &'a str) -> Trend<'a> {
        self.0.trend(name)
    }
}

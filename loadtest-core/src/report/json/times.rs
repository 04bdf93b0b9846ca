//! Times, and what is made of them: percentiles for who reads the file, buckets for who reads it back.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::form::{As, Fields, Json, Object, Wrong, object};
use crate::stats::{
    CounterStats, GaugeStats, Histogram, MetricSnapshot, MetricStats, NO_STATUS, PhaseTimes, Phases, RowStats,
    Statuses, Times, TrendStats,
};

/// The percentiles that are written for readers; they are made of the buckets again when they are read.
const SHOWN: [(&str, f64); 6] =
    [("p50", 50.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0), ("p999", 99.9), ("p9999", 99.99)];
/// With one more bit left out, values below 128 would share a bucket.
const COARSEST: u8 = 6;

fn micros(time: Option<Duration>) -> Option<u64> {
    time.and_then(|time| u64::try_from(time.as_micros()).ok())
}

/// The lowest value of each bucket and its count.
struct Buckets<'a>(&'a Histogram);

impl Serialize for Buckets<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.buckets().map(|(lowest, _, count)| (lowest, count)))
    }
}

fn read_histogram(from: &mut Object) -> Result<Histogram, Wrong> {
    let coarser: u8 = from.take("coarser")?;
    if coarser > COARSEST {
        return Err(Wrong::new(format!("`coarser` is at most {COARSEST}")));
    }
    let mut histogram = Histogram::coarser_by(coarser);
    for (lowest, count) in from.take::<Vec<(u64, u64)>>("buckets")? {
        if histogram.count().checked_add(count).is_none() {
            return Err(Wrong::new("the buckets count more than there are numbers"));
        }
        histogram.record_many(lowest, count);
    }
    Ok(histogram)
}

/// The same without what is for readers only: there may be thousands.
pub(super) struct Compact<'a>(pub(super) &'a Times);

impl Serialize for Compact<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write_times(self.0, false, to)
    }
}

fn write_times<S: Serializer>(times: &Times, for_readers: bool, to: S) -> Result<S::Ok, S::Error> {
    if times.count() == 0 {
        return to.serialize_none();
    }
    let mut map = to.serialize_map(None)?;
    let (sum, min, max) = times.parts();
    if for_readers {
        map.serialize_entry("count", &times.count())?;
        map.serialize_entry("mean_us", &times.mean().map(|mean| mean.as_secs_f64() * 1e6))?;
        for (name, percentile) in SHOWN {
            map.serialize_entry(&format!("{name}_us"), &micros(times.percentile(percentile)))?;
        }
    }
    map.serialize_entry("sum_us", &sum)?;
    map.serialize_entry("min_us", &min)?;
    map.serialize_entry("max_us", &max)?;
    map.serialize_entry("coarser", &times.histogram().coarser())?;
    map.serialize_entry("buckets", &Buckets(times.histogram()))?;
    map.end()
}

/// Null when nothing was counted.
impl Json for Times {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write_times(self, true, to)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        if value.is_null() {
            return Ok(Self::default());
        }
        let mut from = Object::of(value)?;
        let (sum, min, max) = (from.take("sum_us")?, from.take("min_us")?, from.take("max_us")?);
        let histogram = read_histogram(&mut from)?;
        if min > max || histogram.count() == 0 {
            return Err(Wrong::new(
                "these are no times: they have no buckets, or their minimum is above their maximum",
            ));
        }
        Ok(Self::of_parts(sum, min, max, histogram))
    }
}

impl Json for PhaseTimes {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (name, times) in self.all() {
            map.serialize_entry(&name.replace(' ', "_"), &As(times))?;
        }
        map.end()
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let mut from = Object::of(value)?;
        Ok(Self::of_parts([
            from.take("blocked")?,
            from.take("dns")?,
            from.take("connect")?,
            from.take("tls")?,
            from.take("first_byte")?,
            from.take("download")?,
        ]))
    }
}

object!(Phases [] {
    blocked as "blocked_ns",
    dns as "dns_ns",
    connect as "connect_ns",
    tls as "tls_ns",
    first_byte as "first_byte_ns",
    download as "download_ns",
    opened,
    reused,
    retried,
});

/// One status as it is read.
struct Status {
    code: Option<u16>,
    service: Times,
}

object!(Status [] { code, service });

/// The statuses of a row, which may be the times of the row.
struct OfRow<'a>(&'a RowStats);

impl Serialize for OfRow<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.statuses().map(|status| Status { code: status.code, service: status.service.clone() }))
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        As(self).serialize(to)
    }
}

impl Json for Statuses {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // A row writes them, as it has the times of its only status.
        to.serialize_none()
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let mut each: Vec<_> = Vec::<Status>::read(value)?
            .into_iter()
            .map(|status| (status.code.unwrap_or(NO_STATUS), status.service))
            .collect();
        each.sort_by_key(|(code, _)| *code);
        Ok(Self::of_parts(each))
    }
}

/// Counts of what came to an end must have a sum.
pub(super) fn check_books(counts: [u64; 3]) -> Result<(), Wrong> {
    let sum = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
    sum.map(|_| ()).ok_or_else(|| Wrong::new("there are more requests than there are numbers"))
}

impl Fields for RowStats {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry("started", &self.started)?;
        to.serialize_entry("ok", &self.ok)?;
        to.serialize_entry("failed", &self.failed)?;
        to.serialize_entry("interrupted", &self.interrupted)?;
        to.serialize_entry("written", &self.written)?;
        to.serialize_entry("bytes_sent", &self.bytes_sent)?;
        to.serialize_entry("bytes_received", &self.bytes_received)?;
        to.serialize_entry("bytes_interrupted", &self.bytes_interrupted)?;
        to.serialize_entry("content_bytes", &self.content_bytes)?;
        to.serialize_entry("connections_opened", &self.connections_opened)?;
        to.serialize_entry("connections_reused", &self.connections_reused)?;
        to.serialize_entry("retries", &self.retries)?;
        to.serialize_entry("service", &As(&self.service))?;
        to.serialize_entry("response", &As(&self.response))?;
        to.serialize_entry("phases", &As(&self.phases))?;
        to.serialize_entry("statuses", &OfRow(self))
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        let row = Self {
            started: from.take("started")?,
            ok: from.take("ok")?,
            failed: from.take("failed")?,
            interrupted: from.take("interrupted")?,
            written: from.take("written")?,
            bytes_sent: from.take("bytes_sent")?,
            bytes_received: from.take("bytes_received")?,
            bytes_interrupted: from.take("bytes_interrupted")?,
            content_bytes: from.take("content_bytes")?,
            connections_opened: from.take("connections_opened")?,
            connections_reused: from.take("connections_reused")?,
            retries: from.take("retries")?,
            service: from.take("service")?,
            response: from.take("response")?,
            phases: from.take("phases")?,
            statuses: from.take("statuses")?,
        };
        check_books([row.ok, row.failed, row.interrupted])?;
        Ok(row)
    }
}

object!(CounterStats [] { total, count });

/// Values between which the others lie.
fn check_range(count: u64, min: f64, max: f64) -> Result<(), Wrong> {
    if count == 0 || min <= max { Ok(()) } else { Err(Wrong::new("the smallest value is above the largest")) }
}

impl Fields for GaugeStats {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry("count", &self.count())?;
        to.serialize_entry("mean", &self.mean())?;
        to.serialize_entry("sum_millionths", &As(&self.sum()))?;
        to.serialize_entry("min", &self.min())?;
        to.serialize_entry("max", &self.max())?;
        to.serialize_entry("last", &self.last())
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        let count = from.take("count")?;
        if count == 0 {
            return Ok(Self::default());
        }
        let (min, max) = (from.take("min")?, from.take("max")?);
        check_range(count, min, max)?;
        Ok(Self::of_parts(count, from.take("sum_millionths")?, min, max, from.take("last")?))
    }
}

impl Fields for TrendStats {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        let (sum, histogram, fractions) = self.parts();
        to.serialize_entry("count", &self.count())?;
        to.serialize_entry("mean", &self.mean())?;
        for (name, percentile) in SHOWN {
            to.serialize_entry(name, &self.percentile(percentile))?;
        }
        to.serialize_entry("sum_millionths", &As(&sum))?;
        to.serialize_entry("min", &self.min())?;
        to.serialize_entry("max", &self.max())?;
        to.serialize_entry("fractions", &fractions)?;
        to.serialize_entry("coarser", &histogram.coarser())?;
        to.serialize_entry("buckets", &Buckets(histogram))
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        let histogram = read_histogram(from)?;
        if histogram.count() == 0 {
            return Ok(Self::default());
        }
        let (min, max) = (from.take("min")?, from.take("max")?);
        check_range(histogram.count(), min, max)?;
        Ok(Self::of_parts(from.take("sum_millionths")?, min, max, histogram, from.take("fractions")?))
    }
}

impl Fields for MetricStats {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry("kind", self.kind().as_str())?;
        match self {
            Self::Counter(counter) => counter.write_fields(to),
            Self::Gauge(gauge) => gauge.write_fields(to),
            Self::Trend(trend) => trend.write_fields(to),
        }
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        match from.take::<String>("kind")?.as_str() {
            "counter" => CounterStats::read_fields(from).map(Self::Counter),
            "gauge" => GaugeStats::read_fields(from).map(Self::Gauge),
            "trend" => TrendStats::read_fields(from).map(Self::Trend),
            other => Err(Wrong::new(format!("there is no kind of metric `{other}`"))),
        }
    }
}

object!(MetricSnapshot [stats] { name, unit, rate, refused });

//! Figures of custom metrics.

use super::Missing;
use crate::stats::{MetricKind, MetricSnapshot, MetricStats, Snapshot};
use crate::threshold::figure::Figure;
use crate::threshold::pattern::Pattern;
use crate::threshold::value::Value;

/// Of the metric of this name, or of all of such names in one.
pub(super) fn figure(figure: Figure, name: &Pattern, kind: MetricKind, snapshot: &Snapshot) -> Result<Value, Missing> {
    let of_kind = snapshot.metrics.iter().filter(|metric| metric.stats.kind() == kind && metric.stats.count() > 0);
    let mut matching = of_kind.filter(|metric| name.matches(&metric.name));
    let mut all = matching.next().ok_or(Missing::Name)?.clone();
    for metric in matching {
        all.stats.merge(&metric.stats);
        all.rate += metric.rate;
    }
    of(figure, &all).map(Value::Number).ok_or(Missing::Figure("nothing was recorded"))
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53, and sums that are compared with numbers of people")]
fn of(figure: Figure, metric: &MetricSnapshot) -> Option<f64> {
    match (&metric.stats, figure) {
        (stats, Figure::Count) => Some(stats.count() as f64),
        (MetricStats::Counter(counter), Figure::Total) => Some(counter.total as f64),
        (MetricStats::Counter(_), Figure::Rate) => Some(metric.rate),
        (MetricStats::Gauge(gauge), Figure::Last) => gauge.last(),
        (MetricStats::Gauge(gauge), Figure::Min) => gauge.min(),
        (MetricStats::Gauge(gauge), Figure::Mean) => gauge.mean(),
        (MetricStats::Gauge(gauge), Figure::Max) => gauge.max(),
        (MetricStats::Trend(trend), Figure::Min | Figure::Percentile(0.0)) => trend.min(),
        (MetricStats::Trend(trend), Figure::Mean) => trend.mean(),
        (MetricStats::Trend(trend), Figure::Median) => trend.percentile(50.0),
        (MetricStats::Trend(trend), Figure::Max) => trend.max(),
        (MetricStats::Trend(trend), Figure::Percentile(percentile)) => trend.percentile(percentile),
        _ => None,
    }
}

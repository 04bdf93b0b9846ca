//! The figures that can be asked for, and of what.

use std::fmt;

use super::selector::Subject;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    /// From 0 to 100.
    Percentile(f64),
    Min,
    Mean,
    Median,
    Max,
    Count,
    Ok,
    Failed,
    Interrupted,
    FailRatio,
    /// Requests with a status among all.
    Ratio,
    /// Per second.
    Rate,
    FailRate,
    /// Of a counter.
    Total,
    /// Of a gauge.
    Last,
}

/// The words for them; the first of each is the one that is written.
pub(super) const WORDS: [(&str, Figure); 20] = [
    ("p95", Figure::Percentile(95.0)),
    ("p99", Figure::Percentile(99.0)),
    ("min", Figure::Min),
    ("mean", Figure::Mean),
    ("avg", Figure::Mean),
    ("median", Figure::Median),
    ("med", Figure::Median),
    ("max", Figure::Max),
    ("count", Figure::Count),
    ("ok", Figure::Ok),
    ("failed", Figure::Failed),
    ("interrupted", Figure::Interrupted),
    ("fail_ratio", Figure::FailRatio),
    ("ratio", Figure::Ratio),
    ("rps", Figure::Rate),
    ("rate", Figure::Rate),
    ("fails_per_second", Figure::FailRate),
    ("total", Figure::Total),
    ("last", Figure::Last),
    ("value", Figure::Last),
];

/// What other tools call them.
pub(super) const ELSEWHERE: [(&str, &str); 16] = [
    ("average", "mean"),
    ("check_fail_ratio", "fail_ratio"),
    ("duration", "p95"),
    ("error_rate", "fail_ratio"),
    ("error_ratio", "fail_ratio"),
    ("errors", "failed"),
    ("fail_rate", "fail_ratio"),
    ("failure_rate", "fail_ratio"),
    ("failures", "failed"),
    ("http_req_duration", "p95"),
    ("http_req_failed", "fail_ratio"),
    ("http_reqs", "rps"),
    ("latency", "p95"),
    ("percentile", "p95"),
    ("requests", "count"),
    ("throughput", "rps"),
];

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Time,
    Ratio,
    Number,
}

impl Figure {
    pub(super) fn dimension(self, subject: &Subject) -> Dimension {
        match self {
            Self::Percentile(_) | Self::Min | Self::Mean | Self::Median | Self::Max if subject.has_times() => {
                Dimension::Time
            }
            Self::FailRatio | Self::Ratio => Dimension::Ratio,
            _ => Dimension::Number,
        }
    }

    /// Whether it is one of the times of which there are two.
    pub(super) fn is_time(self, subject: &Subject) -> bool {
        self.dimension(subject) == Dimension::Time
    }

    /// Whether there is such a figure of this.
    pub(super) fn is_of(self, subject: &Subject) -> bool {
        match subject {
            Subject::Requests(_) | Subject::Transaction(_) | Subject::Task(_) | Subject::User(_) => {
                !matches!(self, Self::Ratio | Self::Total | Self::Last)
            }
            Subject::Statuses(..) => {
                matches!(
                    self,
                    Self::Percentile(_) | Self::Min | Self::Mean | Self::Median | Self::Max | Self::Count | Self::Ratio
                )
            }
            Subject::Counter(_) => matches!(self, Self::Total | Self::Count | Self::Rate),
            Subject::Gauge(_) => matches!(self, Self::Last | Self::Count | Self::Min | Self::Mean | Self::Max),
            Subject::Trend(_) => {
                matches!(self, Self::Percentile(_) | Self::Min | Self::Mean | Self::Median | Self::Max | Self::Count)
            }
        }
    }

    /// The words for all figures of this.
    pub(super) fn words_of(subject: &Subject) -> Vec<&'static str> {
        let mut words: Vec<&str> = Vec::new();
        let mut seen: Vec<Self> = Vec::new();
        for (word, figure) in WORDS {
            if figure.is_of(subject) && !seen.contains(&figure) {
                seen.push(figure);
                words.push(if figure == Self::Rate && !subject.is_requests() { "rate" } else { word });
            }
        }
        words
    }

    pub(super) fn written(self, subject: &Subject) -> Written<'_> {
        Written(self, subject)
    }
}

/// A figure as it is written of what it is.
pub(super) struct Written<'a>(Figure, &'a Subject);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Figure::Percentile(percentile) => write!(f, "p{percentile}"),
            Figure::Rate if !self.1.is_requests() => f.write_str("rate"),
            figure => {
                let word = WORDS.iter().find(|(_, known)| *known == figure);
                f.write_str(word.map_or("", |(word, _)| word))
            }
        }
    }
}

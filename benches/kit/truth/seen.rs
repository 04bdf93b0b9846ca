//! Counts and times of one run, as somebody saw them: a tool, the server, or a calculation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The times that are compared, in the order of the tables.
pub const FIGURES: [&str; 8] = ["p50", "p75", "p90", "p95", "p99", "p99.9", "mean", "max"];

/// A count of requests, and times in microseconds by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Requests answered.
    pub count: f64,
    times: BTreeMap<String, f64>,
}

impl Seen {
    /// A count and times.
    pub fn new<N: Into<String>>(count: f64, times: impl IntoIterator<Item = (N, f64)>) -> Self {
        Self { count, times: times.into_iter().map(|(name, time)| (name.into(), time)).collect() }
    }

    /// A time in microseconds: one of [`FIGURES`]; `None` where it was not told.
    #[must_use]
    pub fn time(&self, figure: &str) -> Option<f64> {
        self.times.get(figure).copied()
    }

    /// As one value of JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut fields: Map<String, Value> =
            self.times.iter().map(|(name, time)| (name.clone(), json!(time))).collect();
        fields.insert("count".to_owned(), json!(self.count));
        Value::Object(fields)
    }

    /// Reads what [`to_json`](Self::to_json) gives.
    ///
    /// # Errors
    /// When there is no count.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or_else(|| format!("no figures: {value}"))?;
        let count = value["count"].as_f64().ok_or_else(|| format!("no count: {value}"))?;
        let times = fields.iter().filter(|(name, _)| *name != "count");
        Ok(Self::new(count, times.filter_map(|(name, time)| Some((name.clone(), time.as_f64()?)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_back() {
        let seen = Seen::new(12.0, [("p50", 1.5), ("max", 3.0)]);
        assert_eq!(Seen::from_json(&seen.to_json()), Ok(seen.clone()));
        assert_eq!((seen.time("p50"), seen.time("p95")), (Some(1.5), None));
        assert!(Seen::from_json(&json!({ "p50": 1.0 })).is_err());
    }
}

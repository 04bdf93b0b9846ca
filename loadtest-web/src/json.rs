//! What is answered, as JSON: `/api/v1`. Times are in milliseconds, rates per second, shares from 0 to 1.

pub(crate) mod ask;
pub(crate) mod details;
pub(crate) mod figures;
pub(crate) mod offer;
pub(crate) mod past;
pub(crate) mod points;
pub(crate) mod run;
pub(crate) mod tasks;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;

/// Milliseconds, to the microsecond.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// Seconds, to the millisecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}

/// With three decimals: what is behind them costs bytes and says nothing.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

pub(crate) fn date(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// As text; what cannot be written as JSON does not occur in types of ours.
pub(crate) fn encode(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

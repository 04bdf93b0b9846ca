//! Numbers for people: with a unit where they stand alone, and in a form of their own for tables.

use std::time::{Duration, SystemTime};

use crate::units::{format_millis, format_number, format_percent, format_utc};

/// In the place of a figure that there is not.
pub(super) const NONE: &str = "–";

/// What the numbers of a chart are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Microseconds.
    Time,
    PerSecond,
    Count,
    Mebibytes,
    /// 0 to 1.
    Share,
    Cores,
}

impl Unit {
    /// The word by which the script knows it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::PerSecond => "rate",
            Self::Count => "count",
            Self::Mebibytes => "mebibytes",
            Self::Share => "share",
            Self::Cores => "cores",
        }
    }

    /// A value with its unit.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values of charts are not negative")]
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Time => time(Duration::from_micros(value.round() as u64)),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Count => short(value),
            Self::Mebibytes => format!("{} MiB", trimmed(value, 1)),
            Self::Share => format!("{} %", trimmed(value * 100.0, 1)),
            Self::Cores => trimmed(value, 2),
        }
    }
}

/// A time with its unit, three significant digits: `74 µs`, `12.3 ms`, `1.23 s`, `2m05s`.
pub(super) fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    let (value, unit) = match micros {
        ..999.5 => return format!("{micros:.0} µs"),
        999.5..999_500.0 => (micros / 1e3, "ms"),
        999_500.0..99.95e6 => (micros / 1e6, "s"),
        _ => return crate::units::format_duration(time),
    };
    format!("{} {unit}", significant(value))
}

fn significant(value: f64) -> String {
    match value {
        ..9.995 => trimmed(value, 2),
        9.995..99.95 => trimmed(value, 1),
        _ => format!("{value:.0}"),
    }
}

/// With at most so many decimals.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number in few characters: `950`, `48.2k`, `12M`.
pub(super) fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        ..999.5 => (value, ""),
        999.5..999_500.0 => (value / 1e3, "k"),
        999_500.0..999.5e6 => (value / 1e6, "M"),
        _ => (value / 1e9, "G"),
    };
    format!("{}{unit}", significant(value))
}

/// A whole number with its thousands apart: `48,210`.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Milliseconds without their unit, for a column of a table.
pub(super) fn millis(time: Option<Duration>) -> String {
    let Some(time) = time else { return NONE.to_owned() };
    let text = format_millis(time);
    if text.contains('.') { text } else { grouped(&text) }
}

/// A rate without its unit.
pub(super) fn rate(rate: f64) -> String {
    if rate < 999.95 { format!("{rate:.1}") } else { grouped(&format!("{rate:.0}")) }
}

/// A share in percent; never 0 % for something, nor 100 % for not all.
pub(super) fn percent(ratio: f64) -> String {
    format_percent(ratio).replace('%', " %")
}

/// A share of a whole.
#[expect(clippy::cast_precision_loss, reason = "a ratio of counts below 2^53")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A number of a custom metric.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), format_number)
}

/// A noun with its number.
pub(super) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A moment in UTC: `2026-11-21 16:25:56 UTC`.
pub(super) fn date(moment: SystemTime) -> String {
    let text = format_utc(moment);
    format!("{} UTC", text.split('.').next().unwrap_or_default().replace('T', " "))
}

/// When something happened, from the start of the run.
pub(super) fn since(start: SystemTime, moment: SystemTime) -> String {
    moment.duration_since(start).map_or_else(|_| "before the start".to_owned(), after)
}

/// So long after the start, to the tenth of a second in the first minute.
pub(super) fn after(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        format!("{:.1}s", time.as_secs_f64())
    } else {
        crate::units::format_duration(time)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn times_have_a_unit_and_three_digits() {
        for (micros, text) in [
            (0, "0 µs"),
            (74, "74 µs"),
            (999, "999 µs"),
            (1000, "1 ms"),
            (12_345, "12.3 ms"),
            (999_499, "999 ms"),
            (999_600, "1 s"),
            (2_051_000, "2.05 s"),
            (99_949_000, "99.9 s"),
            (125_000_000, "2m05s"),
        ] {
            assert_eq!(time(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn numbers_are_short_or_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (950.0, "950"),
            (999.6, "1k"),
            (48_210.0, "48.2k"),
            (12e6, "12M"),
            (3.21e9, "3.21G"),
        ] {
            assert_eq!(short(value), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (48_210, "48,210"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!(millis(Some(Duration::from_millis(12_345))), "12,345");
        assert_eq!(millis(None), "–");
        assert_eq!((rate(160.66), rate(12_345.6)), ("160.7".to_owned(), "12,346".to_owned()));
    }

    #[test]
    fn dates_are_to_the_second() {
        let moment = UNIX_EPOCH + Duration::from_millis(1_795_278_356_987);
        assert_eq!(date(moment), "2026-11-21 16:25:56 UTC");
    }

    #[test]
    fn moments_count_from_the_start() {
        let start = UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(since(start, start + Duration::from_millis(1540)), "1.5s");
        assert_eq!(since(start, start + Duration::from_secs(90)), "1m30s");
        assert_eq!(since(start, UNIX_EPOCH), "before the start");
    }
}

//! What figures are compared with: times, shares and numbers, and how they are written.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use crate::units::{format_millis, format_number, format_percent};

/// A figure, or what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A time.
    Time(Duration),
    /// A share, from 0 to 1.
    Ratio(f64),
    /// A count, a rate per second, or a value of a custom metric.
    Number(f64),
}

impl Value {
    /// `None` where the two are no figures of one kind.
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(&other)),
            (Self::Ratio(one), Self::Ratio(other)) | (Self::Number(one), Self::Number(other)) => {
                one.partial_cmp(&other)
            }
            _ => None,
        }
    }

    /// As tables show it, and what that text stands for.
    fn rounded(self) -> (String, Option<Self>) {
        match self {
            Self::Time(time) => {
                let text = format_millis(time);
                let millis = text.parse::<f64>().ok();
                let shown = millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
                (format!("{text}ms"), shown.map(Self::Time))
            }
            Self::Ratio(ratio) => {
                let text = format_percent(ratio);
                let percent = text.trim_end_matches('%').parse::<f64>().ok();
                (text, percent.map(|percent| Self::Ratio(percent / 100.0)))
            }
            Self::Number(number) => {
                let text = format_number(number);
                let shown = text.parse().ok().map(Self::Number);
                (text, shown)
            }
        }
    }
}

/// Exact: reading it gives the same value again.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => f.write_str(&exact_time(*time)),
            Self::Ratio(ratio) => write!(f, "{}%", hundredfold(*ratio)),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// How a figure is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    pub(super) const ALL: [Self; 6] =
        [Self::AtMost, Self::AtLeast, Self::Equal, Self::NotEqual, Self::Below, Self::Above];

    /// The sign for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Whether it is true of these two; never of figures of different kinds.
    #[must_use]
    pub fn holds(self, figure: Value, limit: Value) -> bool {
        let Some(order) = figure.order(limit) else { return false };
        match self {
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Above => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
        }
    }

    /// Which of two figures is the worse one: the larger where little is asked for, the smaller where much is.
    pub(super) fn is_worse(self, figure: Value, than: Value, limit: Value) -> bool {
        match self {
            Self::Below | Self::AtMost => figure.order(than).is_some_and(Ordering::is_gt),
            Self::Above | Self::AtLeast => figure.order(than).is_some_and(Ordering::is_lt),
            // The first that is not as asked for.
            Self::Equal | Self::NotEqual => self.holds(than, limit) && !self.holds(figure, limit),
        }
    }

    /// A figure for people: rounded, unless the rounded one would say the opposite of the verdict.
    pub(super) fn shown(self, figure: Value, limit: Value) -> String {
        match figure.rounded() {
            (text, Some(shown)) if self.holds(shown, limit) == self.holds(figure, limit) => text,
            _ => figure.to_string(),
        }
    }
}

/// A unit of time and its length in nanoseconds; the first of each length is the one that is written.
pub(super) const TIME_UNITS: [(&str, u128); 9] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ns", 1),
    ("d", 86_400_000_000_000),
];

/// `200ms`, `1.5s`, `250us`, `2m`, `1m30s`: every nanosecond of it.
pub(super) fn exact_time(time: Duration) -> String {
    let (seconds, nanos) = (time.as_secs(), time.as_nanos());
    if seconds >= 60 {
        let mut out = String::new();
        let rest = nanos % 60_000_000_000;
        for (count, unit) in [(seconds / 3600, 'h'), (seconds % 3600 / 60, 'm')] {
            if count > 0 {
                out.push_str(&format!("{count}{unit}"));
            }
        }
        if rest > 0 {
            out.push_str(&format!("{}s", decimal(rest, 9)));
        }
        return out;
    }
    match nanos {
        0 => "0s".to_owned(),
        1_000_000_000.. => format!("{}s", decimal(nanos, 9)),
        1_000_000.. => format!("{}ms", decimal(nanos, 6)),
        _ => format!("{}us", decimal(nanos, 3)),
    }
}

/// A whole number with its point moved to the left.
fn decimal(number: u128, places: u32) -> String {
    let unit = 10_u128.pow(places);
    let (whole, part) = (number / unit, number % unit);
    if part == 0 {
        return whole.to_string();
    }
    let part = format!("{part:0width$}", width = places as usize);
    format!("{whole}.{}", part.trim_end_matches('0'))
}

/// A number times a hundred, by its digits: 0.07 · 100 is not 7 in floating point.
fn hundredfold(number: f64) -> String {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let (moved, part) = part.split_at(part.len().min(2));
    let whole = format!("{whole}{moved:0<2}");
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_in_the_unit_that_fits() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "0.001us"),
            (250_000, "250us"),
            (200_000_000, "200ms"),
            (200_003_000, "200.003ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m"),
            (90_500_000_000, "1m30.5s"),
            (7_200_000_000_000, "2h"),
            (7_201_000_000_000, "2h1s"),
        ] {
            assert_eq!(exact_time(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn shares_are_written_in_percent() {
        for (ratio, text) in [
            (0.0, "0%"),
            (0.01, "1%"),
            (0.07, "7%"),
            (0.001, "0.1%"),
            (0.5, "50%"),
            (1.0, "100%"),
            (0.123_45, "12.345%"),
        ] {
            assert_eq!(Value::Ratio(ratio).to_string(), text);
        }
    }

    #[test]
    fn what_is_shown_never_says_the_opposite_of_the_verdict() {
        let limit = Value::Time(Duration::from_millis(200));
        let just_above = Value::Time(Duration::from_micros(200_003));
        assert_eq!(Comparison::Below.shown(just_above, limit), "200ms", "200 ms is not below 200 ms either");
        assert_eq!(Comparison::AtMost.shown(just_above, limit), "200.003ms");
        let just_below = Value::Time(Duration::from_micros(199_999));
        assert_eq!(Comparison::Below.shown(just_below, limit), "199.999ms");
        assert_eq!(Comparison::Below.shown(Value::Time(Duration::from_micros(18_112)), limit), "18.1ms");
        let percent = Value::Ratio(0.01);
        assert_eq!(Comparison::AtMost.shown(Value::Ratio(0.010_04), percent), "1.004%");
        assert_eq!(Comparison::AtMost.shown(Value::Ratio(0.000_001), percent), "0.0001%");
        assert_eq!(Comparison::Above.shown(Value::Number(500.04), Value::Number(500.0)), "500.04");
    }

    proptest! {
        #[test]
        fn a_hundredfold_is_read_back_as_the_share(ratio in 0.0f64..=1.0) {
            let text = hundredfold(ratio);
            prop_assert_eq!(format!("{text}e-2").parse::<f64>().unwrap(), ratio, "{}", text);
        }
    }
}

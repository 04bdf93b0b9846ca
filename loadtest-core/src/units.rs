//! How durations, counts and sizes are read and written, everywhere in the same way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time span as Locust does: `20`, `20s`, `3m`, `2h`, `1h20m`, `3h30m10s`; also `500ms`, `1d` and fractions
/// such as `1.5s`. A number without a unit is seconds.
///
/// # Errors
/// A sentence that says what was wrong and how to write it.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::units::parse_duration;
///
/// assert_eq!(parse_duration("1h20m"), Ok(Duration::from_secs(4800)));
/// assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
/// assert!(parse_duration("5x").unwrap_err().contains("unknown unit `x`"));
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const FORM: &str = "write for example 20, 20s, 500ms, 3m, 2h or 1h20m";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("no time span given; {FORM}"));
    }
    let mut total = Duration::ZERO;
    let mut smallest = f64::INFINITY;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: f64 = number.parse().map_err(|_| format!("`{text}` is no time span; {FORM}"))?;
        let seconds = match unit.trim() {
            "" if after.is_empty() => {
                if smallest.is_finite() {
                    return Err(format!("`{text}`: the last number has no unit; {FORM}"));
                }
                1.0
            }
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            unit => return Err(format!("`{text}`: unknown unit `{unit}`; {FORM}")),
        };
        if seconds >= smallest {
            return Err(format!("`{text}`: units go from large to small, each once; {FORM}"));
        }
        smallest = seconds;
        let part = Duration::try_from_secs_f64(number * seconds).ok();
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(|| format!("`{text}` is too long"))?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Writes a duration for people: `850ms`, `12s`, `1m30s`, `2h05m`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = (duration + Duration::from_millis(500)).as_secs();
    match seconds {
        _ if millis == 0 => "0s".to_owned(),
        _ if millis < 1000 => format!("{millis}ms"),
        0..60 => format!("{seconds}s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Writes a time in milliseconds for a table: three significant digits, at least whole milliseconds.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::units::format_millis;
///
/// assert_eq!(format_millis(Duration::from_micros(74)), "0.074");
/// assert_eq!(format_millis(Duration::from_micros(12_345)), "12.3");
/// assert_eq!(format_millis(Duration::from_millis(12_345)), "12345");
/// ```
#[must_use]
pub fn format_millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 0.9995 {
        format!("{millis:.3}")
    } else if millis < 9.995 {
        format!("{millis:.2}")
    } else if millis < 99.95 {
        format!("{millis:.1}")
    } else {
        format!("{millis:.0}")
    }
}

/// Writes any number for a table: four significant digits, and at least all before the point.
///
/// ```
/// use loadtest_core::units::format_number;
///
/// assert_eq!(format_number(17.0), "17");
/// assert_eq!(format_number(0.012_345), "0.01235");
/// assert_eq!(format_number(-1234.56), "-1235");
/// assert_eq!(format_number(2.5e12), "2500000000000");
/// assert_eq!(format_number(1e-9), "1e-9");
/// ```
#[must_use]
pub fn format_number(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{number:e}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 7.0) as usize;
    let text = format!("{number:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A share in percent, with two decimals; never 0 % for something, nor 100 % for not all.
pub(crate) fn format_percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent > 0.0 && percent < 0.01 {
        return "<0.01%".to_owned();
    }
    if percent < 100.0 && percent > 99.99 {
        return ">99.99%".to_owned();
    }
    format!("{percent:.2}%")
}

/// Writes a number of bytes in binary units: `512 B`, `1.0 KiB`, `3.4 MiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A host as it may be shown: `http://user:password@host` keeps its secrets.
pub(crate) fn without_credentials(host: &str) -> String {
    let Some((scheme, rest)) = host.split_once("://") else { return host.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => host.to_owned(),
    }
}

/// A time in the calendar: `2026-11-21T16:40:00.123Z`.
pub(crate) fn format_utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// Year, month and day so many days after 1970-01-01: Howard Hinnant's `civil_from_days`, whose years begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_spans_of_locust() {
        for (text, seconds) in [
            ("20", 20.0),
            ("20s", 20.0),
            ("3m", 180.0),
            ("2h", 7200.0),
            ("1h20m", 4800.0),
            ("3h30m10s", 12_610.0),
            ("1.5s", 1.5),
            ("250ms", 0.25),
            ("0", 0.0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_span_is_explained() {
        for text in
            ["", "5x", "s", "-1s", "1h20", "5s5s", "1s1h", "nan", "inf", "1e9", "1.2.3s", "99999999999999999999h"]
        {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains("write for example") || error.contains("too long"), "{text}: {error}");
        }
    }

    #[test]
    fn durations_for_people() {
        for (millis, text) in
            [(0, "0s"), (850, "850ms"), (12_000, "12s"), (90_000, "1m30s"), (120_000, "2m"), (7_500_000, "2h05m")]
        {
            assert_eq!(format_duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1 << 20, "1.0 MiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(format_bytes(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,12}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn whole_seconds_written_by_hand_are_read_back(hours in 0u64..50, minutes in 0u64..60, seconds in 0u64..60) {
            let text = format!("{hours}h{minutes}m{seconds}s");
            prop_assert_eq!(parse_duration(&text), Ok(Duration::from_secs(hours * 3600 + minutes * 60 + seconds)));
        }
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_798_761_599, "2026-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(format_utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(without_credentials("http://u:p@shop:80/x@y"), "http://shop:80/x@y");
        assert_eq!(without_credentials("http://shop/x@y"), "http://shop/x@y");
        assert_eq!(without_credentials("shop"), "shop");
    }
}

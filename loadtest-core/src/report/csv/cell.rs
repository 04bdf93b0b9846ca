//! What stands in the cells of all files.

use std::borrow::Cow;
use std::time::Duration;

use crate::report::text::PERCENTILES;
use crate::stats::{RowKey, Times};

/// What takes the place of a figure that there is not.
pub(super) const NONE: &str = "N/A";

/// With these a spreadsheet begins a formula, or throws away what stands before one.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// A text from outside: what a spreadsheet would take for a formula gets an apostrophe in front (OWASP, *CSV Injection*).
/// Numbers are left alone. Quotes and line breaks are the affair of the writer.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    let number = || text.parse::<f64>().is_ok_and(f64::is_finite);
    if text.starts_with(FORMULA) && !number() { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The first two cells of a row.
pub(super) fn key(key: &RowKey) -> [String; 2] {
    [text(&key.method).into_owned(), text(&key.name).into_owned()]
}

pub(super) fn percentile_names() -> impl Iterator<Item = String> {
    PERCENTILES.iter().map(|percentile| format!("{percentile}%"))
}

/// The names of columns, and those of the percentiles after them.
pub(super) fn with_percentiles(columns: &str) -> impl Iterator<Item = String> + '_ {
    columns.split(',').map(str::to_owned).chain(percentile_names())
}

pub(super) fn millis(time: Option<Duration>) -> String {
    time.map_or_else(|| NONE.to_owned(), |time| format!("{:.3}", time.as_secs_f64() * 1000.0))
}

pub(super) fn percentiles(times: &Times) -> impl Iterator<Item = String> + '_ {
    PERCENTILES.iter().map(|percentile| millis(times.percentile(*percentile)))
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| value.to_string())
}

/// Count, average, least and greatest.
pub(super) fn of_times(times: &Times) -> [String; 4] {
    let [mean, min, max] = [times.mean(), times.min(), times.max()].map(millis);
    [times.count().to_string(), mean, min, max]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_nothing_for_a_formula() {
        for formula in
            ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "-1 declined", "+inf", "=cmd|' /C calc'!A0"]
        {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        for harmless in ["", "/cart", "-5", "+1.5e3", "'=1", "a=b", " =1", "GET"] {
            assert_eq!(text(harmless), harmless);
        }
    }
}

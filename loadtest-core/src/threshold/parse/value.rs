//! Reads times, shares and numbers.

use std::time::Duration;

use super::{Parser, Result};
use crate::threshold::figure::{Dimension, Figure};
use crate::threshold::selector::Subject;
use crate::threshold::value::{TIME_UNITS, Value};

/// A hundred years: longer than any time that is compared.
const LONGEST: u128 = 100 * 365 * 86_400 * 1_000_000_000;

impl<'a> Parser<'a> {
    pub(super) fn limit(&mut self, figure: Figure, subject: &Subject) -> Result<Value> {
        self.skip_spaces();
        let start = self.at;
        let written = figure.written(subject);
        match figure.dimension(subject) {
            Dimension::Time => {
                let number = self.number_ahead();
                if number.is_empty() {
                    return Err(self.error_here(format!("expected a time, such as 200ms: `{written}` is one")));
                }
                self.time(&format!("`{written}` is a time")).map(Value::Time)
            }
            Dimension::Ratio => {
                let number = self.number("a share, such as 1% or 0.01")?;
                let text = if self.eat("%") { format!("{number}e-2") } else { number.to_owned() };
                if self.peek().is_some_and(char::is_alphanumeric) {
                    self.word();
                    return Err(self.error(start, format!("`{written}` is a share: write it as 1% or 0.01")));
                }
                let ratio = text.parse().unwrap_or(f64::INFINITY);
                if !(0.0..=1.0).contains(&ratio) {
                    return Err(self.error(start, format!("`{written}` is a share, from 0 to 1: write 5% or 0.05")));
                }
                Ok(Value::Ratio(ratio))
            }
            Dimension::Number => {
                let sign = if self.eat("-") { -1.0 } else { 1.0 };
                let number = self.number("a number, such as 500")?;
                let after = self.at;
                if self.peek().is_some_and(|next| next == '%' || next == '/' || next.is_alphanumeric()) {
                    self.take_while(|c| !c.is_whitespace() && c != ';');
                    return Err(self.error(after, format!("`{written}` is a number without a unit: leave this out")));
                }
                let number = number.parse::<f64>().ok().filter(|number| number.is_finite());
                // Never -0: it would be written as another text.
                number
                    .map(|number| Value::Number(sign * number + 0.0))
                    .ok_or_else(|| self.error(start, "this number is too large"))
            }
        }
    }

    fn number_ahead(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())]
    }

    /// Digits with at most one point.
    fn number(&mut self, expected: &str) -> Result<&'a str> {
        let start = self.at;
        let number = self.number_ahead();
        if number.is_empty() {
            return Err(self.error_here(format!("expected {expected}")));
        }
        self.at += number.len();
        if number.matches('.').count() > 1 || number == "." {
            return Err(self.error(start, "this is no number: write it as 20 or 1.5"));
        }
        Ok(number)
    }

    /// `200ms`, `1.5s`, `1m30s`.
    pub(super) fn time(&mut self, why: &str) -> Result<Duration> {
        let start = self.at;
        let (mut total, mut smallest) = (0_u128, u128::MAX);
        loop {
            let at = self.at;
            let number = self.number("a time, such as 200ms or 1.5s")?;
            let unit_at = self.at;
            let unit = self.take_while(|c| c.is_alphabetic() || c == '%');
            let Some((_, nanos)) = TIME_UNITS.iter().find(|(known, _)| *known == unit) else {
                let units = "give it a unit: us, ms, s, m or h";
                return Err(if unit.is_empty() {
                    self.error(at, format!("{why}; {units}, as in {number}ms"))
                } else {
                    self.error(unit_at, format!("{why}, and `{unit}` is no unit of time; {units}"))
                });
            };
            if *nanos >= smallest {
                return Err(self.error(unit_at, "units of a time go from large to small, each once, as in 1m30s"));
            }
            smallest = *nanos;
            total = match nanoseconds(number, *nanos).map(|part| total + part).filter(|total| *total <= LONGEST) {
                Some(total) => total,
                None => return Err(self.error(start, "this time is too long")),
            };
            if self.number_ahead().is_empty() {
                break;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most a hundred years of seconds, and a second of nanoseconds"
        )]
        let time = Duration::new((total / 1_000_000_000) as u64, (total % 1_000_000_000) as u32);
        Ok(time)
    }
}

/// Exact, as far as there are nanoseconds.
fn nanoseconds(number: &str, unit: u128) -> Option<u128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    // What is left out is less than a nanosecond of a day.
    let part = &part[..part.len().min(14)];
    let parts = if part.is_empty() { 0 } else { part.parse::<u128>().ok()? };
    let of_parts = parts * unit / 10_u128.pow(u32::try_from(part.len()).ok()?);
    Some(u128::from(whole) * unit + of_parts)
}

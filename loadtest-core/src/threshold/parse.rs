//! Reads thresholds. No text makes it panic; what it refuses it points at.

mod selector;
mod value;

use std::time::Duration;

use super::error::ThresholdError;
use super::figure::{ELSEWHERE, Figure, WORDS};
use super::selector::Subject;
use super::similar::nearest;
use super::value::Comparison;
use super::{Clock, LONGEST_WINDOW, Threshold};

type Result<T> = std::result::Result<T, ThresholdError>;

/// One threshold.
pub(super) fn one(text: &str) -> Result<Threshold> {
    let mut parser = Parser { text, at: 0 };
    let threshold = parser.threshold()?;
    if parser.peek().is_some() {
        return Err(parser.error_here("only one threshold is expected here; give each its own"));
    }
    Ok(threshold)
}

/// Several with `;` between them; empty ones do not count.
pub(super) fn list(text: &str) -> Result<Vec<Threshold>> {
    let mut parser = Parser { text, at: 0 };
    let mut thresholds = Vec::new();
    loop {
        parser.skip_spaces();
        match parser.peek() {
            None => return Ok(thresholds),
            Some(';') => parser.at += 1,
            Some(_) => thresholds.push(parser.threshold()?),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes, always between two characters.
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c: char| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn word(&mut self) -> &'a str {
        self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '.')
    }

    fn error(&self, start: usize, message: impl Into<String>) -> ThresholdError {
        ThresholdError::new(self.text, start, self.at, message)
    }

    /// About the character that comes next.
    fn error_here(&self, message: impl Into<String>) -> ThresholdError {
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        ThresholdError::new(self.text, self.at, end, message)
    }

    fn threshold(&mut self) -> Result<Threshold> {
        self.skip_spaces();
        let clock_at = self.at;
        let clock = self.clock();
        let clock_end = self.at;
        self.skip_spaces();
        let figure_at = self.at;
        let figure = self.figure()?;
        let figure_end = self.at;
        self.skip_spaces();
        let subject = if self.peek() == Some('(') { self.selector()? } else { Subject::Requests(None) };
        let refused = |start, end, message| Err(ThresholdError::new(self.text, start, end, message));
        if !figure.is_of(&subject) {
            return refused(figure_at, figure_end, misfit(figure, &subject));
        }
        if clock.is_some() && !(subject.has_response_times() && figure.is_time(&subject)) {
            let message =
                "service and response are times of requests and tasks: of this there is one; leave out the word";
            return refused(clock_at, clock_end, message.to_owned());
        }
        let comparison = self.comparison()?;
        let limit = self.limit(figure, &subject)?;
        let mut threshold = Threshold {
            clock: clock.unwrap_or(Clock::Service),
            figure,
            subject,
            comparison,
            limit,
            over: None,
            abort: None,
        };
        self.conditions(&mut threshold)?;
        Ok(threshold)
    }

    fn clock(&mut self) -> Option<Clock> {
        let start = self.at;
        let clock = match self.word() {
            "service" => Some(Clock::Service),
            "response" => Some(Clock::Response),
            _ => None,
        };
        if clock.is_none() {
            self.at = start;
        }
        clock
    }

    fn figure(&mut self) -> Result<Figure> {
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.error_here("expected a figure, such as p95, fail_ratio or rps"));
        }
        if word == "p" && self.peek() == Some('(') {
            return self.percentile_in_parentheses(start);
        }
        if let Some((_, figure)) = WORDS.iter().find(|(known, _)| *known == word) {
            return Ok(*figure);
        }
        if let Some(number) = word.strip_prefix('p').filter(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
            return percentile(number).ok_or_else(|| self.error(start, NO_PERCENTILE));
        }
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, ours)| *ours);
        let words = WORDS.iter().map(|(word, _)| *word).chain(["service", "response"]);
        let message = match elsewhere.or_else(|| nearest(word, words, 1).first().copied()) {
            Some(near) => format!("there is no figure `{word}`: did you mean `{near}`?"),
            None => {
                let known = Figure::words_of(&Subject::Requests(None)).join(", ");
                format!("there is no figure `{word}`; there are for requests: {known}")
            }
        };
        Err(self.error(start, message))
    }

    /// `p(95)`, as others write it.
    fn percentile_in_parentheses(&mut self, start: usize) -> Result<Figure> {
        self.at += 1;
        self.skip_spaces();
        let number = self.take_while(|c| c.is_ascii_digit() || c == '.');
        self.skip_spaces();
        let closed = self.eat(")");
        percentile(number).filter(|_| closed).ok_or_else(|| self.error(start, NO_PERCENTILE))
    }

    fn comparison(&mut self) -> Result<Comparison> {
        self.skip_spaces();
        let start = self.at;
        let signs = self.take_while(|c| "<>=!~≤≥≠".contains(c));
        if let Some(comparison) = Comparison::ALL.into_iter().find(|known| known.as_str() == signs) {
            return Ok(comparison);
        }
        let instead = match signs {
            "" => return Err(self.error_here("expected a comparison: <, <=, >, >=, == or !=")),
            "=" | "===" => "==",
            "=<" | "≤" => "<=",
            "=>" | "≥" => ">=",
            "<>" | "!" | "≠" | "!==" => "!=",
            "<<" => "<",
            ">>" => ">",
            _ => return Err(self.error(start, "this is no comparison; there are: <, <=, >, >=, == and !=")),
        };
        Err(self.error(start, format!("this is no comparison: did you mean `{instead}`?")))
    }

    /// `over 10s`, `abort`, `abort after 30s`.
    fn conditions(&mut self, threshold: &mut Threshold) -> Result<()> {
        let mut abort_at = 0..0;
        loop {
            self.skip_spaces();
            let start = self.at;
            match self.word() {
                "over" if threshold.over.is_none() => {
                    let end = self.at;
                    if !matches!(threshold.subject, Subject::Requests(_)) {
                        let noun = threshold.subject.noun();
                        let message = format!("`over` is for requests: windows of {noun} are not kept");
                        return Err(ThresholdError::new(self.text, start, end, message));
                    }
                    threshold.over = Some(self.window()?);
                }
                "abort" if threshold.abort.is_none() => {
                    abort_at = start..self.at;
                    threshold.abort = Some(self.delay()?);
                }
                twice @ ("over" | "abort") => {
                    return Err(self.error(start, format!("`{twice}` is there twice; keep one")));
                }
                "after" => return Err(self.error(start, "`after` belongs behind `abort`: write `abort after 30s`")),
                "" if self.peek().is_none_or(|next| next == ';') => break,
                "" => return Err(self.error_here("expected `over 10s`, `abort`, or the end")),
                word => {
                    let near = nearest(word, ["over", "abort", "after"], 1).first().copied();
                    let hint = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
                    return Err(self.error(start, format!("expected `over 10s`, `abort`, or the end{hint}")));
                }
            }
        }
        if threshold.would_abort_at_once() {
            let figure = threshold.figure.written(&threshold.subject);
            let message = format!("`{figure}` begins at 0: this would end every run at once; write `abort after 30s`");
            return Err(ThresholdError::new(self.text, abort_at.start, abort_at.end, message));
        }
        Ok(())
    }

    fn window(&mut self) -> Result<Duration> {
        self.skip_spaces();
        let start = self.at;
        let window = self.time("the length of a window is a time")?;
        if window.subsec_nanos() != 0 || window.is_zero() || window > LONGEST_WINDOW {
            return Err(self.error(start, "windows are whole seconds, from 1s to 10m"));
        }
        Ok(window)
    }

    /// How much of the run must have passed.
    fn delay(&mut self) -> Result<Duration> {
        let start = self.at;
        self.skip_spaces();
        if self.word() != "after" {
            self.at = start;
            return Ok(Duration::ZERO);
        }
        self.skip_spaces();
        self.time("what must have passed of the run is a time")
    }
}

const NO_PERCENTILE: &str = "a percentile is p and a number from 0 to 100, as p95 or p99.9";

fn percentile(number: &str) -> Option<Figure> {
    let digits =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let percentile = number.parse::<f64>().ok().filter(|percentile| digits && (0.0..=100.0).contains(percentile))?;
    Some(Figure::Percentile(percentile))
}

fn misfit(figure: Figure, subject: &Subject) -> String {
    let (written, noun) = (figure.written(subject), subject.noun());
    let known = Figure::words_of(subject).join(", ");
    let hint = match figure {
        Figure::Ratio if subject.is_requests() => "; a ratio is of requests with a status: `ratio(5xx)`",
        Figure::Total => "; a total is of a counter: `total(counter orders)`",
        Figure::Last => "; the last value is of a gauge: `last(gauge queue)`",
        _ => "",
    };
    format!("there is no `{written}` of {noun}{hint}; there are: {known}")
}

//! What a run must keep to: thresholds, read from text and held against the figures.
//!
//! Everything here is a pure function of a [`Snapshot`](crate::stats::Snapshot): no clock is read.

mod error;
mod evaluate;
mod figure;
mod parse;
mod pattern;
mod result;
mod selector;
mod similar;
mod value;
pub(crate) mod watch;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use error::ThresholdError;
use figure::Figure;
pub use result::{ThresholdResult, Verdict};
use selector::Subject;
pub use value::{Comparison, Value};

/// The longest window: seconds are kept apart for so long.
const LONGEST_WINDOW: Duration = Duration::from_secs(600);

/// Which of the two times of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Service,
    Response,
}

/// Something that a figure of the run is to keep to, such as `p95(GET /cart) < 200ms`.
///
/// It is read from text: by [`LoadTest::threshold`](crate::LoadTest::threshold), `--threshold` and [`str::parse`], all with
/// the same grammar. [`Display`](fmt::Display) writes it back, in a form that is always the same.
///
/// ```text
/// thresholds  ::= threshold { ";" threshold }                          only in --threshold and LOADTEST_THRESHOLDS
/// threshold   ::= [ "service" | "response" ] figure [ "(" selector ")" ] comparison value
///                 { "over" time | "abort" [ "after" time ] }
///
/// figure      ::= "p" number | "p(" number ")"                         a percentile, from p0 to p100; p100 is the maximum
///               | "min" | "mean" | "avg" | "median" | "med" | "max"
///               | "count" | "ok" | "failed" | "interrupted"
///               | "fail_ratio" | "ratio"
///               | "rps" | "rate" | "fails_per_second"
///               | "total" | "last" | "value"
///
/// selector    ::= request                                              requests of these names
///               | status [ request ]                                   of those, the ones with this status
///               | "transaction" name | "task" name | "user" name         a task as Shopper::checkout, a user class
///               | "counter" name | "gauge" name | "trend" name          custom metrics
/// request     ::= method name
/// status      ::= digit digit digit | digit "xx"                       404, 5xx
/// method      ::= text without spaces and parentheses | quoted
/// name        ::= text up to the closing parenthesis | quoted          parentheses in pairs belong to the name
/// quoted      ::= '"' { character | '\"' | '\\' | '\*' | '\u{' hex '}' } '"'
///
/// comparison  ::= "<" | "<=" | ">" | ">=" | "==" | "!="
/// value       ::= time | number [ "%" ] | [ "-" ] number               as the figure needs it
/// time        ::= number unit { number unit }                          from large to small: 1m30s
/// unit        ::= "d" | "h" | "m" | "s" | "ms" | "us" | "ns"
/// number      ::= digits [ "." digits ]
/// ```
///
/// Without a selector a figure is that of all requests of the run. In methods and names `*` stands for any characters;
/// where several rows match, their figures are merged first, so that a percentile is one of all their requests. In
/// quotes `\*` is a star.
///
/// | figure | of | compared with |
/// |---|---|---|
/// | `pN`, `min`, `mean`, `median`, `max` | requests, those with a status, transactions, runs of tasks | a time: `200ms`, `1.5s` |
/// | the same | a trend; of a gauge without `pN` and `median` | a number |
/// | `count` | requests with a verdict, those with a status; transactions and tasks that came to their end; values of a metric | a number |
/// | `ok`, `failed`, `interrupted` | requests, transactions, tasks | a number |
/// | `fail_ratio` | requests, transactions, tasks | a share: `1%`, `0.01` |
/// | `ratio` | requests with a status, among all of their rows | a share |
/// | `rps`, `fails_per_second` | requests per second, from the start to the last one | a number |
/// | `rate`, `fails_per_second` | transactions and tasks; `rate` also what is added to a counter per second | a number |
/// | `total` | what was added to a counter | a number |
/// | `last` | what a gauge was set to last | a number |
///
/// Figures of a user class are those of the requests of its users; figures of a task are those of its runs, waits inside
/// included. Tasks that enter a task set, and hooks, are no runs.
///
/// Times of requests are *service times*, from the send to the last byte of the answer. `response p95 < 1s` asks for
/// *response times*, which begin when the task was due; there are some only where a schedule starts tasks.
///
/// # Windows, and an early end
///
/// Each threshold is held against the figures of the whole run when it has ended. With `over 10s` it is held against those of
/// every ten seconds of the load instead, from second to second: the worst of these windows decides, and where the load
/// was shorter than one, all of it. There are windows of requests by name; their percentiles are at most 1.6 % off, those of
/// all requests together 0.4 % as ever. A window of little traffic is one too, so that `rps` is asked of the first users
/// as well, unless the figures begin later: after a [warm-up](crate::LoadTest::warm_up), or
/// [when all users have been started](crate::LoadTest::reset_stats).
///
/// `abort` ends the run in good order as soon as the threshold is not met; `abort after 30s` not before thirty seconds of
/// the run have passed. What nothing was measured for yet ends no run, and what begins at zero, as `rps > 500` does, needs an
/// `after`.
///
/// # What fails
///
/// A threshold that is not met, and one whose selector matched nothing: a name that is not there is a mistake or a part of
/// the test that did not run. A status that no answer had is a count of zero, if there were requests.
///
/// # From k6
///
/// | k6 | here |
/// |---|---|
/// | `http_req_duration: ["p(95)<300"]` | `p95 < 300ms` |
/// | `"http_req_duration{name:/cart}": ["avg<200"]` | `mean(* /cart) < 200ms` |
/// | `http_req_failed: ["rate<0.01"]` | `fail_ratio < 1%` |
/// | `http_reqs: ["rate>500", "count>1000"]` | `rps > 500`, `count > 1000` |
/// | `queue_length: ["p(95)<20"]`, of a trend | `p95(trend queue_length) < 20` |
/// | `{ threshold: …, abortOnFail: true, delayAbortEval: "10s" }` | `… abort after 10s` |
///
/// ```
/// use loadtest_core::Threshold;
///
/// let threshold: Threshold = "p(95)( GET   /cart )<0.2s  abort after 30s".parse().unwrap();
/// assert_eq!(threshold.to_string(), "p95(GET /cart) < 200ms abort after 30s");
///
/// let error = "fail_rato(POST /*) < 1%".parse::<Threshold>().unwrap_err();
/// assert_eq!(
///     format!("\n{error}"),
///     "
/// there is no figure `fail_rato`: did you mean `fail_ratio`?
///   fail_rato(POST /*) < 1%
///   ^^^^^^^^^"
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    clock: Clock,
    figure: Figure,
    subject: Subject,
    comparison: Comparison,
    limit: Value,
    /// Whole seconds.
    over: Option<Duration>,
    abort: Option<Duration>,
}

impl Threshold {
    /// Several with `;` between them.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, ThresholdError> {
        parse::list(text)
    }

    /// What the figure is compared with.
    #[must_use]
    pub fn limit(&self) -> Value {
        self.limit
    }

    /// How it is compared.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// The length of the windows in which it must hold, if it is not the whole run.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        self.over
    }

    /// How much of the run must have passed before it can end the run; `None` where it never does.
    #[must_use]
    pub fn abort_after(&self) -> Option<Duration> {
        self.abort
    }

    /// The figure and of what it is, as in `p95(GET /cart)`.
    #[must_use]
    pub fn figure(&self) -> String {
        let clock = if self.clock == Clock::Response { "response " } else { "" };
        format!("{clock}{}{}", self.figure.written(&self.subject), self.subject)
    }

    /// Whether it would end a run before anything has happened, whatever happens.
    fn would_abort_at_once(&self) -> bool {
        let grows = matches!(
            self.figure,
            Figure::Count
                | Figure::Ok
                | Figure::Failed
                | Figure::Interrupted
                | Figure::Rate
                | Figure::FailRate
                | Figure::Total
        );
        let is_at_once = self.abort == Some(Duration::ZERO) && self.over.is_none();
        is_at_once && grows && !self.comparison.holds(Value::Number(0.0), self.limit)
    }

    /// What is asked for, as in `< 200ms over 10s`.
    fn asked(&self) -> String {
        let asked = format!("{} {}", self.comparison.as_str(), self.limit);
        match self.over {
            Some(window) => format!("{asked} over {}", value::exact_time(window)),
            None => asked,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.figure(), self.asked())?;
        match self.abort {
            None => Ok(()),
            Some(Duration::ZERO) => f.write_str(" abort"),
            Some(after) => write!(f, " abort after {}", value::exact_time(after)),
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        parse::one(text)
    }
}

impl TryFrom<&str> for Threshold {
    type Error = ThresholdError;

    fn try_from(text: &str) -> Result<Self, ThresholdError> {
        text.parse()
    }
}

impl TryFrom<String> for Threshold {
    type Error = ThresholdError;

    fn try_from(text: String) -> Result<Self, ThresholdError> {
        text.parse()
    }
}

impl TryFrom<&String> for Threshold {
    type Error = ThresholdError;

    fn try_from(text: &String) -> Result<Self, ThresholdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;

//! Of what a figure is asked: the requests of some names, a transaction, a metric.

use std::fmt;

use super::pattern::Pattern;

/// Requests by method and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Pattern,
    pub(super) name: Pattern,
}

impl Request {
    pub(super) fn matches(&self, method: &str, name: &str) -> bool {
        self.method.matches(method) && self.name.matches(name)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_method(), self.name.as_name())
    }
}

/// Statuses of answers: one, or all of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Code(u16),
    /// The first digit.
    Class(u16),
}

impl Status {
    /// `404` or `5xx`.
    pub(super) fn read(word: &str) -> Option<Self> {
        let bytes = word.as_bytes();
        match bytes {
            [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => Some(Self::Class(u16::from(class - b'0'))),
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => word.parse().ok().map(Self::Code),
            _ => None,
        }
    }

    pub(super) fn matches(self, status: u16) -> bool {
        match self {
            Self::Code(code) => code == status,
            Self::Class(class) => class == status / 100,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

/// What stands in the parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// All requests, or those of some rows.
    Requests(Option<Request>),
    /// Of those, the ones with such a status.
    Statuses(Status, Option<Request>),
    Transaction(Pattern),
    /// Runs of tasks, by `Shopper::checkout`.
    Task(Pattern),
    /// Requests of the users of a class.
    User(Pattern),
    Counter(Pattern),
    Gauge(Pattern),
    Trend(Pattern),
}

/// A word for what is no request, and what it makes of a name.
type Kind = (&'static str, fn(Pattern) -> Subject);

/// All of them.
pub(super) const KINDS: [Kind; 6] = [
    ("transaction", Subject::Transaction),
    ("task", Subject::Task),
    ("user", Subject::User),
    ("counter", Subject::Counter),
    ("gauge", Subject::Gauge),
    ("trend", Subject::Trend),
];

/// Whether a first word of a selector means something else than a method.
pub(super) fn is_reserved(word: &str) -> bool {
    KINDS.iter().any(|(kind, _)| *kind == word) || Status::read(word).is_some()
}

impl Subject {
    /// Whether its samples are times; those of metrics are numbers.
    pub(super) fn has_times(&self) -> bool {
        !matches!(self, Self::Counter(_) | Self::Gauge(_) | Self::Trend(_))
    }

    /// Whether there are times from when it was due beside those from when it began.
    pub(super) fn has_response_times(&self) -> bool {
        matches!(self, Self::Requests(_) | Self::Task(_) | Self::User(_))
    }

    /// Whether it is requests, of whichever row and status.
    pub(super) fn is_requests(&self) -> bool {
        matches!(self, Self::Requests(_) | Self::Statuses(..))
    }

    /// What it is, for a message.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Requests(_) => "requests",
            Self::Statuses(..) => "requests with a status",
            Self::Transaction(_) => "transactions",
            Self::Task(_) => "tasks",
            Self::User(_) => "a user class",
            Self::Counter(_) => "a counter",
            Self::Gauge(_) => "a gauge",
            Self::Trend(_) => "a trend",
        }
    }

    fn kind(&self) -> Option<(&'static str, &Pattern)> {
        match self {
            Self::Requests(_) | Self::Statuses(..) => None,
            Self::Transaction(name) => Some(("transaction", name)),
            Self::Task(name) => Some(("task", name)),
            Self::User(name) => Some(("user", name)),
            Self::Counter(name) => Some(("counter", name)),
            Self::Gauge(name) => Some(("gauge", name)),
            Self::Trend(name) => Some(("trend", name)),
        }
    }
}

/// With its parentheses; nothing for all requests.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((kind, name)) = self.kind() {
            return write!(f, "({kind} {})", name.as_name());
        }
        match self {
            Self::Requests(Some(request)) => write!(f, "({request})"),
            Self::Statuses(status, None) => write!(f, "({status})"),
            Self::Statuses(status, Some(request)) => write!(f, "({status} {request})"),
            _ => Ok(()),
        }
    }
}

//! Where the time of a request went, and what became of its connections.

use std::time::Duration;

use super::Times;

/// The phases of one sample, and its connections.
///
/// A client that knows them fills them in through [`Pending::phases_mut`](super::Pending::phases_mut); what it does not
/// know, or what there was not, stays zero. One sample may be several requests, where redirects were followed: each
/// figure is then their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// Waited for a free connection of the session.
    pub blocked: Duration,
    /// Looking up the address of the host.
    pub dns: Duration,
    /// Opening the connection.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From the connection being ready to the first byte of the answer: sending and waiting.
    pub first_byte: Duration,
    /// From the first to the last byte of the answer.
    pub download: Duration,
    /// Connections that the request opened.
    pub opened: u32,
    /// Connections that were open already and that the request used again.
    pub reused: u32,
    /// How often the request was sent once more because a kept connection had gone away.
    pub retried: u32,
}

impl Phases {
    /// The times with their names, in the order in which a request goes through them.
    pub(crate) fn times(&self) -> [(&'static str, Duration); 6] {
        [
            ("blocked", self.blocked),
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("first byte", self.first_byte),
            ("download", self.download),
        ]
    }

    /// Adds those of another request of the same sample: of the one that a redirect led to.
    pub fn add(&mut self, other: Self) {
        self.blocked = self.blocked.saturating_add(other.blocked);
        self.dns = self.dns.saturating_add(other.dns);
        self.connect = self.connect.saturating_add(other.connect);
        self.tls = self.tls.saturating_add(other.tls);
        self.first_byte = self.first_byte.saturating_add(other.first_byte);
        self.download = self.download.saturating_add(other.download);
        self.opened = self.opened.saturating_add(other.opened);
        self.reused = self.reused.saturating_add(other.reused);
        self.retried = self.retried.saturating_add(other.retried);
    }
}

/// The times of each phase, over the ok and failed requests that had it.
///
/// `blocked`, `dns` and `tls` are counted where they took any time, `connect` also where a connection was opened in none
/// that a clock could see. So their percentiles tell what a lookup or a handshake takes, not how seldom there is one.
/// `first_byte` and `download` are counted for every request that has phases and got an answer.
///
/// Their percentiles are within 1.6 %. Takes no memory before the first of them is counted.
#[derive(Debug, Clone, Default)]
pub struct PhaseTimes(Option<Box<Each>>);

#[derive(Debug, Clone)]
struct Each {
    blocked: Times,
    dns: Times,
    connect: Times,
    tls: Times,
    first_byte: Times,
    download: Times,
}

impl Default for Each {
    /// Six times what a row has else: coarse, so that they take less memory than it.
    fn default() -> Self {
        let [blocked, dns, connect, tls, first_byte, download] = [const { Times::COARSE }; 6];
        Self { blocked, dns, connect, tls, first_byte, download }
    }
}

/// What there is of a phase that was never counted.
static NONE: Times = Times::EMPTY;

impl PhaseTimes {
    /// Waits for a free connection of the session.
    #[must_use]
    pub fn blocked(&self) -> &Times {
        self.of(|each| &each.blocked)
    }

    /// Lookups of addresses.
    #[must_use]
    pub fn dns(&self) -> &Times {
        self.of(|each| &each.dns)
    }

    /// Openings of connections.
    #[must_use]
    pub fn connect(&self) -> &Times {
        self.of(|each| &each.connect)
    }

    /// TLS handshakes.
    #[must_use]
    pub fn tls(&self) -> &Times {
        self.of(|each| &each.tls)
    }

    /// From the connection being ready to the first byte of the answer.
    #[must_use]
    pub fn first_byte(&self) -> &Times {
        self.of(|each| &each.first_byte)
    }

    /// From the first to the last byte of the answer.
    #[must_use]
    pub fn download(&self) -> &Times {
        self.of(|each| &each.download)
    }

    /// All of them with their names, in the order in which a request goes through them.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &Times); 6] {
        [
            ("blocked", self.blocked()),
            ("dns", self.dns()),
            ("connect", self.connect()),
            ("tls", self.tls()),
            ("first byte", self.first_byte()),
            ("download", self.download()),
        ]
    }

    /// Whether no phase of any request was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().iter().all(|(_, times)| times.count() == 0)
    }

    /// Of times that were counted elsewhere, in the order of [`all`](Self::all).
    #[cfg(feature = "json")]
    pub(crate) fn of_parts([blocked, dns, connect, tls, first_byte, download]: [Times; 6]) -> Self {
        let each = Each { blocked, dns, connect, tls, first_byte, download };
        let phases = Self(Some(Box::new(each)));
        if phases.is_empty() { Self::default() } else { phases }
    }

    fn of(&self, which: impl FnOnce(&Each) -> &Times) -> &Times {
        self.0.as_deref().map_or(&NONE, which)
    }

    /// Counts the phases of one sample with a verdict.
    #[inline]
    pub(crate) fn record(&mut self, phases: &Phases) {
        if self.0.is_none() {
            self.make();
        }
        let Some(each) = &mut self.0 else { return };
        if phases.opened > 0 || !phases.connect.is_zero() {
            each.connect.record(phases.connect);
        }
        if !phases.blocked.is_zero() {
            each.blocked.record(phases.blocked);
        }
        if !phases.dns.is_zero() {
            each.dns.record(phases.dns);
        }
        if !phases.tls.is_zero() {
            each.tls.record(phases.tls);
        }
        if !phases.first_byte.is_zero() {
            each.first_byte.record(phases.first_byte);
            each.download.record(phases.download);
        }
    }

    /// Apart, so that what all samples go through is short.
    #[cold]
    fn make(&mut self) {
        self.0 = Some(Box::default());
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let Some(other) = other.0.as_deref() else { return };
        let each = self.0.get_or_insert_default();
        each.blocked.merge(&other.blocked);
        each.dns.merge(&other.dns);
        each.connect.merge(&other.connect);
        each.tls.merge(&other.tls);
        each.first_byte.merge(&other.first_byte);
        each.download.merge(&other.download);
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        if let Some(each) = &mut self.0 {
            each.blocked.clear();
            each.dns.clear();
            each.connect.clear();
            each.tls.clear();
            each.first_byte.clear();
            each.download.clear();
        }
    }
}

impl PartialEq for PhaseTimes {
    /// Equal when the same times were counted, however the memory looks.
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for PhaseTimes {}

//! Status codes, each with its own times.

use super::Times;

/// Requests that were answered with one status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusStats<'a> {
    /// The code; `None` of requests that got no answer, and of protocols without codes.
    pub code: Option<u16>,
    /// Their service times, and so how many.
    pub service: &'a Times,
}

/// The number that stands for no status; HTTP's begin with 100.
pub(crate) const NO_STATUS: u16 = 0;

/// Codes of one row that are kept apart; what a server makes up beyond them is counted with the requests without any.
const MOST_CODES: usize = 64;

/// The times of each status of a row.
///
/// Most rows have one status only: its times are those of the row, and take neither time nor memory here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Statuses {
    /// While there is one: the status of all that the row has counted.
    only: u16,
    /// As soon as there are two: all of them, from the lowest.
    each: Vec<(u16, Times)>,
}

impl Statuses {
    /// Counts one sample of so many microseconds, before its row does.
    #[inline]
    pub(super) fn record(&mut self, status: u16, service: u64, of_row: &Times) {
        if self.each.is_empty() {
            if self.only == status {
                return;
            }
            if of_row.count() == 0 {
                self.only = status;
                return;
            }
        }
        self.times(status, of_row).record_micros(service);
    }

    /// The times of a status, from now on apart from those of the row.
    #[cold]
    fn times(&mut self, status: u16, of_row: &Times) -> &mut Times {
        self.split(of_row);
        let known = |status| self.each.binary_search_by_key(&status, |(code, _)| *code).is_ok();
        let status = if self.each.len() >= MOST_CODES && !known(status) { NO_STATUS } else { status };
        let index = match self.each.binary_search_by_key(&status, |(code, _)| *code) {
            Ok(index) => index,
            Err(index) => {
                self.each.insert(index, (status, Times::default()));
                index
            }
        };
        &mut self.each[index].1
    }

    fn split(&mut self, of_row: &Times) {
        if self.each.is_empty() && of_row.count() > 0 {
            self.each.push((self.only, of_row.clone()));
            self.only = NO_STATUS;
        }
    }

    /// Adds those of another row, before the times of the rows are added.
    pub(super) fn merge(&mut self, other: &Self, of_row: &Times, of_other: &Times) {
        if of_other.count() == 0 {
            return;
        }
        if of_row.count() == 0 {
            self.clone_from(other);
            return;
        }
        if self.each.is_empty() && other.each.is_empty() && self.only == other.only {
            return;
        }
        for status in other.all(of_other) {
            self.times(status.code.unwrap_or(NO_STATUS), of_row).merge(status.service);
        }
    }

    /// Of what was counted elsewhere, from the lowest code.
    #[cfg(feature = "json")]
    pub(crate) fn of_parts(mut each: Vec<(u16, Times)>) -> Self {
        match each.pop() {
            Some((only, _)) if each.is_empty() => Self { only, each },
            last => {
                each.extend(last);
                Self { only: NO_STATUS, each }
            }
        }
    }

    /// From the lowest code.
    pub(super) fn all<'a>(&'a self, of_row: &'a Times) -> impl Iterator<Item = StatusStats<'a>> {
        let only = (self.each.is_empty() && of_row.count() > 0).then_some((self.only, of_row));
        let each = self.each.iter().map(|(code, times)| (*code, times));
        let status = |(code, service)| StatusStats { code: (code != NO_STATUS).then_some(code), service };
        only.into_iter().chain(each).map(status)
    }

    /// Forgets everything. The memory too: the next interval most likely has one status again.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

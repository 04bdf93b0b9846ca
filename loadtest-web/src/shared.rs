//! What all connections share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use loadtest_core::console::{Console, View};
use loadtest_core::stats::{RowKey, RowSnapshot};
use tokio::sync::Semaphore;

use crate::feed::Feed;

/// The console, and what was made of its view.
pub(crate) struct Shared {
    pub(crate) console: Console,
    pub(crate) feed: Feed,
    pub(crate) ids: Ids,
    /// Whose turn it is to send a saved report.
    pub(crate) uploads: Semaphore,
    answers: Mutex<Answers>,
}

/// Answers that are kept: there are as many as there are rows to look at.
const MOST_ANSWERS: usize = 32;

/// What was made of one view.
struct Answers {
    view: Arc<View>,
    made: HashMap<String, Bytes>,
}

impl Shared {
    pub(crate) fn new(console: Console) -> Self {
        let view = console.view();
        let feed = Feed::new(Arc::clone(&view));
        let answers = Mutex::new(Answers { view, made: HashMap::new() });
        Self { console, feed, ids: Ids::default(), uploads: Semaphore::new(1), answers }
    }

    /// What `make` makes of the present view: once for each view, whoever asks for it.
    pub(crate) fn once(&self, name: &str, make: impl FnOnce(&View) -> Bytes) -> Bytes {
        let view = self.console.view();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&answers.view, &view) || answers.made.len() >= MOST_ANSWERS {
            *answers = Answers { view: Arc::clone(&view), made: HashMap::new() };
        }
        if let Some(made) = answers.made.get(name) {
            return made.clone();
        }
        let made = make(&view);
        answers.made.insert(name.to_owned(), made.clone());
        made
    }
}

/// Numbers of rows: from 1 in the order in which they were first seen in a run. 0 is all rows in one.
#[derive(Debug, Default)]
pub(crate) struct Ids(Mutex<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    run: u64,
    of: HashMap<Arc<RowKey>, u64>,
}

impl Ids {
    /// The numbers of these rows, in their order.
    pub(crate) fn of(&self, run: u64, rows: &[RowSnapshot]) -> Vec<u64> {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.run != run {
            *numbers = Numbers { run, of: HashMap::new() };
        }
        let id = |row: &RowSnapshot| match numbers.of.get(&row.key) {
            Some(id) => *id,
            None => {
                let next = numbers.of.len() as u64 + 1;
                numbers.of.insert(Arc::clone(&row.key), next);
                next
            }
        };
        rows.iter().map(id).collect()
    }

    /// The row with this number.
    pub(crate) fn row<'a>(&self, view: &'a View, id: u64) -> Option<&'a RowSnapshot> {
        if id == 0 {
            return Some(&view.snapshot.total);
        }
        let ids = self.of(view.run, &view.snapshot.rows);
        ids.iter().position(|found| *found == id).map(|index| &view.snapshot.rows[index])
    }
}

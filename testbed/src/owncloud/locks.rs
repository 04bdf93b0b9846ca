//! Who is reading or writing a file just now. ownCloud does not wait for a lock: whoever
//! comes second gets a 423.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file of an account: the uid in lower case, and the path.
type Key = (String, String);

/// The locks of all files.
#[derive(Debug, Clone, Default)]
pub(super) struct Locks {
    held: Arc<Mutex<HashMap<Key, Held>>>,
}

#[derive(Debug)]
enum Held {
    Reading(usize),
    Writing,
}

/// A held lock; dropping it releases the file.
#[derive(Debug)]
pub(super) struct Lock {
    locks: Locks,
    key: Key,
}

impl Locks {
    /// Locks a file for reading, unless someone writes it.
    pub(super) fn read(&self, uid: &str, path: &str) -> Option<Lock> {
        let key = (uid.to_owned(), path.to_owned());
        match self.held().entry(key.clone()).or_insert(Held::Reading(0)) {
            Held::Writing => return None,
            Held::Reading(readers) => *readers += 1,
        }
        Some(Lock { locks: self.clone(), key })
    }

    /// Locks a file for writing, unless someone reads or writes it.
    pub(super) fn write(&self, uid: &str, path: &str) -> Option<Lock> {
        let key = (uid.to_owned(), path.to_owned());
        let mut held = self.held();
        if held.contains_key(&key) {
            return None;
        }
        held.insert(key.clone(), Held::Writing);
        Some(Lock { locks: self.clone(), key })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Key, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = self.locks.held();
        match held.get_mut(&self.key) {
            Some(Held::Reading(readers)) if *readers > 1 => *readers -= 1,
            _ => {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Locks;

    #[test]
    fn readers_share_a_file_and_a_writer_has_it_alone() {
        let locks = Locks::default();
        let (first, second) = (locks.read("u", "f"), locks.read("u", "f"));
        assert!(first.is_some() && second.is_some());
        assert!(locks.write("u", "f").is_none());
        drop(first);
        assert!(locks.write("u", "f").is_none(), "one reader is left");
        drop(second);
        let writer = locks.write("u", "f");
        assert!(writer.is_some());
        assert!(locks.read("u", "f").is_none() && locks.write("u", "f").is_none());
        assert!(locks.write("u", "other").is_some() && locks.write("v", "f").is_some());
        drop(writer);
        assert!(locks.read("u", "f").is_some());
    }
}

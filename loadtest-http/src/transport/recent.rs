//! A list that does not grow.

use std::collections::VecDeque;

/// How many values are kept: a run has a handful of settings, unless each user has its own.
const MOST: usize = 32;

/// The values used last, the very last one in front. Who needs one for longer holds it.
#[derive(Debug)]
pub(crate) struct Recent<T>(VecDeque<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Recent<T> {
    /// The value of which this is true; it is in front then.
    pub(crate) fn find(&mut self, is_wanted: impl FnMut(&T) -> bool) -> Option<T> {
        let place = self.0.iter().position(is_wanted)?;
        if place > 0 {
            let value = self.0.remove(place)?;
            self.0.push_front(value);
        }
        self.0.front().cloned()
    }

    /// Puts a value in front; the one that was not used the longest is forgotten for it.
    pub(crate) fn add(&mut self, value: T) {
        self.0.truncate(MOST - 1);
        self.0.push_front(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let mut recent = Recent::default();
        for number in 0..1000_usize {
            assert_eq!(recent.find(|kept| *kept == number), None);
            recent.add(number);
            assert_eq!(recent.find(|kept| *kept == 0), Some(0));
            assert!(recent.0.len() <= MOST);
        }
        let kept: Vec<usize> = recent.0.into();
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[..3], [0, 999, 998]);
    }
}

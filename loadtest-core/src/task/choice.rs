//! Which task comes next.

use rand::{Rng, RngExt};

/// Draws numbers in proportion to weights.
#[derive(Debug, Clone)]
pub(crate) struct Chooser {
    /// The sum of weights up to and including each number.
    upto: Box<[u64]>,
}

impl Chooser {
    /// `None` when there is nothing to choose from.
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut sum = 0;
        let upto: Box<[u64]> = weights
            .into_iter()
            .map(|weight| {
                sum += u64::from(weight);
                sum
            })
            .collect();
        (sum > 0).then_some(Self { upto })
    }

    #[inline]
    pub(crate) fn choose(&self, rng: &mut impl Rng) -> usize {
        let total = self.upto[self.upto.len() - 1];
        if self.upto.len() == 1 {
            return 0;
        }
        let drawn = rng.random_range(0..total);
        // Few tasks: a scan beats a binary search.
        self.upto.iter().position(|upto| drawn < *upto).unwrap_or(0)
    }

    /// The share of each number.
    #[cfg(any(feature = "cli", test))]
    #[expect(clippy::cast_precision_loss, reason = "shares of weights, which are below 2^53")]
    pub(crate) fn shares(&self) -> Vec<f64> {
        let total = self.upto[self.upto.len() - 1] as f64;
        let mut before = 0;
        self.upto
            .iter()
            .map(|upto| {
                let share = (upto - before) as f64 / total;
                before = *upto;
                share
            })
            .collect()
    }
}

/// How a set goes from task to task.
#[derive(Debug, Clone)]
pub(crate) enum Course {
    Random(Chooser),
    /// How often each task runs in its turn; at least one of them runs.
    Sequential(Box<[u32]>),
    /// The task that comes first, and what follows each: `None` is the end of the chain.
    Markov(usize, Box<[Option<Chooser>]>),
}

/// Where a set stands in its course.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor {
    task: usize,
    /// Sequential: how often it has run in this turn. Markov: whether any task has run.
    runs: u32,
}

impl Course {
    /// The next task; `None` at the end of a Markov chain.
    #[inline]
    pub(crate) fn next(&self, cursor: &mut Cursor, rng: &mut impl Rng) -> Option<usize> {
        match self {
            Self::Random(chooser) => Some(chooser.choose(rng)),
            Self::Sequential(times) => {
                while cursor.runs >= times[cursor.task] {
                    *cursor = Cursor { task: (cursor.task + 1) % times.len(), runs: 0 };
                }
                cursor.runs += 1;
                Some(cursor.task)
            }
            Self::Markov(first, next) => {
                let task = if cursor.runs == 0 { *first } else { next[cursor.task].as_ref()?.choose(rng) };
                *cursor = Cursor { task, runs: 1 };
                Some(task)
            }
        }
    }

    /// The share of each task among all that run, in the long run.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn shares(&self) -> Vec<f64> {
        match self {
            Self::Random(chooser) => chooser.shares(),
            Self::Sequential(times) => {
                let total: f64 = times.iter().map(|times| f64::from(*times)).sum();
                times.iter().map(|times| f64::from(*times) / total).collect()
            }
            Self::Markov(first, next) => long_run(*first, next),
        }
    }
}

/// The share of time that a Markov chain spends in each state, when it begins again at `first` after its end.
///
/// The mean over many steps rather than the last of them: that also converges for a chain that goes in a circle
/// (Cesàro's sum; Kemeny and Snell, Finite Markov Chains, 1960, theorem 5.1.1).
#[cfg(any(feature = "cli", test))]
fn long_run(first: usize, next: &[Option<Chooser>]) -> Vec<f64> {
    const STEPS: u32 = 20_000;
    let moves: Vec<Option<Vec<f64>>> = next.iter().map(|next| next.as_ref().map(Chooser::shares)).collect();
    let mut now = vec![0.0; next.len()];
    now[first] = 1.0;
    let mut sum = vec![0.0; next.len()];
    for _ in 0..STEPS {
        let mut then = vec![0.0; next.len()];
        for (state, chance) in now.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
            sum[state] += chance;
            match &moves[state] {
                None => then[first] += chance,
                Some(shares) => {
                    for (to, share) in shares.iter().enumerate() {
                        then[to] += chance * share;
                    }
                }
            }
        }
        now = then;
    }
    sum.into_iter().map(|sum| sum / f64::from(STEPS)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn rng(seed: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(seed)
    }

    fn walk(course: &Course, steps: usize) -> Vec<usize> {
        let (mut cursor, mut rng) = (Cursor::default(), rng(1));
        std::iter::from_fn(|| course.next(&mut cursor, &mut rng)).take(steps).collect()
    }

    /// Pearson's statistic of what was drawn against what was expected.
    fn chi_squared(course: &Course, seed: u64, draws: u32) -> f64 {
        let shares = course.shares();
        let mut counts = vec![0u32; shares.len()];
        let (mut cursor, mut rng) = (Cursor::default(), rng(seed));
        for _ in 0..draws {
            counts[course.next(&mut cursor, &mut rng).expect("no end")] += 1;
        }
        counts
            .iter()
            .zip(&shares)
            .filter(|(_, share)| **share > 0.0)
            .map(|(count, share)| {
                let expected = share * f64::from(draws);
                (f64::from(*count) - expected).powi(2) / expected
            })
            .sum()
    }

    #[test]
    fn tasks_are_drawn_by_weight_for_every_seed() {
        let weights = [3, 0, 1, 10, 6];
        let course = Course::Random(Chooser::new(weights).expect("weights"));
        // Three degrees of freedom: 16.27 is exceeded once in a thousand, 30 once in 700,000.
        let far = (0..200).filter(|seed| chi_squared(&course, *seed, 5_000) > 16.27).count();
        assert!(far <= 3, "{far} of 200 seeds");
        assert!((0..200).all(|seed| chi_squared(&course, seed, 5_000) < 30.0));
        let mut rng = rng(1);
        let chooser = Chooser::new(weights).expect("weights");
        assert!((0..10_000).all(|_| chooser.choose(&mut rng) != 1), "a task of weight 0 is never drawn");
    }

    #[test]
    fn without_weight_there_is_no_choice() {
        assert!(Chooser::new([]).is_none());
        assert!(Chooser::new([0]).is_none());
    }

    #[test]
    fn a_sequence_repeats_by_weight_and_begins_again() {
        let course = Course::Sequential(Box::new([2, 0, 1]));
        assert_eq!(walk(&course, 7), [0, 0, 2, 0, 0, 2, 0]);
        assert_eq!(walk(&Course::Sequential(Box::new([0, 1])), 3), [1, 1, 1]);
    }

    #[test]
    fn a_chain_ends_where_nothing_follows() {
        let to = |weights: [u32; 3]| Chooser::new(weights);
        let course = Course::Markov(1, Box::new([None, to([0, 0, 1]), to([1, 0, 0])]));
        assert_eq!(walk(&course, 10), [1, 2, 0]);
    }

    #[test]
    fn a_chain_is_in_each_state_as_often_as_its_shares_say() {
        let to = |weights: [u32; 3]| Chooser::new(weights);
        // A circle with a way back: shares 0.4, 0.4, 0.2 by solving the balance by hand.
        let course = Course::Markov(0, Box::new([to([0, 1, 0]), to([1, 0, 1]), to([1, 0, 0])]));
        for (share, expected) in course.shares().iter().zip([0.4, 0.4, 0.2]) {
            assert!((share - expected).abs() < 1e-3, "{:?}", course.shares());
        }
        // With an end, after which it begins again: two steps, half each.
        let course = Course::Markov(0, Box::new([to([0, 1, 0]), None, None]));
        assert!((course.shares()[0] - 0.5).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn shares_add_up(weights in prop::collection::vec(0u32..1000, 1..10)) {
            if let Some(chooser) = Chooser::new(weights.clone()) {
                let total: u32 = weights.iter().sum();
                for (share, weight) in chooser.shares().iter().zip(&weights) {
                    prop_assert!((share - f64::from(*weight) / f64::from(total)).abs() < 1e-9);
                }
            }
        }
    }
}

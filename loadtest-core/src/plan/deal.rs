//! Who is which user: the class of each, from the classes' fixed counts and weights. Pure arithmetic.

use std::sync::Arc;

/// How many users of a class there are to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// Exactly so many, before all others; 0 for a share by weight.
    pub(crate) fixed_count: u64,
    /// The share of what the fixed counts leave.
    pub(crate) weight: f64,
}

impl Share {
    /// Whether there are never any users of this class.
    pub(crate) fn is_none(&self) -> bool {
        self.fixed_count == 0 && self.weight == 0.0
    }
}

/// The most users that these classes can have together: the sum of the fixed counts where no class has a weight beside
/// them, else any number (`None`).
pub(crate) fn most_users(shares: &[Share]) -> Option<u64> {
    let weighted = shares.iter().any(|share| share.fixed_count == 0 && share.weight > 0.0);
    (!weighted).then(|| fixed_users(shares))
}

/// The sum of the fixed counts.
pub(crate) fn fixed_users(shares: &[Share]) -> u64 {
    shares.iter().fold(0, |sum, share| sum.saturating_add(share.fixed_count))
}

/// The class of each of the first `users` users; of fewer where the classes cannot have so many.
///
/// Classes with a fixed count come first, among each other in proportion to their counts; then the others by weight.
/// In both parts every user goes to the class that is furthest below its share (the one declared first, where several
/// are), so each beginning of the sequence is as close to the shares as it can be. The class of a user never depends
/// on how many come after it: a longer deal does not change a shorter one, and whoever goes from n users down to m and
/// up again has the same users as before.
pub(crate) fn deal(shares: &[Share], users: u64) -> Arc<[u16]> {
    let users = most_users(shares).map_or(users, |most| users.min(most));
    let fixed = users.min(fixed_users(shares));
    #[expect(clippy::cast_precision_loss, reason = "a count of users below 2^53")]
    let counts: Vec<f64> = shares.iter().map(|share| share.fixed_count as f64).collect();
    let weights: Vec<f64> =
        shares.iter().map(|share| if share.fixed_count == 0 { share.weight } else { 0.0 }).collect();
    smooth(&counts, fixed).chain(smooth(&weights, users - fixed)).collect()
}

/// The first `users` steps of smooth weighting.
fn smooth(weights: &[f64], users: u64) -> impl Iterator<Item = u16> {
    let total: f64 = weights.iter().sum();
    let mut dealt = vec![0u64; weights.len()];
    (1..=users).map(move |so_far| {
        // Times the total, so that nothing is divided: with whole weights every step is exact, ties as well.
        #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
        let missing = |class: usize| weights[class] * so_far as f64 - dealt[class] as f64 * total;
        // `max_by` takes the last of equals; in reverse that is the class declared first.
        let class = (0..weights.len())
            .rev()
            .filter(|class| weights[*class] > 0.0)
            .max_by(|a, b| missing(*a).total_cmp(&missing(*b)))
            .unwrap_or(0);
        dealt[class] += 1;
        u16::try_from(class).unwrap_or(u16::MAX)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixed(fixed_count: u64) -> Share {
        Share { fixed_count, weight: 1.0 }
    }

    fn weight(weight: f64) -> Share {
        Share { fixed_count: 0, weight }
    }

    fn word(shares: &[Share], users: u64) -> String {
        deal(shares, users).iter().map(|class| char::from(b'A' + u8::try_from(*class).unwrap())).collect()
    }

    #[test]
    fn users_are_dealt_evenly_and_fixed_counts_first() {
        for (shares, users, expected) in [
            (&[weight(3.0), weight(1.0)][..], 8, "AABAAABA"),
            (&[weight(1.0), weight(1.0)], 4, "ABAB"),
            (&[weight(1.0)], 3, "AAA"),
            (&[weight(1.0), weight(1.0), weight(2.0)], 8, "CABCCABC"),
            (&[weight(1.0), weight(1.0), weight(1.0)], 7, "ABCABCA"),
            (&[weight(0.0), weight(1.0)], 3, "BBB"),
            (&[weight(1.0), fixed(2)], 5, "BBAAA"),
            (&[fixed(1), weight(3.0), weight(1.0), fixed(2)], 9, "DADBBCBBB"),
            // Fewer users than fixed ones: nobody else.
            (&[weight(1.0), fixed(3)], 2, "BB"),
            (&[fixed(2), fixed(2)], 3, "ABA"),
            // Only fixed ones: no more than they are.
            (&[fixed(1), fixed(2)], 10, "BAB"),
            (&[fixed(1), weight(0.0)], 10, "A"),
            (&[weight(1.0)], 0, ""),
        ] {
            assert_eq!(word(shares, users), expected, "{shares:?}, {users} users");
        }
    }

    #[test]
    fn no_number_overflows() {
        let shares = [fixed(u64::MAX), fixed(u64::MAX)];
        assert_eq!(fixed_users(&shares), u64::MAX);
        assert_eq!(word(&shares, 4), "ABAB");
    }

    /// The rule in whole numbers: step `n` of a part goes to the class with the largest `weight · n − dealt · total`.
    fn by_the_rule(shares: &[(u64, u64)], users: u64) -> Vec<u16> {
        let mut dealt = vec![0i128; shares.len()];
        let mut classes = Vec::new();
        let sum: u64 = shares.iter().map(|(fixed_count, _)| fixed_count).sum();
        for user in 0..users {
            let in_fixed = user < sum;
            let n = i128::from(if in_fixed { user } else { user - sum }) + 1;
            let weights: Vec<i128> = shares
                .iter()
                .map(|(fixed_count, weight)| match (in_fixed, fixed_count) {
                    (true, count) => i128::from(*count),
                    (false, 0) => i128::from(*weight),
                    (false, _) => 0,
                })
                .collect();
            let total: i128 = weights.iter().sum();
            if total == 0 {
                break;
            }
            let mut best: Option<(i128, usize)> = None;
            for (class, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                let missing = weight * n - dealt[class] * total;
                if best.is_none_or(|(most, _)| missing > most) {
                    best = Some((missing, class));
                }
            }
            let (_, class) = best.unwrap();
            dealt[class] += 1;
            classes.push(u16::try_from(class).unwrap());
        }
        classes
    }

    proptest! {
        #[test]
        fn every_step_up_and_down_is_by_the_rule(
            shares in prop::collection::vec((0u64..6, 0u64..20), 1..6), targets in prop::collection::vec(0u64..200, 1..5),
        ) {
            let plan: Vec<Share> =
                shares.iter().map(|(fixed_count, weight)| Share { fixed_count: *fixed_count, weight: *weight as f64 }).collect();
            let longest = by_the_rule(&shares, 200);
            // Whoever goes from one target to the next has at each step the beginning of the same sequence.
            for target in targets {
                let dealt = deal(&plan, target);
                prop_assert_eq!(&dealt[..], &longest[..longest.len().min(usize::try_from(target).unwrap())]);
            }
        }

        #[test]
        fn fixed_counts_are_kept_exactly_and_every_beginning_is_within_one_user_per_class_of_the_weights(
            shares in prop::collection::vec((0u64..6, 0.01f64..20.0), 1..6), users in 0u64..300,
        ) {
            let plan: Vec<Share> =
                shares.iter().map(|(fixed_count, weight)| Share { fixed_count: *fixed_count, weight: *weight }).collect();
            let dealt = deal(&plan, users);
            let count = |class: usize| dealt.iter().filter(|dealt| usize::from(**dealt) == class).count() as u64;
            let sum = fixed_users(&plan);
            let total: f64 = plan.iter().filter(|share| share.fixed_count == 0).map(|share| share.weight).sum();
            for (class, share) in plan.iter().enumerate() {
                let count = count(class);
                if share.fixed_count > 0 {
                    prop_assert!(count <= share.fixed_count);
                    prop_assert!(users < sum || count == share.fixed_count, "class {class}: {count} of {share:?}");
                } else {
                    let share = share.weight / total * users.saturating_sub(sum) as f64;
                    prop_assert!((count as f64 - share).abs() < plan.len() as f64, "class {class}: {count} for {share}");
                }
            }
            let most = most_users(&plan).unwrap_or(u64::MAX);
            prop_assert_eq!(dealt.len() as u64, users.min(most));
        }
    }
}

//! A shuffled order that is computed and not stored: any thread finds the row of any place at any time, without a lock
//! and without the pause in which one thread would shuffle a million rows for the next round.
//!
//! A Feistel network permutes the numbers of an even count of bits, whatever its round function is; places that land
//! beyond the last row go through it again until they do not ("cycle walking": J. Black, P. Rogaway, Ciphers with
//! Arbitrary Finite Domains, 2002). The round function is the output step of SplitMix64 (G. Steele et al., Fast
//! Splittable Pseudorandom Number Generators, 2014).

/// Few make a permutation look random where the halves are long, but those of short lists have one or two bits: with 8,
/// chi-squared over all orders of 5 rows still sees a difference, with 12 it sees none, also of 7.
const ROUNDS: u64 = 12;

/// The index of the row at this place of this round; `place` is below `count`.
pub(super) fn row_at(seed: u64, name: &str, round: u64, count: u64, place: u64) -> u64 {
    let name = name.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let key = mix(mix(seed ^ name).wrapping_add(round));
    let half = (u64::BITS - (count - 1).leading_zeros()).div_ceil(2).max(1);
    let mut at = place;
    loop {
        at = feistel(key, half, at);
        // There is an end: the walk goes along a cycle of a permutation, and `place` itself, on the same cycle, is small
        // enough.
        if at < count {
            return at;
        }
    }
}

/// A permutation of the numbers of `2 * half` bits.
fn feistel(key: u64, half: u32, number: u64) -> u64 {
    let mask = (1 << half) - 1;
    let (mut left, mut right) = (number >> half, number & mask);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (mix(mix(key.wrapping_add(round)) ^ right) & mask));
    }
    let number = (left << half) | right;
    // A Feistel network can make even permutations only, and half of the orders of a short list would come more often than
    // the others. For every other key, 0 and 1 change places.
    if number < 2 { number ^ (mix(key.wrapping_sub(1)) & 1) } else { number }
}

/// One step of SplitMix64.
fn mix(number: u64) -> u64 {
    let mut number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn order(seed: u64, name: &str, round: u64, count: u64) -> Vec<u64> {
        (0..count).map(|place| row_at(seed, name, round, count, place)).collect()
    }

    #[test]
    fn the_order_never_changes_between_versions() {
        // `--seed` is a promise: a run can be repeated with a later version.
        assert_eq!(order(1, "accounts.csv", 0, 8), [5, 3, 6, 2, 0, 1, 4, 7]);
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf, "the first number of SplitMix64 with seed 0");
    }

    #[test]
    fn every_order_of_a_short_list_is_as_likely_as_any_other() {
        // Orders and the 99.9 % point of chi-squared for one less: 2 to 5 rows.
        for (count, orders, most) in [(2u64, 2u64, 10.83), (3, 6, 20.52), (4, 24, 49.73), (5, 120, 173.6)] {
            let expected = 200;
            let mut seen: HashMap<Vec<u64>, u64> = HashMap::new();
            for seed in 0..orders * expected {
                *seen.entry(order(seed, "words", seed % 3, count)).or_default() += 1;
            }
            assert_eq!(seen.len() as u64, orders, "{count} rows");
            let chi: f64 = seen.values().map(|n| (*n as f64 - expected as f64).powi(2) / expected as f64).sum();
            assert!(chi < most, "{count} rows: {chi}");
        }
    }

    #[test]
    fn every_row_is_as_likely_at_every_place_of_a_longer_list() {
        for count in [17u64, 40, 64] {
            let expected = 50;
            let mut seen = vec![0u64; (count * count) as usize];
            for seed in 0..count * expected {
                for (place, row) in order(seed, "words", 0, count).into_iter().enumerate() {
                    seen[place * count as usize + row as usize] += 1;
                }
            }
            let chi: f64 = seen.iter().map(|n| (*n as f64 - expected as f64).powi(2) / expected as f64).sum();
            // Of (count - 1)² degrees of freedom; 4 standard deviations above the mean.
            let free = ((count - 1) * (count - 1)) as f64;
            assert!((chi - free).abs() < 4.0 * (2.0 * free).sqrt(), "{count} rows: {chi} for {free}");
        }
    }

    #[test]
    fn seed_name_and_round_make_another_order() {
        let one = order(1, "a", 0, 50);
        for other in [order(2, "a", 0, 50), order(1, "b", 0, 50), order(1, "a", 1, 50)] {
            assert_ne!(one, other);
        }
        assert_eq!(one, order(1, "a", 0, 50));
    }

    proptest! {
        #[test]
        fn every_row_comes_once(seed: u64, round: u64, name in "[a-z.]{0,12}", count in 1u64..400) {
            let mut rows = order(seed, &name, round, count);
            rows.sort_unstable();
            prop_assert!(rows.into_iter().eq(0..count));
        }

        #[test]
        fn also_of_many_rows_each_place_has_one(seed: u64, count in 1u64..=u64::MAX, place: u64) {
            let place = place % count;
            prop_assert!(row_at(seed, "x", 0, count, place) < count);
        }
    }
}

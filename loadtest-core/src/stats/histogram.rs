//! A sparse log-linear histogram of microseconds.
//!
//! The buckets are those of an HDR histogram with two significant digits (G. Tene, HdrHistogram): every power
//! of two is cut into 128 equal buckets, and values below 128 µs have a bucket each. So a bucket is at most
//! 1/128 of its value wide, and its middle is at most 0.4 % from any value in it.
//!
//! Why not the `hdrhistogram` crate: its counters lie in one array from 1 µs to the largest value seen, 20 KiB
//! for a minute at this precision; a service answers within two or three powers of two, which take 1 KiB each
//! here, and a load test has a histogram per name, per shard and per interval. A property test holds the two
//! against each other.

/// Buckets in one power of two; also the limit below which every value has its own bucket.
const BUCKETS: usize = 128;
const BITS: u32 = BUCKETS.trailing_zeros();

type Chunk = [u64; BUCKETS];

/// Counts of values in microseconds, up to `u64::MAX`, with a relative error of at most 0.4 %.
///
/// ```
/// use loadtest_core::stats::Histogram;
///
/// let mut histogram = Histogram::default();
/// for value in 1..=1000 {
///     histogram.record(value);
/// }
/// let p99 = histogram.quantile(0.99).unwrap();
/// assert!((p99 as f64 - 990.0).abs() <= 990.0 * 0.004);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// `chunks[0]` counts 0..128 one by one, `chunks[k]` the values from 64·2^k up to twice that.
    chunks: Vec<Option<Box<Chunk>>>,
    count: u64,
}

impl Histogram {
    pub(crate) const EMPTY: Self = Self { chunks: Vec::new(), count: 0 };

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let (chunk, bucket) = position(value);
        if let Some(Some(counts)) = self.chunks.get_mut(chunk) {
            counts[bucket] += 1;
        } else {
            self.chunk(chunk)[bucket] += 1;
        }
        self.count += 1;
    }

    /// The chunk, made when it is first needed.
    #[cold]
    fn chunk(&mut self, chunk: usize) -> &mut Chunk {
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, || None);
        }
        self.chunks[chunk].get_or_insert_with(|| Box::new([0; BUCKETS]))
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value below or at which the share `quantile` (0 to 1) of all values lies, by the nearest-rank method:
    /// the smallest value with at least ⌈quantile · count⌉ values at or below it. `None` when nothing was counted.
    ///
    /// The result is the middle of that value's bucket.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank: the product lies between 0 and the count, and a count below 2^53 is exact"
        )]
        let rank = {
            let exact = quantile.clamp(0.0, 1.0) * self.count as f64;
            // 0.999 · 1000 is 999.0000000000001 in floating point, and must not become rank 1000.
            ((exact * (1.0 - 1e-12)).ceil() as u64).clamp(1, self.count)
        };
        let mut seen = 0;
        for (lowest, width, count) in self.buckets() {
            seen += count;
            if seen >= rank {
                return Some(lowest + (width - 1) / 2);
            }
        }
        None
    }

    /// The buckets that hold values, from the lowest: the lowest value, how many values wide, the count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.chunks.iter().enumerate().filter_map(|(chunk, counts)| Some((chunk, counts.as_deref()?))).flat_map(
            |(chunk, counts)| {
                counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(bucket, count)| {
                    let (lowest, width) = range(chunk, bucket);
                    (lowest, width, *count)
                })
            },
        )
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (chunk, counts) in other.chunks.iter().enumerate() {
            // A cleared histogram keeps its chunks: those without a count are not worth a chunk here.
            let Some(counts) = counts.as_deref().filter(|counts| counts.iter().any(|count| *count > 0)) else {
                continue;
            };
            for (mine, theirs) in self.chunk(chunk).iter_mut().zip(counts) {
                *mine += theirs;
            }
        }
        self.count += other.count;
    }

    /// Forgets all values and keeps the memory, so that recording the like again allocates nothing.
    pub fn clear(&mut self) {
        for counts in self.chunks.iter_mut().flatten() {
            counts.fill(0);
        }
        self.count = 0;
    }
}

impl PartialEq for Histogram {
    /// Equal when the same values were counted, however the memory looks.
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.buckets().eq(other.buckets())
    }
}

impl Eq for Histogram {}

/// Chunk and bucket of a value.
#[inline]
fn position(value: u64) -> (usize, usize) {
    let power = (value | (BUCKETS as u64 - 1)).ilog2();
    if power < BITS {
        return (0, value as usize);
    }
    let shift = power - BITS;
    ((shift + 1) as usize, (value >> shift) as usize - BUCKETS)
}

/// The lowest value of a bucket and how many values it holds.
fn range(chunk: usize, bucket: usize) -> (u64, u64) {
    if chunk == 0 {
        return (bucket as u64, 1);
    }
    let shift = chunk - 1;
    (((BUCKETS + bucket) as u64) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    /// Values spread evenly over the powers of two, as latencies are.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((0u32..64, any::<u64>()).prop_map(|(shift, value)| value >> shift), 0..200)
    }

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_touch() {
        let mut expected = 0;
        for chunk in 0..=57 {
            for bucket in 0..BUCKETS {
                let (lowest, width) = range(chunk, bucket);
                assert_eq!(lowest, expected, "chunk {chunk} bucket {bucket}");
                assert_eq!(position(lowest), (chunk, bucket));
                assert_eq!(position(lowest + (width - 1)), (chunk, bucket));
                expected = lowest.wrapping_add(width);
            }
        }
        assert_eq!(expected, 0, "the last bucket ends with the largest u64");
    }

    #[test]
    fn ranks_are_exact_where_they_are_whole() {
        for thousands in 1..=50u64 {
            let n = thousands * 1000;
            let mut histogram = Histogram::default();
            // All but one in a thousand are 1: the 99.9th percentile is the last of them.
            for value in 0..n {
                histogram.record(if value < n / 1000 { 100 } else { 1 });
            }
            assert_eq!(histogram.quantile(99.9 / 100.0), Some(1), "{n} values");
        }
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_stated_error_of_the_sorted_values(mut values in values(), q in 0usize..=100_000) {
            prop_assume!(!values.is_empty());
            let histogram = of(&values);
            values.sort_unstable();
            // The rank in whole numbers: floating point has been wrong here before.
            let rank = (q * values.len()).div_ceil(100_000).clamp(1, values.len());
            let exact = values[rank - 1] as f64;
            let found = histogram.quantile(q as f64 / 100_000.0).unwrap() as f64;
            prop_assert!((found - exact).abs() <= exact * 0.004, "{found} for {exact}");
        }

        #[test]
        fn quantiles_never_fall(values in values(), mut qs in prop::collection::vec(0.0f64..=1.0, 2..10)) {
            let histogram = of(&values);
            qs.sort_by(f64::total_cmp);
            let found: Vec<_> = qs.iter().map(|q| histogram.quantile(*q)).collect();
            prop_assert!(found.is_sorted());
        }

        #[test]
        fn merging_is_recording_everything_into_one(a in values(), b in values(), c in values()) {
            let all = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (of(&a), of(&b), of(&c));
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut right = c;
            right.merge(&b);
            right.merge(&a);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &all);
        }

        #[test]
        fn a_cleared_histogram_is_as_good_as_new(a in values(), b in values()) {
            let mut histogram = of(&a);
            histogram.clear();
            prop_assert_eq!(&histogram, &Histogram::default());
            for value in &b {
                histogram.record(*value);
            }
            prop_assert_eq!(histogram, of(&b));
        }

        #[test]
        fn it_agrees_with_hdrhistogram(values in prop::collection::vec(1u64..60_000_000, 1..200)) {
            let ours = of(&values);
            let mut theirs = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).unwrap();
            for value in &values {
                theirs.record(*value).unwrap();
            }
            for q in [0.0, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let (a, b) = (ours.quantile(q).unwrap() as f64, theirs.value_at_quantile(q) as f64);
                prop_assert!((a - b).abs() <= b * 0.006 + 1.0, "{a} and {b} at {q}");
            }
        }
    }
}

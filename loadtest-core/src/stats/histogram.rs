//! A sparse log-linear histogram of microseconds.
//!
//! The buckets are those of an HDR histogram with two significant digits (G. Tene, HdrHistogram): every power
//! of two is cut into 128 equal buckets, and values below 128 µs have a bucket each. So a bucket is at most
//! 1/128 of its value wide, and its middle is at most 0.4 % from any value in it.
//!
//! Where a histogram is of less interest than its memory, four buckets are one: the times of phases, and the points of
//! time series. Its middle is at most 1.6 % off then.
//!
//! Why not the `hdrhistogram` crate: its counters lie in one array from 1 µs to the largest value seen, 20 KiB
//! for a minute at this precision; the times of one service lie within a few powers of two, which take half a KiB each
//! here, and a load test has a histogram per name, per shard and per interval. A property test holds the two
//! against each other.

/// Buckets in one power of two; also the limit below which every value has its own bucket.
const BUCKETS: usize = 128;
const BITS: u32 = BUCKETS.trailing_zeros();
/// Buckets that are kept together, an eighth of a power of two: 64 bytes.
const BLOCK: usize = 16;
/// Blocks for which there is room when one is made: seldom is only one needed.
const AT_ONCE: usize = 4;
/// In the place of a block that holds nothing.
const NO_BLOCK: u16 = u16::MAX;

/// By how many bits the buckets of a coarse histogram are fewer.
pub(crate) const COARSE: u8 = 2;

/// Counts of values in microseconds, up to `u64::MAX`, with a relative error of at most 0.4 %; of at most 1.6 % in a
/// coarse one.
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
    /// Of each block from the `first` on, its place in `counts`.
    slots: Vec<u16>,
    first: u16,
    /// Blocks of counters, in the order in which they were first needed. 32 bits, as half of the memory is enough for
    /// nearly all: what goes beyond is carried.
    counts: Vec<u32>,
    /// Counters that have gone through 2^32, and how often.
    carries: Vec<(u32, u32)>,
    count: u64,
    /// How many bits of buckets' numbers are left out.
    coarser: u8,
}

impl Histogram {
    pub(crate) const EMPTY: Self = Self::coarser_by(0);

    /// Without values, and with fewer buckets.
    pub(crate) const fn coarser_by(coarser: u8) -> Self {
        Self { slots: Vec::new(), first: 0, counts: Vec::new(), carries: Vec::new(), count: 0, coarser }
    }

    /// How many bits of buckets' numbers are left out.
    pub(crate) fn coarser(&self) -> u8 {
        self.coarser
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bucket = bucket_of(value) >> self.coarser;
        let slot = (bucket / BLOCK).wrapping_sub(usize::from(self.first));
        let Some(block) = self.slots.get(slot) else { return self.add(bucket, 1) };
        // The place of no block is behind all counters, so one comparison is enough.
        let place = usize::from(*block) * BLOCK + bucket % BLOCK;
        let Some(count) = self.counts.get_mut(place) else { return self.add(bucket, 1) };
        self.count += 1;
        *count = count.wrapping_add(1);
        if *count == 0 {
            self.wrapped(place, 1);
        }
    }

    /// Counts a value so many times.
    pub fn record_many(&mut self, value: u64, times: u64) {
        self.add(bucket_of(value) >> self.coarser, times);
    }

    /// Adds to a bucket.
    #[inline(never)]
    pub(crate) fn add(&mut self, bucket: usize, times: u64) {
        if times > 0 {
            let place = self.place(bucket);
            self.count += times;
            self.carry(place, times);
        }
    }

    /// Where the counter of a bucket is.
    #[inline]
    fn place(&mut self, bucket: usize) -> usize {
        let block = bucket / BLOCK;
        let slot = block.wrapping_sub(usize::from(self.first));
        let block = match self.slots.get(slot) {
            Some(block) if *block != NO_BLOCK => usize::from(*block),
            _ => self.new_block(block),
        };
        block * BLOCK + bucket % BLOCK
    }

    /// Makes a block when it is first needed.
    #[cold]
    fn new_block(&mut self, block: usize) -> usize {
        let new = self.counts.len() / BLOCK;
        #[expect(clippy::cast_possible_truncation, reason = "there are 472 blocks for all values of 64 bits")]
        let (number, block) = (new as u16, block as u16);
        if self.slots.is_empty() {
            self.first = block;
        }
        if block < self.first {
            let more = usize::from(self.first - block);
            self.slots.reserve_exact(more);
            self.slots.splice(0..0, std::iter::repeat_n(NO_BLOCK, more));
            self.first = block;
        }
        let slot = usize::from(block - self.first);
        if slot >= self.slots.len() {
            self.slots.reserve_exact((slot + 1).next_multiple_of(AT_ONCE) - self.slots.len());
            self.slots.resize(slot + 1, NO_BLOCK);
        }
        self.slots[slot] = number;
        if self.counts.len() == self.counts.capacity() {
            self.counts.reserve_exact(AT_ONCE * BLOCK);
        }
        self.counts.resize(self.counts.len() + BLOCK, 0);
        new
    }

    /// Adds to a counter what may be too much for its 32 bits.
    #[cold]
    fn carry(&mut self, place: usize, more: u64) {
        let sum = u64::from(self.counts[place]) + more;
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half")]
        let (low, high) = (sum as u32, (sum >> 32) as u32);
        self.counts[place] = low;
        if high > 0 {
            self.wrapped(place, high);
        }
    }

    /// A counter has gone through 2^32.
    #[cold]
    fn wrapped(&mut self, place: usize, more: u32) {
        match self.carries.iter_mut().find(|(of, _)| *of as usize == place) {
            Some((_, times)) => *times += more,
            #[expect(clippy::cast_possible_truncation, reason = "as many counters as there are buckets")]
            None => self.carries.push((place as u32, more)),
        }
    }

    /// What the counter at a place says.
    fn at(&self, place: usize) -> u64 {
        let carry = self.carries.iter().find(|(of, _)| *of as usize == place);
        u64::from(self.counts[place]) + carry.map_or(0, |(_, times)| u64::from(*times) << 32)
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
        let rank = rank(quantile, self.count);
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
        self.counted().map(|(bucket, count)| {
            let (lowest, width) = range(bucket << self.coarser);
            (lowest, width << self.coarser, count)
        })
    }

    /// The numbers of the buckets that hold values, from the lowest, and their counts.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let blocks = self.slots.iter().enumerate().filter(|(_, block)| **block != NO_BLOCK);
        blocks.flat_map(move |(slot, block)| {
            let (first, place) = ((usize::from(self.first) + slot) * BLOCK, usize::from(*block) * BLOCK);
            (0..BLOCK).map(move |of| (first + of, self.at(place + of))).filter(|(_, count)| *count > 0)
        })
    }

    /// Adds all values of `other`. Where one is coarser, the sum is.
    pub fn merge(&mut self, other: &Self) {
        if self.coarser < other.coarser {
            let fine = std::mem::replace(self, Self::coarser_by(other.coarser));
            fine.counted().for_each(|(bucket, count)| self.add(bucket >> (other.coarser - fine.coarser), count));
        }
        if self.coarser > other.coarser {
            let bits = self.coarser - other.coarser;
            other.counted().for_each(|(bucket, count)| self.add(bucket >> bits, count));
            return;
        }
        for (slot, block) in other.slots.iter().enumerate().filter(|(_, block)| **block != NO_BLOCK) {
            let from = usize::from(*block) * BLOCK;
            let theirs = &other.counts[from..from + BLOCK];
            // A cleared histogram keeps its blocks: those without a count are not worth a block here.
            if theirs.iter().all(|count| *count == 0) && other.carries.is_empty() {
                continue;
            }
            let place = self.place((usize::from(other.first) + slot) * BLOCK);
            for (of, count) in theirs.iter().enumerate() {
                match self.counts[place + of].checked_add(*count) {
                    Some(sum) => self.counts[place + of] = sum,
                    None => self.carry(place + of, u64::from(*count)),
                }
            }
            for (of, times) in &other.carries {
                if (from..from + BLOCK).contains(&(*of as usize)) {
                    self.carry(place + *of as usize - from, u64::from(*times) << 32);
                }
            }
        }
        self.count += other.count;
    }

    /// Forgets all values and keeps the memory, so that recording the like again allocates nothing.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.carries.clear();
        self.count = 0;
    }

    /// Bytes of memory on the heap.
    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        self.slots.capacity() * 2 + self.counts.capacity() * 4
    }
}

impl PartialEq for Histogram {
    /// Equal when the same values were counted, however the memory looks.
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.buckets().eq(other.buckets())
    }
}

impl Eq for Histogram {}

/// The nearest rank: ⌈quantile · count⌉, at least 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the product lies between 0 and the count, and a count below 2^53 is exact"
)]
fn rank(quantile: f64, count: u64) -> u64 {
    let exact = quantile.clamp(0.0, 1.0) * count as f64;
    // 0.999 · 1000 is 999.0000000000001 in floating point, and must not become rank 1000.
    ((exact * (1.0 - 1e-12)).ceil() as u64).clamp(1, count)
}

/// The number of a value's bucket.
#[inline]
pub(super) fn bucket_of(value: u64) -> usize {
    let shift = (value | 1).ilog2().saturating_sub(BITS);
    shift as usize * BUCKETS + (value >> shift) as usize
}

/// The lowest value of a bucket and how many values it holds.
pub(super) fn range(bucket: usize) -> (u64, u64) {
    if bucket < 2 * BUCKETS {
        return (bucket as u64, 1);
    }
    let shift = bucket / BUCKETS - 1;
    (((bucket - shift * BUCKETS) as u64) << shift, 1 << shift)
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
        for bucket in 0..58 * BUCKETS {
            let (lowest, width) = range(bucket);
            assert_eq!(lowest, expected, "bucket {bucket}");
            assert_eq!(bucket_of(lowest), bucket);
            assert_eq!(bucket_of(lowest + (width - 1)), bucket);
            expected = lowest.wrapping_add(width);
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
    fn a_counter_goes_beyond_32_bits() {
        let most = u64::from(u32::MAX);
        let mut histogram = Histogram::default();
        histogram.record_many(1000, most);
        histogram.record(1000);
        assert_eq!(histogram.buckets().map(|(_, _, count)| count).collect::<Vec<_>>(), [most + 1]);
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        twice.record_many(5, 3 * most);
        let mut other_order = of(&[1000, 1000, 1000]);
        other_order.merge(&{
            let mut most_of_it = Histogram::default();
            most_of_it.record_many(5, 3 * most);
            most_of_it.record_many(1000, 2 * most - 1);
            most_of_it
        });
        assert_eq!(twice.buckets().collect::<Vec<_>>(), [(5, 1, 3 * most), (1000, 4, 2 * (most + 1))]);
        assert_eq!(twice, other_order);
        assert_eq!((twice.count(), twice.quantile(0.9)), (5 * most + 2, Some(1001)));
        twice.clear();
        assert_eq!(twice, Histogram::default());
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
        fn where_one_is_coarser_the_sum_is(a in values(), b in values()) {
            let coarse = |values: &[u64]| {
                let mut histogram = Histogram::coarser_by(COARSE);
                values.iter().for_each(|value| histogram.record(*value));
                histogram
            };
            let all = coarse(&[a.clone(), b.clone()].concat());
            let (mut left, mut right) = (coarse(&a), of(&b));
            left.merge(&of(&b));
            right.merge(&coarse(&a));
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &all);
            prop_assert_eq!(left.count(), (a.len() + b.len()) as u64);
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

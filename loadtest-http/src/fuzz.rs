//! What drives the fuzz targets: tests whose input is any bytes at all.
//!
//! Under plain `cargo test` a target gets each file of its corpus, and then what random changes make of them, for as long
//! as `LOADTEST_FUZZ_SECONDS` says. Under `cargo xtask fuzz` libFuzzer drives it, and is led by what the code covers.
//! An input that fails is kept in the corpus directory: as a file there it is a regression test.

#[cfg(not(fuzzing_libfuzzer))]
mod random;

use std::panic::RefUnwindSafe;

/// Runs a target. Its corpus is named like it, up to the first underscore, so several targets can have the same.
#[cfg(not(fuzzing_libfuzzer))]
pub(crate) fn fuzz(name: &str, check: impl Fn(&[u8]) + RefUnwindSafe) {
    random::Target::new(name, &check).run();
}

#[cfg(fuzzing_libfuzzer)]
pub(crate) fn fuzz(name: &str, check: impl Fn(&[u8]) + RefUnwindSafe) {
    bolero::check!(name = name).for_each(|input: &[u8]| check(input));
}

/// Takes an input apart, for targets that need more than one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a>(pub(crate) &'a [u8]);

impl<'a> Parts<'a> {
    /// A choice; 0 at the end.
    pub(crate) fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// What comes before the next `|`, which a corpus written by hand has between its parts; `None` at the end.
    pub(crate) fn piece(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|byte| *byte == b'|').unwrap_or(self.0.len());
        let piece = self.0.split_off(..end);
        self.0.split_off_first();
        piece
    }

    /// The next piece as text; empty at the end.
    pub(crate) fn text(&mut self) -> String {
        String::from_utf8_lossy(self.piece().unwrap_or_default()).into_owned()
    }
}

/// Numbers that look random; the same each time for the same seed.
#[derive(Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    #[cfg(not(fuzzing_libfuzzer))]
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Which belong to an input.
    pub(crate) fn of(input: &[u8]) -> Self {
        Self(input.iter().fold(0, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// Below this bound, or 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}

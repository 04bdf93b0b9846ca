//! The random numbers of a user, from what names it and never from its shard.

use std::cell::RefCell;
use std::convert::Infallible;

use rand::rand_core::TryRng;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Random numbers of one user; see [`Context::rng`](crate::Context::rng).
#[derive(Debug)]
pub struct UserRng<'a>(pub(super) &'a RefCell<Xoshiro256PlusPlus>);

impl TryRng for UserRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.borrow_mut().next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.borrow_mut().next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.borrow_mut().fill_bytes(bytes);
        Ok(())
    }
}

/// What a generator is for. Tasks are chosen from a stream of their own, so that they stay the same for a seed
/// however many numbers the user's code and its waits draw.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    User = 0,
    Tasks = 1,
    /// How many numbers a schedule draws depends on how long tasks take.
    Waits = 2,
}

/// The generator of one user, from what names the user and never from the shard.
pub(crate) fn generator(
    seed: u64,
    class: &str,
    user_number: u64,
    incarnation: u64,
    stream: Stream,
) -> Xoshiro256PlusPlus {
    // FNV-1a: a hash that is the same on every platform and in every version, which std's is not.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let numbers = [seed, user_number, incarnation, stream as u64];
    for byte in numbers.iter().flat_map(|number| number.to_le_bytes()).chain(class.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Xoshiro256PlusPlus::seed_from_u64(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_never_changes_between_versions() {
        // `--seed` is a promise: a run can be repeated with a later version.
        assert_eq!(generator(1, "Shopper", 2, 0, Stream::Tasks).next_u64(), 8_669_449_338_693_266_109);
    }
}

//! Who was wrong how often: guessing is slow, and what is remembered of those who guess is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// So many wrong words a minute are mistakes.
const MOST: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
/// Addresses that are remembered; one more, and the one that was heard of longest ago is forgotten.
const MOST_ADDRESSES: usize = 1024;

/// Wrong words by address.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<IpAddr, Failed>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    /// When the present minute began.
    since: Instant,
}

impl Attempts {
    /// For how many seconds an address has to wait; `None`: not at all.
    pub(super) fn must_wait(&self, from: IpAddr, now: Instant) -> Option<u64> {
        let failed = self.0.get(&network(from)).filter(|failed| failed.times >= MOST)?;
        let left = MINUTE.checked_sub(now.saturating_duration_since(failed.since))?;
        Some(left.as_secs() + 1).filter(|_| !left.is_zero()).map(|seconds| seconds.min(MINUTE.as_secs()))
    }

    pub(super) fn failed(&mut self, from: IpAddr, now: Instant) {
        let from = network(from);
        if self.0.len() >= MOST_ADDRESSES && !self.0.contains_key(&from) {
            self.0.retain(|_, failed| now.saturating_duration_since(failed.since) < MINUTE);
            if self.0.len() >= MOST_ADDRESSES
                && let Some(oldest) = self.0.iter().min_by_key(|(_, failed)| failed.since).map(|(from, _)| *from)
            {
                self.0.remove(&oldest);
            }
        }
        let failed = self.0.entry(from).or_insert(Failed { times: 0, since: now });
        if now.saturating_duration_since(failed.since) >= MINUTE {
            *failed = Failed { times: 0, since: now };
        }
        failed.times += 1;
    }
}

/// An address; of IPv6 the network of 64 bits, all of which one machine may have.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_later_all_is_forgotten() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        let from = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..MOST {
            assert_eq!(attempts.must_wait(from, start), None);
            attempts.failed(from, start);
        }
        assert_eq!(attempts.must_wait(from, start), Some(60));
        assert_eq!(attempts.must_wait(from, start + MINUTE / 2), Some(31));
        assert_eq!(attempts.must_wait(from, start + MINUTE), None);
        attempts.failed(from, start + MINUTE);
        assert_eq!(attempts.must_wait(from, start + MINUTE), None);
    }

    #[test]
    fn a_network_counts_as_one_and_memory_is_bounded() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for host in 0..MOST {
            attempts.failed(format!("2001:db8::{host:x}").parse().unwrap(), start);
        }
        assert!(attempts.must_wait("2001:db8::ffff".parse().unwrap(), start).is_some());
        for host in 0..5000u32 {
            attempts.failed(std::net::Ipv4Addr::from_bits(host).into(), start + MINUTE / 2);
        }
        assert_eq!(attempts.0.len(), MOST_ADDRESSES);
    }
}

//! Addresses of host names, asked for once per thread.

use std::cell::RefCell;
use std::collections::HashMap;
#[cfg(feature = "reqwest")]
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::fault::{self, Fault};

/// How long addresses are used before they are asked for again.
const KEPT: Duration = Duration::from_secs(60);
/// How long a name without an address stays one: long enough that a thousand users do not ask one after the other.
const KEPT_MISSING: Duration = Duration::from_secs(1);

/// The cache of one thread. Users that want the same name at once wait for one question.
#[derive(Debug, Default)]
pub(super) struct Dns(RefCell<HashMap<Box<str>, Rc<OnceCell<Known>>>>);

#[derive(Debug)]
struct Known {
    addresses: Result<Rc<[IpAddr]>, Missing>,
    until: Instant,
}

/// Why there is no address.
#[derive(Debug)]
enum Missing {
    /// The resolver's words.
    Unknown(String),
    /// The resolver could not ask.
    Shortage(io::Error),
}

impl Dns {
    /// The addresses of a host, in the order in which the system gives them.
    pub(super) async fn lookup(&self, host: &str, port: u16) -> Result<Rc<[IpAddr]>, Fault> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Rc::new([address]));
        }
        let cell = self.cell(host);
        let known = cell.get_or_init(|| ask(host, port)).await;
        match &known.addresses {
            Ok(addresses) => Ok(Rc::clone(addresses)),
            Err(Missing::Unknown(error)) => Err(Fault::dns(host, error)),
            Err(Missing::Shortage(error)) => Err(Fault::connect(error, &host)),
        }
    }

    fn cell(&self, host: &str) -> Rc<OnceCell<Known>> {
        let mut cells = self.0.borrow_mut();
        if let Some(cell) = cells.get(host)
            && cell.get().is_none_or(|known| Instant::now() < known.until)
        {
            return Rc::clone(cell);
        }
        let cell = Rc::<OnceCell<Known>>::default();
        cells.insert(host.into(), Rc::clone(&cell));
        cell
    }
}

async fn ask(host: &str, port: u16) -> Known {
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses = match found {
        Ok(found) => {
            let addresses: Rc<[IpAddr]> = found.map(|address: SocketAddr| address.ip()).collect();
            let none = || Missing::Unknown("the name has no address".to_owned());
            if addresses.is_empty() { Err(none()) } else { Ok(addresses) }
        }
        Err(error) => Err(shortage().map_or_else(|| Missing::Unknown(error.to_string()), Missing::Shortage)),
    };
    let kept = match addresses {
        Ok(_) => KEPT,
        Err(Missing::Unknown(_)) => KEPT_MISSING,
        Err(Missing::Shortage(_)) => Duration::ZERO,
    };
    Known { addresses, until: Instant::now() + kept }
}

/// What a lookup that failed is reported as, also by another resolver.
#[cfg(feature = "reqwest")]
pub(super) fn failed(host: &str, error: impl fmt::Display) -> Fault {
    shortage().map_or_else(|| Fault::dns(host, error), |error| Fault::connect(&error, &host))
}

/// Whether the process has no descriptor left: the system's resolver takes that for a name without an address.
fn shortage() -> Option<io::Error> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).err().filter(fault::is_out_of_descriptors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_need_no_question_and_names_one() {
        let dns = Dns::default();
        let found = dns.lookup("::1", 80).await.expect("an address");
        assert_eq!(*found, ["::1".parse::<IpAddr>().expect("an address")]);
        assert!(dns.0.borrow().is_empty());
        let first = dns.lookup("localhost", 80).await.expect("localhost");
        let second = dns.lookup("localhost", 81).await.expect("localhost");
        assert!(Rc::ptr_eq(&first, &second));
    }

    #[tokio::test]
    async fn a_missing_name_is_one_group_of_failures() {
        let fault = Dns::default().lookup("no-such-host.invalid", 80).await.expect_err("no address");
        assert_eq!(fault.error, "host name not found");
    }
}

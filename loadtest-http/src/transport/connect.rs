//! Opening a connection: name, address, socket, TLS.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use loadtest_core::ErrorKind;
use loadtest_core::stats::Pending;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;

use super::socket::Stream;
use super::{Network, Outgoing};
use crate::fault::Fault;
use crate::target::Origin;

/// How long an address may be silent before the next is tried beside it (RFC 8305, 5: the Connection Attempt Delay).
const HEAD_START: Duration = Duration::from_millis(250);

/// Opens a connection to an origin, within the time allowed for it; says when it was ready.
pub(super) async fn open(
    network: &Network,
    outgoing: &Outgoing<'_>,
    since: Instant,
    pending: &mut Pending,
) -> Result<(Stream, Instant), Fault> {
    let limit = outgoing.connect_timeout;
    let origin = &*outgoing.target.origin;
    match timeout(limit, steps(network, origin, since, pending)).await {
        Ok(opened) => opened,
        Err(_) => Err(Fault::connect_timeout(limit, &origin.text)),
    }
}

/// Each step's time is noted when it ends, well or not, so that of a request that failed it can be said how far it came.
async fn steps(
    network: &Network,
    origin: &Origin,
    since: Instant,
    pending: &mut Pending,
) -> Result<(Stream, Instant), Fault> {
    let mut last = since;
    let connected = match origin.host.parse::<IpAddr>() {
        Ok(address) => connect(&[SocketAddr::new(address, origin.port)]).await,
        Err(_) => {
            let found = network.dns.lookup(&origin.host, origin.port).await;
            pending.phases_mut().dns += lap(&mut last);
            let addresses: Vec<SocketAddr> = found?.iter().map(|ip| SocketAddr::new(*ip, origin.port)).collect();
            connect(&addresses).await
        }
    };
    pending.phases_mut().connect += lap(&mut last);
    let socket = connected?;
    // Without it a small request can wait for the acknowledgement of the one before. It can fail only on a socket
    // that has failed already, which the next write reports better.
    let _ = socket.set_nodelay(true);
    pending.phases_mut().opened += 1;
    if !origin.secure {
        return Ok((Stream::Plain(socket), last));
    }
    let secured = secure(network, origin, socket).await;
    pending.phases_mut().tls += lap(&mut last);
    Ok((secured?, last))
}

/// The time since the last step, which ends now.
fn lap(last: &mut Instant) -> Duration {
    let now = Instant::now();
    now - std::mem::replace(last, now)
}

/// One address that is being tried.
type Attempt = Pin<Box<dyn Future<Output = Result<TcpStream, Fault>>>>;

/// Connects to the first address that answers (RFC 8305, 5): each gets a head start before the next one, and one that
/// refuses hands over at once.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let attempt = |address: &SocketAddr| {
        let address = *address;
        async move { TcpStream::connect(address).await.map_err(|error: io::Error| Fault::connect(&error, &address)) }
    };
    if let [only] = addresses {
        return attempt(only).await;
    }
    let mut waiting = addresses.iter();
    let mut running = Vec::<Attempt>::new();
    let mut last = None;
    let mut turn = Box::pin(sleep(Duration::ZERO));
    poll_fn(|cx| {
        loop {
            let mut index = 0;
            while let Some(attempt) = running.get_mut(index) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(fault)) => {
                        last = Some(fault);
                        drop(running.remove(index));
                    }
                    Poll::Pending => index += 1,
                }
            }
            if !running.is_empty() && turn.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            match waiting.next() {
                Some(address) => {
                    running.push(Box::pin(attempt(address)));
                    turn.as_mut().reset(Instant::now() + HEAD_START);
                }
                None if running.is_empty() => {
                    let none = || Fault::new(ErrorKind::Dns, "host name not found", "the name has no address");
                    return Poll::Ready(Err(last.take().unwrap_or_else(none)));
                }
                None => return Poll::Pending,
            }
        }
    })
    .await
}

async fn secure(network: &Network, origin: &Origin, socket: TcpStream) -> Result<Stream, Fault> {
    let name = ServerName::try_from(&*origin.host)
        .map_err(|error| {
            Fault::new(ErrorKind::Tls, "TLS: the host name cannot be in a certificate", error.to_string())
        })?
        .to_owned();
    let connector = TlsConnector::from(Arc::clone(network.tls.config()?));
    let stream = connector.connect(name, socket).await.map_err(|error| Fault::tls(&error, &origin.text))?;
    Ok(Stream::Tls(Box::new(stream)))
}

#[cfg(test)]
mod tests {
    use loadtest_core::stats::RecorderHandle;
    use loadtest_core::testing::TestShard;
    use testbed::misbehaving::StalledPort;
    use tokio::net::TcpListener;

    use super::*;
    use crate::settings::TlsSettings;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    #[tokio::test]
    async fn a_silent_address_has_a_head_start() {
        let stalled = StalledPort::spawn().expect("a port");
        let (_listener, good) = listener().await;
        let start = Instant::now();
        let stream = connect(&[stalled.addr(), good]).await.expect("the second");
        assert_eq!(stream.peer_addr().expect("an address"), good);
        let waited = start.elapsed();
        assert!(waited >= HEAD_START && waited < HEAD_START * 20, "{waited:?}");
    }

    #[tokio::test]
    async fn an_address_that_refuses_hands_over_at_once() {
        let (closed, refusing) = listener().await;
        drop(closed);
        let (_listener, good) = listener().await;
        let start = Instant::now();
        let stream = connect(&[refusing, good]).await.expect("the second");
        assert_eq!(stream.peer_addr().expect("an address"), good);
        assert!(start.elapsed() < HEAD_START, "{:?}", start.elapsed());
        connect(&[refusing, refusing]).await.expect_err("nobody");
        connect(&[]).await.expect_err("nowhere");
    }

    #[tokio::test]
    async fn the_time_of_a_failure_is_noted() {
        let network = Network::new(&TestShard::new(None).context(), TlsSettings::default());
        let (closed, refusing) = listener().await;
        drop(closed);
        for (host, is_found) in [("no-such-host.invalid", false), ("127.0.0.1", true)] {
            let url = format!("http://{host}:{}", refusing.port());
            let origin = crate::target::Base::parse(Some(&url)).expect("a host").origin;
            let mut pending = RecorderHandle::default().start("GET", "/");
            steps(&network, &origin, Instant::now(), &mut pending).await.map(drop).expect_err("no connection");
            let phases = *pending.phases().expect("they are noted");
            assert_eq!((phases.dns.is_zero(), phases.connect.is_zero()), (is_found, !is_found), "{phases:?}");
            assert_eq!(phases.opened, 0);
        }
    }
}

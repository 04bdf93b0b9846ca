//! Opening a connection: name, address, socket, TLS.

use std::rc::Rc;
use std::sync::Arc;

use loadtest_core::ErrorKind;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Network;
use super::socket::Stream;
use crate::fault::Fault;
use crate::target::Origin;

/// Opens a connection to an origin; its addresses are tried one after the other.
pub(super) async fn open(network: &Network, origin: &Rc<Origin>) -> Result<Stream, Fault> {
    let addresses = network.dns.lookup(&origin.host, origin.port).await?;
    let mut last = None;
    for address in addresses.iter() {
        match TcpStream::connect((*address, origin.port)).await {
            Ok(stream) => return secure(network, origin, stream).await,
            Err(error) => last = Some(Fault::connect(&error, &format_args!("{address}:{}", origin.port))),
        }
    }
    Err(last.unwrap_or_else(|| Fault::dns(&origin.host, "the name has no address")))
}

async fn secure(network: &Network, origin: &Origin, stream: TcpStream) -> Result<Stream, Fault> {
    // Without it a small request can wait for the acknowledgement of the one before. It can fail only on a socket
    // that has failed already, which the next write reports better.
    let _ = stream.set_nodelay(true);
    if !origin.secure {
        return Ok(Stream::Plain(stream));
    }
    let name = ServerName::try_from(&*origin.host)
        .map_err(|error| {
            Fault::new(ErrorKind::Tls, "TLS: the host name cannot be in a certificate", error.to_string())
        })?
        .to_owned();
    let connector = TlsConnector::from(Arc::clone(network.tls.config()?));
    let stream = connector.connect(name, stream).await.map_err(|error| Fault::tls(&error, &origin.text))?;
    Ok(Stream::Tls(Box::new(stream)))
}

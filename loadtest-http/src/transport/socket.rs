//! The socket of a connection: plain or encrypted.

use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use rustls::ClientConnection;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::http1::Socket;

/// How often an idle connection is read before the server's talk is too much: a handful of session tickets take one.
const MOST_READS: usize = 16;

/// A connection, plain or encrypted.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket for Stream {
    fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        match self {
            Self::Plain(stream) => would_block(&stream.try_read(&mut byte)),
            // Session tickets come at any time, so only TLS can say whether there is something. The read must not fail
            // for want of budget: then it would say nothing.
            Self::Tls(stream) => {
                let read = pin!(tokio::task::unconstrained(stream.read(&mut byte)));
                read.poll(&mut Context::from_waker(Waker::noop())).is_pending()
            }
        }
    }

    fn is_still_quiet(&mut self) -> bool {
        // tokio hears of a socket only when the thread waits, so the system is asked past tokio. That takes nothing away
        // from tokio: a connection on which something has come is given up, and TLS keeps what it was given.
        match self {
            Self::Plain(stream) => would_block(&(&*SockRef::from(&*stream)).read(&mut [0])),
            Self::Tls(stream) => {
                let (socket, tls) = stream.get_mut();
                is_tls_quiet(&SockRef::from(&*socket), tls)
            }
        }
    }
}

/// Whether all that has come is TLS's own: session tickets are no answer.
fn is_tls_quiet(mut socket: &socket2::Socket, tls: &mut ClientConnection) -> bool {
    for _ in 0..MOST_READS {
        match tls.read_tls(&mut socket) {
            Ok(1..) => {}
            read => return would_block(&read),
        }
        match tls.process_new_packets() {
            Ok(state) if state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() => {}
            _ => return false,
        }
    }
    false
}

fn would_block(read: &io::Result<usize>) -> bool {
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use loadtest_core::testing::TestShard;
    use rustls::pki_types::ServerName;
    use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::settings::TlsSettings;
    use crate::transport::tls::Tls;

    /// What a look at the socket gives once it is something, while tokio hears of nothing.
    fn peeked(stream: &Stream) -> usize {
        let Stream::Tls(tls) = stream else { panic!("not encrypted") };
        let start = Instant::now();
        loop {
            match SockRef::from(tls.get_ref().0).peek(&mut [MaybeUninit::uninit()]) {
                Ok(read) => return read,
                Err(_) => assert!(start.elapsed() < Duration::from_secs(10), "nothing comes"),
            }
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    async fn session_tickets_are_no_answer_and_a_close_is_the_end() {
        let server = Misbehaving::spawn_tls(Behaviour::None, Certificate::Good);
        let settings = TlsSettings { insecure: true, ..TlsSettings::default() };
        let tls = Tls::new(&TestShard::new(None).context(), settings);
        let socket = TcpStream::connect(server.addr()).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(Arc::clone(tls.config().expect("a configuration")));
        let mut stream = Stream::Tls(Box::new(connector.connect(name, socket).await.expect("a handshake")));
        // They come when the server has heard that the handshake is over.
        assert_eq!(peeked(&stream), 1);
        assert!(stream.is_still_quiet() && stream.is_still_quiet() && stream.is_quiet());
        server.kill();
        peeked(&stream);
        assert!(!stream.is_still_quiet());
    }
}

//! What can go wrong with a request on its way, in words that can be grouped: no address, port or time in them.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use loadtest_core::ErrorKind;
use rustls::CertificateError;

/// The peer went away in the middle.
const CUT: &str = "connection closed before the answer was complete";
/// Soft limit of descriptors reached, in the process and in the system.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// A request that got no answer.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    /// What failures are grouped by.
    pub(crate) error: Cow<'static, str>,
    /// The details of this one.
    pub(crate) sample: String,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, error: impl Into<Cow<'static, str>>, sample: impl Into<String>) -> Self {
        Self { kind, error: error.into(), sample: sample.into() }
    }

    pub(crate) fn protocol(error: &'static str, sample: String) -> Self {
        Self::new(ErrorKind::Protocol, error, sample)
    }

    /// The request could not be built.
    pub(crate) fn request(error: impl Into<Cow<'static, str>>, sample: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Request, error, sample.to_string())
    }

    /// The time allowed ran out; grouped by the limit. The sample says how far the request had come.
    pub(crate) fn timeout(limit: Duration, how_far: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, format!("timed out after {limit:?}"), how_far)
    }

    /// The time allowed for opening a connection ran out.
    pub(crate) fn connect_timeout(limit: Duration, address: &dyn fmt::Display) -> Self {
        Self::new(ErrorKind::Timeout, format!("connecting timed out after {limit:?}"), address.to_string())
    }

    /// A body is longer than it may be; grouped by the limit.
    pub(crate) fn too_large(limit: u64, sample: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, format!("body is larger than the limit of {}", Bytes(limit)), sample)
    }

    /// What was to be sent could not be read.
    pub(crate) fn body(error: &dyn fmt::Display) -> Self {
        Self::request("the body could not be read", error)
    }

    /// The name has no address.
    pub(crate) fn dns(host: &str, error: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Dns, "host name not found", format!("{host}: {error}"))
    }

    /// Connecting to this address failed.
    pub(crate) fn connect(error: &io::Error, address: &dyn fmt::Display) -> Self {
        let text = match error.kind() {
            io::ErrorKind::TimedOut => Cow::Borrowed("connecting timed out"),
            _ => io_text(error),
        };
        Self::new(ErrorKind::Connect, text, format!("{address}: {error}"))
    }

    /// The TLS handshake failed.
    pub(crate) fn tls(error: &io::Error, address: &dyn fmt::Display) -> Self {
        let sample = format!("{address}: {error}");
        match rustls_error(error) {
            Some(error @ rustls::Error::InvalidCertificate(_)) => {
                let help = "--cacert FILE trusts an authority, --insecure any certificate";
                Self::new(ErrorKind::Tls, tls_text(error), format!("{sample} ({help})"))
            }
            Some(error) => Self::new(ErrorKind::Tls, tls_text(error), sample),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::new(ErrorKind::Tls, "TLS: connection closed during the handshake", sample)
            }
            None => Self::new(ErrorKind::Tls, format!("TLS: {}", io_text(error)), sample),
        }
    }

    /// The connection ended before the answer did.
    pub(crate) fn closed(address: &dyn fmt::Display) -> Self {
        Self::new(ErrorKind::Closed, CUT, address.to_string())
    }

    /// The answer is none.
    pub(crate) fn malformed(what: &str, sample: &str) -> Self {
        Self::new(ErrorKind::Protocol, format!("not a valid HTTP answer: {what}"), sample)
    }

    /// An open connection failed.
    pub(crate) fn of_io(error: &io::Error, sample: String) -> Self {
        if let Some(error) = rustls_error(error) {
            return Self::new(ErrorKind::Tls, tls_text(error), sample);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::new(ErrorKind::Closed, CUT, sample),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::new(ErrorKind::Closed, "connection reset", sample)
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::new(ErrorKind::Protocol, "not a valid HTTP answer: malformed body", sample)
            }
            _ => Self::new(ErrorKind::Closed, io_text(error), sample),
        }
    }
}

/// A limit of bytes as one writes it.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes % (1024 * 1024) == 0 => write!(f, "{} MiB", bytes / (1024 * 1024)),
            bytes if bytes > 0 && bytes % 1024 == 0 => write!(f, "{} KiB", bytes / 1024),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

/// An error's text and those of its causes.
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = error.source();
    }
    text
}

/// Whether there were no descriptors left for it.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
}

/// Fixed words for an error of the operating system.
fn io_text(error: &io::Error) -> Cow<'static, str> {
    match error.raw_os_error() {
        Some(EMFILE) => return "out of file descriptors (see ulimit -n)".into(),
        Some(ENFILE) => return "out of file descriptors in the system".into(),
        _ => {}
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "connection reset".into(),
        io::ErrorKind::AddrNotAvailable => "out of local ports".into(),
        kind => kind.to_string().into(),
    }
}

/// The TLS error inside an I/O error.
fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn tls_text(error: &rustls::Error) -> Cow<'static, str> {
    let rustls::Error::InvalidCertificate(error) = error else {
        return match error {
            rustls::Error::AlertReceived(alert) => format!("TLS: the server sent the alert {alert:?}").into(),
            rustls::Error::InvalidMessage(_) => "TLS: the server does not speak TLS".into(),
            _ => "TLS: handshake failed".into(),
        };
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "TLS: certificate expired".into(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "TLS: certificate not valid yet".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "TLS: certificate is for another host".into()
        }
        CertificateError::UnknownIssuer => "TLS: certificate of an unknown authority".into(),
        CertificateError::BadSignature => "TLS: certificate with a wrong signature".into(),
        CertificateError::Revoked => "TLS: certificate revoked".into(),
        _ => "TLS: invalid certificate".into(),
    }
}

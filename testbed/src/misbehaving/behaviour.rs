//! What can be wrong with a server.

use std::time::Duration;

/// What the server does instead of answering properly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Nothing wrong: each answer is a proper one.
    None,
    /// Accepts connections, reads requests, never answers.
    NeverAnswer,
    /// Closes each connection as soon as it is accepted.
    CloseOnAccept,
    /// Resets each connection as soon as it is accepted.
    ResetOnAccept,
    /// Reads a request and closes without a word.
    CloseInsteadOfAnswering,
    /// Reads a request and resets the connection.
    ResetInsteadOfAnswering,
    /// Answers the first request of each connection properly, and closes when the next one is there, whatever it asks
    /// for: what a request meets that is written to a connection just when its server gives that up.
    CloseOnReuse,
    /// As [`CloseOnReuse`](Self::CloseOnReuse), with a reset.
    ResetOnReuse,
    /// Answers with a part of a head, then closes.
    HalfHead,
    /// Answers with a part of a head, then resets the connection.
    ResetInHead,
    /// Answers with half of the promised body, then closes.
    HalfBody,
    /// Answers with half of the promised body, then resets the connection.
    ResetInBody,
    /// Answers properly and closes, without having said `Connection: close`.
    CloseAfterResponse,
    /// Answers properly and resets the connection.
    ResetAfterResponse,
    /// Answers properly but byte by byte, one after each of these times.
    Drip(Duration),
    /// Answers with what is not HTTP, then closes.
    Garbage,
    /// Answers with these bytes, whatever was asked for.
    Says(&'static [u8], Then),
    /// Answers with the first bytes, and then with the second again and again, each time after that time, until the
    /// client closes the connection. There are names for some: [`endless_head`](Self::endless_head) and so on.
    Endless(&'static [u8], &'static [u8], Duration),
    /// One header with a value of so many bytes in an answer that is proper otherwise.
    LongHeader(usize),
    /// So many `Set-Cookie` lines, `c0=0` to `c<n-1>=<n-1>`, in an answer that is proper otherwise.
    Cookies(u32),
    /// A body with `Content-Encoding: gzip` that grows to so many zero bytes.
    GzipBomb(u64),
    /// Answers 413 as soon as a head is there, before it reads anything of the body.
    AnswerEarly(Then),
    /// Answers properly, and once more in the same piece.
    AnswerTwice,
    /// Answers properly, and once more after that time.
    AnswerTwiceLater(Duration),
    /// Answers properly with these bytes behind the body, in the same piece.
    BytesBehind(&'static [u8]),
    /// Redirects each request to the same target.
    RedirectLoop,
    /// Redirects with this status and `Location`.
    Redirect(u16, &'static str),
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It serves the next request.
    Again,
    /// The server closes it.
    Close,
    /// The server resets it.
    Reset,
    /// The server holds it open, reads, and says no more.
    Hold,
}

impl Behaviour {
    /// A head with one header after the other.
    #[must_use]
    pub const fn endless_head(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n", every)
    }

    /// A header whose value does not end.
    #[must_use]
    pub const fn endless_header(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"and so on ", every)
    }

    /// One interim answer (RFC 9110, 15.2) after the other.
    #[must_use]
    pub const fn endless_interim(every: Duration) -> Self {
        Self::Endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", every)
    }

    /// A chunked body with one chunk after the other.
    #[must_use]
    pub const fn endless_chunks(every: Duration) -> Self {
        Self::Endless(CHUNKED, b"10\r\n0123456789abcdef\r\n", every)
    }

    /// A chunk with an extension that does not end.
    #[must_use]
    pub const fn endless_extension(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"name=value;", every)
    }

    /// The size of a chunk, with one zero after the other.
    #[must_use]
    pub const fn endless_size(every: Duration) -> Self {
        Self::Endless(CHUNKED, b"0000000000000000", every)
    }

    /// White space behind the size of a chunk.
    #[must_use]
    pub const fn endless_space(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"                ", every)
    }

    /// One trailer after the other.
    #[must_use]
    pub const fn endless_trailers(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: and more\r\n", every)
    }

    /// A body without a length.
    #[must_use]
    pub const fn endless_body(every: Duration) -> Self {
        Self::Endless(b"HTTP/1.1 200 OK\r\n\r\n", b"and so on ", every)
    }
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

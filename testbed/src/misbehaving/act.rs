//! Misbehaving on a connection.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::behaviour::{Behaviour, Then};
use super::requests::{Request, Requests};
use super::{State, Wire, payloads, wait};

/// The pieces of an endless answer without time between them go out so many bytes at once.
const FLOOD: usize = 64 * 1024;
const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\n413";
const NO_HTTP: &[u8] = b"\x16\x03\x01 this is not HTTP\r\n\r\n";

/// Does what is to be done before anything is read; says whether the connection is over.
pub(super) fn on_accept(stream: &TcpStream, state: &State) -> bool {
    let is_over = match state.behaviour {
        _ if state.is_healed() => false,
        Behaviour::CloseOnAccept => true,
        Behaviour::ResetOnAccept => stream.set_zero_linger().is_ok(),
        _ => false,
    };
    state.misdeeds.fetch_add(is_over.into(), Ordering::Relaxed);
    is_over
}

/// Serves the requests of a connection.
pub(super) async fn serve(stream: impl Wire, state: &State) -> io::Result<()> {
    let mut connection = Connection { stream, requests: Requests::default() };
    let mut is_reused = false;
    while let Some(mut request) = connection.requests.head(&mut connection.stream).await? {
        let is_bad = state.is_bad(is_reused, &request);
        if let (true, Behaviour::AnswerEarly(then)) = (is_bad, state.behaviour) {
            connection.say(TOO_LARGE).await?;
            if then != Then::Again {
                return connection.end(then, state).await;
            }
        }
        if !connection.requests.body(&mut request, &mut connection.stream).await? {
            return Ok(());
        }
        state.received.fetch_add(1, Ordering::Relaxed);
        let number = state.numbered.fetch_add(1, Ordering::Relaxed) + 1;
        let body = payloads::body(number, &request);
        if is_bad {
            match connection.misbehave(state.behaviour, &request, body.as_bytes()).await? {
                Then::Again => state.misdeed(),
                then => return connection.end(then, state).await,
            }
        } else {
            connection.say(&payloads::answer(&request, "", body.as_bytes())).await?;
        }
        is_reused = true;
    }
    Ok(())
}

impl State {
    /// Whether this request gets no proper answer.
    fn is_bad(&self, is_reused: bool, request: &Request) -> bool {
        match self.behaviour {
            _ if self.is_healed() => false,
            Behaviour::CloseOnReuse | Behaviour::ResetOnReuse => is_reused,
            _ => !request.target.starts_with("/proper"),
        }
    }

    fn misdeed(&self) {
        self.misdeeds.fetch_add(1, Ordering::Relaxed);
    }
}

struct Connection<S> {
    stream: S,
    requests: Requests,
}

impl<S: Wire> Connection<S> {
    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Ends the connection, which then counts as misbehaved on.
    async fn end(mut self, then: Then, state: &State) -> io::Result<()> {
        match then {
            Then::Again => {}
            Then::Close => {
                // Over TLS the client is told that nothing was cut off.
                let _ = self.stream.shutdown().await;
                drop(self);
                state.misdeed();
            }
            Then::Reset => {
                self.stream.tcp().set_zero_linger()?;
                drop(self);
                state.misdeed();
            }
            Then::Hold => {
                state.misdeed();
                let mut nobody_cares = [0; 4096];
                while self.stream.read(&mut nobody_cares).await? > 0 {}
            }
        }
        Ok(())
    }

    /// Answers as badly as can be; says what becomes of the connection.
    async fn misbehave(&mut self, behaviour: Behaviour, request: &Request, body: &[u8]) -> io::Result<Then> {
        let proper = payloads::answer(request, "", body);
        let (answer, then) = match behaviour {
            Behaviour::NeverAnswer => return Ok(Then::Again),
            Behaviour::CloseOnAccept | Behaviour::CloseInsteadOfAnswering | Behaviour::CloseOnReuse => {
                return Ok(Then::Close);
            }
            Behaviour::ResetOnAccept | Behaviour::ResetInsteadOfAnswering | Behaviour::ResetOnReuse => {
                return Ok(Then::Reset);
            }
            Behaviour::None | Behaviour::AnswerEarly(_) => (proper, Then::Again),
            Behaviour::HalfHead => (half_head(proper), Then::Close),
            Behaviour::ResetInHead => (half_head(proper), Then::Reset),
            Behaviour::HalfBody => (half_body(proper, body), Then::Close),
            Behaviour::ResetInBody => (half_body(proper, body), Then::Reset),
            Behaviour::CloseAfterResponse => (proper, Then::Close),
            Behaviour::ResetAfterResponse => (proper, Then::Reset),
            Behaviour::Garbage => (NO_HTTP.to_vec(), Then::Close),
            Behaviour::Says(answer, then) => (answer.to_vec(), then),
            Behaviour::Drip(every) => return self.drip(&proper, every).await,
            Behaviour::Endless(start, again, every) => return self.endless(start, again, every).await,
            Behaviour::AnswerTwiceLater(after) => {
                self.say(&proper).await?;
                wait(after).await;
                (proper, Then::Again)
            }
            Behaviour::AnswerTwice => (proper.repeat(2), Then::Again),
            Behaviour::BytesBehind(bytes) => ([&*proper, bytes].concat(), Then::Again),
            Behaviour::LongHeader(length) => {
                (payloads::answer(request, &format!("X-Long: {}\r\n", "x".repeat(length)), body), Then::Again)
            }
            Behaviour::Cookies(count) => (payloads::answer(request, &payloads::cookies(count), body), Then::Again),
            Behaviour::GzipBomb(length) => {
                (payloads::answer(request, "Content-Encoding: gzip\r\n", &payloads::gzip_bomb(length)), Then::Again)
            }
            Behaviour::RedirectLoop => (payloads::redirect(302, &request.target), Then::Again),
            Behaviour::Redirect(status, location) => (payloads::redirect(status, location), Then::Again),
        };
        // A client that does not want to hear it all is no reason to leave out what comes then.
        match self.say(&answer).await {
            Err(error) if then == Then::Again => Err(error),
            _ => Ok(then),
        }
    }

    async fn drip(&mut self, answer: &[u8], every: Duration) -> io::Result<Then> {
        for byte in answer {
            wait(every).await;
            self.say(&[*byte]).await?;
        }
        Ok(Then::Again)
    }

    /// Goes on until the client has had enough.
    async fn endless(&mut self, start: &[u8], again: &[u8], every: Duration) -> io::Result<Then> {
        let at_once = if every.is_zero() { FLOOD.div_ceil(again.len().max(1)) } else { 1 };
        let pieces = again.repeat(at_once);
        let mut end = self.say(start).await;
        while end.is_ok() {
            wait(every).await;
            end = self.say(&pieces).await;
        }
        Ok(Then::Close)
    }
}

fn half_head(answer: Vec<u8>) -> Vec<u8> {
    let mut answer = answer;
    // In the middle of the word `Content-Length`.
    answer.truncate("HTTP/1.1 200 OK\r\nContent".len());
    answer
}

fn half_body(answer: Vec<u8>, body: &[u8]) -> Vec<u8> {
    let mut answer = answer;
    answer.truncate(answer.len() - body.len().div_ceil(2));
    answer
}

//! The one thread of the server: events, the clock, answers.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use super::{Delays, Entry, Log, TruthServerBuilder, arrival};
use crate::fixed::Response;
use crate::random::Random;
use crate::scan::Scanner;

const LISTENER: Token = Token(0);
const STOP: Token = Token(1);
/// Connections have the tokens from here on; none is used twice, so what is due for a connection that has gone finds none.
const FIRST_CONNECTION: usize = 2;

/// So long before something is due the thread stops to sleep. The system's waiting for events counts in milliseconds,
/// rounded up, and is late by the waking of a thread.
const LOOKING: Duration = Duration::from_millis(2);

/// Heads that are not over by then belong to no client under test.
const LARGEST_REQUEST: usize = 64 * 1024;

const BODY: usize = 10;

/// A thread that never sleeps and does not come back from a look at what is there for longer than this did not have its core.
const AWAY: Duration = Duration::from_micros(200);

#[derive(Debug)]
pub(super) struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: HashMap<Token, Connection>,
    next_token: usize,
    due: BinaryHeap<Reverse<Due>>,
    delays: Delays,
    random: Random,
    busy: bool,
    greeted: bool,
    /// Since the first request.
    started: Option<Instant>,
    response: Response,
    log: Arc<Mutex<Log>>,
}

/// An answer that is to be given; ordered by when.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Instant,
    token: Token,
    arrived: Instant,
    /// `None` for a greeting.
    delay: Option<Duration>,
    to_head: bool,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    scanner: Scanner,
    unread: Vec<u8>,
    /// A request of it is being answered.
    taken: bool,
    /// Its first request is still to come, and is a greeting.
    greets: bool,
}

impl Server {
    pub(super) fn listen(with: &TruthServerBuilder, log: Arc<Mutex<Log>>) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(with.addr)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let stop = Waker::new(poll.registry(), STOP)?;
        let server = Self {
            poll,
            listener,
            connections: HashMap::new(),
            next_token: FIRST_CONNECTION,
            due: BinaryHeap::new(),
            delays: with.delays,
            random: Random::seeded(with.seed),
            busy: with.busy,
            greeted: with.greeted,
            started: None,
            response: Response::new(BODY, &[]),
            log,
        };
        Ok((server, stop))
    }

    pub(super) fn addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        loop {
            let looks = Instant::now();
            let pause = self.pause(looks);
            match self.poll.poll(&mut events, pause) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            let seen = Instant::now();
            if pause == Some(Duration::ZERO) {
                self.was_away(seen - looks);
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    STOP => return Ok(()),
                    token => self.read(token, seen),
                }
            }
            // One, and then events again: what arrives while many answers are due is to be seen when it comes.
            self.answer_one();
        }
    }

    fn was_away(&self, time: Duration) {
        if time > AWAY {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).away += time;
        }
    }

    /// For how long nothing has to be done but what events say; `None` is for ever.
    fn pause(&self, now: Instant) -> Option<Duration> {
        if self.busy && !self.connections.is_empty() {
            return Some(Duration::ZERO);
        }
        let Reverse(next) = self.due.peek()?;
        Some(next.at.saturating_duration_since(now).saturating_sub(LOOKING))
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The client has gone again.
                Err(error) if [ErrorKind::ConnectionAborted, ErrorKind::Interrupted].contains(&error.kind()) => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let token = Token(self.next_token);
            self.next_token += 1;
            // Fails when the client has gone: reading says so too.
            let _ = stream.set_nodelay(true).and_then(|()| arrival::remember(&stream));
            self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
            let greets = self.greeted;
            let connection =
                Connection { stream, scanner: Scanner::default(), unread: Vec::new(), taken: false, greets };
            self.connections.insert(token, connection);
        }
    }

    /// Takes what there is; a client that has gone, or sends what is no request, has no connection after that.
    fn read(&mut self, token: Token, seen: Instant) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        match connection.fill(seen) {
            Ok(arrived) => self.take_up(token, arrived),
            Err(_) => {
                self.connections.remove(&token);
            }
        }
    }

    /// Takes the next request off a connection that waits for no answer, if it is there.
    fn take_up(&mut self, token: Token, arrived: Instant) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let Some(to_head) = connection.next_request() else { return };
        if std::mem::take(&mut connection.greets) {
            self.due.push(Reverse(Due { at: arrived, token, arrived, delay: None, to_head }));
            return;
        }
        let since_first = arrived - *self.started.get_or_insert(arrived);
        let delay = self.delays.draw(since_first, &mut self.random);
        self.due.push(Reverse(Due { at: arrived + delay, token, arrived, delay: Some(delay), to_head }));
        self.log.lock().unwrap_or_else(PoisonError::into_inner).received += 1;
    }

    fn answer_one(&mut self) {
        let Some(next) = self.due.peek_mut() else { return };
        if next.0.at > Instant::now() {
            return;
        }
        let Reverse(due) = PeekMut::pop(next);
        let Some(connection) = self.connections.get_mut(&due.token) else { return };
        let response = self.response.to(due.to_head);
        // The buffers of a client that reads its answers have room for one.
        if !connection.stream.write(response).is_ok_and(|written| written == response.len()) {
            self.connections.remove(&due.token);
            return;
        }
        let written = Instant::now();
        connection.taken = false;
        if let Some(delay) = due.delay {
            let arrived = due.arrived - self.started.unwrap_or(due.arrived);
            let entry = Entry { arrived, delay, took: written - due.arrived };
            self.log.lock().unwrap_or_else(PoisonError::into_inner).entries.push(entry);
        }
        self.take_up(due.token, written);
    }
}

impl Connection {
    /// Reads all that there is, which was `seen` now; when the last of it arrived.
    fn fill(&mut self, seen: Instant) -> io::Result<Instant> {
        let mut buffer = [0; 4096];
        let mut arrived = seen;
        loop {
            match arrival::read(&self.stream, &mut buffer) {
                Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok((read, at)) => {
                    self.unread.extend_from_slice(&buffer[..read]);
                    arrived = at.unwrap_or(seen);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(arrived),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.unread.len() > LARGEST_REQUEST {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }

    /// Whether the next request, if it is there whole and the one before has been answered, is a HEAD request.
    fn next_request(&mut self) -> Option<bool> {
        if self.taken {
            return None;
        }
        loop {
            let (used, request) = self.scanner.next(&self.unread);
            self.unread.drain(..used);
            if let Some(request) = request {
                self.taken = true;
                return Some(request.head);
            }
            if used == 0 {
                return None;
            }
        }
    }
}

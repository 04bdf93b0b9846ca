//! What the test files share: sessions on each transport, a look at the statistics, servers that say what they are
//! told to say.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use loadtest_core::Context;
use loadtest_core::testing::TestShard;
use loadtest_http::{HttpSession, HttpSettings};
use serde::Deserialize;

/// How sessions of a test are made.
pub trait Make: 'static {
    /// Whether it is the session's own transport, which knows how far writing got.
    const IS_DIRECT: bool;

    fn make(cx: &Context, settings: &HttpSettings) -> HttpSession;
}

pub struct Direct;

impl Make for Direct {
    const IS_DIRECT: bool = true;

    fn make(cx: &Context, settings: &HttpSettings) -> HttpSession {
        HttpSession::create_with(cx, settings).expect("a session")
    }
}

#[cfg(feature = "reqwest")]
pub struct Reqwest;

#[cfg(feature = "reqwest")]
impl Make for Reqwest {
    const IS_DIRECT: bool = false;

    fn make(cx: &Context, settings: &HttpSettings) -> HttpSession {
        (*loadtest_http::ReqwestSession::create_with(cx, settings).expect("a session")).clone()
    }
}

/// Runs generic tests over each transport.
#[macro_export]
macro_rules! over_both {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {
        mod direct {
            $($(#[$attribute])* #[tokio::test] async fn $test() { Box::pin(super::$test::<super::harness::Direct>()).await; })+
        }
        #[cfg(feature = "reqwest")]
        mod reqwest {
            $($(#[$attribute])* #[tokio::test] async fn $test() { Box::pin(super::$test::<super::harness::Reqwest>()).await; })+
        }
    };
}

/// One user and the statistics of its shard.
pub struct User {
    pub shard: TestShard,
    pub http: HttpSession,
}

impl User {
    pub fn new<M: Make>(host: &str) -> Self {
        Self::with::<M>(host, &HttpSettings::new())
    }

    pub fn with<M: Make>(host: &str, settings: &HttpSettings) -> Self {
        let shard = TestShard::new(Some(host));
        let http = M::make(&shard.context(), settings);
        Self { shard, http }
    }

    /// `(started, ok, failed, interrupted, written)` of a row.
    pub fn books(&self, method: &str, name: &str) -> (u64, u64, u64, u64, u64) {
        let Some(row) = self.shard.row(method, name) else { panic!("no row {method} {name}: {:?}", self.names()) };
        let stats = row.stats;
        (stats.started, stats.ok, stats.failed, stats.interrupted, stats.written)
    }

    /// All rows as `METHOD name`, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.shard.rows().iter().map(|row| format!("{} {}", row.key.method, row.key.name)).collect();
        names.sort();
        names
    }

    /// The failures as `error × count`.
    pub fn failures(&self) -> Vec<String> {
        let mut failures: Vec<String> =
            self.shard.failures().iter().map(|failure| format!("{} × {}", failure.error, failure.count)).collect();
        failures.sort();
        failures
    }

    /// The sample of the only failure.
    pub fn sample(&self) -> String {
        self.shard.failures().first().map(|failure| failure.sample.to_string()).unwrap_or_default()
    }
}

/// What the echo server was sent.
#[derive(Debug, Deserialize)]
pub struct Echo {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Echo {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Waits for what another thread does.
pub async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_secs(10), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What a scripted server does on a connection after it was sent a head.
#[derive(Clone, Copy)]
pub enum Then {
    /// Closes it.
    Close,
    /// Reads and answers again.
    Again,
    /// Holds it open until the client closes.
    Hold,
}

/// A server that answers each head with these bytes, whatever was asked for. It reads no bodies.
pub fn scripted(answer: impl Into<Vec<u8>>, then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = answer.into();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let answer = answer.clone();
            thread::spawn(move || {
                while read_head(&mut stream) {
                    if stream.write_all(&answer).is_err() {
                        return;
                    }
                    match then {
                        Then::Close => return,
                        Then::Again => {}
                        Then::Hold => {
                            let _ = stream.read_to_end(&mut Vec::new());
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

fn read_head(stream: &mut impl Read) -> bool {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

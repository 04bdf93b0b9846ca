//! A client for a protocol of your own: lines of text over TCP, as many key-value stores and mail servers speak them.
//!
//! `cargo run --release --example other_protocol` starts a small store of its own and tests that;
//! `-- --host kv://localhost:7379` tests yours.

use std::collections::HashMap;
use std::io::{BufRead, BufReader as StdBufReader, ErrorKind as IoErrorKind, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Instant;

use loadtest::prelude::*;
use loadtest::stats::{Failure, Pending, RecorderHandle};
use loadtest::{Client, ClientSettings, ErrorKind, InputError, RecordedError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long a command may take, connecting included.
const TIMEOUT: Duration = Duration::from_secs(5);

/// One user's connection to the store.
struct KeyValue {
    recorder: RecorderHandle,
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client for KeyValue {
    // Asked once, before any load: a mistake in the host ends the program with one line that says what to write.
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        address(settings.host).map(drop)
    }

    // Once for each user, on its thread. Connecting is left to the first command, whose time it is part of.
    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self { recorder: cx.recorder().clone(), address: address(cx.host())?, connection: None })
    }
}

fn address(host: Option<&str>) -> Result<String, InputError> {
    let host = host.ok_or_else(|| InputError::new("no store to test: give its address with --host kv://HOST:PORT"))?;
    match host.strip_prefix("kv://") {
        Some(address) if address.contains(':') => Ok(address.to_owned()),
        _ => Err(InputError::new(format!("`{host}` is no store: write kv://HOST:PORT, such as kv://localhost:7379"))),
    }
}

impl KeyValue {
    /// Stores a value.
    async fn set(&mut self, key: &str, value: &str) -> Result<(), RecordedError> {
        self.call("SET", "[key]", &format!("SET {key} {value}\n")).await.map(drop)
    }

    /// Fetches a value.
    async fn get(&mut self, key: &str) -> Result<String, RecordedError> {
        self.call("GET", "[key]", &format!("GET {key}\n")).await
    }

    /// One command: recorded once, whatever happens. Where this future is dropped, by a stop or by a timeout of the task,
    /// dropping `pending` records it as interrupted.
    async fn call(&mut self, method: &str, name: &str, command: &str) -> Result<String, RecordedError> {
        let mut pending = self.recorder.start(method, name);
        let deadline = pending.started_at() + TIMEOUT;
        let result = match tokio::time::timeout_at(deadline, self.exchange(&mut pending, command)).await {
            Ok(Ok(line)) => match line.split_once(' ') {
                Some(("ERROR", why)) => Err((ErrorKind::Response, format!("the store says: {why}"))),
                Some((_, value)) => Ok(value.to_owned()),
                None => Ok(line),
            },
            Ok(Err(error)) => Err((kind(&error), error.to_string())),
            Err(_) => Err((ErrorKind::Timeout, "timed out".to_owned())),
        };
        match result {
            Ok(value) => {
                pending.ok();
                Ok(value)
            }
            // Failures are grouped by this text; what differs from one to the next would go into `sample`.
            Err((kind, error)) => {
                pending.fail(Failure::new(&error).kind(kind));
                Err(RecordedError::new(kind, error))
            }
        }
    }

    /// Writes a command and reads its answer. The connection is kept only when that went well: half an answer would be
    /// taken for the answer to the next command.
    async fn exchange(&mut self, pending: &mut Pending, command: &str) -> std::io::Result<String> {
        let mut connection = match self.connection.take() {
            Some(connection) => {
                pending.phases_mut().reused = 1;
                connection
            }
            None => {
                let begun = Instant::now();
                let stream = TcpStream::connect(&self.address).await?;
                stream.set_nodelay(true)?;
                let phases = pending.phases_mut();
                (phases.connect, phases.opened) = (begun.elapsed(), 1);
                BufReader::new(stream)
            }
        };
        let ready = Instant::now();
        connection.write_all(command.as_bytes()).await?;
        pending.set_written();
        pending.add_sent(command.len() as u64);
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 {
            return Err(IoErrorKind::UnexpectedEof.into());
        }
        pending.phases_mut().first_byte = ready.elapsed();
        pending.add_received(line.len() as u64);
        self.connection = Some(connection);
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

/// What tasks can tell apart.
fn kind(error: &std::io::Error) -> ErrorKind {
    match error.kind() {
        IoErrorKind::ConnectionRefused => ErrorKind::Connect,
        IoErrorKind::UnexpectedEof | IoErrorKind::ConnectionReset | IoErrorKind::BrokenPipe => ErrorKind::Closed,
        _ => ErrorKind::Other,
    }
}

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(20), Duration::from_millis(60)))]
struct Application {
    #[client]
    store: KeyValue,
    #[context]
    cx: Context,
    visits: u32,
}

#[tasks]
impl Application {
    #[task(3)]
    async fn count_a_visit(&mut self) -> TaskResult {
        self.visits += 1;
        let key = format!("visits:{}", self.cx.user_number());
        self.store.set(&key, &self.visits.to_string()).await?;
        let stored = self.store.get(&key).await?;
        if stored != self.visits.to_string() {
            return fail("the store gave another value than it was given");
        }
        Ok(())
    }

    #[task]
    async fn read_what_nobody_wrote(&mut self) -> TaskResult {
        // A failed request: it stands in the failures, and here the task looks at it and goes on.
        if let Err(error) = self.store.get("nothing").await {
            assert_ne!(error.kind(), ErrorKind::Protocol);
        }
        Ok(())
    }
}

/// Where the load goes when no `--host` is given: a thread for each connection, on this machine.
fn embedded_store() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = format!("kv://{}", listener.local_addr()?);
    let values: Arc<Mutex<HashMap<String, String>>> = Arc::default();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let values = Arc::clone(&values);
            std::thread::spawn(move || serve(&stream, &values));
        }
    });
    Ok(host)
}

fn serve(stream: &std::net::TcpStream, values: &Mutex<HashMap<String, String>>) -> std::io::Result<()> {
    for line in StdBufReader::new(stream).lines() {
        let line = line?;
        let mut words = line.splitn(3, ' ');
        let mut values = values.lock().expect("no panic");
        let answer = match (words.next(), words.next(), words.next()) {
            (Some("SET"), Some(key), Some(value)) => {
                values.insert(key.to_owned(), value.to_owned());
                "OK".to_owned()
            }
            (Some("GET"), Some(key), None) => match values.get(key) {
                Some(value) => format!("VALUE {value}"),
                None => "ERROR no such key".to_owned(),
            },
            _ => "ERROR no such command".to_owned(),
        };
        let mut stream = stream;
        stream.write_all(format!("{answer}\n").as_bytes())?;
    }
    Ok(())
}

loadtest::main!(
    Application,
    host = embedded_store,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);

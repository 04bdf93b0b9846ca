//! As much of an HTTP client as these tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use loadtest_core::console::Console;
use loadtest_core::console::web::{ServedUi, WebSettings, WebUi};
use loadtest_web::Web;
use serde_json::Value;

/// Nothing here takes longer, on whichever machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server and its console.
pub(crate) struct Served {
    pub(crate) console: Console,
    pub(crate) ui: Box<dyn ServedUi>,
}

impl Served {
    pub(crate) fn new(console: Console, change: impl FnOnce(&mut WebSettings)) -> Self {
        let mut settings = WebSettings::default();
        settings.port = 0;
        change(&mut settings);
        let ui = Web.serve(settings, console.clone()).unwrap();
        Self { console, ui }
    }

    pub(crate) fn of(test: loadtest_core::LoadTest) -> Self {
        Self::new(Console::new(test), |_| {})
    }

    pub(crate) fn port(&self) -> u16 {
        let after = self.ui.url().rsplit_once(':').unwrap().1;
        after.split('/').next().unwrap().parse().unwrap()
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Call<'_> {
        Call { served: self, method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send()
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", path).body(body).send()
    }

    /// What a GET answers, as JSON.
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Asks again until it is so.
    pub(crate) fn until(&self, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = std::time::Instant::now();
        loop {
            let value = self.json(path);
            if is_so(&value) {
                return value;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} did not come true: {value}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

pub(crate) struct Call<'a> {
    served: &'a Served,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call<'_> {
    /// A header, in the place of one that is sent otherwise.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let has = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !has("host") {
            head.push_str(&format!("host: 127.0.0.1:{}\r\n", self.served.port()));
        }
        if !has("content-length") {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// The head of the answer, and what its body is read from.
    pub(crate) fn open(self) -> (Answer, BufReader<TcpStream>) {
        let mut stream = self.served.connect();
        stream.write_all(&self.bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        (Answer::head(&mut reader), reader)
    }

    pub(crate) fn send(self) -> Answer {
        let is_head = self.method == "HEAD";
        let (mut answer, mut reader) = self.open();
        if !is_head {
            answer.read_body(&mut reader);
        }
        answer
    }
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn head(reader: &mut impl BufRead) -> Self {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Self { status, headers, body: Vec::new() }
    }

    pub(crate) fn read_body(&mut self, reader: &mut impl BufRead) {
        if let Some(length) = self.header("content-length") {
            self.body = vec![0; length.parse().unwrap()];
            if self.status != 304 {
                reader.read_exact(&mut self.body).unwrap();
            }
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// One server-sent event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// A reader of events.
pub(crate) struct Events {
    reader: BufReader<TcpStream>,
    text: String,
}

impl Served {
    pub(crate) fn events(&self, path: &str, seen: Option<&str>) -> Events {
        let call = self.ask("GET", path);
        let call = if let Some(seen) = seen { call.header("last-event-id", seen) } else { call };
        let (answer, reader) = call.open();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
        Events { reader, text: String::new() }
    }
}

impl Events {
    /// The next one; comments and other fields are skipped.
    pub(crate) fn next(&mut self) -> Event {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let (Some(name), Some(id), Some(data)) = (field("event:"), field("id:"), field("data:")) {
                    let data = serde_json::from_str(data).unwrap();
                    return Event { name: name.to_owned(), id: id.to_owned(), data };
                }
            }
            self.chunk();
        }
    }

    /// The next one for which that is so.
    pub(crate) fn until(&mut self, is_so: impl Fn(&Event) -> bool) -> Event {
        for _ in 0..200 {
            let event = self.next();
            if is_so(&event) {
                return event;
            }
        }
        panic!("no such event");
    }

    fn chunk(&mut self) {
        let mut size = String::new();
        self.reader.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_else(|_| panic!("the stream ended: {size:?}"));
        let mut bytes = vec![0; size + 2];
        self.reader.read_exact(&mut bytes).unwrap();
        self.text.push_str(std::str::from_utf8(&bytes[..size]).unwrap());
    }
}

//! A Chromium and what it is told over its DevTools protocol, through two pipes.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing here takes longer, on whichever machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of a browser. Without one these tests fail: a page that was looked at by nobody has passed nothing.
fn browser() -> &'static str {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    found.expect("a chromium: `cargo xtask test` installs one, as does `apt-get install chromium`")
}

/// Where pictures and profiles go.
pub(crate) fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("web-ui");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// One page in a browser of its own.
pub(crate) struct Page {
    child: Child,
    profile: PathBuf,
    to: RefCell<ChildStdin>,
    from: Receiver<Value>,
    last: Cell<u64>,
    session: RefCell<Option<String>>,
    /// What scripts and the page's policy complained of.
    complaints: RefCell<Vec<String>>,
}

impl Page {
    /// Opens a page 1280 pixels wide.
    pub(crate) fn open(name: &str, url: &str) -> Self {
        let profile = folder().join(format!("profile-{name}-{}", std::process::id()));
        // The browser reads commands from its descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null", "sh", browser()])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            let mut bytes = Vec::new();
            while answers.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
                let message = serde_json::from_slice(&bytes[..bytes.len() - 1]).unwrap_or(Value::Null);
                if sender.send(message).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        let page = Self {
            child,
            profile,
            to: RefCell::new(to),
            from,
            last: Cell::new(0),
            session: RefCell::new(None),
            complaints: RefCell::default(),
        };
        let target = page.call("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = page.call("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        *page.session.borrow_mut() = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.look(1280, 800, false);
        page.call("Page.navigate", &json!({ "url": url }));
        page
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        let id = self.last.get() + 1;
        self.last.set(id);
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &*self.session.borrow() {
            command["sessionId"] = session.as_str().into();
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.to.borrow_mut().write_all(&bytes).unwrap();
        loop {
            let message = self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.listen(&message);
        }
    }

    fn listen(&self, message: &Value) {
        let params = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => params["exceptionDetails"]["exception"]["description"].to_string(),
            // That a request was refused, or met no server, tests bring about themselves.
            Some("Log.entryAdded") if params["entry"]["source"] != "network" => params["entry"]["text"].to_string(),
            _ => return,
        };
        self.complaints.borrow_mut().push(complaint);
    }

    /// The size of the window, and whether it is dark there.
    pub(crate) fn look(&self, width: u32, height: u32, is_dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// What an expression is worth in the page; a promise is waited for.
    pub(crate) fn read(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", &params);
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].clone()
    }

    /// Asks again until it is so.
    pub(crate) fn until(&self, expression: &str) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.read(expression);
            if value != Value::Null && value != false && value != "" && value != 0 {
                return value;
            }
            if begun.elapsed() > PATIENCE {
                let seen = self.read("document.body.innerText");
                panic!("this did not come true: {expression}\n{}", seen.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses the button with this text, as soon as there is one that can be pressed.
    pub(crate) fn press(&self, text: &str) {
        let button = "[...document.querySelectorAll('button:not([role=tab])')]";
        self.until(&format!(
            "(() => {{ const found = {button}.filter((each) => each.textContent === {text:?} && !each.disabled).at(-1); \
             found?.click(); return found !== undefined }})()"
        ));
    }

    /// Writes into a field.
    pub(crate) fn fill(&self, selector: &str, value: &str) {
        self.until(&format!("document.querySelector({selector:?}) !== null"));
        self.read(&format!(
            "(() => {{ const field = document.querySelector({selector:?}); field.value = {value:?}; \
             field.dispatchEvent(new Event('input', {{ bubbles: true }})) }})()"
        ));
        // Two frames later the page has it in its state.
        self.read("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
    }

    pub(crate) fn go(&self, place: &str) {
        self.read(&format!("location.hash = {place:?}"));
    }

    /// What a figure of the head says, such as `Users`.
    pub(crate) fn figure(&self, name: &str) -> String {
        let figures = "[...document.querySelectorAll('.figures > div')]";
        let said = format!(
            "{figures}.find((each) => each.querySelector('dt').textContent === {name:?})?.querySelector('dd').textContent.trim()"
        );
        self.read(&said).as_str().unwrap_or_default().to_owned()
    }

    /// Loads the page anew, with nothing kept of the last time; what was asked of the old one is asked no more.
    pub(crate) fn load_anew(&self) {
        self.read("window.isOld = true");
        self.call("Page.reload", &json!({ "ignoreCache": true }));
        self.until("!window.isOld");
    }

    /// Draws the pointer over a chart, as to zoom into it.
    pub(crate) fn drag(&self, from: u32, to: u32, y: u32) {
        let mouse = |kind: &str, x: u32, buttons: u32| {
            let button = if buttons > 0 || kind == "mouseReleased" { "left" } else { "none" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        };
        mouse("mouseMoved", from, 0);
        mouse("mousePressed", from, 1);
        mouse("mouseMoved", u32::midpoint(from, to), 1);
        mouse("mouseMoved", to, 1);
        mouse("mouseReleased", to, 0);
    }

    /// For eyes.
    pub(crate) fn picture(&self, name: &str) {
        let data = self.call("Page.captureScreenshot", &json!({ "format": "png" }))["data"].clone();
        let data = data.as_str().unwrap().to_owned();
        let bytes = base64(&data);
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5_000, "{name}");
        std::fs::write(folder().join(format!("{name}.png")), bytes).unwrap();
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.borrow().clone()
    }
}

fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(value).collect();
    let of = |four: &[u32]| {
        let all = four.iter().fold(0, |all, digit| (all << 6) | digit) << (6 * (4 - four.len()));
        all.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(of).collect()
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

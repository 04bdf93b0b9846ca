//! What is told of requests to somebody who looks on, over each transport.

mod harness;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Make, Then, User, scripted};
use loadtest_core::Trace;
use loadtest_core::testing::TestShard;
use loadtest_http::multipart::Form;
use loadtest_http::{Body, HttpSettings};
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Misbehaving};

over_both! {
    a_form_is_shown_with_its_secrets_masked,
    secrets_are_shown_to_who_asks,
    each_redirect_is_shown,
    credentials_of_the_host_are_not_shown,
    a_refused_connection_says_so,
    what_is_no_answer_says_so,
    large_bodies_are_cut,
    binary_is_only_counted,
    a_body_that_is_not_kept,
    verdicts_are_those_of_the_statistics,
    what_is_dropped_is_interrupted,
    what_cannot_be_sent,
    files_and_parts_are_shown_as_text,
    fresh_sessions_and_requests_at_once_are_told_apart,
    a_terminal_is_given_nothing_to_obey,
}

/// A user whose requests are told.
struct Told {
    user: User,
    text: Arc<Mutex<String>>,
}

impl Told {
    fn new<M: Make>(host: &str) -> Self {
        Self::with::<M>(host, |trace| trace)
    }

    fn with<M: Make>(host: &str, change: impl FnOnce(Trace) -> Trace) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        let trace = change(Trace::new(move |lines| into.lock().expect("no panic").push_str(lines)));
        let shard = TestShard::with_trace(Some(host), trace);
        let http = M::make(&shard.context(), &HttpSettings::new());
        Self { user: User { shard, http }, text }
    }

    /// What was told since the last time, with times as `0`.
    fn told(&self) -> String {
        let text = std::mem::take(&mut *self.text.lock().expect("no panic"));
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            let mut rest = line;
            while let Some(at) = rest.find(" ms") {
                let digits = rest[..at].rfind(' ').map_or(0, |space| space + 1);
                out.push_str(&rest[..digits]);
                out.push_str("0 ms");
                rest = &rest[at + 3..];
            }
            out.push_str(rest);
        }
        out
    }
}

/// The lines that begin with this.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

async fn a_form_is_shown_with_its_secrets_masked<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    let http = &told.user.http;
    http.set_cookie("session", "s3cret").expect("a cookie");
    let request = http.post("/bytes/5?a=b").basic_auth("ann", "s3cret").header("x-api-key", "s3cret");
    request.form(&[("user", "ann"), ("color", "ü")]).send().await.expect("an answer");
    let text = told.told();
    assert!(!text.contains("s3cret") && !text.contains("Basic YW"), "{text}");
    let address = server.addr();
    let mut sent: Vec<&str> = lines(&text, ">");
    assert_eq!(sent.remove(0), "> POST /bytes/5?a=b HTTP/1.1");
    assert_eq!(sent.pop(), Some("> user=ann&color=%C3%BC"));
    assert_eq!(sent.pop(), Some(">"));
    sent.sort_unstable();
    sent.retain(|line| !line.starts_with("> accept-encoding") && !line.starts_with("> user-agent"));
    assert_eq!(
        sent,
        [
            "> accept: */*",
            "> authorization: Basic ***",
            "> content-length: 21",
            "> content-type: application/x-www-form-urlencoded",
            "> cookie: session=***",
            &format!("> host: {address}"),
            "> x-api-key: ***",
        ]
    );
    let others: Vec<&str> = text.lines().filter(|line| !line.starts_with(['>', '<'])).collect();
    let connection = if M::IS_DIRECT { "connect 0 ms, first byte 0 ms; connection opened" } else { "first byte 0 ms" };
    assert_eq!(others[0], format!("user 0: request 1: POST http://{address}/bytes/5?a=b"));
    assert!(others[1].starts_with("user 0: answer 1: 200 OK after 0 ms (first byte") || M::IS_DIRECT, "{text}");
    assert!(!M::IS_DIRECT || others[1] == format!("user 0: answer 1: 200 OK after 0 ms ({connection})"), "{text}");
    assert_eq!(others[2..], ["user 0: verdict 1: POST /bytes/5: ok, 0 ms"]);
    let got = lines(&text, "<");
    assert_eq!(got[0], "< HTTP/1.1 200 OK");
    assert!(got.iter().any(|line| line.eq_ignore_ascii_case("< content-length: 5")), "{text}");
    assert_eq!(got[got.len() - 2..], ["<", "< xxxxx"]);

    http.get("/bytes/1").send().await.expect("an answer");
    let text = told.told();
    assert!(text.contains("user 0: request 2: GET "), "{text}");
    assert_eq!(text.contains("; connection used again)"), M::IS_DIRECT, "{text}");
}

async fn secrets_are_shown_to_who_asks<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::with::<M>(&server.url(), Trace::show_secrets);
    let http = &told.user.http;
    let request = http.get("/set-cookie?name=session&value=s3cret").bearer_auth("t0ken");
    request.send().await.expect("an answer");
    http.get("/").send().await.expect("an answer");
    let text = told.told();
    for line in ["> authorization: Bearer t0ken", "> cookie: session=s3cret"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.to_ascii_lowercase().contains("< set-cookie: session=s3cret"), "{text}");
}

async fn each_redirect_is_shown<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    told.user.http.post("/redirect/2").body("once").send().await.expect("an answer");
    let text = told.told();
    let url = server.url();
    let heads: Vec<&str> = text.lines().filter(|line| line.contains("request 1") || line.contains("verdict")).collect();
    assert_eq!(
        heads,
        [
            &format!("user 0: request 1: POST {url}/redirect/2"),
            &format!("user 0: request 1, redirect 1: GET {url}/redirect/1"),
            &format!("user 0: request 1, redirect 2: GET {url}/"),
            "user 0: verdict 1: POST /redirect/2: ok, 0 ms",
        ]
    );
    let answers: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(": answer 1").map(|(_, answer)| answer)).collect();
    assert!(answers[0].starts_with(": 302 Found after"), "{text}");
    assert!(answers[1].starts_with(", redirect 1: 302 Found after"), "{text}");
    assert!(answers[2].starts_with(", redirect 2: 200 OK after"), "{text}");
    if M::IS_DIRECT {
        assert!(answers[0].ends_with("; connection opened)"), "{text}");
        assert!(answers[1..].iter().all(|answer| answer.ends_with("; connection used again)")), "{text}");
        assert_eq!(text.matches("connect 0 ms").count(), 1, "each hop has its own phases:\n{text}");
    }
    assert_eq!(text.matches("> once").count(), 1, "{text}");

    let server = Misbehaving::spawn(Behaviour::Redirect(302, "http://ann:s3cret@127.0.0.1:1/x"));
    let told = Told::new::<M>(&server.url());
    told.user.http.get("/").send().await.expect_err("a closed port");
    let text = told.told();
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.to_ascii_lowercase().contains("location: http://***@127.0.0.1:1/x"), "{text}");
}

async fn credentials_of_the_host_are_not_shown<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url().replace("://", "://ann:s3cret@"));
    told.user.http.get("/bytes/1").send().await.expect("an answer");
    told.user.http.get(server.url().replace("://", "://bob:s3cret@") + "/bytes/1").send().await.expect("an answer");
    told.user.http.get("ftp://bob:s3cret@host/").send().await.expect_err("no HTTP");
    let text = told.told();
    assert!(!text.contains("s3cret") && !text.contains("YW5u") && !text.contains("Ym9i"), "{text}");
    assert_eq!(text.matches("> authorization: Basic ***").count(), 2, "{text}");
}

async fn a_refused_connection_says_so<M: Make>() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let told = Told::new::<M>(&format!("http://{address}"));
    told.user.http.get("/x").send().await.expect_err("nobody listens");
    let text = told.told();
    assert!(text.starts_with(&format!("user 0: request 1: GET http://{address}/x\n> GET /x HTTP/1.1\n")), "{text}");
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with("user 0: verdict 1: GET /x: failed: connection refused ("), "{text}");
    assert!(last.contains(&address.to_string()) && last.ends_with("), 0 ms"), "{text}");
    assert!(!text.contains("answer"), "{text}");
}

async fn what_is_no_answer_says_so<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::HalfBody);
    let told = Told::new::<M>(&server.url());
    told.user.http.get("/x").send().await.expect_err("half an answer");
    let text = told.told();
    assert!(text.contains("verdict 1: GET /x: failed: connection closed before the answer was complete ("), "{text}");
}

async fn large_bodies_are_cut<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    told.user.http.post("/bytes/3000000").body("y".repeat(1_000_000)).send().await.expect("an answer");
    let text = told.told();
    assert!(text.len() < 6000, "{} bytes", text.len());
    let cut = |mark: char, letter: &str, all: u32| {
        text.contains(&format!("{mark}\n{mark} {}\n{mark} [… {all} bytes in all]\n", letter.repeat(2000)))
    };
    assert!(cut('>', "y", 1_000_000) && cut('<', "x", 3_000_000), "{text}");
}

async fn binary_is_only_counted<M: Make>() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x89PN\x00";
    let told = Told::new::<M>(&format!("http://{}", scripted(answer, Then::Close)));
    told.user.http.post("/").body(vec![0xff; 123]).send().await.expect("an answer");
    let text = told.told();
    assert!(text.contains("> [123 bytes of binary]\n") && text.contains("< [4 bytes of binary]\n"), "{text}");
}

async fn a_body_that_is_not_kept<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    told.user.http.get("/bytes/77").discard_body().send().await.expect("an answer");
    let text = told.told();
    assert!(text.contains("< [77 bytes, of which nothing was kept]\n"), "{text}");
}

async fn verdicts_are_those_of_the_statistics<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    let http = &told.user.http;
    http.get("/status/503").send().await.expect("an answer");
    http.get("/status/404").expect_status(404).name("gone").send().await.expect("an answer");
    http.get("/").check(|_| Err::<(), _>("no cart")).send().await.expect("an answer");
    http.get("/a").catch_response().await.expect("an answer").failure("not today");
    http.get("/status/500").catch_response().await.expect("an answer").success();
    drop(http.get("/status/500").catch_response().await.expect("an answer"));
    let text = told.told();
    let verdicts: Vec<&str> = text.lines().filter(|line| line.contains("verdict")).collect();
    assert_eq!(
        verdicts,
        [
            "user 0: verdict 1: GET /status/503: failed: 503 Service Unavailable, 0 ms",
            "user 0: verdict 2: GET gone: ok, 0 ms",
            "user 0: verdict 3: GET /: failed: no cart, 0 ms",
            "user 0: verdict 4: GET /a: failed: not today, 0 ms",
            "user 0: verdict 5: GET /status/500: ok, 0 ms",
            "user 0: verdict 6: GET /status/500: failed: 500 Internal Server Error, 0 ms",
        ]
    );
}

async fn what_is_dropped_is_interrupted<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    let request = told.user.http.get("/delay/60000").send();
    tokio::time::timeout(Duration::from_millis(50), request).await.expect_err("it takes a minute");
    let text = told.told();
    assert!(text.ends_with("user 0: verdict 1: GET /delay/60000: interrupted after 0 ms\n"), "{text}");
    drop(told.user.http.get("/never"));
    assert_eq!(told.told(), "", "what is not sent is not told");
}

async fn what_cannot_be_sent<M: Make>() {
    let told = Told::new::<M>("http://127.0.0.1:1");
    told.user.http.get("ftp://host/").send().await.expect_err("no HTTP");
    let text = told.told();
    assert!(text.starts_with("user 0: GET ") && text.contains(": not sent: malformed URL: ftp://host/"), "{text}");
    told.user.http.post("/").body(Body::file("/no/such/file")).send().await.expect_err("no file");
    let text = told.told();
    assert!(text.contains("> [the body could not be read: /no/such/file: "), "{text}");
    assert!(text.contains("verdict 1: POST /: failed: the body could not be read (/no/such/file: "), "{text}");
}

async fn files_and_parts_are_shown_as_text<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    let path = std::env::temp_dir().join(format!("loadtest-trace-{}-{}", std::process::id(), M::IS_DIRECT));
    std::fs::write(&path, "line one\nline two\n").expect("a file");
    let form = Form::new().text("title", "Beach").file("notes", &path);
    told.user.http.post("/bytes/1").multipart(form).send().await.expect("an answer");
    told.user.http.put("/bytes/1").body(Body::file(&path)).send().await.expect("an answer");
    std::fs::remove_file(&path).expect("it is there");
    let text = told.told();
    assert!(text.contains("name=\"title\"") && text.contains("> Beach\n"), "{text}");
    assert_eq!(text.matches("> line one\n> line two\n").count(), 2, "{text}");
    assert!(text.contains("> content-length: 18\n"), "{text}");
}

async fn fresh_sessions_and_requests_at_once_are_told_apart<M: Make>() {
    let server = EchoServer::spawn();
    let told = Told::new::<M>(&server.url());
    let http = &told.user.http;
    let fresh = http.fresh();
    let (a, b) = tokio::join!(http.get("/bytes/1").send(), fresh.get("/bytes/2").send());
    assert!(a.is_ok() && b.is_ok());
    let second = M::make(&told.user.shard.context(), &HttpSettings::new());
    second.get("/bytes/3").send().await.expect("an answer");
    let text = told.told();
    for line in
        ["user 0: verdict 1: GET /bytes/1", "user 0: verdict 2: GET /bytes/2", "user 1: verdict 3: GET /bytes/3"]
    {
        assert!(text.contains(line), "{text}");
    }
}

async fn a_terminal_is_given_nothing_to_obey<M: Make>() {
    let answer = b"HTTP/1.1 200 OK\r\nX-Odd: a\xff\x80b\r\nContent-Length: 5\r\n\r\n\x1b[31m";
    let told = Told::new::<M>(&format!("http://{}", scripted(answer, Then::Close)));
    told.user.http.get("/").send().await.expect("an answer");
    let text = told.told();
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains("[5 bytes of binary]"), "{text}");
}

#[cfg(feature = "compression")]
#[tokio::test]
async fn a_coded_body_is_shown_decoded() {
    use std::io::Write;

    let content = "line\n".repeat(1000);
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    coder.write_all(content.as_bytes()).expect("memory");
    let coded = coder.finish().expect("memory");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", coded.len());
    let host = format!("http://{}", scripted([head.as_bytes(), &coded].concat(), Then::Close));
    let told = Told::new::<harness::Direct>(&host);
    told.user.http.get("/").send().await.expect("an answer");
    let text = told.told();
    assert!(text.contains("<\n< line\n< line\n"), "{text}");
    assert!(text.contains(&format!("< [5000 bytes, decoded from {}]\n", coded.len())), "{text}");

    let wrong = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone";
    let told = Told::new::<harness::Direct>(&format!("http://{}", scripted(wrong, Then::Close)));
    told.user.http.get("/").send().await.expect_err("no gzip");
    let text = told.told();
    assert!(text.contains("< [4 bytes: the body is not gzip, as it says: "), "{text}");
    assert!(text.contains("verdict 1: GET /: failed: the body is not gzip, as it says"), "{text}");

    let told = Told::new::<harness::Direct>(&host);
    told.user.http.get("/").largest_body(4999).send().await.expect_err("too much");
    let text = told.told();
    assert!(text.contains("body is larger than the limit of 4999 bytes: once it is decoded]"), "{text}");
}

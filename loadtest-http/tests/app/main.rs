//! An application in the same process as target: what is the same as over a socket, and what is not.

mod shop;

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use loadtest_core::stats::RowSnapshot;
use loadtest_core::testing::TestShard;
use loadtest_core::{Client, ClientSettings, ErrorKind, LoadTest, RecordedError};
use loadtest_http::multipart::Form;
use loadtest_http::{Body, HttpSession, HttpSettings, LoadTestExt, RequestBuilder, Response};
use proptest::prelude::*;
use shop::{Busy, Shop, serve};

/// A user and the statistics of its shard.
struct User {
    shard: TestShard,
    http: HttpSession,
}

/// All that is counted of a row but times and connections: its title with the statuses of its answers, and figures.
type Figures = (String, [u64; 9]);

impl User {
    fn new(test: LoadTest, settings: &HttpSettings) -> Self {
        let shard = TestShard::of_test(test);
        let http = HttpSession::create_with(&shard.context(), settings).expect("a session");
        Self { shard, http }
    }

    /// A user of this application in process, without a host.
    fn of(shop: &Shop) -> Self {
        Self::new(LoadTest::new().app(shop.clone()), &HttpSettings::new())
    }

    fn figures(&self) -> Vec<Figures> {
        let figures = self.shard.rows().into_iter().map(|row| {
            let stats = row.stats;
            let counts = [stats.started, stats.ok, stats.failed, stats.interrupted, stats.written];
            let bytes = [stats.bytes_sent, stats.bytes_received, stats.content_bytes, stats.retries];
            let all = counts.iter().chain(&bytes).copied().collect::<Vec<_>>();
            let statuses: Vec<_> = stats.statuses().map(|status| (status.code, status.service.count())).collect();
            (format!("{} {} {statuses:?}", row.key.method, row.key.name), all.try_into().expect("nine"))
        });
        figures.collect()
    }

    /// `(started, ok, failed, interrupted, written)` of the only row.
    fn books(&self) -> (u64, u64, u64, u64, u64) {
        let [started, ok, failed, interrupted, written, ..] = self.figures()[0].1;
        (started, ok, failed, interrupted, written)
    }

    /// The failures as `error (sample)`.
    fn failures(&self) -> Vec<String> {
        self.shard.failures().iter().map(|row| format!("{} ({})", row.error, row.sample)).collect()
    }
}

/// The same application for two users: behind a server, and in process under the same URL.
async fn both(settings: &HttpSettings) -> [User; 2] {
    let shop = Shop::default();
    let url = serve(shop.clone()).await;
    let socket = User::new(LoadTest::new().host(&url), settings);
    let in_process = User::new(LoadTest::new().host(&url).app(shop), settings);
    [socket, in_process]
}

/// A file that is removed at the end of a test.
struct Temporary(std::path::PathBuf);

impl Temporary {
    fn new(name: &str, length: usize) -> Self {
        let path = std::env::temp_dir().join(format!("loadtest-{}-app-{name}", std::process::id()));
        std::fs::write(&path, vec![b'f'; length]).expect("a file");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Of an answer, what does not depend on the server; of a failure its kind.
fn seen(outcome: &Result<Response, RecordedError>) -> String {
    match outcome {
        Ok(response) => {
            let headers = ["content-length", "content-encoding", "location", "set-cookie"];
            let headers = headers.map(|name| response.header(name).unwrap_or("-").to_owned());
            let body = response.bytes();
            let start = String::from_utf8_lossy(&body[..body.len().min(500)]).into_owned();
            let url = response.url().to_owned();
            format!(
                "{} {url} {headers:?} {} bytes, {} kept: {start}",
                response.status(),
                response.body_length(),
                body.len()
            )
        }
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// Every kind of request; a number changes it a little.
const REQUESTS: [fn(&HttpSession, usize) -> RequestBuilder; 22] = [
    |http, _| http.get("/page"),
    |http, _| http.head("/page"),
    |http, n| http.get_path("/pieces/{length}", n * 997),
    |http, n| http.get_path("/pieces/{length}", n * 997).discard_body(),
    |http, n| http.get("/page").name("limited").largest_body(n as u64),
    |http, n| http.post("/echo").body("x".repeat(n * 1000)),
    |http, _| http.put("/echo?a=1%20&b"),
    |http, n| http.patch("/echo").json(&vec![n; n]),
    |http, n| http.post("/echo").form(&[("number", n)]).header("x-own", "1").header("x-own", "2"),
    |http, _| http.get("/echo").basic_auth("ann", "secret").header("user-agent", "Mine"),
    |http, n| http.get("/echo").query(&[("page", n)]).compression(false),
    |http, _| http.delete("/echo").body("why"),
    |http, _| http.post("/login"),
    |http, _| http.get("/cookies").cookie("own", "1"),
    |http, _| http.get("/cookies"),
    |http, n| http.get_path("/redirect/{left}", n % 12),
    |http, n| http.get_path("/status/{status}", [200, 204, 304, 400, 404, 500][n % 6]),
    |http, n| http.get_path("/gzip/{length}", n * 20),
    |http, n| http.get_path("/gzip/{length}", n * 20).discard_body(),
    |http, _| http.get("/missing").name("nothing").expect_status(404),
    |http, n| http.get(format!("/slow/{}", n % 3)).name("/slow"),
    |http, _| http.request("PROPFIND", "/echo").body("all"),
];

/// Sends the same requests as both users, and compares what they see and what is counted.
async fn assert_same(users: &[User; 2], requests: impl IntoIterator<Item = (usize, usize)>) {
    for (which, number) in requests {
        let [socket, in_process] = users.each_ref().map(|user| REQUESTS[which](&user.http, number));
        let request = format!("{socket:?}");
        let (socket, in_process) = (seen(&socket.send().await), seen(&in_process.send().await));
        assert_eq!(in_process, socket, "{request}");
    }
    let [socket, in_process] = users;
    assert_eq!(in_process.figures(), socket.figures());
    assert_eq!(in_process.failures(), socket.failures());
    for name in ["session", "theme", "hop0", "hop3", "own"] {
        assert_eq!(in_process.http.cookie(name), socket.http.cookie(name), "{name}");
    }
}

#[tokio::test]
async fn every_request_is_the_same_as_over_a_socket() {
    let users = both(&HttpSettings::new()).await;
    let all = [0, 3, 11, 60].into_iter().flat_map(|number| (0..REQUESTS.len()).map(move |which| (which, number)));
    assert_same(&users, all).await;
    let [socket, in_process] = users.each_ref().map(|user| user.figures());
    assert!(socket.len() == 17 && in_process.len() == 17, "{socket:?}");
    assert_eq!(users[1].http.cookie("session").as_deref(), Some("17"));
    let connections = |row: &RowSnapshot| row.stats.connections_opened + row.stats.connections_reused;
    assert_eq!(users[1].shard.rows().iter().map(connections).sum::<u64>(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sequence_is_the_same_as_over_a_socket(
        requests in proptest::collection::vec((0..REQUESTS.len(), 0..100_usize), 1..12),
        compression in any::<bool>(),
        redirects in any::<bool>(),
    ) {
        let settings = HttpSettings::new().compression(compression);
        let settings = if redirects { settings } else { settings.no_redirects() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { assert_same(&both(&settings).await, requests).await });
    }
}

/// Polls a request at most so many times and drops it; says whether that was before its end.
async fn poll_at_most(request: RequestBuilder, mut polls: usize) -> bool {
    let mut send = pin!(request.send());
    std::future::poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(true);
        }
        polls -= 1;
        send.as_mut().poll(cx).map(|_| false)
    })
    .await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_books_hold_wherever_requests_are_dropped(
        requests in proptest::collection::vec((0..REQUESTS.len(), 0..100_usize, 0..8_usize), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let shop = Shop::default();
            let user = User::of(&shop);
            let mut dropped = 0;
            for (which, number, polls) in requests {
                let was_dropped = poll_at_most(REQUESTS[which](&user.http, number), polls).await;
                // What was not polled did not begin.
                dropped += u64::from(was_dropped && polls > 0);
            }
            let sum = |which: usize| user.figures().iter().map(|(_, figures)| figures[which]).sum::<u64>();
            let [started, ok, failed, interrupted, written] = [0, 1, 2, 3, 4].map(sum);
            assert_eq!((started, interrupted), (ok + failed + interrupted, dropped));
            assert_eq!(written, shop.0.called.load(Ordering::SeqCst), "what was written is what the application had");
        });
    }
}

#[tokio::test]
async fn bodies_from_the_disk_are_the_same_as_over_a_socket() {
    let users = both(&HttpSettings::new()).await;
    let (large, empty) = (Temporary::new("large", 300_000), Temporary::new("empty", 0));
    for user in &users {
        let http = &user.http;
        let file = http.put("/echo").body(Body::file(&large.0)).send().await.expect("an answer");
        assert!(file.text().expect("text").contains("content-length: 300000\n"), "{file:?}");
        assert!(file.text().expect("text").ends_with("\n300000 30600000"), "{file:?}");
        http.put("/echo").body(Body::file(&empty.0)).send().await.expect("an answer");
        let form = Form::new().text("a", "b").file("picture", &large.0);
        let form = http.post("/echo").multipart(form).send().await.expect("an answer");
        assert!(form.text().expect("text").contains("content-type: multipart/form-data; boundary="), "{form:?}");
        // Sent again after a redirect.
        http.post("/elsewhere?/echo").body(Body::file(&large.0)).send().await.expect("an answer");
        let missing = http.post("/echo").body(Body::file("/no/such/file")).send().await.expect_err("no file");
        assert_eq!(missing.kind(), ErrorKind::Request);
    }
    let [socket, in_process] = users;
    assert_eq!(in_process.figures()[0], socket.figures()[0]);
    assert_eq!(in_process.failures(), socket.failures());
}

#[tokio::test]
async fn a_body_that_the_application_does_not_read_is_not_written() {
    let file = Temporary::new("unread", 1000);
    let user = User::of(&Shop::default());
    user.http.post("/page").body("in memory").send().await.expect("an answer");
    user.http.post("/page").body(Body::file(&file.0)).send().await.expect("an answer");
    assert_eq!(user.books(), (2, 2, 0, 0, 1));
}

#[tokio::test]
async fn without_a_host_there_is_a_made_up_one() {
    let shop = Shop::default();
    let user = User::of(&shop);
    assert_eq!(user.http.base_url(), "http://app.test");
    let echo = user.http.get("/echo").send().await.expect("an answer");
    assert!(echo.text().expect("text").starts_with("GET /echo HTTP/1.1\nhost: app.test\n"), "{echo:?}");
    assert_eq!(echo.url(), "http://app.test/echo");
    user.http.get("http://app.test/page").send().await.expect("the same origin");
    assert_eq!(shop.0.called.load(Ordering::SeqCst), 2);

    let secure = User::new(LoadTest::new().host("https://shop.example").app(shop), &HttpSettings::new());
    let echo = secure.http.get("/echo").send().await.expect("without TLS");
    assert!(echo.text().expect("text").contains("host: shop.example\n"), "{echo:?}");
    assert_eq!(echo.url(), "https://shop.example/echo");

    let missing = HttpSession::check(&ClientSettings::new("Shopper", None)).expect_err("neither host nor application");
    assert!(missing.to_string().contains("no host to test"), "{missing}");
}

#[tokio::test]
async fn other_origins_are_reached_over_the_network() {
    let elsewhere = Shop::default();
    let url = serve(elsewhere.clone()).await;
    let here = Shop::default();
    let user = User::of(&here);
    user.http.get(format!("{url}/page")).name("absolute").send().await.expect("an answer");
    let redirected =
        user.http.get(format!("/elsewhere?{url}/page")).name("redirected").send().await.expect("an answer");
    assert_eq!(redirected.url(), format!("{url}/page"));
    assert_eq!((here.0.called.load(Ordering::SeqCst), elsewhere.0.called.load(Ordering::SeqCst)), (1, 2));
    let row = |name| user.shard.row("GET", name).expect("a row").stats;
    assert_eq!((row("absolute").connections_opened, row("redirected").connections_reused), (1, 1));
    assert_eq!((row("absolute").written, row("redirected").written), (1, 2));

    // What is neither this application nor there.
    let error = user.http.get("http://127.0.0.1:1/").send().await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn what_goes_wrong_in_the_application_is_a_failed_request() {
    let table = [
        ("/error", ErrorKind::Closed, "application error: out of order (out of order)"),
        ("/panic/17", ErrorKind::Closed, "the application panicked (article 17 is missing)"),
        ("/panic-later", ErrorKind::Closed, "the application panicked (in the middle of a page)"),
        ("/breaks-off/2500", ErrorKind::Closed, "the body broke off: the disk is gone (the disk is gone)"),
        (
            "/short",
            ErrorKind::Closed,
            "connection closed before the answer was complete (http://app.test; after 9 bytes of body, those of redirects \
             included)",
        ),
        (
            "/switch",
            ErrorKind::Protocol,
            "not a valid HTTP answer: switching protocols without being asked (http://app.test)",
        ),
    ];
    for (path, kind, failure) in table {
        let user = User::of(&Shop::default());
        let error = user.http.get(path).send().await.expect_err(path);
        assert_eq!((error.kind(), user.failures()), (kind, vec![failure.to_owned()]));
        assert_eq!(user.books(), (1, 0, 1, 0, 1), "{path}");
        user.http.get(path).name("again").send().await.expect_err("the application goes on");
        user.http.get("/page").send().await.expect("and the user");
    }
    // Over a connection they are failures of the same kind.
    let url = serve(Shop::default()).await;
    for (path, kind, _) in &table[..5] {
        let user = User::new(LoadTest::new().host(&url), &HttpSettings::new());
        assert_eq!(user.http.get(*path).send().await.expect_err(path).kind(), *kind, "{path}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_ready() {
    let permits = Arc::new(tokio::sync::Semaphore::new(1));
    let busy = Busy { permits: Arc::clone(&permits), refuses: false };
    let user = User::new(LoadTest::new().app(busy.clone()), &HttpSettings::new());
    user.http.get("/").name("ready").send().await.expect("an answer");
    let (waited, ()) = tokio::join!(user.http.get("/").name("waited").send(), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        permits.add_permits(1);
    });
    waited.expect("an answer");
    let blocked = |name| user.shard.row("GET", name).expect("a row").stats.phases.blocked().max();
    assert_eq!(blocked("ready"), None);
    assert!(blocked("waited") >= Some(Duration::from_millis(20)), "{:?}", blocked("waited"));

    let never = user.http.get("/").name("never").timeout(Duration::from_millis(10)).send().await;
    assert_eq!(never.expect_err("no permit").kind(), ErrorKind::Timeout);
    let row = user.shard.row("GET", "never").expect("a row").stats;
    assert_eq!((row.failed, row.written, row.bytes_sent), (1, 0, 0), "the application never had it");

    let user = User::new(LoadTest::new().app(Busy { refuses: true, ..busy }), &HttpSettings::new());
    let error = user.http.get("/").send().await.expect_err("it refuses");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(user.failures(), ["application not ready: too many requests (too many requests)"]);
    assert_eq!(user.books(), (1, 0, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slow_application_is_left_at_the_timeout() {
    let shop = Shop::default();
    let user = User::of(&shop);
    let started = tokio::time::Instant::now();
    let error = user.http.get("/slow/60000").timeout(Duration::from_millis(250)).send().await.expect_err("too slow");
    assert_eq!((error.kind(), started.elapsed()), (ErrorKind::Timeout, Duration::from_millis(250)));
    assert_eq!(user.failures(), ["timed out after 250ms (sent, but the answer was not complete)"]);
    assert_eq!((user.books(), shop.0.dropped.load(Ordering::SeqCst)), ((1, 0, 1, 0, 1), 1));

    let slow = user.http.get("/slow/500").send().await.expect("within the default");
    assert_eq!(slow.service_time(), Duration::from_millis(500));
    assert_eq!(slow.phases().first_byte, Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_is_interrupted() {
    let shop = Shop::default();
    let user = User::of(&shop);
    let request = user.http.post("/slow/60000").body("x").send();
    assert!(tokio::time::timeout(Duration::from_millis(20), request).await.is_err());
    assert_eq!((user.books(), shop.0.dropped.load(Ordering::SeqCst)), ((1, 0, 0, 1, 1), 1));
    // Before it was polled, there was none.
    drop(user.http.get("/never").send());
    assert_eq!(user.figures().len(), 1);
    user.http.get("/page").send().await.expect("the session goes on");
}

/// Whoever never waits leaves the others their turn, and the clock.
#[tokio::test]
async fn an_application_that_answers_at_once_does_not_keep_the_thread() {
    let user = User::of(&Shop::default());
    for (path, is_ok) in [("/page", true), ("/error", false)] {
        let mut turns = 0;
        let busy = async {
            for _ in 0..500 {
                assert_eq!(user.http.get(path).send().await.is_ok(), is_ok);
            }
        };
        let mut busy = pin!(busy);
        std::future::poll_fn(|cx| {
            turns += 1;
            busy.as_mut().poll(cx)
        })
        .await;
        assert!(turns > 500, "{turns} turns for {path}");
    }

    let endless = user.http.get("/flood").discard_body().timeout(Duration::from_millis(30)).send();
    assert_eq!(endless.await.expect_err("it has no end").kind(), ErrorKind::Timeout);
    let bounded = user.http.get("/flood").largest_body(10_000).send().await.expect_err("too large");
    assert_eq!(bounded.kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn many_requests_at_once() {
    let user = User::of(&Shop::default());
    let started = tokio::time::Instant::now();
    let outcomes = user.http.batch((0..40).map(|_| user.http.get("/slow/100"))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(started.elapsed(), Duration::from_millis(100), "at once, without connections");
    let spawned = user.http.get("/spawn").send().await.expect("tasks can be spawned");
    assert_eq!(spawned.text().expect("text"), "spawned");
}

#[tokio::test]
async fn whoever_looks_on_sees_what_would_go_over_a_connection() {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    let test = LoadTest::new().app(Shop::default());
    let test = test.trace(move |lines: &str| into.lock().expect("a text").push_str(lines));
    let user = User::new(test, &HttpSettings::new());
    user.http.post("/redirect/0").body("why").send().await.expect("an answer");
    let text = text.lock().expect("a text");
    for line in [
        "request 1: POST http://app.test/redirect/0\n> POST /redirect/0 HTTP/1.1\n> host: app.test\n",
        "\n> content-length: 3\n>\n> why\n",
        "answer 1: 303 See Other after ",
        "\n< content-length: 9\n<\n< elsewhere\n",
        "redirect 1: GET http://app.test/cookies\n",
        "verdict 1: POST /redirect/0: ok, ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

/// Neither `Sync` nor with futures that are `Send`.
#[derive(Clone)]
struct Local(std::cell::Cell<u32>);

impl<B> tower_service::Service<http::Request<B>> for Local {
    type Response = http::Response<String>;
    type Error = std::convert::Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        let number = std::rc::Rc::new(self.0.get());
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(http::Response::new(format!("{number}")))
        })
    }
}

#[tokio::test]
async fn a_service_needs_to_be_neither_sync_nor_have_futures_that_are_send() {
    let user = User::new(LoadTest::new().app(Local(std::cell::Cell::new(7))), &HttpSettings::new());
    assert_eq!(user.http.get("/").send().await.expect("an answer").text().expect("text"), "7");
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn over_reqwest_the_application_is_in_process_too() {
    let shard = TestShard::of_test(LoadTest::new().app(Shop::default()));
    let http = loadtest_http::ReqwestSession::create(&shard.context()).expect("a session");
    assert_eq!(http.get("/page").send().await.expect("an answer").text().expect("text"), "a page");
    assert_eq!(http.base_url(), "http://app.test");
}

//! Whole runs against axum in process: what is the same as behind a server, what becomes of slow and of panicking handlers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, MockConnectInfo};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use loadtest::EndedBy;
use loadtest::prelude::*;

/// What the application has seen.
#[derive(Debug, Clone, Default)]
struct Seen {
    called: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

impl Seen {
    fn counts(&self) -> (u64, u64) {
        (self.called.load(Ordering::SeqCst), self.dropped.load(Ordering::SeqCst))
    }
}

/// Counts handlers that did not come to their end.
struct Counted(Seen);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

async fn slow(State(seen): State<Seen>) -> &'static str {
    let counted = Counted(seen);
    tokio::time::sleep(Duration::from_secs(60)).await;
    std::mem::forget(counted);
    "at last"
}

async fn panicking() -> &'static str {
    // As a panic, but nothing is printed.
    std::panic::resume_unwind(Box::new("no such article"))
}

async fn in_the_background() -> String {
    tokio::spawn(async { tokio::task::spawn_blocking(|| "done").await }).await.map_or_else(
        |error| error.to_string(),
        |outcome| outcome.map_or_else(|error| error.to_string(), ToOwned::to_owned),
    )
}

async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.to_string()
}

fn router(seen: &Seen) -> Router {
    let called = Arc::clone(&seen.called);
    let counting = from_fn(move |request: Request, next: Next| {
        called.fetch_add(1, Ordering::SeqCst);
        next.run(request)
    });
    let api = Router::new().route("/peer", get(peer)).route("/background", get(in_the_background));
    Router::new()
        .route("/slow", get(slow))
        .route("/panic", get(panicking))
        .route("/upload", post(async |body: String| body.len().to_string()))
        .nest("/api", api)
        .fallback(async || (axum::http::StatusCode::NOT_FOUND, "nothing here"))
        .layer(MockConnectInfo(SocketAddr::from(([10, 0, 0, 1], 7))))
        .layer(counting)
        .with_state(seen.clone())
}

macro_rules! users {
    ($($name:ident($http:ident) $body:block)*) => {
        $(
            #[derive(User)]
            struct $name {
                #[client]
                http: HttpSession,
            }

            #[tasks]
            impl $name {
                #[task]
                async fn task(&mut self) -> TaskResult {
                    let $http = &self.http;
                    $body
                    Ok(())
                }
            }
        )*
    };
}

users! {
    Waiting(http) {
        http.get("/slow").send().await?;
    }
    Impatient(http) {
        http.get("/slow").timeout(Duration::from_millis(20)).send().await?;
    }
    Unlucky(http) {
        http.get("/panic").send().await?;
    }
    Thorough(http) {
        let page = http.get("/api/peer").send().await?;
        assert_eq!(page.text()?, "10.0.0.1:7");
        assert_eq!(http.get("/api/background").send().await?.text()?, "done");
        assert_eq!(http.post("/upload").body("x".repeat(1000)).send().await?.text()?, "1000");
        http.get("/missing").expect_status(404).send().await?;
        http.get("/missing").send().await?;
    }
}

fn test<U: loadtest::User + 'static>(seen: &Seen, users: u64) -> LoadTest {
    LoadTest::new().app(router(seen)).user::<U>().users(users).spawn_rate(f64::INFINITY).threads(2)
}

#[test]
fn a_slow_handler_is_interrupted_at_the_end() {
    let (seen, started) = (Seen::default(), Instant::now());
    let report = test::<Waiting>(&seen, 10).run_time(Duration::from_millis(300)).run_blocking().expect("a report");
    assert_eq!(*report.ended_by(), EndedBy::RunTime);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let total = &report.total().stats;
    assert_eq!((total.started, total.ok, total.failed, total.interrupted, total.written), (10, 0, 0, 10, 10));
    assert_eq!(seen.counts(), (10, 10));
    assert!(report.exceptions().is_empty(), "{report}");
}

#[test]
fn a_slow_handler_is_left_at_the_timeout() {
    let seen = Seen::default();
    let report = test::<Impatient>(&seen, 3).iterations_per_user(2).run_blocking().expect("a report");
    let row = &report.request("GET", "/slow").expect("a row").stats;
    assert_eq!((row.started, row.failed, row.written), (6, 6, 6));
    assert_eq!(&*report.failures()[0].error, "timed out after 20ms");
    assert_eq!(seen.counts(), (6, 6));
}

#[test]
fn a_panic_in_a_handler_is_a_failed_request_and_no_exception() {
    let seen = Seen::default();
    let report = test::<Unlucky>(&seen, 2).iterations_per_user(3).run_blocking().expect("a report");
    assert_eq!(
        report.stable_text(),
        "\
users: 2 (Unlucky)
ended: every user has stopped itself
requests:
  GET /panic: 6 failed
failures:
  GET /panic: the application panicked: 6
"
    );
    assert_eq!(&*report.failures()[0].sample, "no such article");
}

/// Routes, layers, extractors, and tasks of the handlers' own: as behind a server, to the request and to the byte.
#[tokio::test]
async fn a_run_is_the_same_as_behind_a_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (behind, within) = (Seen::default(), Seen::default());
    let served = router(&behind);
    tokio::spawn(async { axum::serve(listener, served).await });
    let of = |seen| test::<Thorough>(seen, 7).iterations_per_user(5).host(&url);
    let socket =
        LoadTest::new().host(&url).user::<Thorough>().users(7).spawn_rate(f64::INFINITY).iterations_per_user(5);
    let (socket, in_process) = tokio::join!(socket.run(), of(&within).run());
    let (socket, in_process) = (socket.expect("a report"), in_process.expect("a report"));
    assert_eq!(in_process.stable_text(), socket.stable_text());
    assert!(in_process.stable_text().contains("  GET /missing: 35 ok, 35 failed (404)\n"), "{in_process}");
    assert_eq!((behind.counts(), within.counts()), ((175, 0), (175, 0)));
    for (row, other) in in_process.requests().iter().zip(socket.requests()) {
        let [row, other] = [&row.stats, &other.stats]
            .map(|row| (row.started, row.written, row.bytes_sent, row.bytes_received, row.content_bytes));
        assert_eq!(row, other);
    }
    assert_eq!((in_process.total().stats.connections_opened, socket.total().stats.connections_opened), (0, 7));
}

#[test]
fn several_runs_at_once_do_not_see_each_other() {
    std::thread::scope(|scope| {
        for users in 1..=4 {
            scope.spawn(move || {
                let seen = Seen::default();
                let report = test::<Thorough>(&seen, users).iterations_per_user(3).run_blocking().expect("a report");
                assert_eq!((report.total().stats.written, seen.counts()), (15 * users, (15 * users, 0)));
            });
        }
    });
}

//! A load test inside a test suite: typed, silent, several at once, on any runtime.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loadtest::prelude::*;
use loadtest::{EndedBy, Report, RunError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An application as a test suite has it: served by the test's own runtime.
struct App {
    url: String,
    requests: Arc<AtomicU64>,
    goodbyes: Arc<AtomicU64>,
}

async fn spawn_app() -> App {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, goodbyes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counted, parted) = (Arc::clone(&requests), Arc::clone(&goodbyes));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (counted, parted) = (Arc::clone(&counted), Arc::clone(&parted));
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(length) = socket.read(&mut buffer).await {
                    if length == 0 {
                        return;
                    }
                    seen.extend_from_slice(&buffer[..length]);
                    while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                        let head: Vec<u8> = seen.drain(..end + 4).collect();
                        counted.fetch_add(1, Ordering::SeqCst);
                        let answer: &[u8] = if head.starts_with(b"GET /missing") {
                            b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here\n"
                        } else {
                            if head.starts_with(b"POST /goodbye") {
                                parted.fetch_add(1, Ordering::SeqCst);
                            }
                            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                        };
                        if socket.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    App { url, requests, goodbyes }
}

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(10)))]
struct Shopper {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Shopper {
    #[task(3)]
    async fn cart(&mut self) -> TaskResult {
        self.http.get("/cart").send().await?;
        Ok(())
    }

    #[task]
    async fn missing(&mut self) -> TaskResult {
        self.http.get("/missing?page=1").send().await?;
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        self.http.post("/goodbye").send().await?;
        Ok(())
    }
}

#[tokio::test]
async fn one_user_can_be_looked_at() {
    let app = spawn_app().await;
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    let report = LoadTest::new()
        .host(&app.url)
        .iterations(2)
        .seed(1)
        .run_single_user::<Shopper>(move |lines: &str| into.lock().unwrap().push_str(lines))
        .await
        .unwrap();
    assert_eq!(*report.ended_by(), EndedBy::Iterations);
    assert_eq!((report.total().stats.started, app.requests.load(Ordering::SeqCst)), (3, 3));
    let text = text.lock().unwrap();
    assert_eq!(text.matches("\n< HTTP/1.1 ").count(), 3, "{text}");
    assert!(text.contains("verdict 3: POST /goodbye: ok, "), "{text}");
    assert!(text.ends_with(&report.to_string()), "{text}");
}

async fn a_report_agrees_with_the_application() {
    let app = spawn_app().await;
    let report = LoadTest::new()
        .host(&app.url)
        .user::<Shopper>()
        .users(20)
        .spawn_rate(f64::INFINITY)
        .run_time(Duration::from_secs(1))
        .threads(2)
        .run()
        .await
        .unwrap();
    assert_eq!(*report.ended_by(), EndedBy::RunTime);
    let total = &report.total().stats;
    assert_eq!(total.started, total.ok + total.failed + total.interrupted);
    assert_eq!(total.written, app.requests.load(Ordering::SeqCst), "the books, to the request: {total:?}");
    let cart = &report.request("GET", "/cart").expect("carts").stats;
    let missing = &report.request("GET", "/missing").expect("grouped without the query").stats;
    assert!(cart.ok > missing.failed && missing.failed > 0 && missing.ok == 0);
    assert_eq!(report.request("POST", "/goodbye").expect("goodbyes").stats.ok, 20);
    assert_eq!(&*report.failures()[0].error, "404 Not Found");
    assert_eq!(&*report.failures()[0].sample, "not here");
    let p50 = cart.service.percentile(50.0).expect("a median");
    assert!(p50 >= cart.service.min().unwrap() && p50 <= cart.service.max().unwrap());
    assert!(report.exceptions().is_empty() && own_warnings(&report).is_empty(), "{report}");
    assert!(report.to_string().contains("GET /cart"));
}

#[tokio::test]
async fn on_a_single_threaded_runtime() {
    a_report_agrees_with_the_application().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_multi_threaded_runtime() {
    // `run` is `Send`: it can be spawned.
    tokio::spawn(a_report_agrees_with_the_application()).await.unwrap();
}

#[tokio::test]
async fn two_runs_at_once_do_not_see_each_other() {
    let (one, two) = (spawn_app().await, spawn_app().await);
    let test = |app: &App, users| {
        let test = LoadTest::new().host(&app.url).user::<Shopper>().users(users).spawn_rate(f64::INFINITY);
        test.run_time(Duration::from_millis(500)).threads(1).run()
    };
    let (first, second) = tokio::join!(test(&one, 3), test(&two, 5));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.run_id(), second.run_id());
    for (report, app, users) in [(&first, &one, 3), (&second, &two, 5)] {
        assert_eq!(report.request("POST", "/goodbye").unwrap().stats.ok, users);
        assert_eq!(report.total().stats.written, app.requests.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn dropping_the_future_stops_the_run_with_every_on_stop() {
    let app = spawn_app().await;
    let run = LoadTest::new().host(&app.url).user::<Shopper>().users(7).spawn_rate(f64::INFINITY).run();
    {
        let mut run = std::pin::pin!(run);
        let busy = async {
            while app.requests.load(Ordering::SeqCst) < 50 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            report = &mut run => panic!("it has no run time: {report:?}"),
            () = busy => {}
        }
    }
    tokio::time::timeout(Duration::from_secs(30), async {
        while app.goodbyes.load(Ordering::SeqCst) < 7 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("every user says goodbye");
}

#[tokio::test]
async fn bad_input_is_an_error_before_anything_starts() {
    let run = |test: LoadTest| async move { test.run_time(Duration::from_secs(1)).run().await };
    for (test, expected) in [
        (LoadTest::new().host("http://127.0.0.1:1"), "no user class"),
        (LoadTest::new().user::<Shopper>(), "host"),
        (LoadTest::new().user::<Shopper>().host("127.0.0.1:1"), "http://127.0.0.1:1"),
        (LoadTest::new().user::<Shopper>().host("http://127.0.0.1:1").users(0), "at least 1"),
        (LoadTest::new().user::<Shopper>().host("http://127.0.0.1:1").spawn_rate(f64::NAN), "above 0"),
        (LoadTest::new().user::<Shopper>().user::<Shopper>().host("http://127.0.0.1:1"), "two user classes"),
    ] {
        let error = run(test).await.expect_err(expected);
        assert!(matches!(error, RunError::Input(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// Ten tasks for each user, and its goodbye.
fn plain(app: &App, users: u64) -> LoadTest {
    let test = LoadTest::new().host(&app.url).user::<Shopper>().users(users).spawn_rate(f64::INFINITY);
    test.iterations_per_user(10).threads(1)
}

/// Those that are not about this machine, on which other tests run.
fn own_warnings(report: &Report) -> Vec<&String> {
    report.warnings().iter().filter(|text| !text.contains("load generator")).collect()
}

#[test]
fn several_plain_runs_at_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let begun = std::sync::Barrier::new(3);
    std::thread::scope(|scope| {
        for users in 1..=3 {
            let (app, begun) = (runtime.block_on(spawn_app()), &begun);
            scope.spawn(move || {
                begun.wait();
                let report = plain(&app, users).run_blocking().unwrap();
                assert_eq!(*report.ended_by(), EndedBy::NoUsersLeft);
                let total = &report.total().stats;
                assert_eq!((total.started, total.interrupted), (11 * users, 0), "ten tasks and a goodbye each");
                assert_eq!(app.requests.load(Ordering::SeqCst), 11 * users);
            });
        }
    });
}

#[tokio::test]
async fn a_run_that_would_hold_up_the_runtime_is_refused() {
    let app = spawn_app().await;
    let error = plain(&app, 1).run_blocking().expect_err("it would wait for itself");
    assert!(matches!(error, RunError::Input(_)), "{error:?}");
    assert!(error.to_string().contains("write .run().await"), "{error}");
    assert_eq!(app.requests.load(Ordering::SeqCst), 0, "nothing was started");
    // From a thread of its own it works, while this one serves the application.
    let (answer, report) = tokio::sync::oneshot::channel();
    let test = plain(&app, 2);
    std::thread::spawn(move || drop(answer.send(test.run_blocking())));
    assert_eq!(report.await.unwrap().unwrap().total().stats.written, 22);
    assert_eq!(app.requests.load(Ordering::SeqCst), 22);
}

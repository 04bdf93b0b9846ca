//! Custom metrics, transactions and listeners of a whole run, on threads of its own and as a process.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use loadtest::prelude::*;
use loadtest::stats::{MetricKind, RequestEvent, UserErrorEvent};
use loadtest::{EndedBy, Listener, RecordedError, SpawningComplete, TestStart, TestStop};
use process::Process;

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(1)))]
struct Shopper {
    #[context]
    cx: Context,
    bought: u32,
}

#[tasks]
impl Shopper {
    async fn setup(cx: &SetupContext) {
        cx.counter("set up").add(1);
        cx.transaction("prepare", async { Ok::<_, Exit>(()) }).await.unwrap_or_default();
    }

    #[task]
    async fn buy(&mut self) -> TaskResult {
        let cx = &self.cx;
        cx.transaction("checkout", async {
            request(cx, "/basket").await?;
            cx.transaction("pay", request(cx, "/payments")).await?;
            Ok::<_, Exit>(())
        })
        .await?;
        self.bought += 1;
        cx.counter("sold").add(2);
        cx.trend("number").unit("pieces").record(self.bought);
        cx.gauge("user").set(cx.user_number() as u32);
        if self.bought == 10 {
            cx.counter("user").add(1);
            return stop_user();
        }
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        fail("goodbye")
    }
}

async fn request(cx: &Context, name: &str) -> Result<(), RecordedError> {
    cx.measure("CALL", name, async {
        tokio::task::yield_now().await;
        Ok::<_, std::io::Error>(())
    })
    .await
}

/// Writes down the order of what happens once, and counts the rest.
#[derive(Default)]
struct Diary {
    order: Mutex<Vec<&'static str>>,
    requests: AtomicU64,
    errors: AtomicU64,
}

/// Listeners are given away: the test keeps an `Arc` of what they write.
struct Told(Arc<Diary>);

impl Told {
    fn note(&self, what: &'static str) -> TaskResult {
        self.0.order.lock().unwrap().push(what);
        Ok(())
    }
}

impl Listener for Told {
    fn test_start(&self, event: &TestStart<'_>) -> TaskResult {
        assert_eq!((event.classes, event.users), (&["Shopper"][..], 8));
        self.note("test_start")
    }
    fn spawning_complete(&self, _: &SpawningComplete) -> TaskResult {
        self.note("spawning_complete")
    }
    fn request(&self, event: &RequestEvent<'_>) -> TaskResult {
        assert!(event.user_number.is_some_and(|number| number < 8));
        assert_eq!((event.class, event.method), ("Shopper", "CALL"));
        let expected = if event.name == "/basket" { "checkout" } else { "checkout / pay" };
        assert_eq!(event.transaction, Some(expected));
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn user_error(&self, event: &UserErrorEvent<'_>) -> TaskResult {
        assert_eq!((event.task, event.message), ("on_stop", "goodbye"));
        self.0.errors.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn test_stop(&self, event: &TestStop<'_>) -> TaskResult {
        assert_eq!(*event.ended_by, EndedBy::NoUsersLeft);
        self.note("test_stop")
    }
    fn quitting(&self) -> TaskResult {
        self.note("quitting")?;
        panic!("too late to break anything")
    }
}

#[tokio::test]
async fn figures_of_all_threads_are_in_the_report_and_listeners_have_been_told() {
    let diary = Arc::new(Diary::default());
    let test = LoadTest::new().user::<Shopper>().users(8).spawn_rate(f64::INFINITY).threads(2);
    let report = test.listener(Told(Arc::clone(&diary))).run().await.unwrap();
    let listener_errors: Vec<_> = report.exceptions().iter().filter(|row| &*row.class == "(listener)").collect();
    assert!(listener_errors.is_empty(), "{listener_errors:?}");
    // `quitting` has run before the report is given.
    assert_eq!(*diary.order.lock().unwrap(), ["test_start", "spawning_complete", "test_stop", "quitting"]);
    assert_eq!(diary.requests.load(Ordering::Relaxed), report.total().stats.started);
    assert_eq!(diary.errors.load(Ordering::Relaxed), 8);

    assert_eq!(report.counter("set up").unwrap().total, 1);
    assert_eq!(report.counter("sold").unwrap().total, 160);
    let number = report.trend("number").unwrap();
    assert_eq!((number.count(), number.min(), number.max(), number.mean()), (80, Some(1.0), Some(10.0), Some(5.5)));
    assert_eq!(number.percentile(50.0), Some(5.0));
    let user = report.gauge("user").unwrap();
    assert_eq!((user.count(), user.min(), user.max(), user.mean()), (80, Some(0.0), Some(7.0), Some(3.5)));
    assert!(user.last().is_some_and(|last| (0.0..8.0).contains(&last)));
    let kinds: Vec<_> = report.metrics().iter().map(|metric| (&*metric.name, metric.stats.kind())).collect();
    let (counter, gauge, trend) = (MetricKind::Counter, MetricKind::Gauge, MetricKind::Trend);
    assert_eq!(kinds, [("number", trend), ("set up", counter), ("sold", counter), ("user", counter), ("user", gauge)]);
    let warning = "the custom metric `user` is used as a counter and as a gauge";
    assert!(report.warnings().iter().any(|text| text.contains(warning)), "{:?}", report.warnings());

    let names: Vec<_> = report.transactions().iter().map(|row| (&*row.name, row.stats.ok)).collect();
    assert_eq!(names, [("checkout", 80), ("checkout / pay", 80), ("prepare", 1)]);
    assert_eq!(report.transaction("checkout").unwrap().requests, 160);
    assert_eq!(report.total().stats.ok, 160, "transactions are no requests");
    assert!(report.transaction_failures().is_empty());
    let text = report.to_string();
    assert!(text.contains("\nCustom metrics") && text.contains("\nnumber (pieces)"), "{text}");
    assert!(text.contains("\nTransaction (ms)") && text.contains("\ncheckout / pay"), "{text}");
}

#[tokio::test]
async fn a_listener_that_always_fails_breaks_nothing() {
    let test = LoadTest::new().user::<Shopper>().users(8).spawn_rate(f64::INFINITY).threads(2);
    let report = test
        .on_test_start(|_| fail("no start"))
        .on_request(|event| assert!(event.name.is_empty(), "no {}", event.name))
        .on_user_error(|_| "x".parse::<u8>().map(drop))
        .on_test_stop(|_| fail("no stop"))
        .run()
        .await
        .unwrap();
    assert_eq!(report.total().stats.ok, 160);
    let rows = report.exceptions().iter().filter(|row| &*row.class == "(listener)");
    let mut rows: Vec<_> = rows.map(|row| (&*row.task, &*row.message, row.count)).collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            ("request", "panicked: no /basket", 80),
            ("request", "panicked: no /payments", 80),
            ("test_start", "no start", 1),
            ("test_stop", "no stop", 1),
            ("user_error", "invalid digit found in string", 8),
        ]
    );
}

#[test]
fn the_tables_and_files_of_an_example() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("own-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let prefix = folder.join("run");
    let process = Process::example("own_figures")
        .args(["-t", "2s", "-u", "8", "-r", "unlimited", "--seed", "1", "--csv", prefix.to_str().unwrap()])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    for expected in
        ["Transaction (ms)", "checkout / pay", "Custom metrics", "length of the page (bytes)", "articles sold"]
    {
        assert!(process.out.contains(expected), "{expected}:\n{}", process.out);
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(format!("run_{name}.csv"))).unwrap();
    let metrics = read("metrics");
    assert!(metrics.starts_with("Type,Name,Unit,Count,Total,"), "{metrics}");
    assert_eq!(metrics.lines().count(), 4, "{metrics}");
    assert!(metrics.contains("\ntrend,length of the page,bytes,"), "{metrics}");
    let transactions = read("transactions");
    let of = |name: &str| -> Vec<u64> {
        let line = transactions.lines().find(|line| line.starts_with(&format!("{name},"))).unwrap();
        line.split(',').skip(1).take(5).map(|cell| cell.parse().unwrap()).collect()
    };
    for name in ["checkout", "checkout / pay"] {
        let [started, ok, failed, interrupted, requests] = of(name)[..] else { panic!("{transactions}") };
        assert_eq!((started, failed), (ok + failed + interrupted, 0), "{transactions}");
        assert_eq!(requests, if name == "checkout" { 2 * ok } else { ok }, "{transactions}");
        assert!(ok > 0, "{transactions}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn after_ctrl_c_listeners_are_told_as_always() {
    let process = Process::example("own_figures").args(["-t", "1h", "-u", "2"]).start();
    process.wait_for_err("all 2 users started");
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains(": the longest request took"), "{}", process.all());
}

#[test]
fn a_client_for_another_protocol_counts_as_http_does() {
    let process = Process::example("other_protocol").args(["-t", "2s", "-u", "8", "-r", "unlimited"]).finish();
    assert_eq!(process.code, Some(1), "one task asks for what there is not: {}", process.all());
    let rows = process.rows();
    assert!(rows["SET [key]"].ok > 10 && rows["GET [key]"].failed > 0, "{}", process.out);
    assert!(process.out.contains("the store says: no such key"), "{}", process.out);
    assert!(!process.out.contains("Exceptions"), "{}", process.out);
    for (host, expected) in [("http://localhost", "write kv://HOST:PORT"), ("kv://localhost", "write kv://HOST:PORT")] {
        let process = Process::example("other_protocol").args(["-H", host]).finish();
        assert_eq!(process.code, Some(2), "{}", process.all());
        assert!(process.err.contains(expected), "{}", process.err);
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("kv://{}", listener.local_addr().unwrap());
    drop(listener);
    let process = Process::example("other_protocol").args(["-H", &host, "-t", "1s"]).finish();
    assert!(process.rows()["Aggregated"].failed > 0 && process.out.contains("refused"), "{}", process.all());
}

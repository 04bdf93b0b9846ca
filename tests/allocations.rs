//! What must not allocate on the hot path, once it is warm.

use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use loadtest::Tasks;
use loadtest::prelude::*;
use loadtest::stats::{Failure, Phases, RecorderHandle};
use loadtest::testing::{TestShard, scope};

#[test]
fn recording_a_sample_allocates_nothing() {
    let recorder = RecorderHandle::default();
    let record = || {
        for name in ["/a", "/b"] {
            let mut pending = recorder.start("GET", name);
            pending.set_written();
            pending.add_received(100);
            pending.ok();
            let mut pending = recorder.start("GET", name);
            *pending.phases_mut() = Phases {
                connect: Duration::from_micros(50),
                first_byte: Duration::from_micros(700),
                download: Duration::from_micros(90),
                opened: 1,
                ..Phases::default()
            };
            pending.ok();
            recorder.start("GET", name).fail(Failure::new("500 Internal Server Error").sample("oops"));
            drop(recorder.start("GET", name));
        }
    };
    // Warm: the rows are there, and the buckets of times from one microsecond to well above.
    for _ in 0..1000 {
        record();
    }
    let counted = allocation_counter::measure(|| {
        for _ in 0..1000 {
            record();
        }
    });
    // A time far from any that was seen before makes room for its buckets: a scheduler's hiccup may do that, for a few.
    assert!(counted.count_total <= 20, "{counted:?}");
}

#[test]
fn recording_a_metric_allocates_nothing_and_a_transaction_once() {
    let shard = TestShard::new(None);
    let cx = shard.context();
    let record = || {
        for number in 0..50u32 {
            cx.counter("orders").add(1);
            cx.gauge("queue length").unit("calls").set(number);
            cx.trend("tokens per answer").unit("tokens").record(number);
        }
    };
    let transact = || {
        let outer = cx.start_transaction("checkout");
        cx.start_transaction("pay").fail("declined");
        drop(cx.start_transaction("pay"));
        outer.ok();
    };
    let repeat = |what: &dyn Fn()| {
        for _ in 0..100 {
            what();
        }
    };
    // Warm: both intervals of the shard have seen the names.
    for _ in 0..3 {
        repeat(&record);
        repeat(&transact);
        shard.rows();
    }
    assert_eq!(allocation_counter::measure(|| repeat(&record)).count_total, 0);
    repeat(&transact);
    let counted = allocation_counter::measure(|| repeat(&transact));
    // One for each of the three, and a bucket for a time never seen before.
    assert!(counted.count_total <= 304, "{counted:?}");
}

#[derive(User, Default)]
struct Reader {
    pages: u64,
    books: u64,
}

#[tasks]
impl Reader {
    #[task(3)]
    async fn read(&mut self) -> TaskResult {
        self.pages += 1;
        Ok(())
    }

    #[task]
    async fn finish(&mut self) {
        std::future::ready(()).await;
        self.books += 1;
    }
}

#[test]
fn dispatching_a_task_allocates_nothing() {
    let shard = TestShard::new(None);
    let cx = shard.context();
    let scope = scope(&cx);
    let mut reader = Reader::default();
    let counted = allocation_counter::measure(|| {
        for task in 0..100 {
            let future = pin!(reader.run_task(task % 2, &scope));
            assert!(matches!(future.poll(&mut TaskContext::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
        }
    });
    assert_eq!((reader.pages, reader.books), (50, 50));
    assert_eq!(counted.count_total, 0);
}

#[cfg(feature = "http")]
#[test]
fn a_plain_request_allocates_little() {
    let server = testbed::fixed::FixedServer::builder().set_cookie("session=0123456789abcdef; Path=/").spawn();
    let server = server.expect("a server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let shard = TestShard::new(Some(&server.url()));
    let http = HttpSession::create_with(&shard.context(), &HttpSettings::new()).expect("a session");
    let send = async |requests: u64| {
        for _ in 0..requests {
            let request = http.get("/things/17").name("/things/[id]").timeout(Duration::from_secs(30));
            let response = request.send().await.expect("an answer");
            assert_eq!(response.bytes().len(), 1024);
        }
    };
    runtime.block_on(send(100));
    let counted = allocation_counter::measure(|| runtime.block_on(send(1000)));
    let each = counted.count_total / 1000;
    println!("{each} allocations, {} bytes per request", counted.bytes_total / 1000);
    assert!(each <= 10, "{each} allocations per request");
}

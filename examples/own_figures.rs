//! Figures of your own beside those of requests: transactions, counters, gauges and trends, and a listener.
//!
//! `cargo run --release --example own_figures` starts a small server of its own and tests that; with `-- --csv shop` the
//! figures are in `shop_transactions.csv` and `shop_metrics.csv` as well.

#![expect(clippy::print_stderr, reason = "what a listener says at the end of a run")]

use std::sync::atomic::{AtomicU64, Ordering};

use loadtest::prelude::*;
use loadtest::stats::{RequestEvent, RequestOutcome};
use loadtest::{Listener, TestStop};
use testbed::echo::EchoServer;

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(50), Duration::from_millis(150)))]
struct Shopper {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    basket: u32,
}

#[tasks]
impl Shopper {
    #[task(3)]
    async fn choose(&mut self) -> TaskResult {
        let page = self.http.get("/articles").send().await?;
        self.cx.trend("length of the page").unit("bytes").record(page.bytes().len() as f64);
        self.basket += 1;
        self.cx.gauge("articles in a basket").set(self.basket);
        Ok(())
    }

    #[task]
    async fn check_out(&mut self) -> TaskResult {
        let (http, cx) = (&self.http, &self.cx);
        // Two requests and the time between them, in a row of their own.
        cx.transaction("checkout", async {
            http.get("/basket").send().await?.error_for_status()?;
            cx.wait(Duration::from_millis(20)).await;
            // In the report as `checkout / pay`.
            cx.transaction("pay", async { http.post("/payments").send().await?.error_for_status() }).await?;
            Ok::<_, Exit>(())
        })
        .await?;
        cx.counter("articles sold").add(u64::from(self.basket));
        self.basket = 0;
        Ok(())
    }
}

/// Finds the longest request of the run.
#[derive(Default)]
struct Longest(AtomicU64);

impl Listener for Longest {
    fn request(&self, event: &RequestEvent<'_>) -> TaskResult {
        if event.outcome == RequestOutcome::Ok {
            let micros = u64::try_from(event.service_time.as_micros())?;
            self.0.fetch_max(micros, Ordering::Relaxed);
        }
        Ok(())
    }

    fn test_stop(&self, event: &TestStop<'_>) -> TaskResult {
        let longest = Duration::from_micros(self.0.load(Ordering::Relaxed));
        eprintln!("run {}: the longest request took {longest:?}", event.run_id);
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Shopper,
    host = embedded_server,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    listener = Longest::default(),
    autostart = true,
    autoquit = 0,
);

//! TweetCheck: users ask for the root of an interface, list the tweets that are pending, and post more of them.
//!
//! `cargo run --release -p tweetcheck` starts a TweetCheck of its own, on SQLite; `-- --host http://localhost:8080` tests
//! yours. The list has no pages, so it grows with every POST, and its answers get slower while the load stays the same.
//! One row for the list would hide that: each five seconds have a row of their own here, and the slope can be read from top
//! to bottom, in the times as in what was received.

use std::convert::Infallible;
use std::time::Instant;

use loadtest::prelude::*;
use serde_json::json;
use testbed::tweetcheck::TweetCheck;

/// For so many seconds a row of the list goes on.
const ROW: u64 = 5;

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(500), Duration::from_millis(1500)))]
struct ApiUser {
    #[client]
    http: HttpSession,
    #[shared]
    begin: Arc<Instant>,
}

#[tasks]
impl ApiUser {
    /// The same moment for all users.
    async fn setup() -> Result<Instant, Infallible> {
        Ok(Instant::now())
    }

    #[task]
    async fn api_root(&mut self) -> TaskResult {
        self.http.get("/api/").send().await?;
        Ok(())
    }

    #[task]
    async fn pending_tweets(&mut self) -> TaskResult {
        let from = self.begin.elapsed().as_secs() / ROW * ROW;
        self.http
            .get("/api/tweets?status=pending")
            .name(format!("/api/tweets?status=pending (from {from:03} s)"))
            .discard_body()
            .send()
            .await?;
        Ok(())
    }

    #[task]
    async fn post_a_tweet(&mut self) -> TaskResult {
        let tweet =
            json!({ "handle": 1, "body": "It takes two to speak the truth: one to speak, and another to hear." });
        self.http.post("/api/tweets").json(&tweet).send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has a thread of its own, but it shares the machine.
fn embedded_service() -> String {
    TweetCheck::spawn().leak()
}

loadtest::main!(
    ApiUser,
    host = embedded_service,
    users = 250,
    spawn_rate = 25.0,
    run_time = Duration::from_secs(45),
    autostart = true,
    autoquit = 0,
);

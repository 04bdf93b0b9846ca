//! The books: what was started ended somewhere, and what a server received is what was written whole, to the request.

mod harness;

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use harness::{Direct, Make, User, until};
use loadtest_http::{HttpSession, HttpSettings, RequestBuilder};
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Misbehaving};

over_both! { a_dropped_request_is_interrupted }

async fn a_dropped_request_is_interrupted<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let dropped = tokio::time::timeout(Duration::from_millis(20), user.http.get("/delay/60000").send()).await;
    assert!(dropped.is_err());
    let (started, ok, failed, interrupted, _) = user.books("GET", "/delay/60000");
    assert_eq!((started, ok, failed, interrupted), (1, 0, 0, 1));
    drop(user.http.get("/never"));
    drop(user.http.get("/never").send());
    assert_eq!(user.names(), ["GET /delay/60000"], "what was not begun is not counted");
    user.http.get("/").send().await.expect("the session goes on");
}

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Polls a request at most so many times, letting others run in between, and drops it.
async fn poll_at_most(request: RequestBuilder, mut polls: u64) {
    let mut send = pin!(request.send());
    std::future::poll_fn(|cx| {
        if send.as_mut().poll(cx).is_ready() || polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn request(http: &HttpSession, dice: &mut Dice) -> RequestBuilder {
    match dice.roll(7) {
        0 => http.get("/"),
        1 => http.get("/delay/1"),
        2 => http.get(format!("/chunked/{}", dice.roll(200_000))).name("/chunked"),
        3 => http.post("/").body(vec![b'x'; usize::try_from(dice.roll(100)).expect("small")]),
        5 => http.get(format!("/redirect/{}", dice.roll(4))).name("/redirect"),
        4 => http.put("/bytes/10").body(vec![b'x'; usize::try_from(dice.roll(1_000_000)).expect("small")]),
        _ => http.fresh().get("/bytes/100"),
    }
}

/// `(started, ok, failed, interrupted, written)` of all rows.
fn totals(user: &User) -> (u64, u64, u64, u64, u64) {
    user.shard.rows().iter().fold((0, 0, 0, 0, 0), |sum, row| {
        let stats = &row.stats;
        (
            sum.0 + stats.started,
            sum.1 + stats.ok,
            sum.2 + stats.failed,
            sum.3 + stats.interrupted,
            sum.4 + stats.written,
        )
    })
}

async fn drop_at_random(user: &User, seed: u64, requests: u64) {
    let mut dice = Dice(seed);
    for _ in 0..requests {
        let request = request(&user.http, &mut dice);
        // Few polls cut while connecting or writing, many and time while reading.
        match dice.roll(4) {
            0 => poll_at_most(request, dice.roll(4)).await,
            1 => poll_at_most(request, dice.roll(100)).await,
            _ => drop(tokio::time::timeout(Duration::from_millis(dice.roll(20)), request.send()).await),
        }
    }
}

#[tokio::test]
async fn what_the_server_received_is_what_was_written() {
    // At once: they spend their time waiting.
    tokio::join!(the_books_hold(0), the_books_hold(1), the_books_hold(2), the_books_hold(3));
}

async fn the_books_hold(seed: u64) {
    let server = EchoServer::spawn();
    let user = User::new::<Direct>(&server.url());
    drop_at_random(&user, seed, 200).await;
    let User { shard, http } = user;
    let user = User { shard, http: http.fresh() };
    drop(http);
    let (started, ok, failed, interrupted, written) = totals(&user);
    assert_eq!((started, failed), (200, 0));
    assert_eq!(started, ok + interrupted);
    assert!(ok > 0 && interrupted > 0, "{ok} ok, {interrupted} interrupted");
    assert!(written > 0);
    until("everything written was received", || server.counts().received_total() >= written).await;
    until("all connections closed", || server.counts().connections_open == 0).await;
    assert_eq!(server.counts().received_total(), written, "seed {seed}");
}

#[tokio::test]
async fn the_books_hold_over_tls() {
    let server = EchoServer::spawn_tls();
    let settings = HttpSettings::new().root_certificate_der(server.ca_der().expect("an authority"));
    let user = User::with::<Direct>(&server.url(), &settings);
    drop_at_random(&user, 7, 200).await;
    let User { shard, http } = user;
    let user = User { shard, http: http.fresh() };
    drop(http);
    let (started, ok, failed, interrupted, written) = totals(&user);
    assert_eq!(started, ok + failed + interrupted);
    // Not to the request, as without TLS: a connection that is dropped with a session ticket unread is reset, and takes
    // with it what the server has not read yet.
    until("all connections closed", || server.counts().connections_open == 0).await;
    let received = server.counts().received_total();
    assert!(ok <= received && received <= written, "{ok} ok, {received} received, {written} written");
}

#[tokio::test]
async fn requests_without_an_answer_were_received() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let user = User::new::<Direct>(&server.url());
    for _ in 0..20 {
        let request = user.http.post("/").body("x").timeout(Duration::from_millis(5));
        let _ = request.send().await;
    }
    let (started, ok, failed, interrupted, written) = totals(&user);
    assert_eq!((started, ok, failed, interrupted), (20, 0, 20, 0));
    until("received", || server.received() == written).await;
    let server = Misbehaving::spawn(Behaviour::CloseInsteadOfAnswering);
    let user = User::new::<Direct>(&server.url());
    for _ in 0..20 {
        assert!(user.http.get("/").send().await.is_err());
    }
    assert_eq!(totals(&user), (20, 0, 20, 0, 20));
    assert_eq!(server.received(), 20);
}

#[tokio::test]
async fn a_body_that_is_not_taken_is_not_written() {
    // Never read by the server: the sockets hold only a part.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let user = User::new::<Direct>(&format!("http://{address}"));
    let request = user.http.put("/").body(vec![0; 50_000_000]).timeout(Duration::from_millis(100));
    assert!(request.send().await.is_err());
    assert_eq!(user.books("PUT", "/"), (1, 0, 1, 0, 0));
    let small = user.http.put("/").body("x").timeout(Duration::from_millis(20));
    assert!(small.send().await.is_err());
    assert_eq!(user.books("PUT", "/"), (2, 0, 2, 0, 1), "the kernel has it");
}

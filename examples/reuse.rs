//! Behaviour that several user classes share: by composition, and by generics.
//!
//! Where Locust has an abstract base class, a struct holds what users have in common ([`Shop`]), and a class with a type
//! parameter runs the same tasks for different things ([`Visitor`]).
//!
//! `cargo run --release --example reuse` starts a small server of its own; `-- --list` shows the classes.

use std::marker::PhantomData;

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, InputError};
use testbed::echo::EchoServer;

/// What every user of the shop can do. As a client of its own it is made for each user, like the session inside.
struct Shop {
    http: HttpSession,
}

impl Client for Shop {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        HttpSession::check(settings)
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self { http: HttpSession::create(cx)? })
    }
}

impl Shop {
    async fn log_in(&self, name: &str) -> TaskResult {
        self.http.post("/login").form(&[("name", name)]).send().await?.error_for_status()?;
        Ok(())
    }

    async fn open(&self, page: &str) -> TaskResult {
        self.http.get(page).send().await?;
        Ok(())
    }
}

/// What visitors differ in.
trait Pages: 'static {
    const NAME: &'static str;
    const PAGES: [&'static str; 2];
}

struct Reader;
impl Pages for Reader {
    const NAME: &'static str = "Reader";
    const PAGES: [&'static str; 2] = ["/articles", "/articles/new"];
}

struct Bargainer;
impl Pages for Bargainer {
    const NAME: &'static str = "Bargainer";
    const PAGES: [&'static str; 2] = ["/offers", "/offers/last"];
}

/// The same tasks for all of them; each is a class with a name of its own.
#[derive(User)]
#[user(name = P::NAME, wait_time = between(Duration::from_millis(50), Duration::from_millis(150)))]
struct Visitor<P: Pages> {
    #[client]
    shop: Shop,
    pages: PhantomData<P>,
}

#[tasks]
impl<P: Pages> Visitor<P> {
    async fn on_start(&mut self) -> TaskResult {
        self.shop.log_in(P::NAME).await
    }

    #[task(3)]
    async fn first(&mut self) -> TaskResult {
        self.shop.open(P::PAGES[0]).await
    }

    #[task]
    async fn second(&mut self) -> TaskResult {
        self.shop.open(P::PAGES[1]).await
    }
}

/// A class of another kind, with the same shop; there is always one.
#[derive(User)]
#[user(fixed_count = 1, wait_time = constant(Duration::from_millis(200)))]
struct Admin {
    #[client]
    shop: Shop,
}

#[tasks]
impl Admin {
    async fn on_start(&mut self) -> TaskResult {
        self.shop.log_in("admin").await
    }

    #[task]
    async fn orders(&mut self) -> TaskResult {
        self.shop.open("/orders").await
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Visitor<Reader>,
    Visitor<Bargainer>,
    Admin,
    host = embedded_server,
    users = 9,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(5),
    autostart = true,
    autoquit = 0,
);

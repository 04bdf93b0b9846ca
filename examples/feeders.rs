//! Users with data: accounts from a CSV file, each logged in once; articles from JSON lines, shuffled; search words from a
//! list.
//!
//! `cargo run --release --example feeders` starts a small server of its own and tests that. There are eight accounts and ten
//! users: two of them find none left and stop. With `--seed 1` the articles come in the same order again, and each user
//! searches for the same words.

use loadtest::CsvFormat;
use loadtest::prelude::*;
use serde::Deserialize;
use testbed::echo::EchoServer;

/// A row of `accounts.csv`: a field per column, by name.
#[derive(Clone, Deserialize)]
struct Account {
    name: String,
    password: String,
    max_price: u32,
}

#[derive(Deserialize)]
struct Article {
    id: u32,
    price: u32,
}

/// What all users share: one of these per run.
struct Data {
    accounts: Feeder<Account>,
    articles: Feeder<Article>,
    words: Feeder<&'static str>,
}

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(50), Duration::from_millis(150)))]
struct Customer {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    #[shared]
    data: Arc<Data>,
    /// This user's own, from its start on.
    account: Option<Account>,
}

#[tasks]
impl Customer {
    /// Reads everything before the first user starts: a malformed row ends the run here, with its file and line.
    async fn setup(_cx: &SetupContext) -> Result<Data, loadtest::InputError> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data");
        let commented = CsvFormat::new().comment(b'#');
        Ok(Data {
            accounts: Feeder::csv_with(format!("{folder}/accounts.csv"), commented)?.once(RunOut::StopUser),
            articles: Feeder::json_lines(format!("{folder}/articles.jsonl"))?.shuffled(),
            words: Feeder::list(["chair", "lamp", "green", "oak"])?,
        })
    }

    async fn on_start(&mut self) -> TaskResult {
        let account = self.data.accounts.next(&self.cx)?; // the `?` ends a user for whom there is none
        let form = [("name", &account.name), ("password", &account.password)];
        self.http.post("/login").form(&form).send().await?.error_for_status()?;
        self.account = Some(account.clone());
        Ok(())
    }

    #[task(3)]
    async fn look_at_an_article(&mut self) -> TaskResult {
        let article = self.data.articles.next(&self.cx)?;
        self.http.get_path("/articles/{id}", article.id).send().await?;
        if self.account.as_ref().is_some_and(|account| article.price <= account.max_price) {
            self.http.post("/cart").form(&[("article", article.id)]).send().await?;
        }
        Ok(())
    }

    #[task]
    async fn search(&mut self) -> TaskResult {
        let word = self.data.words.random(&self.cx);
        self.http.get("/search").query(&[("q", word)]).send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Customer,
    host = embedded_server,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);

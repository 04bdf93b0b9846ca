//! Options of a test's own, and a field of a class that can be told another value from outside.
//!
//! `cargo run --release --example options -- --tenant red --api-key hunter2` starts a small server of its own; the
//! variables `SHOP_TENANT` and `SHOP_API_KEY` do the same. With
//! `--config-users '{"user_class_name": "Shopper", "page_size": 50, "wait_time": 0.5}'` the pages become larger.

use loadtest::prelude::*;
use loadtest::{Secret, clap};
use testbed::echo::EchoServer;

#[derive(clap::Args)]
struct Options {
    /// Whose shop to visit
    #[arg(long, env = "SHOP_TENANT", default_value = "blue")]
    tenant: String,

    /// Opens the shop
    #[arg(long, env = "SHOP_API_KEY")]
    api_key: Option<Secret>,

    /// The number of the till
    #[arg(long, env = "SHOP_PIN", default_value_t = 0, hide_env_values = true)]
    pin: u32,
}

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(100)))]
struct Shopper {
    #[client]
    http: HttpSession,
    #[options]
    options: Arc<Options>,
    #[config]
    #[init(20)]
    page_size: usize,
}

#[tasks]
impl Shopper {
    #[task]
    async fn browse(&mut self) -> TaskResult {
        let Options { tenant, api_key, pin } = &*self.options;
        let mut request =
            self.http.get(format!("/{tenant}/articles?size={}", self.page_size)).header("x-pin", pin.to_string());
        if let Some(key) = api_key {
            request = request.bearer_auth(key.reveal());
        }
        request.send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Shopper,
    options = Options,
    host = embedded_server,
    users = 5,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(5),
    autostart = true,
    autoquit = 0,
);

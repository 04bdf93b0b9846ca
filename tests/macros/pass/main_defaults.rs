//! `main!` with several classes and every default.

#![deny(warnings)]

use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
struct Admin<T: Default>(T);

#[tasks]
impl<T: Default> Admin<T> {
    #[task]
    async fn look(&mut self) {}
}

mod options {
    use loadtest::clap;

    #[derive(clap::Args)]
    pub struct Options {
        #[arg(long)]
        pub tenant: Option<String>,
    }
}

struct Quiet;

impl loadtest::Listener for Quiet {}

fn start_server() -> Result<String, std::io::Error> {
    Ok("http://127.0.0.1:8080".into())
}

loadtest::main!(
    Shopper,
    Admin<u8>,
    host = start_server,
    users = 2,
    spawn_rate = 100.0,
    run_time = Duration::from_millis(50),
    iterations = 100,
    iterations_per_user = 50,
    stop_timeout = Duration::from_secs(1),
    on_stop_timeout = Duration::from_secs(1),
    stop_concurrency = 10,
    threads = 1,
    seed = 42,
    thresholds = [] as [&str; 0],
    reset_stats = false,
    insecure = true,
    listener = Quiet,
    autostart = true,
    autoquit = 0,
    headless = true,
    options = options::Options,
    crate = "loadtest",
);

//! A bare loop over reqwest: `reqwest_client rate URL USERS SECONDS shared|each|each-shared-tls` and
//! `reqwest_client memory URL USERS each|each-shared-tls`. Prints one line of JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use rivals_clients::{ANSWERED, Stretch, print_footprint, resident, wait_until};

static MEASURED: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);

fn main() {
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["rate", url, users, seconds, whose] => {
            rate(url, number(users), Duration::from_secs(number(seconds)), whose);
        }
        ["memory", url, users, whose] => memory(url, number(users), whose),
        _ => panic!("see the head of the source for what to say instead of {words:?}"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

/// Accepts any certificate only where one is shown: without a verifier, a client takes less time and memory to make.
fn client(url: &str, tls: Option<&rustls::ClientConfig>) -> Client {
    let builder = Client::builder().cookie_store(true).timeout(Duration::from_secs(30));
    let builder = match tls {
        Some(config) => builder.tls_backend_preconfigured(config.clone()),
        None => builder.tls_danger_accept_invalid_certs(url.starts_with("https:")),
    };
    builder.build().expect("a client")
}

/// One client for each user: one and the same, or one each.
fn clients(url: &str, users: u64, whose: &str) -> Vec<Client> {
    match whose {
        "shared" => {
            let one = client(url, None);
            (0..users).map(|_| one.clone()).collect()
        }
        "each" => (0..users).map(|_| client(url, None)).collect(),
        "each-shared-tls" => {
            let config = rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            (0..users).map(|_| client(url, Some(&config))).collect()
        }
        _ => panic!("whose clients? {whose}"),
    }
}

async fn get(client: &Client, url: &str) {
    let response = client.get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect("a body");
    ANSWERED.fetch_add(1, Ordering::Relaxed);
}

fn rate(url: &str, users: u64, length: Duration, whose: &str) {
    let url: Arc<str> = format!("{url}/things/17").into();
    // Its thread is the one that works; this one sleeps and measures.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let tasks: Vec<_> = clients(&url, users, whose)
        .into_iter()
        .map(|client| {
            let url = Arc::clone(&url);
            runtime.spawn(async move {
                let mut times = Vec::new();
                while !OVER.load(Ordering::Relaxed) {
                    let started = Instant::now();
                    get(&client, &url).await;
                    if MEASURED.load(Ordering::Relaxed) {
                        times.push(started.elapsed().as_micros() as u64);
                    }
                }
                times
            })
        })
        .collect();
    // About one each: all are connected.
    wait_until("a request for each user", || ANSWERED.load(Ordering::Relaxed) >= users);
    MEASURED.store(true, Ordering::Relaxed);
    let stretch = Stretch::measure(length);
    OVER.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut runtime.block_on(task).expect("no failed request"));
    }
    times.sort_unstable();
    let percentile = |of: usize| times.get((times.len() * of / 100).min(times.len().saturating_sub(1))).copied();
    stretch.print(percentile(50), percentile(99));
}

/// All clients stay, with a connection each.
fn memory(url: &str, users: u64, whose: &str) {
    let url: Arc<str> = format!("{url}/things/17").into();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let before = resident();
    let started = Instant::now();
    let clients = clients(&url, users, whose);
    let built = started.elapsed();
    for client in clients {
        let url = Arc::clone(&url);
        runtime.spawn(async move {
            loop {
                get(&client, &url).await;
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        });
    }
    wait_until("a request for each user", || ANSWERED.load(Ordering::Relaxed) >= users);
    print_footprint(before, users, built, started.elapsed());
    runtime.shutdown_background();
}

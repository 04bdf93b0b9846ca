//! Memory of users who are connected and idle, and the time to make them.

use std::time::Duration;

use crate::child;
use crate::outputs::{self, Footprint};
use crate::process;
use crate::server::{Served, Server};
use crate::tables;
use crate::tools::Tools;

const LIMIT: Duration = Duration::from_secs(180);

/// How many sessions are made.
const SESSIONS: u64 = 10_000;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Ours,
    ReqwestSharedTls,
    Reqwest,
    Goose,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "**loadtest**",
            Self::ReqwestSharedTls => "reqwest, a client per user, one TLS configuration for all",
            Self::Reqwest => "reqwest, a client per user",
            Self::Goose => "Goose (a reqwest client per user)",
        }
    }

    fn measure(self, tools: &Tools, users: u64) -> Result<Footprint, String> {
        // A server for each: no connection of another is left, and each has all ports for itself.
        let server = Server::start(Served { body: 1024, cookies: 0, tls: false })?;
        let (url, users) = (server.url(), users.to_string());
        let start = |program: &str, arguments: &[&str]| process::on_client_core(program, arguments, &[], LIMIT);
        let finished = match self {
            Self::Ours => child::run(&format!("memory {url} {users}"), LIMIT),
            Self::ReqwestSharedTls => {
                start(&tools.reqwest.as_ref()?.program, &["memory", url, &users, "each-shared-tls"])
            }
            Self::Reqwest => start(&tools.reqwest.as_ref()?.program, &["memory", url, &users, "each"]),
            Self::Goose => start(&tools.goose.as_ref()?.program, &["memory", url, &users]),
        }?;
        outputs::footprint(&finished.stdout)
    }
}

/// Measures all of them once for each number of users, and gives the table.
///
/// Once: memory hardly moves from run to run, and 10,000 reqwest clients take half a minute.
///
/// # Errors
/// When the server cannot be started. A client that fails is a matter of its own row.
pub fn footprint(tools: &Tools, users: &[u64]) -> Result<String, String> {
    println!("\nMemory and start: users with an open connection each, a request every 10 s");
    let mut head = vec!["client".to_owned()];
    head.extend(users.iter().map(|&users| format!("KiB per user at {}", tables::thousands(users))));
    let most = users.iter().max().copied().unwrap_or_default();
    head.push(format!("until {} were connected and answered", tables::thousands(most)));
    head.push(format!("until {} clients were made", tables::thousands(most)));
    let mut rows = vec![head];
    let mut reasons = String::new();
    for who in [Who::Ours, Who::ReqwestSharedTls, Who::Reqwest, Who::Goose] {
        let mut row = vec![who.name().to_owned()];
        let mut last = Err("nothing was asked for".to_owned());
        for &users in users {
            last = who.measure(tools, users);
            row.push(match &last {
                Ok(Footprint { bytes_per_user: Some(bytes), .. }) => format!("{:.1}", bytes / 1024.0),
                Ok(_) => "–".to_owned(),
                Err(why) => {
                    println!("  {} at {users} users NOT MEASURED: {why}", who.name());
                    reasons.push_str(&format!(
                        "\n{} at {}: not measured: {why}.\n",
                        who.name(),
                        tables::thousands(users)
                    ));
                    "not measured".to_owned()
                }
            });
        }
        let last = last.ok();
        let built = if who == Who::Ours { sessions(most) } else { last.and_then(|last| last.built_seconds) };
        row.push(seconds(last.and_then(|last| last.connected_seconds)));
        row.push(seconds(built));
        println!("  {}", row.join("  ").replace("**", ""));
        rows.push(row);
    }
    Ok(tables::markdown(&rows) + &reasons)
}

/// Our sessions, made without users around them.
fn sessions(most: u64) -> Option<f64> {
    let finished = child::run(&format!("sessions https://127.0.0.1:1 {}", most.min(SESSIONS)), LIMIT);
    match finished.and_then(|finished| outputs::footprint(&finished.stdout)) {
        Ok(footprint) => footprint.built_seconds,
        Err(why) => {
            println!("  our sessions NOT MEASURED: {why}");
            None
        }
    }
}

fn seconds(seconds: Option<f64>) -> String {
    match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds < 0.1 => format!("{:.1} ms", seconds * 1000.0),
        Some(seconds) => format!("{seconds:.1} s"),
    }
}

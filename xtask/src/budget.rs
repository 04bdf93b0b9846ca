//! What the library costs those who add it: the crates they compile.

use std::collections::BTreeSet;
use std::process::Command;

/// The most crates that a set of features may bring, the library's own among them.
const BUDGETS: [(&str, &[&str], usize); 3] = [
    ("default features", &[], 148),
    ("all default features but the web UI", &["--no-default-features", "--features", "http,cli,compression"], 130),
    ("features = [\"http\"]", &["--no-default-features", "--features", "http"], 100),
];

/// Crates that no default feature may bring: a second TLS provider, and what needs cmake to build.
const UNWANTED: [&str; 5] = ["aws-lc-rs", "aws-lc-sys", "cmake", "native-tls", "openssl-sys"];

/// Counts the crates of each set of features.
pub(crate) fn check() -> Result<(), String> {
    for (what, features, most) in BUDGETS {
        let crates = crates(features)?;
        eprintln!("xtask: {} crates with {what} (at most {most})", crates.len());
        if crates.len() > most {
            return Err(format!("{what}: {} crates are more than the {most} allowed:\n{crates:#?}", crates.len()));
        }
        if let Some(name) = UNWANTED.iter().find(|name| crates.iter().any(|line| line.starts_with(&format!("{name} "))))
        {
            return Err(format!("{what}: {name} is among the crates"));
        }
    }
    Ok(())
}

/// `name version` of every crate that is compiled, the library's own included.
fn crates(features: &[&str]) -> Result<BTreeSet<String>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "-p", "loadtest-rs", "-e", "normal,build", "--prefix", "none", "--format", "{p}"])
        .args(features)
        .output()
        .map_err(|error| format!("`cargo tree` could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect())
}

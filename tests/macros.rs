//! What the macros accept and what they say about mistakes: one file per form, every message in a file.
//!
//! The messages are compared on the compiler of the workspace's `rust-version` alone: others word their own parts
//! differently. Under another one the test fails, unless `LOADTEST_OTHER_COMPILER=1` says to leave them out. After a change: `TRYBUILD=overwrite cargo test --test macros`, and the difference is reviewed as a
//! change of the interface. `cargo test --test macros -- macros trybuild=generics` runs the cases with that name.

use std::io::{self, Write};
use std::process::Command;

#[test]
fn macros() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/macros/pass/*.rs");
    if compares_messages() {
        cases.compile_fail("tests/macros/fail/*.rs");
    }
}

fn compares_messages() -> bool {
    let pinned = env!("CARGO_PKG_RUST_VERSION");
    let compiler = compiler();
    if compiler.starts_with(&format!("rustc {pinned}.")) {
        return true;
    }
    let without = std::env::var_os("LOADTEST_OTHER_COMPILER").is_some_and(|value| value == "1");
    assert!(
        without,
        "the messages in tests/macros/fail are those of rustc {pinned}, and this is {compiler}: run \
         `cargo +{pinned} test --test macros`, or set LOADTEST_OTHER_COMPILER=1 to run the cases that compile alone"
    );
    // Past the test's captured output.
    let _ = writeln!(io::stderr(), "LOADTEST_OTHER_COMPILER=1: no messages are compared, because this is {compiler}");
    false
}

fn compiler() -> String {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).arg("--version").output().expect("a compiler");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

//! What the macros accept and what they say about mistakes: one file per form, every message in a file.
//!
//! The messages are compared on the compiler of the workspace's `rust-version` alone: others word their own parts
//! differently. After a change: `TRYBUILD=overwrite cargo test --test macros`, and the difference is reviewed as a
//! change of the interface. `cargo test --test macros -- trybuild=generics` runs the cases with that name.

use std::process::Command;

#[test]
fn macros() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/macros/pass/*.rs");
    if is_the_pinned_compiler() {
        cases.compile_fail("tests/macros/fail/*.rs");
    }
}

fn is_the_pinned_compiler() -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).arg("--version").output().expect("a compiler");
    let pinned = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");
    String::from_utf8_lossy(&output.stdout).starts_with(pinned)
}

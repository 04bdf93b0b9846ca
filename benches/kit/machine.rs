//! What the figures were measured on.

use std::process::Command;

use crate::process::first_line;

/// One line: cores, processor, memory, kernel, compiler.
pub(crate) fn machine() -> String {
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let memory = memory.map_or_else(String::new, |kib| format!(", {} GiB", kib.div_ceil(1 << 20)));
    let kernel = first_line("uname", &["-sr"]).unwrap_or_default();
    let rust = first_line(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["--version"]);
    // `rustc 1.95.0 (f2d3ce0bd 2026-03-21)`
    let rust = rust.as_deref().and_then(|line| line.split_whitespace().nth(1)).unwrap_or("of an unknown version");
    format!("{} cores ({model}){memory}, {kernel}, Rust {rust}", cores())
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The day, in UTC.
pub(crate) fn today() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The value of the first such line of a file of `/proc`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start().trim_start_matches(':').trim().to_owned())
}

//! The page of the web UI: its bundle is committed, so that users of the crate need no Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: &str = "loadtest-web/ui";
const BUNDLE: &str = "loadtest-web/ui/dist";

/// Builds the bundle anew.
///
/// # Errors
/// When there is no Node and it cannot be installed, when types do not fit, or when the page cannot be built.
pub(crate) fn build() -> Result<(), String> {
    build_into(&root().join(BUNDLE))
}

/// Builds the bundle elsewhere and compares it with the one that is committed, byte by byte.
///
/// # Errors
/// As [`build`], and when the two differ.
pub(crate) fn check() -> Result<(), String> {
    let built = root().join("target").join("ui");
    build_into(&built)?;
    let committed = root().join(BUNDLE);
    let (built_files, committed_files) = (files(&built)?, files(&committed)?);
    let differ = built_files != committed_files
        || built_files.iter().any(|file| fs::read(built.join(file)).ok() != fs::read(committed.join(file)).ok());
    if differ {
        return Err(format!("{BUNDLE} is not what its sources make: `cargo xtask ui` builds it anew"));
    }
    Ok(())
}

fn build_into(folder: &Path) -> Result<(), String> {
    provide_node()?;
    npm(&["ci", "--ignore-scripts"])?;
    npm(&["run", "check"])?;
    let folder = folder.to_str().ok_or("the path of the workspace is not UTF-8")?;
    npm(&["run", "build", "--", "--emptyOutDir", "--outDir", folder])
}

fn npm(arguments: &[&str]) -> Result<(), String> {
    let line = format!("npm {}", arguments.join(" "));
    eprintln!("xtask: {line}");
    let status = Command::new("npm").args(arguments).current_dir(root().join(SOURCES)).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("`{line}` failed in {SOURCES}")),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// Sees to it that there is a Node with npm: one that is there, or Debian's.
fn provide_node() -> Result<(), String> {
    let runs = |name: &str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    if runs("node") && runs("npm") {
        return Ok(());
    }
    eprintln!("xtask: there is no Node, which builds the page: apt-get install nodejs npm");
    for arguments in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"]] {
        let status = Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments).status();
        if !status.is_ok_and(|status| status.success()) {
            let line = arguments.join(" ");
            return Err(format!("`apt-get {line}` failed: install Node 18.20 or newer with npm, and try again"));
        }
    }
    if runs("npm") { Ok(()) } else { Err("npm was installed and does not run".to_owned()) }
}

/// The files below a folder, by their paths in it, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).map_err(|error| format!("{} cannot be read: {error}", next.display()))?;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.extend(path.strip_prefix(folder).map(Path::to_owned));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

//! A browser, for the tests of the HTML report.

use std::process::Command;

/// Sees to it that there is one: a Chromium that is there, or Debian's.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn provide() -> Result<(), String> {
    if let Some(version) = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| version(name)) {
        eprintln!("xtask: the HTML report is tested in {version}");
        return Ok(());
    }
    eprintln!("xtask: there is no chromium, in which the HTML report is tested: apt-get install chromium");
    install("chromium", "install chromium or Google Chrome, and try again")?;
    version("chromium").map(|_| ()).ok_or_else(|| "chromium was installed and does not run".to_owned())
}

/// Installs a package of Debian.
///
/// # Errors
/// When that fails; `instead` says what a person can do.
pub(crate) fn install(package: &str, instead: &str) -> Result<(), String> {
    for arguments in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", package]] {
        let status = Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("`apt-get {}` failed: {instead}", arguments.join(" ")));
        }
    }
    Ok(())
}

fn version(name: &str) -> Option<String> {
    let output = Command::new(name).arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

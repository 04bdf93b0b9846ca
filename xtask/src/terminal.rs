//! A terminal, for the tests of the terminal UI and of keys.

use std::process::Command;

use crate::browser::install;

/// Sees to it that there is tmux.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn provide() -> Result<(), String> {
    let runs = || Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    if runs() {
        return Ok(());
    }
    eprintln!("xtask: there is no tmux, in which the terminal UI is tested: apt-get install tmux");
    install("tmux", "install tmux, and try again")?;
    if runs() { Ok(()) } else { Err("tmux was installed and does not run".to_owned()) }
}

//! A terminal that can be asked what it shows: a shell in tmux.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// Nothing that is waited for may take longer.
const BOUND: Duration = Duration::from_secs(20);

/// A shell in a terminal of its own; dropping it ends both.
pub(crate) struct Pane {
    folder: PathBuf,
}

impl Pane {
    /// Whether there is tmux.
    pub(crate) fn is_possible() -> bool {
        Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success())
    }

    pub(crate) fn new(columns: u16, lines: u16) -> Result<Self, Failed> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Not in the target folder: the name of a socket may have no more than a hundred letters.
        let folder = std::env::temp_dir().join(format!("loadtest-tmux-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let pane = Self { folder };
        let (columns, lines) = (columns.to_string(), lines.to_string());
        // dash, where it is `sh`, leaves the terminal as a program left it; bash would put it right.
        pane.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &lines,
            "env -u NO_COLOR PS1='ready> ' sh -i",
        ])?;
        pane.tmux(&["set", "-g", "history-limit", "5000"])?;
        pane.shows(&["ready>"])?;
        Ok(pane)
    }

    fn tmux(&self, arguments: &[&str]) -> Result<String, Failed> {
        let socket = self.folder.join("socket");
        let output = Command::new("tmux").arg("-S").arg(socket).args(arguments).output()?;
        if !output.status.success() {
            return Err(format!("tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a line of shell; its end can be waited for.
    pub(crate) fn run(&self, line: &str) -> Result<(), Failed> {
        let folder = self.folder.display();
        let script = format!("stty -a >{folder}/before\n{line}\necho $? >{folder}/code\n");
        std::fs::write(self.folder.join("script"), script)?;
        // Read by the shell itself: what it starts belongs to its own jobs.
        self.keys(&[&format!(". {folder}/script"), "Enter"])
    }

    /// Presses keys, by the names that tmux has for them; a text stands for its letters.
    pub(crate) fn keys(&self, keys: &[&str]) -> Result<(), Failed> {
        self.tmux(&[&["send-keys"], keys].concat()).map(drop)
    }

    pub(crate) fn resize(&self, columns: u16, lines: u16) -> Result<(), Failed> {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &lines.to_string()]).map(drop)
    }

    /// What is on the screen.
    fn screen(&self) -> Result<String, Failed> {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> Result<bool, Failed>) -> Result<(), Failed> {
        let started = Instant::now();
        while !is_so(self)? {
            if started.elapsed() > BOUND {
                return Err(format!("{what}:\n{}", self.screen()?).into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Waits until all of this is on the screen at once.
    pub(crate) fn shows(&self, texts: &[&str]) -> Result<(), Failed> {
        self.until(&format!("{texts:?} on the screen"), |pane| {
            let screen = pane.screen()?;
            Ok(texts.iter().all(|text| screen.contains(text)))
        })
    }

    /// The modes of the terminal, as `stty -a` tells them.
    pub(crate) fn modes(&self) -> Result<String, Failed> {
        let tty = self.tmux(&["display-message", "-p", "#{pane_tty}"])?;
        let output = Command::new("stty").args(["-a", "-F", tty.trim()]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sends a signal to the program in the foreground, a child of the shell.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Failed> {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"])?;
        let line = format!("kill -{name} $(ps -o pid= --ppid {})", shell.trim());
        let status = Command::new("sh").args(["-c", &line]).status()?;
        if status.success() { Ok(()) } else { Err("there is no program to signal".into()) }
    }

    /// Waits for the end of what was run: with this exit code, and with a terminal as it was before.
    pub(crate) fn ended(&self, code: i32) -> Result<(), Failed> {
        let path = self.folder.join("code");
        self.until("an end", |_| Ok(std::fs::read_to_string(&path).is_ok_and(|code| code.ends_with('\n'))))?;
        let ended = std::fs::read_to_string(&path)?;
        if ended.trim() != code.to_string() {
            return Err(format!("exit code {} instead of {code}:\n{}", ended.trim(), self.screen()?).into());
        }
        self.is_as_before()
    }

    /// The same where the shell has forgotten the exit code, as the program was stopped meanwhile.
    pub(crate) fn ended_after_a_stop(&self) -> Result<(), Failed> {
        self.scrolled_by(&["Ran "])?;
        self.is_as_before()
    }

    fn is_as_before(&self) -> Result<(), Failed> {
        let before = std::fs::read_to_string(self.folder.join("before"))?;
        let same = |pane: &Self| Ok(without_size(&pane.modes()?) == without_size(&before));
        self.until("the modes of the terminal as before", same)?;
        let flags = self.tmux(&["display-message", "-p", "#{cursor_flag} #{alternate_on}"])?;
        if flags.trim() != "1 0" {
            return Err(format!("cursor and alternate screen are {flags}, not 1 0:\n{}", self.screen()?).into());
        }
        Ok(())
    }

    /// Waits until all of this is on the screen, or was scrolled out of it.
    pub(crate) fn scrolled_by(&self, texts: &[&str]) -> Result<(), Failed> {
        self.until(&format!("{texts:?} printed"), |pane| {
            let all = pane.tmux(&["capture-pane", "-p", "-S", "-"])?;
            Ok(texts.iter().all(|text| all.contains(text)))
        })
    }
}

/// What `stty -a` says, but for the size, which is no mode.
fn without_size(modes: &str) -> String {
    let words: Vec<&str> = modes.split_whitespace().collect();
    let words = words.join(" ");
    words.split("; ").filter(|part| !part.starts_with("rows ") && !part.starts_with("columns ")).collect()
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

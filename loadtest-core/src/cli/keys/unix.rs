//! The terminal's side of it.

use std::io::{self, PipeReader, PipeWriter, Stdin};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

use super::{change_of, change_users};
use crate::console::Console;

/// How often is looked whether the program was brought to the foreground.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// Keys that are listened to; dropping it puts the terminal back.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Its end ends the thread.
    end: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    /// Listens, if stdin is a terminal.
    pub(crate) fn listen(console: &Console) -> Option<Self> {
        let stdin = io::stdin();
        if !isatty(&stdin) {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let (ended, end) = io::pipe().ok()?;
        let console = console.clone();
        let listener = Listener { stdin, before, ended, console };
        let thread = std::thread::Builder::new().name("loadtest-keys".to_owned()).spawn(move || listener.run()).ok()?;
        Some(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Listener {
    stdin: Stdin,
    /// How the terminal was.
    before: Termios,
    ended: PipeReader,
    console: Console,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.is_in_foreground() {
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
        }
    }
}

impl Listener {
    fn run(self) {
        loop {
            // Who reads or sets the terminal in the background is stopped by it, and who was stopped finds it as the shell
            // left it: so this is looked at each time.
            let foreground = self.is_in_foreground();
            if foreground {
                self.take_single_keys();
            }
            let ended = PollFd::new(&self.ended, PollFlags::IN);
            let mut waits = vec![ended];
            if foreground {
                waits.push(PollFd::new(&self.stdin, PollFlags::IN));
            }
            match poll(&mut waits, Some(&LOOK)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
            if !waits[0].revents().is_empty() {
                return;
            }
            if waits.get(1).is_some_and(|stdin| !stdin.revents().is_empty()) && self.is_in_foreground() && !self.read()
            {
                return;
            }
        }
    }

    fn is_in_foreground(&self) -> bool {
        tcgetpgrp(&self.stdin).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    fn take_single_keys(&self) {
        let Ok(mut modes) = tcgetattr(&self.stdin) else { return };
        let lines = LocalModes::ICANON | LocalModes::ECHO;
        if modes.local_modes.intersects(lines) {
            modes.local_modes.remove(lines);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let _ = tcsetattr(&self.stdin, OptionalActions::Now, &modes);
        }
    }

    /// Does what the keys say that were pressed; whether more can come.
    fn read(&self) -> bool {
        let mut bytes = [0; 64];
        match rustix::io::read(&self.stdin, &mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                let by: i64 = bytes[..count].iter().filter_map(|byte| change_of(char::from(*byte))).sum();
                if by != 0 {
                    match change_users(&self.console, by) {
                        Ok(said) => tracing::info!("{said}"),
                        Err(refused) => tracing::warn!("{refused}"),
                    }
                }
                true
            }
            Err(error) => error == rustix::io::Errno::INTR || error == rustix::io::Errno::AGAIN,
        }
    }
}

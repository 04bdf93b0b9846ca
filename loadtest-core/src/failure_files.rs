//! The files of `--debug-failures`: failed requests with all that was sent and came back, one file each.
//!
//! A thread of its own writes them. Users hand over what they know and never wait: when the thread cannot keep up, failures
//! are left out and counted. A file is written under another name and renamed, so that it is whole or not there.

mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::error::InputError;
use crate::stats::events::{FailureSink, WholeFailure};

/// Files written in one run.
const MOST_FILES: u64 = 1000;
/// Bytes written in one run.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// Failures that wait to be written, and what they may take; each thread of the run can be one above that.
const MOST_WAITING: usize = 64;
const MOST_BYTES_WAITING: usize = 64 * 1024 * 1024;
/// The longest body.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

enum Message {
    Write(Box<WholeFailure>),
    /// Tell when everything before this is written.
    Flush(oneshot::Sender<()>),
}

/// Writes failed requests into a folder, for as long as it lives.
#[derive(Debug)]
pub(crate) struct FailureFiles {
    sender: Sender<Message>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    folder: PathBuf,
    /// Failures that were taken.
    taken: AtomicU64,
    waiting: AtomicUsize,
    bytes_waiting: AtomicUsize,
    /// Left out, as too many were waiting.
    left_out: AtomicU64,
    /// Not written, as that failed.
    failed: AtomicU64,
    /// There is no room for more.
    is_full: AtomicBool,
    /// What a person should know.
    said: Mutex<Vec<String>>,
}

/// Makes the folder if it is not there, and tries to write into it.
pub(crate) fn check(folder: &Path) -> Result<(), InputError> {
    let probe = folder.join(format!(".loadtest-{}.tmp", std::process::id()));
    let tried = fs::create_dir_all(folder).and_then(|()| fs::write(&probe, b"")).and_then(|()| fs::remove_file(&probe));
    tried.map_err(|error| {
        let folder = folder.display();
        InputError::new(format!(
            "failures cannot be written to {folder}: {error}; give --debug-failures a folder that can be made and written to"
        ))
    })
}

impl FailureFiles {
    /// Begins to write into this folder. The files of earlier runs stay: numbers go on behind theirs.
    pub(crate) fn create(folder: &Path) -> Result<Arc<Self>, InputError> {
        check(folder)?;
        let state = Arc::new(State { folder: folder.to_owned(), ..State::default() });
        let (sender, receiver) = channel();
        let writer = Writer { state: Arc::clone(&state), number: last_number(folder), bytes: 0 };
        std::thread::Builder::new()
            .name("loadtest-files".to_owned())
            .spawn(move || writer.write_all(&receiver))
            .map_err(|error| InputError::new(format!("the system gives no thread to write failures: {error}")))?;
        Ok(Arc::new(Self { sender, state }))
    }

    /// Waits until everything is written; what a person should know of it.
    pub(crate) async fn finish(&self) -> Vec<String> {
        let (done, is_done) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).is_ok() {
            // An error: the thread is gone, and nothing is to be waited for.
            let _ = is_done.await;
        }
        self.state.warnings()
    }
}

impl FailureSink for FailureFiles {
    fn room(&self) -> Option<usize> {
        let state = &*self.state;
        if state.is_full.load(Ordering::Relaxed) {
            return None;
        }
        let waiting = state.waiting.fetch_add(1, Ordering::Relaxed);
        if waiting >= MOST_WAITING || state.bytes_waiting.load(Ordering::Relaxed) >= MOST_BYTES_WAITING {
            state.left_out.fetch_add(1, Ordering::Relaxed);
        } else if state.taken.fetch_add(1, Ordering::Relaxed) < MOST_FILES {
            return Some(LONGEST_BODY);
        } else {
            state.full(&format!("{MOST_FILES} files"));
        }
        state.waiting.fetch_sub(1, Ordering::Relaxed);
        None
    }

    fn take(&self, failure: WholeFailure) {
        self.state.bytes_waiting.fetch_add(failure.sample.size(), Ordering::Relaxed);
        // Received: the thread lives for as long as this does, unless it panicked; then nobody waits for it.
        let _ = self.sender.send(Message::Write(Box::new(failure)));
    }
}

impl State {
    /// Says something, in the log at once and with the report at the end.
    fn say(&self, text: String) {
        tracing::warn!("{text}");
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn full(&self, limit: &str) {
        if !self.is_full.swap(true, Ordering::Relaxed) {
            let folder = self.folder.display();
            self.say(format!("{folder} has {limit} of this run's failures: further ones are not written"));
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let folder = self.folder.display();
        let left_out = self.left_out.load(Ordering::Relaxed);
        if left_out > 0 {
            warnings
                .push(format!("{left_out} failures are not in {folder}: they came faster than they could be written"));
        }
        let failed = self.failed.load(Ordering::Relaxed);
        if failed > 0 {
            warnings.push(format!("{failed} failures are not in {folder}: they could not be written"));
        }
        warnings
    }
}

/// The thread that writes.
struct Writer {
    state: Arc<State>,
    /// Of the last file.
    number: u64,
    bytes: u64,
}

impl Writer {
    fn write_all(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Write(failure) => {
                    self.write(&failure);
                    let state = &*self.state;
                    state.bytes_waiting.fetch_sub(failure.sample.size(), Ordering::Relaxed);
                    state.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                Message::Flush(done) => drop(done.send(())),
            }
        }
    }

    /// A disk that is full must not end the run: that is said once, and tried again with the next one.
    fn write(&mut self, failure: &WholeFailure) {
        let text = text::of(failure);
        if self.bytes + text.len() as u64 > MOST_BYTES {
            self.state.full("256 MiB");
            return;
        }
        self.number += 1;
        match self.try_write(&text::file_name(self.number, failure), text.as_bytes()) {
            Ok(()) => self.bytes += text.len() as u64,
            Err(error) => {
                if self.state.failed.fetch_add(1, Ordering::Relaxed) == 0 {
                    let folder = self.state.folder.display();
                    tracing::warn!(
                        "a failure could not be written to {folder}: {error}; the run goes on, and writing is tried again"
                    );
                }
            }
        }
    }

    fn try_write(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let folder = &self.state.folder;
        let unfinished = folder.join(format!(".{:06}-{}.tmp", self.number, std::process::id()));
        let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, folder.join(name)));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    }
}

/// The highest number of a file that is there already.
fn last_number(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let names = entries.flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str()?.split_once('-')?.0.parse().ok()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;

//! The bytes of a file of rows, and the words for what is wrong with them.

use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::InputError;

/// A whole file. Rows must be checked before the first user starts, so nothing is gained by reading it piece by piece.
#[derive(Debug)]
pub(super) struct Source {
    /// As errors name it: the path as it was given.
    name: String,
    /// The content, without the byte order mark.
    bytes: Vec<u8>,
}

impl Source {
    pub(super) fn file(path: &Path) -> Result<Self, InputError> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::new(name, bytes),
            Err(error) => {
                let folder = std::env::current_dir().ok().filter(|_| path.is_relative());
                let looked = match folder.filter(|_| error.kind() == ErrorKind::NotFound) {
                    Some(folder) => format!(" (looked for in {})", folder.display()),
                    None => String::new(),
                };
                Err(InputError::new(format!("{name} cannot be read: {error}{looked}; give a file that there is")))
            }
        }
    }

    pub(super) fn reader(name: String, mut reader: impl Read) -> Result<Self, InputError> {
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Self::new(name, bytes),
            Err(error) => Err(InputError::new(format!("{name} cannot be read: {error}"))),
        }
    }

    fn new(name: String, mut bytes: Vec<u8>) -> Result<Self, InputError> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(InputError::new(format!("{name} is UTF-16; save it as UTF-8")));
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Self { name, bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the feeder is called: a file without its folder, so that it goes by one name wherever it lies.
    pub(super) fn short_name(&self) -> String {
        let file = Path::new(&self.name).file_name();
        file.map_or_else(|| self.name.clone(), |file| file.to_string_lossy().into_owned())
    }

    /// An error of the file as a whole.
    pub(super) fn error(&self, what: &str) -> InputError {
        InputError::new(format!("{} {what}", self.name))
    }

    /// An error in this line, from 1.
    pub(super) fn error_in(&self, line: usize, what: &str) -> InputError {
        InputError::new(format!("{}, line {line}{what}", self.name))
    }
}

/// A piece of a file in a message: quoted, and not too long.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

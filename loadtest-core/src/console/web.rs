//! What the command line knows of a web UI: enough to start one, and nothing of how it works.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::Console;
use crate::error::InputError;
use crate::secret::Secret;

/// A web UI that can be started: `loadtest-web` has it.
pub trait WebUi: Send + Sync {
    /// Binds, and serves on a thread of its own until what is returned is dropped. The port is bound when this returns.
    ///
    /// # Errors
    /// When the port is taken, or a setting makes no sense.
    fn serve(&self, settings: WebSettings, console: Console) -> Result<Box<dyn ServedUi>, WebError>;
}

/// A web UI that is being served. Dropping it ends it.
pub trait ServedUi: Send {
    /// Where to look, with the one-time token if there is one.
    fn url(&self) -> &str;
}

/// Where and how to serve.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebSettings {
    /// The address or name to bind, `127.0.0.1` by default.
    pub host: String,
    /// The port, 8089 by default; 0 takes any that is free.
    pub port: u16,
    /// What stands before every path, such as `/loadtest`; empty by default.
    pub base_path: String,
    /// The certificates to serve HTTPS with, in PEM.
    pub tls_cert: Option<PathBuf>,
    /// The key of the first of them, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Who may come in: a user name and its password.
    pub auth: Option<(String, Secret)>,
    /// Where lines go that have a one-time token in them: to who started the program, and into no log.
    pub say: Say,
}

/// Tells whoever started the program something that is for nobody else: to stderr, unless it was made from something else.
#[derive(Clone)]
pub struct Say(Arc<dyn Fn(&str) + Send + Sync>);

impl Say {
    /// By calling this with one line, without its end.
    pub fn new(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }

    /// Says one line.
    pub fn line(&self, line: &str) {
        (self.0)(line);
    }
}

impl Default for Say {
    fn default() -> Self {
        // A stderr that was closed is nobody to be told.
        Self::new(|line| drop(writeln!(io::stderr(), "{line}")))
    }
}

impl fmt::Debug for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Say")
    }
}

impl Default for WebSettings {
    fn default() -> Self {
        let host = "127.0.0.1".to_owned();
        let say = Say::default();
        Self { host, port: 8089, base_path: String::new(), tls_cert: None, tls_key: None, auth: None, say }
    }
}

/// Why a web UI is not served.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WebError {
    /// Another program has the port: one sentence.
    PortTaken(String),
    /// A setting makes no sense.
    Input(InputError),
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortTaken(sentence) => f.write_str(sentence),
            Self::Input(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WebError {}

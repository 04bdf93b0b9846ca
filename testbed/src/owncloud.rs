//! An ownCloud stand-in: accounts, WebDAV files, sessions, cookies and locks as a real
//! ownCloud 11.0 was measured to answer, in this process and without PHP.
//!
//! | file | what of ownCloud |
//! |---|---|
//! | `ocs` | creating, deleting, listing accounts: OCS v1 and v2, XML and JSON |
//! | `form` | the form bodies of those requests |
//! | `dav` | WebDAV below `/remote.php/dav/files/<uid>/`, one file per kind of access |
//! | `caller` | whose request it is when cookie and `Authorization` header disagree |
//! | `session` | sessions and every cookie they set |
//! | `accounts`, `tree`, `locks` | who there is, their files, who is writing one |
//! | `clock` | a clock that tests can put forward |
//!
//! The administrator is `admin` with password `admin`. Every new account holds the folders
//! `Documents` and `Photos` and an `ownCloud Manual.pdf` of some MB.
//!
//! # Where it differs from the real one
//! - Not there: groups, quotas, sharing, trash, versions, chunked uploads, `PROPPATCH`,
//!   `LOCK`, `PUT` on an account, OCS other than `cloud/users`, web pages.
//! - hyper writes an empty reason phrase as `HTTP/1.1 400 ` with a blank behind it; under
//!   PHP-FPM the blank is missing.
//! - A file is locked from the start of an upload, not only while it is stored.
//! - `OC-Checksum` is checked for SHA1 only; other kinds are taken as they are.
//! - `PROPFIND` answers a fixed set of properties, whatever its body asks for, and looks
//!   at most one level deep.
//! - Requests of one session do not wait for each other.

mod accounts;
mod caller;
mod clock;
mod dav;
mod form;
mod locks;
mod ocs;
mod session;
mod site;
mod tree;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::RequestCounts;
use crate::serve::{self, ANY_PORT, Host};
use site::Site;

/// The name and the password of the administrator.
pub const ADMIN: (&str, &str) = ("admin", "admin");

/// The routes by which [`OwncloudServer::counts`] counts.
pub mod route {
    /// `/ocs/v2.php/cloud/users`: creating and listing accounts.
    pub const USERS: &str = "/cloud/users";
    /// `/ocs/v2.php/cloud/users/<uid>`: one account.
    pub const USER: &str = "/cloud/users/{uid}";
    /// `/remote.php/dav/files/<uid>/...`: the files of an account.
    pub const FILES: &str = "/dav/files";
    /// Everything else.
    pub const OTHER: &str = "other";
}

/// A running stand-in. Dropping it stops the server and closes all connections.
///
/// ```
/// use testbed::owncloud::OwncloudServer;
///
/// let server = OwncloudServer::builder().manual_size(1000).spawn();
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.accounts(), [""; 0]);
/// ```
#[derive(Debug)]
pub struct OwncloudServer {
    host: Host,
    site: Arc<Site>,
}

/// How the stand-in is to behave; everything has a default.
#[derive(Debug, Clone)]
pub struct OwncloudBuilder {
    addr: SocketAddr,
    threads: usize,
    config: Config,
}

/// What a request needs to know of the builder's choices.
#[derive(Debug, Clone)]
struct Config {
    password_check: Duration,
    download_duration: Duration,
    write_time: Duration,
    skeleton_time: Duration,
    manual_size: usize,
}

impl OwncloudServer {
    /// A stand-in with nothing slowed down, on one thread.
    #[must_use]
    pub fn builder() -> OwncloudBuilder {
        OwncloudBuilder {
            addr: ANY_PORT,
            threads: 1,
            config: Config {
                password_check: Duration::ZERO,
                download_duration: Duration::ZERO,
                write_time: Duration::ZERO,
                skeleton_time: Duration::ZERO,
                manual_size: 4 * 1024 * 1024,
            },
        }
    }

    /// Starts a stand-in with all defaults.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn() -> Self {
        Self::builder().spawn()
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.host.url()
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// The accounts there are now, without the administrator, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        let mut names = self.site.accounts().names();
        names.retain(|name| name != ADMIN.0);
        names
    }

    /// What was received and answered so far, by method and [`route`]. Also after
    /// [`kill`](Self::kill).
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.host.tally().snapshot()
    }

    /// Puts the server's clock forward: the five minutes for which a session's password
    /// is not checked again pass without waiting.
    pub fn advance_clock(&self, by: Duration) {
        self.site.clock.advance(by);
    }

    /// Closes the listener and all connections and waits until that is done; dropping
    /// the server does the same.
    pub fn kill(&self) {
        self.host.kill();
    }

    /// Lets the server run until the process ends and returns its URL.
    #[must_use]
    pub fn leak(self) -> String {
        let url = self.url();
        std::mem::forget(self);
        url
    }
}

impl OwncloudBuilder {
    /// What one check of a password costs. The time is slept, not computed, so that
    /// the load tester keeps its processor.
    #[must_use]
    pub fn password_check(mut self, cost: Duration) -> Self {
        self.config.password_check = cost;
        self
    }

    /// Spreads the body of every download over this time.
    #[must_use]
    pub fn download_duration(mut self, duration: Duration) -> Self {
        self.config.download_duration = duration;
        self
    }

    /// How long an upload takes, and keeps the file locked, after its body was read.
    #[must_use]
    pub fn write_time(mut self, time: Duration) -> Self {
        self.config.write_time = time;
        self
    }

    /// How long the first WebDAV request of a new account copies the first files into
    /// it. Meanwhile other requests of that account get a 503. With zero, the default,
    /// accounts have their files from the start.
    #[must_use]
    pub fn skeleton_time(mut self, time: Duration) -> Self {
        self.config.skeleton_time = time;
        self
    }

    /// The size of the `ownCloud Manual.pdf` in every new account, in bytes. All
    /// accounts share one copy.
    #[must_use]
    pub fn manual_size(mut self, bytes: usize) -> Self {
        self.config.manual_size = bytes;
        self
    }

    /// On how many threads the server runs.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Listens here instead of on a free port of 127.0.0.1. Requests may then name this
    /// address as their host, beside 127.0.0.1 and `localhost`.
    #[must_use]
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Starts the server; it listens when this returns.
    ///
    /// # Panics
    /// When the server cannot be started; see [`try_spawn`](Self::try_spawn).
    #[must_use]
    pub fn spawn(self) -> OwncloudServer {
        self.try_spawn().expect("a server on this address")
    }

    /// Starts the server; it listens when this returns.
    ///
    /// # Errors
    /// When the address is taken, or no thread can be had.
    pub fn try_spawn(self) -> io::Result<OwncloudServer> {
        let site = Arc::new(Site::new(self.config, self.addr.ip()));
        let tally = Arc::default();
        let books = Arc::clone(&tally);
        let served = Arc::clone(&site);
        let host = Host::start("owncloud", self.addr, self.threads, &tally, move |stream| {
            let site = Arc::clone(&served);
            serve::http(stream, Arc::clone(&books), site::route, move |request, body| {
                site::answer(Arc::clone(&site), request, body)
            })
        })?;
        Ok(OwncloudServer { host, site })
    }
}

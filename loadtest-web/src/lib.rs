//! The web UI of loadtest: see and steer a running load test from a browser, or over HTTP.
//!
//! Binaries made with `loadtest::main!` have it by default; this crate is what the facade's feature `web` brings. A program
//! that embeds a load test serves it itself:
//!
//! ```
//! use loadtest_core::LoadTest;
//! use loadtest_core::console::Console;
//! use loadtest_core::console::web::{WebSettings, WebUi};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let test = LoadTest::new();
//! let console = Console::new(test);
//! let mut settings = WebSettings::default();
//! settings.port = 0; // any that is free
//! let served = loadtest_web::Web.serve(settings, console)?;
//! assert!(served.url().starts_with("http://127.0.0.1:"));
//! drop(served); // ends it
//! # Ok(())
//! # }
//! ```
//!
//! # Endpoints
//!
//! | method, path | what |
//! |---|---|
//! | GET `/` | the page |
//! | POST `/swarm`, `/stop`, `/stats/reset` | as Locust's: forms, fields, answers |
//! | GET `/stats/requests`, `/exceptions`, `/tasks`, `/logs`, `/worker-count` | as Locust's JSON |
//! | GET `/stats/requests/csv`, `/stats/failures/csv`, `/exceptions/csv`, `/stats/report` | as Locust's files |
//! | GET `/api/v1/events` | server-sent events: `hello` with everything, then an `interval` a second |
//! | GET `/api/v1/offer`, `state`, `stats`, `history`, `rows/{id}`, `failures`, `exceptions`, `tasks`, `workers`, `logs` | figures |
//! | GET, POST `/api/v1/runs`; GET `/api/v1/runs/{run}`, `/api/v1/compare` | earlier runs and saved reports |
//! | GET `/api/v1/downloads`, `/api/v1/downloads/{file}` | every form of the report |
//! | POST `/api/v1/start`, `edit`, `stop`, `reset`, `pause`, `quit` | steering |
//! | GET `/api/v1/openapi.json`, `/healthz` | the description of all this; `ok` |
//!
//! # Limits
//!
//! | what | limit |
//! |---|---|
//! | connections at the same time | 256; further ones wait |
//! | head of a request | 32 KiB, within 10 s |
//! | body of a request | 64 KiB, within 30 s; of a saved report 64 MiB, within 3 minutes |
//! | a connection on which nothing moves | 60 s |
//! | events that a reader may be behind | 16 |
//! | intervals kept for readers who come again | 600, and 32 MiB |
//! | wrong passwords or tokens | 10 a minute from one address |
//! | browsers with a cookie | 64, for a day each |
//!
//! # Safety
//!
//! It listens to this machine alone. Any other address needs a user and a password, or a one-time token that is part of the
//! address it prints. Requests for names that are not this server's, and those of other sites' pages, are refused
//! (`docs/web-ui.md` says why and how).

mod answer;
mod api;
mod assets;
mod auth;
mod downloads;
mod feed;
mod gate;
mod json;
mod locust;
mod patience;
mod routes;
mod safety;
mod server;
mod shared;
mod tls;

use loadtest_core::console::Console;
use loadtest_core::console::web::{ServedUi, WebError, WebSettings, WebUi};

/// The web UI, for whoever has a [`Console`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Web;

impl WebUi for Web {
    fn serve(&self, settings: WebSettings, console: Console) -> Result<Box<dyn ServedUi>, WebError> {
        Ok(Box::new(server::serve(&settings, console)?))
    }
}

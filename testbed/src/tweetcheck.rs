//! TweetCheck, where tweets wait for somebody to look at them before they are published: JSON,
//! on SQLite in memory.
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/` | 200 and what there is: `{"tweets":"/api/tweets"}` |
//! | `GET /api/tweets` | 200 and all tweets, the oldest first; `?status=pending` for those alone |
//! | `POST /api/tweets` | 201 and the new tweet, which is pending |
//!
//! A tweet: `{"id":1,"handle":1,"body":"…","status":"pending"}`; in a POST `handle` and `body`
//! alone. There is one handle, with the number 1. A POST is answered with 415 when its content
//! type is not `application/json`, 422 when `handle` is missing or no number, or `body` missing
//! or no text, and 400 when its body is no JSON, the handle is unknown, or the text is empty or
//! longer than 280 characters. A status that is neither `pending`, `approved` nor `rejected` is
//! a 400 too. The body of such an answer is `{"error":"…"}`.
//!
//! The list has no pages: each GET reads it whole from the database and writes it whole, so the
//! answers get longer and slower with every POST. Every query runs on the server's one thread.

use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{Method, Response, StatusCode};
use rusqlite::{Row, ffi};
use serde::{Deserialize, Serialize};

use crate::RequestCounts;
use crate::json::{self, Refusal};
use crate::payload::Payload;
use crate::serve::Host;
use crate::sqlite::Database;

const SCHEMA: &str = "
    PRAGMA foreign_keys = ON;
    CREATE TABLE handles (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE tweets (
        id INTEGER PRIMARY KEY,
        handle INTEGER NOT NULL REFERENCES handles,
        body TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 280),
        status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected'))
    ) STRICT;
    CREATE INDEX tweets_by_status ON tweets (status);
    INSERT INTO handles (id, name) VALUES (1, 'tweetcheck')";

/// As the schema has them.
const STATUSES: [&str; 3] = ["pending", "approved", "rejected"];

/// The routes by which [`TweetCheck::counts`] counts.
pub mod route {
    /// The root of the interface.
    pub const ROOT: &str = "/api/";
    /// Listing and posting tweets.
    pub const TWEETS: &str = "/api/tweets";
    /// Everything else.
    pub const OTHER: &str = "other";
}

/// A running service. Dropping it stops the server, and its database is gone.
///
/// ```
/// use testbed::tweetcheck::TweetCheck;
///
/// let service = TweetCheck::spawn();
/// service.post_many(1000);
/// assert_eq!(service.tweets(), 1000);
/// ```
#[derive(Debug)]
pub struct TweetCheck {
    host: Host,
    database: Arc<Database>,
}

impl TweetCheck {
    /// Starts a service without any tweet.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn() -> Self {
        let database = Arc::new(Database::new(SCHEMA));
        let host = database.serve("tweetcheck", route_of, answer);
        Self { host, database }
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

    /// How many tweets there are now.
    ///
    /// # Panics
    /// When the database fails.
    #[must_use]
    pub fn tweets(&self) -> u64 {
        self.database.count("tweets")
    }

    /// Posts so many tweets, past HTTP and at once: what a day of load leaves behind.
    ///
    /// # Panics
    /// When the database fails.
    pub fn post_many(&self, tweets: u64) {
        let insert = "
            WITH RECURSIVE numbers (n) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
            INSERT INTO tweets (handle, body) SELECT 1, 'A tweet of yesterday, number ' || n FROM numbers";
        self.database.connection().execute(insert, [tweets]).expect("tweets");
    }

    /// What was received and answered so far, by method and [`route`].
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.host.tally().snapshot()
    }

    /// Closes the listener and all connections; dropping the server does the same.
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

#[derive(Debug, Serialize)]
struct Tweet {
    id: i64,
    handle: i64,
    body: String,
    status: String,
}

impl Tweet {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, handle: row.get(1)?, body: row.get(2)?, status: row.get(3)? })
    }
}

#[derive(Debug, Deserialize)]
struct NewTweet {
    handle: i64,
    body: String,
}

fn list(database: &Database, status: Option<&str>) -> rusqlite::Result<Vec<Tweet>> {
    let connection = database.connection();
    let filter = status.map_or("", |_| "WHERE status = ?");
    let query = format!("SELECT id, handle, body, status FROM tweets {filter} ORDER BY id");
    let mut query = connection.prepare_cached(&query)?;
    query.query_map(rusqlite::params_from_iter(status), Tweet::read)?.collect()
}

/// Handles and texts are checked by the constraints of the tables.
fn insert(database: &Database, NewTweet { handle, body }: NewTweet) -> Result<Tweet, Refusal> {
    let connection = database.connection();
    let insert = "INSERT INTO tweets (handle, body) VALUES (?, ?) RETURNING id, handle, body, status";
    let mut insert = connection.prepare_cached(insert)?;
    insert.query_one((handle, body), Tweet::read).map_err(|error| match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => {
            Refusal::new(StatusCode::BAD_REQUEST, format!("there is no handle {handle}"))
        }
        Some(ffi::SQLITE_CONSTRAINT_CHECK) => {
            Refusal::new(StatusCode::BAD_REQUEST, "a tweet has from 1 to 280 characters")
        }
        _ => error.into(),
    })
}

fn route_of(path: &str) -> &'static str {
    match path {
        route::ROOT => route::ROOT,
        route::TWEETS => route::TWEETS,
        _ => route::OTHER,
    }
}

fn answer(database: &Database, request: &Parts, body: &[u8]) -> Result<Response<Payload>, Refusal> {
    match (request.uri.path(), &request.method) {
        (route::ROOT, &Method::GET) => {
            let links = std::collections::BTreeMap::from([("tweets", route::TWEETS)]);
            Ok(json::answer(StatusCode::OK, &links))
        }
        (route::ROOT, _) => Refusal::method("GET"),
        (route::TWEETS, &Method::GET) => {
            let status = status(request.uri.query().unwrap_or_default())?;
            Ok(json::answer(StatusCode::OK, &list(database, status)?))
        }
        (route::TWEETS, &Method::POST) => {
            let tweet = insert(database, json::document(request, body)?)?;
            Ok(json::answer(StatusCode::CREATED, &tweet))
        }
        (route::TWEETS, _) => Refusal::method("GET, POST"),
        _ => Err(Refusal::not_found()),
    }
}

/// The status that a list is asked for with.
fn status(query: &str) -> Result<Option<&'static str>, Refusal> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let Some((_, asked)) = pairs.into_iter().find(|(key, _)| key == "status") else { return Ok(None) };
    match STATUSES.into_iter().find(|status| *status == asked) {
        Some(status) => Ok(Some(status)),
        None => {
            let reason = format!("`{asked}` is no status; there are {}", STATUSES.join(", "));
            Err(Refusal::new(StatusCode::BAD_REQUEST, reason))
        }
    }
}

//! A service of users with a name and an e-mail address each: JSON, on SQLite in memory.
//!
//! | request | answer |
//! |---|---|
//! | `GET /users` | 200 and all users, the oldest first |
//! | `POST /users` | 201, `Location: /users/{id}` and the new user |
//! | `GET /users/{id}` | 200 and this user |
//!
//! A user: `{"id":1,"name":"Ada Lovelace","email":"ada@example.org"}`; in a POST without the
//! `id`. A POST is answered with 415 when its content type is not `application/json`, 400 when
//! its body is no JSON, 422 when it is no user (something is missing or empty, or the address
//! has nothing before or behind its `@`), and 409 when somebody has the address already. The
//! body of such an answer is `{"error":"…"}`.
//!
//! Every query runs on the server's one thread, as the writers of one SQLite database wait for
//! each other anyway.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use rusqlite::{OptionalExtension, Row, ffi};
use serde::{Deserialize, Serialize};

use crate::RequestCounts;
use crate::json::{self, Refusal};
use crate::payload::Payload;
use crate::serve::Host;
use crate::sqlite::Database;

const SCHEMA: &str = "
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT NOT NULL COLLATE NOCASE UNIQUE
    ) STRICT";

/// A running service. Dropping it stops the server, and its database is gone.
///
/// ```
/// use testbed::users_service::UsersService;
///
/// let service = UsersService::spawn();
/// assert!(service.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(service.users(), 0);
/// ```
#[derive(Debug)]
pub struct UsersService {
    host: Host,
    database: Arc<Database>,
}

impl UsersService {
    /// Starts a service without any user.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn() -> Self {
        let database = Arc::new(Database::new(SCHEMA));
        let host = database.serve("users-service", route, answer);
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

    /// How many users there are now.
    ///
    /// # Panics
    /// When the database fails.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.database.count("users")
    }

    /// What was received and answered, by method and path: `/users`, `/users/{id}` and `other`.
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
struct User {
    id: i64,
    name: String,
    email: String,
}

impl User {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, name: row.get(1)?, email: row.get(2)? })
    }
}

#[derive(Debug, Deserialize)]
struct NewUser {
    name: String,
    email: String,
}

impl NewUser {
    fn check(&self) -> Result<(), Refusal> {
        let unprocessable = |reason: &str| Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
        if self.name.trim().is_empty() {
            return unprocessable("the name is empty");
        }
        match self.email.split_once('@') {
            Some((before, behind)) if !before.is_empty() && !behind.is_empty() => Ok(()),
            _ => unprocessable("the e-mail address has nothing before or behind its @"),
        }
    }
}

fn all(database: &Database) -> rusqlite::Result<Vec<User>> {
    let connection = database.connection();
    let mut query = connection.prepare_cached("SELECT id, name, email FROM users ORDER BY id")?;
    query.query_map((), User::read)?.collect()
}

fn one(database: &Database, id: i64) -> rusqlite::Result<Option<User>> {
    let connection = database.connection();
    let mut query = connection.prepare_cached("SELECT id, name, email FROM users WHERE id = ?")?;
    query.query_one([id], User::read).optional()
}

/// Whether an address is taken is for the database to say: it alone sees both of two POSTs.
fn insert(database: &Database, NewUser { name, email }: NewUser) -> Result<User, Refusal> {
    let connection = database.connection();
    let mut insert = connection.prepare_cached("INSERT INTO users (name, email) VALUES (?, ?)")?;
    match insert.insert((&name, &email)) {
        Ok(id) => Ok(User { id, name, email }),
        Err(error) if error.sqlite_extended_error_code() == Some(ffi::SQLITE_CONSTRAINT_UNIQUE) => {
            Err(Refusal::new(StatusCode::CONFLICT, format!("{email} is somebody else's address")))
        }
        Err(error) => Err(error.into()),
    }
}

fn route(path: &str) -> &'static str {
    match path.strip_prefix("/users") {
        Some("") => "/users",
        Some(rest) if rest.starts_with('/') => "/users/{id}",
        _ => "other",
    }
}

fn answer(database: &Database, request: &Parts, body: &[u8]) -> Result<Response<Payload>, Refusal> {
    let path = request.uri.path();
    if path == "/users" {
        return match request.method {
            Method::GET => Ok(json::answer(StatusCode::OK, &all(database)?)),
            Method::POST => create(database, json::document(request, body)?),
            _ => Refusal::method("GET, POST"),
        };
    }
    let id = path.strip_prefix("/users/").and_then(|id| id.parse().ok()).ok_or_else(Refusal::not_found)?;
    if request.method != Method::GET {
        return Refusal::method("GET");
    }
    let user = one(database, id)?.ok_or_else(Refusal::not_found)?;
    Ok(json::answer(StatusCode::OK, &user))
}

fn create(database: &Database, user: NewUser) -> Result<Response<Payload>, Refusal> {
    user.check()?;
    let user = insert(database, user)?;
    let mut response = json::answer(StatusCode::CREATED, &user);
    let place = format!("/users/{}", user.id);
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(place).expect("letters and digits"));
    Ok(response)
}

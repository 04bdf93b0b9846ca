//! A database in memory, and the service on top of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Response;
use http::request::Parts;
use rusqlite::Connection;

use crate::json::Refusal;
use crate::payload::Payload;
use crate::serve::{self, ANY_PORT, Host};

/// What a service makes of a request, whose body has arrived.
pub(crate) type Answer = fn(&Database, &Parts, &[u8]) -> Result<Response<Payload>, Refusal>;

/// One connection: every query runs on the server's one thread, and the writers of one SQLite
/// database wait for each other anyway.
#[derive(Debug)]
pub(crate) struct Database(Mutex<Connection>);

impl Database {
    /// # Panics
    /// When there is no memory for it, or the schema is none.
    pub(crate) fn new(schema: &str) -> Self {
        let connection = Connection::open_in_memory().expect("a database in memory");
        connection.execute_batch(schema).expect("a schema");
        Self(Mutex::new(connection))
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rows a table has.
    ///
    /// # Panics
    /// When the database fails.
    pub(crate) fn count(&self, table: &str) -> u64 {
        let count = self.connection().query_one(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0));
        count.expect("a count")
    }

    /// Starts a server that answers from this database; what it counts goes by `route`.
    ///
    /// # Panics
    /// When the server cannot be started.
    pub(crate) fn serve(self: &Arc<Self>, name: &'static str, route: fn(&str) -> &'static str, answer: Answer) -> Host {
        let (tally, served) = (Arc::default(), Arc::clone(self));
        let books = Arc::clone(&tally);
        let host = Host::start(name, ANY_PORT, 1, &tally, move |stream| {
            let database = Arc::clone(&served);
            serve::http(stream, Arc::clone(&books), route, move |request, body| {
                let database = Arc::clone(&database);
                async move {
                    let body = body.whole().await?;
                    Ok(answer(&database, &request, &body).unwrap_or_else(|refusal| refusal.response()))
                }
            })
        });
        host.expect("a server on a free port")
    }
}

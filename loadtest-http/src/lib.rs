//! The HTTP client of a simulated user: [`HttpSession`].
//!
//! A session behaves like one browser: it has cookies of its own (RFC 6265), connections of its own, and it keeps
//! both from one task to the next. Whatever it sends is counted in the statistics, exactly once, under the
//! request's method and name. Requests are built with the vocabulary of `reqwest`.
//!
//! ```no_run
//! # use loadtest_core::TaskResult;
//! # use loadtest_http::HttpSession;
//! # #[derive(serde::Deserialize)]
//! # struct Cart { total: f64 }
//! async fn buy(http: &HttpSession) -> TaskResult {
//!     http.post("/login").form(&[("user", "ann"), ("password", "secret")]).send().await?;
//!     for article in [17, 23] {
//!         http.put(format!("/cart/{article}")).name("/cart/[article]").send().await?;
//!     }
//!     let cart: Cart = http.get("/cart").send().await?.json()?;
//!     assert!(cart.total > 0.0);
//!     Ok(())
//! }
//! ```
//!
//! # What is measured
//!
//! The service time of a request begins when `send()` is first polled and ends when the answer's body has been
//! read to its end; waiting for a connection, opening one and following redirects are part of it. Decoding the body and
//! the checks are not: they are work of the client. A status of 400 or above, and any error of the transport, is a failed
//! request. [`Response::phases`] tells where the time went; the statistics keep the same per name.
//!
//! # Who decides
//!
//! | | the request is fine |
//! |---|---|
//! | [`send`](RequestBuilder::send) | with a status below 400 |
//! | [`expect_status`](RequestBuilder::expect_status) | with this status |
//! | [`check`](RequestBuilder::check) | with such a status, and if the check says so |
//! | [`catch_response`](RequestBuilder::catch_response) | as the task decides, which holds a guard meanwhile |
//!
//! # Limits
//!
//! | | default | changed by |
//! |---|---|---|
//! | the whole request, redirects included | 60 s | [`timeout`](HttpSettings::timeout) |
//! | opening a connection, as part of it | 60 s | [`connect_timeout`](HttpSettings::connect_timeout) |
//! | redirects | 10 | [`redirects`](HttpSettings::redirects) |
//! | a body, as it comes and decoded | 64 MiB | [`largest_body`](HttpSettings::largest_body) |
//! | connections of a session to one origin | 6 | [`connections_per_host`](HttpSettings::connections_per_host) |
//! | the head of an answer | 256 KiB, 8192 headers | |
//! | cookies of one domain; one cookie | 180; 4096 bytes | |
//!
//! What goes beyond is a failed request with a text that says so, or a cookie that is not kept.
//!
//! # What is kept of failed requests
//!
//! Of each group of failures a few are kept as they were (`FailureRow::samples`, `--debug-failures`): the request that was sent
//! last, its headers, the automatic ones too, and the answer to it, decoded. Masked are the values of
//!
//! - `Authorization`, `Cookie`, `Set-Cookie`, headers marked sensitive, and those whose names contain `token`, `secret`,
//!   `password`, `api-key`, `auth-key`, `credential`, `session` or `signature`;
//! - fields with such names, and `pwd`, `pass`, `pin`, `otp`, `auth`, `sig`, `sid`, `key`, `jwt` and the like, in queries, forms
//!   (also of several parts) and JSON, as far as it is shown;
//! - credentials in URLs.
//!
//! A value that was masked in a request is masked in its answer too, where that repeats it, from 6 characters on; of
//! cookies from 8 on, as shorter ones are often words. Secrets in paths, in XML and in HTML cannot be told from other text.
//!
//! # Looking at one user
//!
//! In a run with a trace (`--debug-user`, [`LoadTest::run_single_user`](loadtest_core::LoadTest::run_single_user),
//! [`LoadTest::trace`](loadtest_core::LoadTest::trace)) each request and each answer is told as text, redirects one by one:
//! line and headers as they go over the wire, the phases, the first 2000 bytes of a body if it is text, decoded, and the
//! verdict. Credentials, values of cookies, and headers that are called `token`, `secret`, `password` or `api-key` are masked
//! unless the trace [shows secrets](loadtest_core::Trace::show_secrets); URLs lose their credentials alone, and bodies are
//! shown as they are. Over reqwest the order of a request's headers may be another, and of the phases less is known.
//!
//! # Transports
//!
//! A session sits on a transport that only turns one request into one answer. [`HttpSession`] uses its own HTTP/1.1 on
//! connections of its own: no pool, no driver task, and no buffer while a user waits: one with an open connection takes
//! less than 7 KiB. With the feature `reqwest` there is also `ReqwestSession`, on one `reqwest::Client` per thread.
//!
//! With the feature `tower` a run can have an application in the same process as its target, axum's `Router` say: with
//! `LoadTestExt::app` both kinds of session hand it what goes to the host, without a socket.

#[cfg(feature = "tower")]
mod app;
mod body;
mod call;
mod caught;
mod coding;
mod cookies;
mod deadline;
mod exchange;
mod fault;
#[cfg(test)]
mod fuzz;
mod headers;
mod method;
pub mod multipart;
mod name;
mod redirect;
mod request;
mod response;
mod secrets;
mod send;
mod session;
mod settings;
mod setup;
mod target;
mod template;
mod trace;
mod transport;
mod verdict;

#[cfg(feature = "tower")]
pub use app::LoadTestExt;
pub use body::Body;
pub use bytes::Bytes;
pub use caught::CaughtResponse;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
pub use method::IntoMethod;
pub use request::RequestBuilder;
pub use response::{BodyError, Response};
#[cfg(feature = "reqwest")]
pub use session::ReqwestSession;
pub use session::{HttpSession, Renamed};
pub use settings::HttpSettings;
pub use template::PathValues;
#[cfg(feature = "tower")]
pub use transport::AppBody;
pub use verdict::{Checks, IntoStatus, Verdict};

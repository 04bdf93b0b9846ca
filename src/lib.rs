//! Load tests written as Rust structs.
//!
//! A user of the system under test is a struct with `#[derive(User)]`; what it does are `#[task]` methods in an `impl`
//! block with `#[tasks]`. Thousands of such users run over all cores, and every request is measured.
//!
//! ```
//! use loadtest::prelude::*;
//!
//! #[derive(User)]
//! #[user(wait_time = between(Duration::from_secs(1), Duration::from_secs(3)))]
//! struct Shopper {
//!     #[client]
//!     http: HttpSession, // made for this user: own cookies, own connections
//!     #[context]
//!     cx: Context, // who am I, random numbers, a wait that a stop can end
//!     orders: u32, // other fields start as their `Default`, or with `#[init(…)]`
//! }
//!
//! #[tasks]
//! impl Shopper {
//!     async fn on_start(&mut self) -> TaskResult {
//!         let user = format!("shopper-{}", self.cx.user_number());
//!         self.http.post("/login").form(&[("user", &user)]).send().await?.error_for_status()?;
//!         Ok(())
//!     }
//!
//!     #[task(3)]
//!     async fn browse(&mut self) -> TaskResult {
//!         self.http.get("/articles/17").name("/articles/[id]").send().await?;
//!         Ok(())
//!     }
//!
//!     #[task]
//!     async fn order(&mut self) -> TaskResult {
//!         self.http.post("/orders").body("article=17").send().await?;
//!         self.orders += 1;
//!         if self.orders == 10 { stop_user() } else { Ok(()) }
//!     }
//! }
//!
//! # #[cfg(feature = "cli")]
//! loadtest::main!(Shopper, users = 20, run_time = Duration::from_secs(60));
//! ```
//!
//! # What a task may do
//!
//! - `?` on any error: it is counted under *exceptions* with its place, and the user goes on after its wait. Errors of
//!   requests stand in the statistics already and make no second row.
//! - [`stop_user`], [`stop_test`], [`reschedule`], [`interrupt`]: `return stop_user();` or `stop_user()?`.
//! - Anything that need not be `Send`: a user lives on one thread. (What it spawns with `tokio::task::spawn_local` is its
//!   own affair: requests of such futures that end after the run are not counted.)
//!
//! # Hooks
//!
//! | hook | when |
//! |---|---|
//! | `async fn setup(cx: &SetupContext) -> Result<T, E>` | once per run, before the first user; what it returns reaches users as `#[shared] field: Arc<T>` |
//! | `async fn on_start(&mut self) -> TaskResult` | per user, before its first task |
//! | `async fn on_stop(&mut self) -> TaskResult` | per user, if its `on_start` had begun |
//! | `async fn teardown(shared: &T, cx: &SetupContext)` | once per run, after the last user |
//!
//! # Several classes
//!
//! `main!(Shopper, Admin)` and `LoadTest::user` take as many classes as there are kinds of users, each with a share
//! (`#[user(weight = 3)]`) or a number of users (`#[user(fixed_count = 1)]`). Rust has no classes to inherit from; what
//! several have in common is
//!
//! - a struct that each has as a field, with methods that they call. If it implements [`Client`], `#[client]` makes one
//!   for each user;
//! - or one class with a type parameter, `struct Visitor<P: Pages>`, added once for each type. Its name comes from the
//!   type as well: `#[user(name = P::NAME)]`.
//!
//! # Beside requests
//!
//! - [`Context::transaction`] and [`Context::start_transaction`]: several requests in one row of a table of their own.
//! - [`Context::counter`], [`Context::gauge`] and [`Context::trend`]: figures of the test's own.
//! - [`LoadTest::listener`] and [`LoadTest::on_request`]: code that is told of what happens while it happens.
//! - [`Context::measure`] for any future, [`Client`] for a client of another protocol.
//!
//! # Two ways to run it
//!
//! `loadtest::main!(Shopper);` gives a binary with a command line (`--help` shows it), which waits to be started in its web
//! UI at `http://127.0.0.1:8089`, or with `--headless` starts at once. In a test suite, [`LoadTest`]
//! runs the same users and gives a typed [`Report`]: [`run`](LoadTest::run) in an async test,
//! [`run_blocking`](LoadTest::run_blocking) in any other, against a server or, with the feature `tower`, against an
//! application in the same process. [`Report::stable_text`] is for snapshot tests. A [`Threshold`] such as
//! `p95(GET /cart) < 200ms` is for both: the binary ends with exit code 3, [`Report::assert_thresholds`] panics.
//!
//! # Features
//!
//! | feature | default | what for |
//! |---|---|---|
//! | `http` | yes | `HttpSession` |
//! | `compression` | yes | bodies of answers are asked for compressed, and decoded |
//! | `cli` | yes | `main!` and its command line |
//! | `web` | yes | the web UI of such a binary, at `http://127.0.0.1:8089` |
//! | `json` | with `cli` | [`Report::write_json`] and [`Report::from_json`] |
//! | `feeders` | no | [`Feeder`]s of rows from CSV files and JSON lines; those from lists are always there |
//! | `reqwest` | no | `ReqwestSession`: an `HttpSession` on a second transport |
//! | `tui` | no | `--tui`: the run on the whole terminal, with keys to steer it |
//! | `tower` | no | `LoadTest::app`: drives a tower service, such as axum's `Router`, in process |

pub use loadtest_core::*;
#[cfg(feature = "http")]
pub use loadtest_http as http;
#[cfg(feature = "cli")]
pub use loadtest_macros::main;
pub use loadtest_macros::{User, task, task_set, tasks};
#[cfg(feature = "web")]
pub use loadtest_web as web;

pub mod prelude;

/// What the macros expand to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "cli")]
    pub use loadtest_core::cli::Defaults;
    pub use loadtest_core::{
        Client, ClientSettings, ConfigField, ConfigValue, Context, Exit, FieldDefault, InputError, IntoTaskResult,
        IntoWait, OptionsField, Order, Scope, Settings, SetupContext, SetupOutput, TaskInfo, TaskResult, Tasks, User,
        UserInit, Wait, check_wait,
    };

    /// The command line, with the web UI if there is one.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn main(test: loadtest_core::LoadTest, defaults: Defaults) -> std::process::ExitCode {
        #[cfg(feature = "web")]
        let web = Some(&loadtest_web::Web as &dyn loadtest_core::console::web::WebUi);
        #[cfg(not(feature = "web"))]
        let web = None;
        loadtest_core::cli::main_with(test, defaults, web)
    }
}

#[cfg(any(doc, doctest))]
pub mod guide {
    #![doc = "What to write in place of what one is used to."]

    #[doc = include_str!("../docs/from-locust.md")]
    pub mod from_locust {}

    #[doc = include_str!("../docs/from-goose.md")]
    pub mod from_goose {}
}

/// The first example of the README compiles and so do the users of the second; its test is `tests/embedding.rs`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

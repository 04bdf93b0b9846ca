//! Clients: what a user talks to the system under test with.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::context::Context;
use crate::error::InputError;
use crate::exit::{Exit, message_with_causes};
use crate::extensions::Extensions;
use crate::options::RunOptions;
use crate::tls::{self, TlsOptions};

/// What a client can check before any load starts.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ClientSettings<'a> {
    /// The user class that has the client.
    pub class: &'a str,
    /// The host to test, as [`Context::host`].
    pub host: Option<&'a str>,
    /// What the run says about TLS.
    pub tls: &'a TlsOptions,
    pub(crate) options: Option<&'a RunOptions>,
    extensions: Option<&'a Extensions>,
}

impl<'a> ClientSettings<'a> {
    /// For the tests of a client; nothing is said about TLS.
    #[must_use]
    pub fn new(class: &'a str, host: Option<&'a str>) -> Self {
        Self { class, host, tls: &tls::DEFAULT, options: None, extensions: None }
    }

    /// With what the run says about TLS.
    #[must_use]
    pub fn with_tls(self, tls: &'a TlsOptions) -> Self {
        Self { tls, ..self }
    }

    /// With the test's own options.
    pub(crate) fn with_options(self, options: Option<&'a RunOptions>) -> Self {
        Self { options, ..self }
    }

    /// With what other crates left in the run.
    pub(crate) fn with_extensions(self, extensions: &'a Extensions) -> Self {
        Self { extensions: Some(extensions), ..self }
    }

    /// As [`Context::extension`].
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.extensions?.get()
    }
}

/// Something with which a user talks to the system under test: `HttpSession`, or one of your own.
///
/// A client is made for each user, on that user's thread, and need not be `Send`. It records what it does through
/// [`Context::recorder`] or [`Context::measure`].
///
/// # A client for another protocol
///
/// Where [`measure`](Context::measure) is not enough, a client records each request itself:
///
/// 1. [`RecorderHandle::start`](crate::stats::RecorderHandle::start) counts it and gives a
///    [`Pending`](crate::stats::Pending): the books hold whatever happens then, as dropping it counts it as interrupted.
/// 2. On the way it is told what was written and read, and where the time went ([`phases_mut`]); a protocol without
///    connections leaves that out.
/// 3. `ok` or `fail` gives the verdict and ends the service time. What went wrong is returned as a [`RecordedError`], on
///    which `?` makes no second row under *exceptions*.
///
/// The same as a program with users, and a store to talk to, is `examples/other_protocol.rs`. Settings in
/// `#[client(…)]` come with [`Configure`], TLS options with [`Context::tls`].
///
/// [`phases_mut`]: crate::stats::Pending::phases_mut
/// [`RecordedError`]: crate::RecordedError
///
/// ```
/// use std::time::{Duration, Instant};
/// use loadtest_core::stats::{Failure, Pending, RecorderHandle};
/// use loadtest_core::{Client, ClientSettings, Context, ErrorKind, Exit, InputError, RecordedError};
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use tokio::net::TcpStream;
///
/// /// Sends a line of text and reads one.
/// struct Lines {
///     recorder: RecorderHandle,
///     address: String,
///     connection: Option<BufReader<TcpStream>>,
/// }
///
/// impl Client for Lines {
///     // Asked once, before any load.
///     fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
///         match settings.host {
///             Some(host) if host.contains(':') => Ok(()),
///             _ => Err(InputError::new("no server to test: give its address with --host HOST:PORT")),
///         }
///     }
///
///     // Once for each user. Connecting is left to the first request, whose time it is part of.
///     fn create(cx: &Context) -> Result<Self, Exit> {
///         let address = cx.host().unwrap_or_default().to_owned();
///         Ok(Self { recorder: cx.recorder().clone(), address, connection: None })
///     }
/// }
///
/// impl Lines {
///     async fn call(&mut self, name: &str, line: &str) -> Result<String, RecordedError> {
///         let mut pending = self.recorder.start("LINE", name);
///         let deadline = pending.started_at() + Duration::from_secs(5);
///         let (kind, error) = match tokio::time::timeout_at(deadline, self.exchange(&mut pending, line)).await {
///             Ok(Ok(answer)) if answer != "what?" => {
///                 pending.ok();
///                 return Ok(answer);
///             }
///             Ok(Ok(_)) => (ErrorKind::Response, "not understood".to_owned()),
///             Ok(Err(error)) => (ErrorKind::Closed, error.to_string()),
///             Err(_) => (ErrorKind::Timeout, "timed out".to_owned()),
///         };
///         // Failures are grouped by `error`; what differs from one to the next goes into `sample`.
///         pending.fail(Failure::new(&error).kind(kind).sample(line));
///         Err(RecordedError::new(kind, error))
///     }
///
///     /// Keeps the connection only when all went well, also when a stop drops this future: half an answer would be taken
///     /// for the answer to the next line.
///     async fn exchange(&mut self, pending: &mut Pending, line: &str) -> std::io::Result<String> {
///         let mut connection = match self.connection.take() {
///             Some(connection) => {
///                 pending.phases_mut().reused = 1;
///                 connection
///             }
///             None => {
///                 let begun = Instant::now();
///                 let stream = TcpStream::connect(&self.address).await?;
///                 let phases = pending.phases_mut();
///                 (phases.connect, phases.opened) = (begun.elapsed(), 1);
///                 BufReader::new(stream)
///             }
///         };
///         let ready = Instant::now();
///         connection.write_all(format!("{line}\n").as_bytes()).await?;
///         pending.set_written(); // from here on a server can have received it
///         pending.add_sent(line.len() as u64 + 1);
///         let mut answer = String::new();
///         if connection.read_line(&mut answer).await? == 0 {
///             return Err(std::io::ErrorKind::UnexpectedEof.into());
///         }
///         pending.phases_mut().first_byte = ready.elapsed();
///         pending.add_received(answer.len() as u64);
///         self.connection = Some(connection);
///         Ok(answer.trim_end().to_owned())
///     }
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// #     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
/// #     let host = listener.local_addr().unwrap().to_string();
/// #     let serve = async {
/// #         let mut stream = BufReader::new(listener.accept().await.unwrap().0);
/// #         let mut line = String::new();
/// #         while stream.read_line(&mut line).await.unwrap() > 0 {
/// #             let answer = if line == "hello\n" { "hello yourself\n" } else { "what?\n" };
/// #             stream.write_all(answer.as_bytes()).await.unwrap();
/// #             line.clear();
/// #         }
/// #     };
/// #     let shard = loadtest_core::testing::TestShard::new(Some(&host));
/// #     let mut lines = Lines::create(&shard.context()).unwrap();
/// #     let talk = async {
/// #         assert_eq!(lines.call("greet", "hello").await.unwrap(), "hello yourself");
/// #         assert_eq!(lines.call("greet", "good bye").await.unwrap_err().kind(), ErrorKind::Response);
/// #     };
/// #     tokio::select! { () = serve => panic!("the client hung up"), () = talk => {} }
/// #     let row = shard.row("LINE", "greet").unwrap().stats;
/// #     assert_eq!((row.ok, row.failed, row.connections_opened, row.connections_reused), (1, 1, 1, 1));
/// #     assert_eq!((row.bytes_sent, row.bytes_received, row.written), (15, 21, 2));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client",
    label = "marked `#[client]`",
    note = "use `HttpSession`, or implement `loadtest::Client` for `{Self}`"
)]
pub trait Client: Sized {
    /// Whether clients can be made with these settings; asked once for each user class, before any load.
    ///
    /// # Errors
    /// When not: a missing or malformed host, say, with what to write instead.
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        let _ = settings;
        Ok(())
    }

    /// Makes the client of one user.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(cx: &Context) -> Result<Self, Exit>;
}

/// A client that takes settings of type `S` in code: those in `#[client(…)]`.
///
/// ```
/// use loadtest_core::{Client, ClientSettings, Configure, Context, Exit, InputError};
///
/// struct Line {
///     greeting: String,
/// }
///
/// struct Greeting(&'static str);
///
/// impl Client for Line {
///     fn create(cx: &Context) -> Result<Self, Exit> {
///         Self::create_with(cx, &Greeting("hello"))
///     }
/// }
///
/// impl Configure<Greeting> for Line {
///     fn check_with(_: &ClientSettings<'_>, own: &Greeting) -> Result<(), InputError> {
///         if own.0.is_empty() { Err(InputError::new("the greeting is empty; give a word")) } else { Ok(()) }
///     }
///
///     fn create_with(_: &Context, own: &Greeting) -> Result<Self, Exit> {
///         Ok(Self { greeting: own.0.to_owned() })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no settings of type `{S}`",
    label = "no settings of type `{S}`",
    note = "where the expression gives a `Result`, put a `?` behind it; `#[client]` alone makes the client without settings",
    note = "a client of your own takes them with `impl loadtest::Configure<{S}> for {Self}`"
)]
pub trait Configure<S>: Client {
    /// Whether clients can be made with these settings, in place of [`Client::check`].
    ///
    /// # Errors
    /// When not: with what to write instead.
    fn check_with(settings: &ClientSettings<'_>, own: &S) -> Result<(), InputError>;

    /// Makes the client of one user, in place of [`Client::create`].
    ///
    /// # Errors
    /// When it cannot be made.
    fn create_with(cx: &Context, own: &S) -> Result<Self, Exit>;
}

/// The settings in `#[client(…)]`: what the derive expands to.
#[doc(hidden)]
#[derive(Debug)]
pub struct Settings<F>(F);

/// Settings and the client that takes them.
#[doc(hidden)]
#[derive(Debug)]
pub struct Configured<C, S, F> {
    make: F,
    check: fn(&ClientSettings<'_>, &S) -> Result<(), InputError>,
    create: fn(&Context, &S) -> Result<C, Exit>,
}

/// What `?` makes of any error in `#[client(…)]`: its text with its causes. It is deliberately no `Error` itself, as
/// [`Exit`] is none: that is what lets every error turn into it.
#[doc(hidden)]
#[derive(Debug)]
pub struct SettingsError(String);

impl<E: std::error::Error> From<E> for SettingsError {
    fn from(error: E) -> Self {
        Self(message_with_causes(&error))
    }
}

impl<S, F: FnOnce() -> Result<S, SettingsError>> Settings<F> {
    /// The expression as a function, in which `?` works.
    pub fn new(make: F) -> Self {
        Self(make)
    }

    /// For a client of this type. The one place where the two have to fit, so that the compiler reports a mistake once
    /// although a user is checked and made.
    pub fn of<C: Configure<S>>(self, _: PhantomData<C>) -> Configured<C, S, F> {
        Configured { make: self.0, check: C::check_with, create: C::create_with }
    }
}

impl<C, S: 'static, F: FnOnce() -> Result<S, SettingsError>> Configured<C, S, F> {
    /// Before any load. What is wrong with the settings themselves is said with the class.
    ///
    /// # Errors
    /// When the settings cannot be made, or no clients with them.
    pub fn check(self, settings: &ClientSettings<'_>) -> Result<(), InputError> {
        let class = settings.class;
        let own = (self.make)().map_err(|error| InputError::new(format!("user class {class}: {}", error.0)))?;
        (self.check)(settings, &own)
    }

    /// The client of one user. The settings are made once for each thread and user class; `field` tells the fields of
    /// the class apart.
    ///
    /// # Errors
    /// When the settings cannot be made, or no client with them.
    #[track_caller]
    pub fn create(self, cx: &Context, field: usize) -> Result<C, Exit> {
        let kept = cx.shard_local(Kept::<S>::default);
        // Class names are unique in a run.
        let key = (cx.class(), field);
        let found = kept.0.borrow().get(&key).cloned();
        let own = match found {
            Some(own) => own,
            // Made outside the borrow: the expression may be anything.
            None => match (self.make)() {
                Ok(own) => Rc::clone(kept.0.borrow_mut().entry(key).or_insert(Rc::new(own))),
                // Not by `map_err`: the place of the exception is the user's.
                Err(error) => return Err(Exit::from(InputError::new(error.0))),
            },
        };
        (self.create)(cx, &own)
    }
}

/// The settings of type `S` that were made on one thread, by class and field.
struct Kept<S>(RefCell<HashMap<(&'static str, usize), Rc<S>>>);

impl<S> Default for Kept<S> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

//! The macros of loadtest: [`#[derive(User)]`](macro@User), [`#[tasks]`](macro@tasks), [`#[task]`](macro@task),
//! [`#[task_set]`](macro@task_set) and [`main!`].
//!
//! They are used through the crate `loadtest`, to whose `__private` module they expand.
//!
//! On its way an attribute or item goes through `attr` and `ast` (as written), `validate` (every rule), and `expand`,
//! which cannot fail; with a mistake through `fallback`. `LOADTEST_MACROS_DEBUG=1` in the environment of the compiler
//! prints every expansion to stderr.
//!
//! This file is long because a macro has to stand at the root of its crate, and what users read of it with it.

mod args;
mod ast;
mod attr;
mod errors;
mod expand;
mod fallback;
mod similar;
mod text;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Item;

use crate::errors::Errors;
use crate::validate::course::Arguments;

/// Makes a struct a user: a kind of user of the system under test.
///
/// The user also needs its tasks, from [`#[tasks]`](macro@tasks).
///
/// ```
/// use loadtest::prelude::*;
///
/// #[derive(User)]
/// #[user(wait_time = between(Duration::from_secs(1), Duration::from_secs(5)), weight = 3)]
/// struct Shopper {
///     #[client]
///     http: HttpSession,
///     #[context]
///     cx: Context,
///     #[shared]
///     accounts: Arc<Vec<String>>,
///     #[init(Vec::with_capacity(10))]
///     basket: Vec<String>,
///     visits: u32,
/// }
///
/// #[tasks]
/// impl Shopper {
///     async fn setup(_: &SetupContext) -> Result<Vec<String>, std::io::Error> {
///         Ok(vec!["alice".into(), "bob".into()])
///     }
///
///     #[task]
///     async fn visit(&mut self) -> TaskResult {
///         let account = &self.accounts[self.visits as usize % self.accounts.len()];
///         self.http.get(format!("/shop/{account}")).name("/shop/[account]").send().await?;
///         self.visits += 1;
///         Ok(())
///     }
/// }
///
/// use loadtest::User as _; // the trait
/// assert_eq!(Shopper::NAME, "Shopper");
/// assert_eq!(Shopper::weight(), 3.0);
/// ```
///
/// # What a field starts as
///
/// | attribute | the field starts as | its type |
/// |---|---|---|
/// | `#[client]` | a client of this user's own | `HttpSession`, or any other `loadtest::Client` |
/// | `#[client(expr)]` | the same, made with these settings | any `loadtest::Configure` of them |
/// | `#[context]` | who the user is, and what it can ask of the run | `Context` |
/// | `#[shared]` | what `setup` returned, shared by all users of the class | `Arc<T>` where `setup` returns `Result<T, E>` |
/// | `#[options]` | the test's own options, the same for all users | `Arc<Options>` where `main!` has `options = Options` |
/// | `#[init(expr)]` | the expression, evaluated for each user | any |
/// | none | its `Default` | any with `Default` |
///
/// A field of the last two kinds may also have `#[config]`: it can then be told another value from outside, with
/// `--config-users '{"user_class_name": "Shopper", "page_size": 50}'` or `LoadTest::configure`. Its type is read from
/// text by its `FromStr`.
///
/// ```
/// use loadtest::prelude::*;
/// use loadtest::ClassConfig;
///
/// #[derive(User)]
/// struct Shopper {
///     #[config]
///     #[init(20)]
///     page_size: usize,
///     #[config]
///     tenant: String, // empty, unless it is configured
/// }
///
/// #[tasks]
/// impl Shopper {
///     #[task]
///     async fn look(&mut self) {
///         assert_eq!((self.page_size, self.tenant.as_str()), (50, ""));
///     }
/// }
///
/// let test = LoadTest::new().user::<Shopper>().configure("Shopper", ClassConfig::new().field("page_size", 50));
/// # let _ = test;
/// ```
///
/// The settings in `#[client(…)]` are evaluated once for each user class and thread, and once before any load, to be
/// checked. They stand in a function of their own in which `?` works on every `std::error::Error`:
/// `#[client(HttpSettings::new().root_certificates_pem(std::fs::read("ca.pem")?)?)]`; they cannot use `self`.
///
/// # Keys of `#[user(…)]`
///
/// | key | meaning | without it |
/// |---|---|---|
/// | `wait_time = expr` | the wait after each task: `constant(…)`, `between(…)`, `constant_pacing(…)`, `constant_throughput(…)`, `poisson(…)`, a `Duration`; it may use `self`, as in `self.my_wait()` | no wait |
/// | `weight = 3` | the share of this class among all users: a whole number or a fraction; with 0 it has none | 1 |
/// | `fixed_count = 2` | exactly so many users of this class, started before all others; its weight counts no more | 0: a share by weight |
/// | `host = "http://…"` | the host to test when the run is given none; any expression that turns into a `String` | none |
/// | `name = "Shopper"` | the name in reports and on the command line; a constant such as `P::NAME` tells the classes of a generic struct apart | the name of the struct |
/// | `crate = "path"` | where loadtest is, if not at `::loadtest` | `::loadtest` |
///
/// Structs of every shape will do, also with type parameters, lifetimes and where-clauses.
#[proc_macro_derive(User, attributes(user, client, context, shared, options, init, config))]
pub fn derive_user(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    shown("derive(User)", user(input.into()))
}

/// Finds the tasks and hooks of a user, or of a task set, in an `impl` block.
///
/// ```
/// use loadtest::Tasks;
/// use loadtest::prelude::*;
///
/// #[derive(User)]
/// struct Shopper {
///     #[context]
///     cx: Context,
///     name: String,
/// }
///
/// struct Accounts;
///
/// #[tasks]
/// impl Shopper {
///     /// Once per test run, before the first user.
///     async fn setup(cx: &SetupContext) -> Result<Accounts, std::io::Error> {
///         Ok(Accounts)
///     }
///
///     /// Before the first task of each user.
///     async fn on_start(&mut self) -> TaskResult {
///         self.name = format!("shopper-{}-{}", self.cx.run_id(), self.cx.user_number());
///         Ok(())
///     }
///
///     /// Chosen three times as often as `buy`.
///     #[task(3)]
///     async fn look(&mut self) -> TaskResult {
///         if self.name.is_empty() { stop_user() } else { Ok(()) }
///     }
///
///     #[task]
///     async fn buy(&mut self) {}
///
///     /// After the last task of each user.
///     async fn on_stop(&mut self) {}
///
///     /// Once per test run, after the last user.
///     async fn teardown(shared: &Accounts, cx: &SetupContext) {}
/// }
///
/// let names: Vec<_> = Shopper::TASKS.iter().map(|task| (task.name, task.weight)).collect();
/// assert_eq!(names, [("look", 3), ("buy", 1)]);
/// ```
///
/// # Tasks
///
/// A method with `#[task]` or `#[task(weight)]` is a task; the weight is a whole number of at least 1. It is an
/// `async fn` that takes `&mut self` or `&self` and nothing else, and returns nothing, `TaskResult`, or `Result<(), E>`
/// with any error. Tasks and users need not be `Send`. Calling a task neither boxes nor allocates.
///
/// `#[task(tags("read"))]` and `#[task(3, tags("read", "slow"))]` give a task tags, by which `--tags` and `--exclude-tags`
/// choose. A tag is one word.
///
/// # Task sets
///
/// A task set is part of what a user does, as a struct of its own with a `#[tasks]` block of its own. A method with
/// `#[task_set]` or `#[task_set(weight)]` makes it, and is a task that the user is in until one of the set's tasks returns
/// `interrupt()`: then the user chooses its next task at once (after `interrupt_and_wait()`, after its wait). The method is
/// a plain `fn` and may lend: nothing but the set runs meanwhile. It runs anew at each entry, and so do the set's
/// `on_start` and `on_stop`.
///
/// ```
/// use loadtest::prelude::*;
///
/// #[derive(User)]
/// #[user(wait_time = constant(Duration::from_secs(1)))]
/// struct Reader {
///     #[client]
///     http: HttpSession,
///     read: u32,
/// }
///
/// #[tasks]
/// impl Reader {
///     #[task(3)]
///     async fn news(&mut self) -> TaskResult {
///         self.http.get("/news").send().await?;
///         Ok(())
///     }
///
///     /// Entered every fourth time.
///     #[task_set(tags("forum"))]
///     fn forum(&mut self, topics: Arc<Vec<u32>>) -> Forum<'_> {
///         Forum { reader: self, topics }
///     }
/// }
///
/// struct Forum<'a> {
///     reader: &'a mut Reader,
///     topics: Arc<Vec<u32>>,
/// }
///
/// #[tasks(wait_time = between(Duration::from_secs(1), Duration::from_secs(3)))]
/// impl Forum<'_> {
///     async fn setup() -> Result<Vec<u32>, std::io::Error> {
///         Ok(vec![1, 2, 3])
///     }
///
///     #[task(5)]
///     async fn read(&mut self) -> TaskResult {
///         let topic = self.topics[self.reader.read as usize % self.topics.len()];
///         self.reader.http.get(format!("/forum/{topic}")).name("/forum/[topic]").send().await?;
///         self.reader.read += 1;
///         Ok(())
///     }
///
///     #[task]
///     async fn leave(&mut self) -> TaskResult {
///         interrupt()
///     }
/// }
/// ```
///
/// - Sets nest to any depth, and may lead to each other in circles. Entering one allocates once.
/// - Without a `wait_time` of its own a set waits as whoever entered it does (as it would have when it was entered).
/// - `setup` and `teardown` of a set's type run once per test run, after those of the user classes and before them. What
///   `setup` returned reaches the set through the method's second parameter, `Arc<T>`, which may be left out.
/// - A stop ends the innermost task; then every `on_stop` runs, from the inside out. `stop_user()` and `stop_test()` work
///   from every level. An `on_start` that fails leaves the set, with its `on_stop`, and counts as an exception.
/// - A set may have type parameters and lifetimes. Type parameters of a type with task sets must be `'static`.
///
/// # The order of tasks
///
/// | written | order |
/// |---|---|
/// | `#[tasks]` | each drawn anew, by weight |
/// | `#[tasks(sequential)]` | as declared, each as often as its weight says, and from the start again |
/// | `#[tasks(markov)]` | the first one declared comes first; after a task, one of those in its `#[next(…)]` |
///
/// ```
/// use loadtest::prelude::*;
///
/// struct Checkout;
///
/// #[tasks(markov)]
/// impl Checkout {
///     #[task]
///     #[next(cart = 3, pay)] // three times out of four
///     async fn cart(&mut self) {}
///
///     #[task]
///     #[next(done, cart)]
///     async fn pay(&mut self) {}
///
///     /// No `#[next]`: the end of the chain. The set is left, as with `interrupt()`; a user stops.
///     #[task]
///     async fn done(&mut self) {}
/// }
/// ```
///
/// A name in `#[next]` that is no task is an error, and a task to which no way leads is a warning. Tasks of a chain have no
/// weights and no tags of their own.
///
/// # Hooks
///
/// Four functions are known by their names, and all of them may be left out:
///
/// | hook | when | may also |
/// |---|---|---|
/// | `async fn on_start(&mut self) -> TaskResult` | before the first task of each user; of a set, at each entry | take `&self`; return what a task may |
/// | `async fn on_stop(&mut self) -> TaskResult` | after the last task of each user; of a set, whenever it is left | take `&self`; return what a task may |
/// | `async fn setup(cx: &SetupContext) -> Result<T, E>` | once per test run, before the first user | take nothing; return nothing |
/// | `async fn teardown(shared: &T, cx: &SetupContext)` | once per test run, after the last user | take one of the two or none; return what a task may |
///
/// What `setup` returns reaches the users through the field marked `#[shared]`.
///
/// A name that is almost one of these (`on_strat`, `tear_down`) is an error, because a hook that never runs is hard to
/// find. A method that has to have such a name can stand in another `impl` block. Any other method without an attribute
/// is left as it is.
///
/// All tasks of a type stand in one block. `#[cfg]` on tasks and hooks is respected. Macros inside the block are
/// refused: the tasks in them would not be seen. Keys of `#[tasks(…)]`: `wait_time = expr` (of a set; of a user it
/// wins over the one of `#[user]`), `sequential`, `markov`, and `crate = "path"`, which says where loadtest is, if not at
/// `::loadtest`.
#[proc_macro_attribute]
pub fn tasks(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    shown("tasks", expand_tasks(args.into(), item.into()))
}

/// Marks a task in an `impl` block with [`#[tasks]`](macro@tasks): `#[task]`, or `#[task(3)]` for a task that is chosen
/// three times as often.
///
/// Inside such a block the attribute needs no import. Anywhere else it is an error that says so.
#[proc_macro_attribute]
pub fn task(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    drop(args);
    shown("task", expand_task(Span::call_site(), item.into()))
}

/// Marks a method that makes a task set in an `impl` block with [`#[tasks]`](macro@tasks#task-sets): `#[task_set]`, or
/// `#[task_set(5, tags("forum"))]`. The user is in that set until one of its tasks says `interrupt()`.
///
/// Inside such a block the attribute needs no import. Anywhere else it is an error that says so.
#[proc_macro_attribute]
pub fn task_set(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    drop(args);
    let error = validate::tasks::task_by_itself(Span::call_site(), "task_set");
    shown("task_set", fallback::attribute(&item.into(), &error))
}

/// Writes the `main` function of a load test: the whole command line, for these user classes.
///
/// ```no_run
/// # use loadtest::prelude::*;
/// # #[derive(User)]
/// # struct Shopper;
/// # #[tasks]
/// # impl Shopper {
/// #     #[task]
/// #     async fn look(&mut self) {}
/// # }
/// loadtest::main!(Shopper);
/// ```
///
/// With the feature `web`, which is there by default, such a program waits at `http://127.0.0.1:8089` until somebody starts a
/// run there, unless it is told `--autostart` or `--headless`.
///
/// Behind the classes may stand defaults, which lose against flags and environment variables:
///
/// ```no_run
/// # use loadtest::prelude::*;
/// # #[derive(User)]
/// # struct Shopper;
/// # #[tasks]
/// # impl Shopper {
/// #     #[task]
/// #     async fn look(&mut self) {}
/// # }
/// # #[derive(User)]
/// # struct Admin;
/// # #[tasks]
/// # impl Admin {
/// #     #[task]
/// #     async fn look(&mut self) {}
/// # }
/// fn start_server() -> Result<String, std::io::Error> {
///     Ok("http://127.0.0.1:8080".into())
/// }
///
/// loadtest::main!(Shopper, Admin, host = start_server, users = 5, run_time = Duration::from_secs(10), autostart = true, autoquit = 0);
/// ```
///
/// Options of the test's own are a struct with clap's `Args`; users reach them through a field with `#[options]`, or
/// `Context::options`, and `setup` through `SetupContext::options`. A value that must not be shown is a
/// `loadtest::Secret`, or has `hide_env_values = true`: in the help, in the report and in errors it is masked.
///
/// ```no_run
/// use loadtest::prelude::*;
/// use loadtest::{Secret, clap};
///
/// #[derive(clap::Args)]
/// struct Options {
///     /// Whose shop to visit
///     #[arg(long, env = "SHOP_TENANT", default_value = "blue")]
///     tenant: String,
///     /// Opens the shop
///     #[arg(long, env = "SHOP_API_KEY")]
///     api_key: Option<Secret>,
/// }
///
/// #[derive(User)]
/// struct Shopper {
///     #[options]
///     options: Arc<Options>,
/// }
///
/// #[tasks]
/// impl Shopper {
///     #[task]
///     async fn look(&mut self) {
///         let _ = (&self.options.tenant, self.options.api_key.as_ref().map(Secret::reveal));
///     }
/// }
///
/// loadtest::main!(Shopper, options = Options);
/// ```
///
/// | key | value | flag |
/// |---|---|---|
/// | `host` | a string, or a function that returns a `String` (or a `Result` with one), called only if no host is given | `--host` |
/// | `users` | how many users | `--users` |
/// | `spawn_rate` | users started per second | `--spawn-rate` |
/// | `run_time` | a `Duration` | `--run-time` |
/// | `iterations` | how many tasks to run in total | `--iterations` |
/// | `iterations_per_user` | how many tasks each user runs | `--iterations-per-user` |
/// | `stop_timeout` | how long a task may take to finish at the end, a `Duration` | `--stop-timeout` |
/// | `on_stop_timeout` | how long each `on_stop` may take, a `Duration` | `--on-stop-timeout` |
/// | `stop_concurrency` | how many `on_stop`s may run at once | `--stop-concurrency` |
/// | `threads` | how many threads drive the users | `--threads` |
/// | `seed` | of all random choices | `--seed` |
/// | `reset_stats` | `true`: forget the figures when all users have been started | `--reset-stats` |
/// | `thresholds` | a list of texts such as `"p95(GET /cart) < 200ms"`, which the run must keep to | `--threshold` |
/// | `insecure` | `true`: accept any TLS certificate | `--insecure` |
/// | `options` | a type with `#[derive(clap::Args)]` | those of its fields |
/// | `listener` | a `Listener`: told of what happens in the run | |
/// | `autostart` | `true`: start without being asked, with the web UI beside it | `--autostart` |
/// | `autoquit` | how many seconds after the end of a run that was started so to end the program; without it the web UI stays | `--autoquit` |
/// | `headless` | `true`: without the web UI | `--headless` |
/// | `crate` | the path of loadtest in quotes, if it is not `::loadtest` | |
#[proc_macro]
pub fn main(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    shown("main!", expand_main(&input.into()))
}

fn user(input: TokenStream) -> TokenStream {
    let item: ast::UserItem = match syn::parse2::<syn::DeriveInput>(input) {
        Ok(input) => input.into(),
        Err(error) => return error.to_compile_error(),
    };
    match validate::user::user(&item) {
        (_, Ok(user)) => expand::user(&user),
        (krate, Err(error)) => fallback::user(&krate, &item, &error),
    }
}

fn expand_tasks(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let arguments = validate::course::arguments(args, &mut errors);
    tasks_of(arguments, item, errors)
}

/// The block with the errors that there are already.
fn tasks_of(arguments: Arguments, item: TokenStream, mut errors: Errors) -> TokenStream {
    let Arguments { krate, order, wait_time } = arguments;
    let krate = &krate;
    let block = match syn::parse2::<ast::TasksBlock>(item.clone()) {
        Ok(block) => block,
        Err(error) => return not_a_block(krate, item, &error),
    };
    let found = validate::tasks::tasks(&block, order, wait_time, &mut errors);
    match errors.finish() {
        Ok(()) => {
            let implementation = expand::tasks(krate, &block, &found);
            let warnings = expand::warnings(&found);
            quote!(#block #implementation #warnings)
        }
        Err(error) => fallback::tasks(krate, &block, &found, &error),
    }
}

/// `#[tasks]` on another item, or on a block that is still being typed.
fn not_a_block(krate: &args::Krate, item: TokenStream, error: &syn::Error) -> TokenStream {
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(_)) | Err(_) => fallback::unreadable(item, error),
        Ok(other) => fallback::no_impl(krate, &item, &validate::tasks::not_an_impl(&other)),
    }
}

/// `#[task]` that `#[tasks]` has not taken off. The span is the attribute's: it is what stands in the wrong place.
fn expand_task(attribute: Span, item: TokenStream) -> TokenStream {
    if syn::parse2::<ast::TasksBlock>(item.clone()).is_ok() {
        let mut errors = Errors::default();
        errors.push(validate::tasks::task_on_an_impl(attribute));
        return tasks_of(Arguments::default(), item, errors);
    }
    fallback::attribute(&item, &validate::tasks::task_by_itself(attribute, "task"))
}

fn expand_main(input: &TokenStream) -> TokenStream {
    match validate::entry::entry(input) {
        Ok(entry) => expand::entry(&entry),
        Err(error) => fallback::entry(&error),
    }
}

/// The expansion, printed first when `LOADTEST_MACROS_DEBUG=1` asks for it.
#[expect(
    clippy::print_stderr,
    reason = "printing is what LOADTEST_MACROS_DEBUG asks for, and a macro has no other output"
)]
fn shown(name: &str, expansion: TokenStream) -> proc_macro::TokenStream {
    if std::env::var_os("LOADTEST_MACROS_DEBUG").is_some_and(|value| value == "1") {
        eprintln!("// {name}\n{expansion}\n");
    }
    expansion.into()
}

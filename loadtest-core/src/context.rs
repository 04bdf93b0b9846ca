//! What a user, a client or a `setup` knows of the run around it.

pub(crate) mod client;
pub(crate) mod control;
pub(crate) mod metrics;
mod random;
pub(crate) mod rendezvous;
mod run;
mod trace;
pub(crate) mod transactions;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::time::Instant;

use crate::class_config::ClassConfig;
use crate::exit::{ErrorKind, Exit, RecordedError, message_with_causes};
use crate::stats::{Failure, RecorderHandle};
use crate::tls::TlsOptions;
use client::{Client, Configure};
use control::{Stop, UserControl};
pub use random::UserRng;
pub(crate) use random::{Stream, generator};
pub(crate) use run::{OnStopBounds, RunInfo, ShardInfo, StopTest};

/// In the place of a user's number, of `setup` and `teardown`.
pub(crate) const NO_USER: u64 = u64::MAX;

struct Inner {
    run: Arc<RunInfo>,
    shard: Rc<ShardInfo>,
    recorder: RecorderHandle,
    control: Rc<UserControl>,
    class: &'static str,
    host: Option<String>,
    user_number: u64,
    rng: RefCell<Xoshiro256PlusPlus>,
}

/// Who a user is, and what it can ask of the run: a cheap handle, cloned freely on its own thread.
///
/// A user gets it in the field marked `#[context]`.
#[derive(Clone)]
pub struct Context(Rc<Inner>);

impl Context {
    pub(crate) fn new(
        run: Arc<RunInfo>,
        shard: Rc<ShardInfo>,
        control: Rc<UserControl>,
        class: &'static str,
        class_host: Option<String>,
        user_number: u64,
        incarnation: u64,
    ) -> Self {
        let config = run.configs.get(class);
        let host = config.and_then(|config| config.host.clone()).or_else(|| run.host.clone()).or(class_host);
        let rng = RefCell::new(generator(run.seed, class, user_number, incarnation, Stream::User));
        let recorder = shard.recorder.of_user(class, (user_number != NO_USER).then_some(user_number));
        Self(Rc::new(Inner { run, shard, recorder, control, class, host, user_number, rng }))
    }

    /// A short word that tells this run from all others, on this server and elsewhere: for names that must not collide.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.0.run.run_id
    }

    /// The user's number, from 0, unique in the run over all classes, threads and machines.
    ///
    /// A user that is replaced because its `on_start` failed hands its number on.
    #[must_use]
    pub fn user_number(&self) -> u64 {
        self.0.user_number
    }

    /// The name of the user's class.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.0.class
    }

    /// The host to test: the one configured for the class, else `--host`, else the one in the class's code.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    /// What the run says about TLS: `--insecure`, `--cacert`, `--cert` and `--key`.
    #[must_use]
    pub fn tls(&self) -> &TlsOptions {
        &self.0.run.tls
    }

    /// The test's own options, if they are of this type: those of `main!(…, options = Options)`, or of
    /// [`LoadTest::options`](crate::LoadTest::options).
    ///
    /// A user that cannot do without them has them in a field marked `#[options]`, which is checked before the run.
    #[must_use]
    pub fn options<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.run.options.as_ref()?.get()
    }

    /// The value of this type that the run was given with [`LoadTest::extension`](crate::LoadTest::extension).
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.run.extensions.get()
    }

    /// The seed of the run: given with `--seed`, else drawn at the start and printed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.run.seed
    }

    /// The user's own random numbers: the same for the same seed, class and user number, on however many threads.
    ///
    /// It implements [`rand::Rng`], so everything of the `rand` crate works with it.
    ///
    /// ```
    /// # use loadtest_core::Context;
    /// use rand::RngExt;
    ///
    /// fn roll(cx: &Context) -> u8 {
    ///     cx.rng().random_range(1..=6)
    /// }
    /// ```
    #[must_use]
    pub fn rng(&self) -> UserRng<'_> {
        UserRng(&self.0.rng)
    }

    /// Waits; a stop of the user or the run ends the task here, at once.
    pub async fn wait(&self, duration: Duration) {
        let _stoppable = self.0.control.enter_wait();
        tokio::time::sleep(duration).await;
    }

    /// Whether the user has been asked to stop: a long task may want to come to its end.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.0.control.stop() != Stop::No
    }

    /// When the present task was to start by the schedule of its user ([`constant_pacing`](crate::constant_pacing),
    /// [`constant_throughput`](crate::constant_throughput), [`poisson`](crate::poisson)); `None` outside of a task, and where
    /// there is no schedule.
    ///
    /// It is in the past: by the lateness of the timer, or by more where a start is made up. A task that
    /// [`reschedule`](crate::reschedule) calls, and the first one of a task set, have the time of the task before them.
    ///
    /// ```
    /// # use loadtest_core::Context;
    /// fn behind_schedule(cx: &Context) -> bool {
    ///     cx.intended_start().is_some_and(|due| due.elapsed().as_secs() >= 1)
    /// }
    /// ```
    #[must_use]
    pub fn intended_start(&self) -> Option<Instant> {
        self.0.control.intended_start()
    }

    /// Measures any future as a request of kind `method` under `name`, whatever protocol it speaks.
    ///
    /// ```
    /// # use loadtest_core::{Context, RecordedError};
    /// # async fn send_line(text: &str) -> std::io::Result<usize> { Ok(text.len()) }
    /// async fn chat(cx: &Context) -> Result<(), RecordedError> {
    ///     let length = cx.measure("WS", "chat", send_line("hello")).await?;
    ///     assert_eq!(length, 5);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// When the future gives an error: it is recorded as a failed request, under its text.
    pub async fn measure<T, E: Error>(
        &self,
        method: &str,
        name: &str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, RecordedError> {
        let mut pending = self.recorder().start(method, name);
        match future.await {
            Ok(value) => {
                pending.set_written();
                self.tell_measured(method, name, None, pending.started_at().elapsed());
                pending.ok();
                Ok(value)
            }
            Err(error) => {
                let message = message_with_causes(&error);
                self.tell_measured(method, name, Some(&message), pending.started_at().elapsed());
                pending.fail(Failure::new(&message));
                Err(RecordedError::new(ErrorKind::Other, message))
            }
        }
    }

    /// Where a client of this user records what it measures.
    #[must_use]
    pub fn recorder(&self) -> &RecorderHandle {
        &self.0.recorder
    }

    /// One value of a type per thread of the run, made when it is first asked for: a cache of host addresses, say.
    pub fn shard_local<T: 'static>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        let locals = &self.0.shard.locals;
        let found = locals.borrow().get(&TypeId::of::<T>()).cloned();
        // Made outside the borrow: `make` may ask for another value.
        let value = found.unwrap_or_else(|| {
            let value: Rc<dyn Any> = Rc::new(make());
            locals.borrow_mut().insert(TypeId::of::<T>(), Rc::clone(&value));
            value
        });
        value.downcast().unwrap_or_else(|_| unreachable!("values are stored under their own type"))
    }

    /// One value of a type per run, made when it is first asked for: a TLS configuration, say. Threads that ask at the same
    /// time may each make one; all get the same.
    pub fn run_shared<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let lock = || self.0.run.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock().get(&TypeId::of::<T>()).cloned();
        // Made without the lock: `make` may ask for another value. Where two threads make one, the first to be done wins.
        let value = found.unwrap_or_else(|| {
            let value: Arc<dyn Any + Send + Sync> = Arc::new(make());
            Arc::clone(lock().entry(TypeId::of::<T>()).or_insert(value))
        });
        value.downcast().unwrap_or_else(|_| unreachable!("values are stored under their own type"))
    }

    /// What was said of the user's class from outside.
    pub(crate) fn class_config(&self) -> Option<&ClassConfig> {
        self.0.run.configs.get(self.0.class)
    }

    /// Asks for the end of the whole run: at once, while whoever says so has yet to run its `on_stop`s.
    pub(crate) fn stop_test(&self, why: Cow<'static, str>) {
        if let Some(stop_test) = self.0.shard.stop_test.get() {
            stop_test(why);
        }
    }

    pub(crate) fn control(&self) -> &UserControl {
        &self.0.control
    }

    pub(crate) fn run(&self) -> &RunInfo {
        &self.0.run
    }

    pub(crate) fn shard(&self) -> &Rc<ShardInfo> {
        &self.0.shard
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("class", &self.0.class)
            .field("user_number", &self.0.user_number)
            .field("run_id", &self.0.run.run_id)
            .finish_non_exhaustive()
    }
}

/// What `setup` and `teardown` can use: they run once per test run, before the first user and after the last.
#[derive(Debug)]
pub struct SetupContext(Context);

impl SetupContext {
    pub(crate) fn new(context: Context) -> Self {
        Self(context)
    }

    #[cfg(test)]
    pub(crate) fn context(&self) -> Context {
        self.0.clone()
    }

    /// As [`Context::run_id`].
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.0.run_id()
    }

    /// As [`Context::host`].
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.host()
    }

    /// As [`Context::tls`].
    #[must_use]
    pub fn tls(&self) -> &TlsOptions {
        self.0.tls()
    }

    /// As [`Context::options`].
    #[must_use]
    pub fn options<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.options()
    }

    /// As [`Context::rng`]; the same for the same seed.
    #[must_use]
    pub fn rng(&self) -> UserRng<'_> {
        self.0.rng()
    }

    /// A client of its own, such as an `HttpSession`; its requests are counted like those of users.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn client<C: Client>(&self) -> Result<C, Exit> {
        C::create(&self.0)
    }

    /// A client of its own with these settings, as `#[client(…)]` gives them to a user.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn client_with<C: Configure<S>, S>(&self, own: &S) -> Result<C, Exit> {
        C::create_with(&self.0, own)
    }

    /// As [`Context::measure`].
    ///
    /// # Errors
    /// As there.
    pub async fn measure<T, E: Error>(
        &self,
        method: &str,
        name: &str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, RecordedError> {
        self.0.measure(method, name, future).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::RngExt;

    use super::*;

    fn context(user_number: u64) -> Context {
        context_of(None, user_number)
    }

    fn context_of(host: Option<&str>, user_number: u64) -> Context {
        context_in(RunInfo::new("run".into(), 7, host.map(Into::into), TlsOptions::new()), user_number)
    }

    fn context_in(run: RunInfo, user_number: u64) -> Context {
        Context::new(
            Arc::new(run),
            Rc::new(ShardInfo::new(Arc::default())),
            Rc::new(UserControl::new(0)),
            "Shopper",
            Some("http://class".into()),
            user_number,
            0,
        )
    }

    #[test]
    fn the_same_user_draws_the_same_numbers_and_others_do_not() {
        let draw = |cx: &Context| -> Vec<u32> { (0..5).map(|_| cx.rng().random()).collect() };
        assert_eq!(draw(&context(1)), draw(&context(1)));
        assert_ne!(draw(&context(1)), draw(&context(2)));
    }

    #[test]
    fn the_host_of_the_run_wins_over_that_of_the_class() {
        assert_eq!(context(0).host(), Some("http://class"));
        assert_eq!(context_of(Some("http://run"), 0).host(), Some("http://run"));
    }

    #[test]
    fn the_host_configured_for_the_class_wins_over_both() {
        let configs = BTreeMap::from([("Shopper".to_owned(), ClassConfig::new().host("http://configured"))]);
        let mut run = RunInfo::new("run".into(), 7, Some("http://run".into()), TlsOptions::new());
        run.configs = configs;
        assert_eq!(context_in(run, 0).host(), Some("http://configured"));
    }

    #[test]
    fn values_per_shard_and_per_run_are_made_once() {
        let cx = context(0);
        let first = cx.shard_local(|| vec![1]);
        let second = cx.shard_local(|| vec![2]);
        assert!(Rc::ptr_eq(&first, &second));
        let first = cx.run_shared(|| String::from("a"));
        let second = cx.run_shared(|| String::from("b"));
        assert_eq!((first.as_str(), second.as_str()), ("a", "a"));
        // One value may be made from another.
        let outer = cx.run_shared(|| vec![cx.run_shared(|| 7u8)]);
        assert_eq!(*outer[0], 7);
    }
}

//! Users: what `#[derive(User)]` implements.

use std::sync::Arc;

use crate::class_config::{ConfigField, ConfigValue};
use crate::context::Context;
use crate::context::client::{Client, ClientSettings};
use crate::error::InputError;
use crate::exit::Exit;
use crate::options;
use crate::task::Tasks;
use crate::wait::Wait;

/// A kind of user of the system under test.
///
/// `#[derive(User)]` writes this; it can be written by hand as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no user",
    label = "this type",
    note = "put `#[derive(User)]` on the struct and `#[tasks]` on an `impl` block of it"
)]
pub trait User: Tasks {
    /// The class's name in reports and on the command line.
    const NAME: &'static str;

    /// The fields that can be configured from outside: those marked `#[config]`.
    const CONFIG_FIELDS: &'static [ConfigField] = &[];

    /// The share of this class among all users; 1 unless `#[user(weight = …)]` says otherwise.
    ///
    /// A class whose weight and [`fixed_count`](Self::fixed_count) are both 0 is left out of the run.
    #[must_use]
    fn weight() -> f64 {
        1.0
    }

    /// Exactly so many users of this class, whatever its weight: `#[user(fixed_count = …)]`. They are started before
    /// those of other classes. 0, as by default, means a share by weight.
    #[must_use]
    fn fixed_count() -> u64 {
        0
    }

    /// The host to test when the run has none: `#[user(host = "…")]`.
    #[must_use]
    fn host() -> Option<String> {
        None
    }

    /// The wait after each task: `#[user(wait_time = …)]`; none by default. Asked after every task, and once before the
    /// first, as a schedule says when that starts.
    fn wait_time(&self) -> Wait {
        Wait::None
    }

    /// Whether users of this class can be made with these settings; asked once, before any load.
    ///
    /// # Errors
    /// When not: with what to write instead.
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        let _ = settings;
        Ok(())
    }

    /// Makes one user.
    ///
    /// # Errors
    /// When one of its clients cannot be made.
    fn create(init: &UserInit<'_, Self::Shared>) -> Result<Self, Exit>;
}

/// What a new user is made from.
#[derive(Debug)]
pub struct UserInit<'a, S> {
    pub(crate) cx: &'a Context,
    pub(crate) shared: &'a Arc<S>,
}

impl<S> UserInit<'_, S> {
    /// For the field marked `#[context]`.
    #[must_use]
    pub fn context(&self) -> Context {
        self.cx.clone()
    }

    /// For the field marked `#[shared]`: what `setup` returned.
    #[must_use]
    pub fn shared(&self) -> Arc<S> {
        Arc::clone(self.shared)
    }

    /// For fields marked `#[config]`: the value that was configured, if one was.
    #[must_use]
    pub fn configured<T: ConfigValue>(&self, name: &str) -> Option<T> {
        T::read(self.config_text(name)?)
    }

    /// The same before it is read.
    #[doc(hidden)]
    #[must_use]
    pub fn config_text(&self, name: &str) -> Option<&str> {
        self.cx.class_config()?.value(name)
    }

    /// For the field marked `#[options]`: the test's own options.
    ///
    /// # Errors
    /// When the run has none of this type; [`User::check`] has found that before.
    pub fn options<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, Exit> {
        Ok(options::get(self.cx.run().options.as_ref(), self.cx.class())?)
    }

    /// For fields marked `#[client]`.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn client<C: Client>(&self) -> Result<C, Exit> {
        C::create(self.cx)
    }
}

/// The types of fields without an attribute, and of those with `#[config]` alone.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has nothing to start with",
    label = "no `Default`, and no attribute that says where the value comes from",
    note = "mark it `#[client]`, `#[context]`, `#[shared]` or `#[options]` if the run gives it, or `#[init(…)]` with its \
            value; or implement `Default` for `{Self}`"
)]
pub trait FieldDefault {
    /// The value.
    fn field_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> FieldDefault for T {
    fn field_default() -> Self {
        T::default()
    }
}

/// The types of a field marked `#[options]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the options of the test",
    label = "marked `#[options]`",
    note = "write `Arc<Options>`, with your own type of options, which is `Send + Sync`"
)]
pub trait OptionsField: Sized {
    /// Whether the run has such options.
    ///
    /// # Errors
    /// When not.
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError>;

    /// The options.
    ///
    /// # Errors
    /// When the run has none of this type.
    fn get<S>(init: &UserInit<'_, S>) -> Result<Self, Exit>;
}

impl<T: Send + Sync + 'static> OptionsField for Arc<T> {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        options::get::<T>(settings.options, settings.class).map(drop)
    }

    fn get<S>(init: &UserInit<'_, S>) -> Result<Self, Exit> {
        init.options()
    }
}

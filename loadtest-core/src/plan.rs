//! The plan of a run: what was asked for, checked once, immutable and shared by all threads.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::context::client::ClientSettings;
use crate::context::{RunInfo, SetupContext};
use crate::error::InputError;
use crate::exit::{Exit, TaskResult};
use crate::life::{Seat, live};
use crate::task::{Chooser, TaskInfo};
use crate::tls::TlsOptions;
use crate::user::User;

/// A future that stays on its thread.
pub(crate) type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a class's `setup` returned.
pub(crate) type AnyShared = Arc<dyn Any + Send + Sync>;

/// Everything a run does, decided before it starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) run: Arc<RunInfo>,
    pub(crate) classes: Vec<Arc<dyn UserClass>>,
    pub(crate) settings: Settings,
    /// Limits how many `on_stop`s run at once.
    pub(crate) on_stop_permits: Arc<Semaphore>,
}

/// The numbers of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) users: u64,
    /// Users per second; may be infinite.
    pub(crate) spawn_rate: f64,
    pub(crate) run_time: Option<Duration>,
    pub(crate) stop_timeout: Duration,
    pub(crate) on_stop_timeout: Duration,
    pub(crate) stop_concurrency: usize,
    pub(crate) threads: usize,
    pub(crate) reset_stats: bool,
}

impl Plan {
    /// The class of each of the first `users` users.
    ///
    /// Smooth weighting: every user goes to the class that is furthest below its share. So each beginning of the
    /// sequence is as close to the weights as it can be, and a longer sequence never changes a shorter one.
    pub(crate) fn deal(&self, users: u64) -> Arc<[u16]> {
        let weights: Vec<f64> = self.classes.iter().map(|class| class.weight()).collect();
        deal(&weights, users)
    }
}

fn deal(weights: &[f64], users: u64) -> Arc<[u16]> {
    let total: f64 = weights.iter().sum();
    let mut dealt = vec![0u64; weights.len()];
    (1..=users)
        .map(|so_far| {
            #[expect(clippy::cast_precision_loss, reason = "a share of a count below 2^53")]
            let missing = |class: usize| weights[class] / total * so_far as f64 - dealt[class] as f64;
            // `max_by` takes the last of equals; in reverse that is the class declared first.
            let class = (0..weights.len()).rev().max_by(|a, b| missing(*a).total_cmp(&missing(*b))).unwrap_or(0);
            dealt[class] += 1;
            u16::try_from(class).unwrap_or(u16::MAX)
        })
        .collect()
}

/// A user class with its type hidden.
pub(crate) trait UserClass: Send + Sync {
    fn name(&self) -> &'static str;
    fn weight(&self) -> f64;
    fn tasks(&self) -> &'static [TaskInfo];
    fn host(&self) -> Option<String>;
    fn check(&self, host: Option<&str>, tls: &TlsOptions) -> Result<(), InputError>;
    fn setup<'a>(&'a self, cx: &'a SetupContext) -> LocalFuture<'a, Result<AnyShared, Exit>>;
    fn teardown<'a>(&'a self, shared: &'a AnyShared, cx: &'a SetupContext) -> LocalFuture<'a, TaskResult>;
    fn live(&self, seat: Seat, shared: AnyShared) -> LocalFuture<'static, ()>;
}

impl fmt::Debug for dyn UserClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The class of users of type `U`.
pub(crate) struct ClassOf<U> {
    chooser: Arc<Chooser>,
    user: PhantomData<fn() -> U>,
}

impl<U: User + 'static> ClassOf<U> {
    /// # Errors
    /// When users of this class would have nothing to do.
    pub(crate) fn new() -> Result<Self, InputError> {
        let chooser = Chooser::new(U::TASKS).ok_or_else(|| {
            InputError::new(format!("user class {} has no task to choose: mark a method with #[task]", U::NAME))
        })?;
        let weight = U::weight();
        if !(weight.is_finite() && weight > 0.0) {
            let name = U::NAME;
            return Err(InputError::new(format!("user class {name}: weight {weight} is not a positive number")));
        }
        Ok(Self { chooser: Arc::new(chooser), user: PhantomData })
    }
}

impl<U: User + 'static> UserClass for ClassOf<U> {
    fn name(&self) -> &'static str {
        U::NAME
    }

    fn weight(&self) -> f64 {
        U::weight()
    }

    fn tasks(&self) -> &'static [TaskInfo] {
        U::TASKS
    }

    fn host(&self) -> Option<String> {
        U::host()
    }

    fn check(&self, host: Option<&str>, tls: &TlsOptions) -> Result<(), InputError> {
        let class_host = U::host();
        U::check(&ClientSettings::new(U::NAME, host.or(class_host.as_deref())).with_tls(tls))
    }

    fn setup<'a>(&'a self, cx: &'a SetupContext) -> LocalFuture<'a, Result<AnyShared, Exit>> {
        Box::pin(async move {
            let shared: AnyShared = Arc::new(U::setup(cx).await?);
            Ok(shared)
        })
    }

    fn teardown<'a>(&'a self, shared: &'a AnyShared, cx: &'a SetupContext) -> LocalFuture<'a, TaskResult> {
        Box::pin(async move {
            match shared.downcast_ref::<U::Shared>() {
                Some(shared) => U::teardown(shared, cx).await,
                None => unreachable!("the value comes from this class's setup"),
            }
        })
    }

    fn live(&self, seat: Seat, shared: AnyShared) -> LocalFuture<'static, ()> {
        let Ok(shared) = shared.downcast::<U::Shared>() else {
            unreachable!("the value comes from this class's setup")
        };
        Box::pin(live::<U>(seat, shared, Arc::clone(&self.chooser)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(weights: &[f64], users: u64) -> String {
        deal(weights, users).iter().map(|class| char::from(b'A' + u8::try_from(*class).unwrap())).collect()
    }

    #[test]
    fn users_are_dealt_evenly() {
        assert_eq!(word(&[3.0, 1.0], 8), "AABAAABA");
        assert_eq!(word(&[1.0, 1.0], 4), "ABAB");
        assert_eq!(word(&[1.0], 3), "AAA");
    }

    proptest! {
        #[test]
        fn every_beginning_is_within_one_user_per_class_of_the_weights(
            weights in prop::collection::vec(1u32..20, 1..6), users in 0u64..300,
        ) {
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let total: f64 = weights.iter().sum();
            let dealt = deal(&weights, users);
            let longer = deal(&weights, users + 50);
            prop_assert_eq!(&dealt[..], &longer[..dealt.len()]);
            for (class, weight) in weights.iter().enumerate() {
                let count = dealt.iter().filter(|dealt| usize::from(**dealt) == class).count() as f64;
                let share = weight / total * users as f64;
                prop_assert!((count - share).abs() < weights.len() as f64, "class {class}: {count} for {share}");
            }
        }
    }
}

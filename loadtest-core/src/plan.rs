//! The plan of a run: what was asked for, checked once, immutable and shared by all threads.

#[cfg(feature = "cli")]
pub(crate) mod ratio;

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::context::RunInfo;
use crate::context::client::ClientSettings;
use crate::error::InputError;
use crate::life::{Seat, live};
use crate::task::graph::{self, Filter, Graph};
use crate::task::{AnyShared, LocalFuture, SetInfo};
use crate::tls::TlsOptions;
use crate::user::User;

/// Everything a run does, decided before it starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) run: Arc<RunInfo>,
    pub(crate) classes: Vec<Arc<dyn UserClass>>,
    /// The sets of each class.
    pub(crate) graphs: Vec<Arc<Graph>>,
    /// What is set up before the first user and torn down after the last: the classes, then their sets.
    pub(crate) units: Vec<SetupUnit>,
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
    pub(crate) iterations: Option<u64>,
    pub(crate) iterations_per_user: Option<u64>,
    pub(crate) equal_weights: bool,
}

/// A type whose `setup` and `teardown` run once per test run.
#[derive(Debug)]
pub(crate) struct SetupUnit {
    pub(crate) info: SetInfo,
    /// The class for which it runs: the first one that leads to it.
    pub(crate) class: usize,
}

/// The tasks of a run: what is left of the classes when `--tags` has had its say.
#[derive(Debug)]
pub(crate) struct Tasked {
    pub(crate) classes: Vec<Arc<dyn UserClass>>,
    pub(crate) graphs: Vec<Arc<Graph>>,
    pub(crate) units: Vec<SetupUnit>,
    /// The classes that have nothing to do.
    pub(crate) left_out: Vec<&'static str>,
}

impl Tasked {
    /// # Errors
    /// When a tag exists nowhere, or nothing is left to do.
    pub(crate) fn new(classes: Vec<Arc<dyn UserClass>>, filter: &Filter) -> Result<Self, InputError> {
        let known = graph::tags(classes.iter().map(|class| class.set()));
        for tag in filter.tags.iter().chain(&filter.exclude) {
            if !known.contains(tag.as_str()) {
                return Err(InputError::new(format!("there is no task with the tag `{tag}`; {}", listed(&known))));
            }
        }
        let mut tasked = Self { classes: Vec::new(), graphs: Vec::new(), units: Vec::new(), left_out: Vec::new() };
        for class in classes {
            match Graph::new(class.set(), filter)? {
                Some(graph) => {
                    tasked.classes.push(class);
                    tasked.graphs.push(Arc::new(graph));
                }
                None => tasked.left_out.push(class.name()),
            }
        }
        if tasked.classes.is_empty() {
            let message = format!("no task is left to run with these --tags and --exclude-tags; {}", listed(&known));
            return Err(InputError::new(message));
        }
        tasked.find_units();
        Ok(tasked)
    }

    fn find_units(&mut self) {
        self.units =
            self.classes.iter().enumerate().map(|(class, user)| SetupUnit { info: user.set(), class }).collect();
        let mut found: HashMap<TypeId, usize> = HashMap::new();
        for (class, graph) in self.graphs.iter_mut().enumerate() {
            // Nobody else has it yet.
            let Some(graph) = Arc::get_mut(graph) else { continue };
            graph.sets[0].unit = class;
            for set in &mut graph.sets[1..] {
                set.unit = *found.entry(set.info.id).or_insert_with(|| {
                    self.units.push(SetupUnit { info: set.info, class });
                    self.units.len() - 1
                });
            }
        }
    }
}

fn listed(tags: &std::collections::BTreeSet<&str>) -> String {
    if tags.is_empty() {
        return "no task has tags: write #[task(tags(\"read\"))]".to_owned();
    }
    format!("there are: {}", tags.iter().copied().collect::<Vec<_>>().join(", "))
}

impl Plan {
    /// The class of each of the first `users` users.
    ///
    /// Smooth weighting: every user goes to the class that is furthest below its share. So each beginning of the
    /// sequence is as close to the weights as it can be, and a longer sequence never changes a shorter one.
    pub(crate) fn deal(&self, users: u64) -> Arc<[u16]> {
        let equal = self.settings.equal_weights;
        let weights: Vec<f64> = self.classes.iter().map(|class| if equal { 1.0 } else { class.weight() }).collect();
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
    /// The class as a set of tasks, under the class's name.
    fn set(&self) -> SetInfo;
    fn host(&self) -> Option<String>;
    fn check(&self, host: Option<&str>, tls: &TlsOptions) -> Result<(), InputError>;
    fn live(&self, seat: Seat, shared: AnyShared, graph: Arc<Graph>) -> LocalFuture<'static, ()>;
}

impl fmt::Debug for dyn UserClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The class of users of type `U`.
pub(crate) struct ClassOf<U>(PhantomData<fn() -> U>);

impl<U: User + 'static> ClassOf<U> {
    /// # Errors
    /// When users of this class would have nothing to do.
    pub(crate) fn new() -> Result<Self, InputError> {
        if U::TASKS.iter().all(|task| task.weight == 0) {
            let name = U::NAME;
            return Err(InputError::new(format!(
                "user class {name} has no task to choose: mark a method with #[task]"
            )));
        }
        let weight = U::weight();
        if !(weight.is_finite() && weight > 0.0) {
            let name = U::NAME;
            return Err(InputError::new(format!("user class {name}: weight {weight} is not a positive number")));
        }
        Ok(Self(PhantomData))
    }
}

impl<U: User + 'static> UserClass for ClassOf<U> {
    fn name(&self) -> &'static str {
        U::NAME
    }

    fn weight(&self) -> f64 {
        U::weight()
    }

    fn set(&self) -> SetInfo {
        SetInfo { name: U::NAME, ..SetInfo::of::<U>() }
    }

    fn host(&self) -> Option<String> {
        U::host()
    }

    fn check(&self, host: Option<&str>, tls: &TlsOptions) -> Result<(), InputError> {
        let class_host = U::host();
        U::check(&ClientSettings::new(U::NAME, host.or(class_host.as_deref())).with_tls(tls))
    }

    fn live(&self, seat: Seat, shared: AnyShared, graph: Arc<Graph>) -> LocalFuture<'static, ()> {
        let Ok(shared) = shared.downcast::<U::Shared>() else {
            unreachable!("the value comes from this class's setup")
        };
        Box::pin(live::<U>(seat, shared, graph))
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

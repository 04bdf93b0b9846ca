//! The plan of a run: what was asked for, checked once, immutable and shared by all threads.

pub(crate) mod deal;
#[cfg(feature = "cli")]
pub(crate) mod ratio;

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::class_config::ClassConfig;
use crate::context::RunInfo;
use crate::context::client::ClientSettings;
use crate::error::InputError;
use crate::life::{Seat, live};
use crate::plan::deal::Share;
use crate::task::graph::{self, Filter, Graph};
use crate::task::{AnyShared, LocalFuture, SetInfo};
use crate::threshold::Threshold;
use crate::user::User;
use crate::wait::check_wait;

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
    pub(crate) thresholds: Vec<Threshold>,
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
    /// How long figures are left out from the start on.
    pub(crate) warm_up: Option<Duration>,
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
    /// The class of each of the first `users` users; of fewer where the classes cannot have so many.
    pub(crate) fn deal(&self, users: u64) -> Arc<[u16]> {
        deal::deal(&self.shares(), users)
    }

    fn shares(&self) -> Vec<Share> {
        if self.run.meetings.alone {
            // One user of one class, whatever its share in other runs is.
            return vec![Share { fixed_count: 0, weight: 1.0 }; self.classes.len()];
        }
        let equal = self.settings.equal_weights;
        self.classes
            .iter()
            .map(|class| class.share())
            .map(|share| if equal && share.weight > 0.0 { Share { weight: 1.0, ..share } } else { share })
            .collect()
    }

    /// How many users the classes can have; `None`: any number.
    pub(crate) fn most_users(&self) -> Option<u64> {
        deal::most_users(&self.shares())
    }

    /// What was configured from outside, by class, as it may be shown.
    pub(crate) fn configured(&self) -> Vec<(&'static str, String)> {
        self.classes.iter().filter_map(|class| Some((class.name(), class.shown_config()?))).collect()
    }

    /// What to say where `users` and the fixed counts do not fit.
    pub(crate) fn misfit(&self, users: u64) -> Option<String> {
        let shares = self.shares();
        let fixed = deal::fixed_users(&shares);
        match deal::most_users(&shares) {
            Some(most) if most < users => Some(format!(
                "{users} users were asked for, and there are {most}: every class has a fixed count, and none takes the rest"
            )),
            _ if users < fixed => Some(format!(
                "{users} users were asked for, fewer than the {fixed} of the fixed counts: some are missing"
            )),
            _ => None,
        }
    }
}

/// A user class with its type hidden.
pub(crate) trait UserClass: Send + Sync {
    fn name(&self) -> &'static str;
    fn share(&self) -> Share;
    /// The class as a set of tasks, under the class's name.
    fn set(&self) -> SetInfo;
    fn host(&self) -> Option<String>;
    fn check(&self, run: &RunInfo) -> Result<(), InputError>;
    /// The same class with these settings beside those that it has.
    fn configured(&self, config: &ClassConfig) -> Result<Arc<dyn UserClass>, InputError>;
    /// The settings from outside.
    fn config(&self) -> &ClassConfig;
    /// What of them may be shown; nothing where there are none.
    fn shown_config(&self) -> Option<String>;
    fn live(&self, seat: Seat, shared: AnyShared, graph: Arc<Graph>) -> LocalFuture<'static, ()>;
}

impl fmt::Debug for dyn UserClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// More than any weight needs to be, and few enough that nothing overflows.
const LARGEST_WEIGHT: f64 = 1e12;

fn check_weight(class: &str, weight: f64) -> Result<(), InputError> {
    if (0.0..=LARGEST_WEIGHT).contains(&weight) {
        return Ok(());
    }
    Err(InputError::new(format!(
        "user class {class}: {weight} is no weight; give a number from 0 (no users but those of its fixed count) to \
         {LARGEST_WEIGHT:e}"
    )))
}

/// The class of users of type `U`.
pub(crate) struct ClassOf<U> {
    config: ClassConfig,
    user: PhantomData<fn() -> U>,
}

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
        check_weight(U::NAME, U::weight())?;
        Ok(Self { config: ClassConfig::new(), user: PhantomData })
    }
}

impl<U: User + 'static> UserClass for ClassOf<U> {
    fn name(&self) -> &'static str {
        U::NAME
    }

    fn share(&self) -> Share {
        Share {
            fixed_count: self.config.fixed_count.unwrap_or_else(U::fixed_count),
            weight: self.config.weight.unwrap_or_else(U::weight),
        }
    }

    fn set(&self) -> SetInfo {
        SetInfo { name: U::NAME, ..SetInfo::of::<U>() }
    }

    fn host(&self) -> Option<String> {
        U::host()
    }

    fn check(&self, run: &RunInfo) -> Result<(), InputError> {
        let configured = self.config.host.as_deref().or(run.host.as_deref()).map(Cow::Borrowed);
        let host = configured.or_else(|| U::host().map(Cow::Owned));
        let settings = ClientSettings::new(U::NAME, host.as_deref()).with_tls(&run.tls);
        U::check(&settings.with_options(run.options.as_ref()).with_extensions(&run.extensions))
    }

    fn configured(&self, config: &ClassConfig) -> Result<Arc<dyn UserClass>, InputError> {
        let config = self.config.overridden_by(config);
        if let Some(weight) = config.weight {
            check_weight(U::NAME, weight)?;
        }
        if let Some(wait) = &config.wait_time {
            check_wait(U::NAME, wait)?;
        }
        config.check_fields(U::NAME, U::CONFIG_FIELDS)?;
        Ok(Arc::new(Self { config, user: PhantomData }))
    }

    fn config(&self) -> &ClassConfig {
        &self.config
    }

    fn shown_config(&self) -> Option<String> {
        self.config.shown(U::CONFIG_FIELDS)
    }

    fn live(&self, seat: Seat, shared: AnyShared, graph: Arc<Graph>) -> LocalFuture<'static, ()> {
        let Ok(shared) = shared.downcast::<U::Shared>() else {
            unreachable!("the value comes from this class's setup")
        };
        Box::pin(live::<U>(seat, shared, graph))
    }
}

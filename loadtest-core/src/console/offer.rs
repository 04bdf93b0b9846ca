//! What there is to choose from before a start.

use super::ask::Ask;
use crate::plan::UserClass;
use crate::plan::ratio::{self, Ratio};
use crate::runner::LoadTest;
use crate::units::without_credentials;

/// What there is to choose from before a start.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Offer {
    /// The name of the program.
    pub name: String,
    /// The version of this library.
    pub version: String,
    /// The user classes.
    pub classes: Vec<OfferedClass>,
    /// All tags of all tasks, sorted.
    pub tags: Vec<String>,
    /// The test's own options, in the order of their declaration.
    pub options: Vec<OfferedOption>,
    /// What would be used if nothing was asked for: every field is filled, but for the host where there is none. Secrets are
    /// left out.
    pub defaults: Ask,
    /// Whether some class has no host of its own, so that the run needs one.
    pub host_required: bool,
    /// How many threads drive the users.
    pub threads: usize,
}

/// A user class.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OfferedClass {
    /// Its name.
    pub name: String,
    /// Its share among all users.
    pub weight: f64,
    /// Exactly so many users, if that is so.
    pub fixed_count: Option<u64>,
    /// The host in its code or configured for it.
    pub host: Option<String>,
    /// Its tasks.
    pub tasks: Vec<OfferedTask>,
}

/// A task, or a task set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OfferedTask {
    /// Its name.
    pub name: String,
    /// How often it runs among the tasks of its level in the long run, from 0 to 1.
    pub share: f64,
    /// Its own tags.
    pub tags: Vec<String>,
    /// The name of the set that it enters: its tasks are recorded with it before theirs, as `Forum::read`.
    pub set: Option<String>,
    /// The tasks of the set that it enters. Empty also where the set stands further up: sets may contain each other.
    pub inside: Vec<Self>,
}

/// An option of the test's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferedOption {
    /// Its long name.
    pub name: String,
    /// What it is, as `--help` says it.
    pub help: String,
    /// What it is if nothing else is asked for; of a switch that is on, `true`. Of a secret always empty.
    pub default: Vec<String>,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// Whether a run needs it, and it has no default.
    pub required: bool,
    /// Whether it can have several values.
    pub multiple: bool,
    /// Whether it takes no value.
    pub is_switch: bool,
    /// Its possible values; empty where any text may do.
    pub choices: Vec<String>,
}

/// What this test offers.
pub(super) fn offer(test: &LoadTest, options: Vec<OfferedOption>) -> Offer {
    let classes: Vec<_> = test.configured_classes().iter().map(|class| offered(&**class)).collect();
    let settings = test.check_settings().ok();
    let settings = settings.as_ref();
    let by_class = |class: &OfferedClass| class.name.clone();
    let defaults = Ask {
        users: settings.map(|settings| settings.users),
        spawn_rate: settings.map(|settings| settings.spawn_rate),
        run_time: settings.map(|settings| settings.run_time),
        host: test.asked_host().map(without_credentials),
        classes: Some(test.chosen_classes()),
        weights: classes.iter().map(|class| (by_class(class), class.weight)).collect(),
        fixed_counts: classes.iter().map(|class| (by_class(class), class.fixed_count)).collect(),
        hosts: classes.iter().filter_map(|class| Some((by_class(class), class.host.clone()?))).collect(),
        tags: Some(test.asked_tags().to_vec()),
        exclude_tags: Some(test.asked_exclude_tags().to_vec()),
        options: options
            .iter()
            .filter(|option| !option.secret)
            .map(|option| (option.name.clone(), option.default.clone()))
            .collect(),
        thresholds: Some(test.asked_thresholds()),
        warm_up: settings.map(|settings| settings.warm_up),
        stop_timeout: settings.map(|settings| settings.stop_timeout),
        reset_stats: settings.map(|settings| settings.reset_stats),
    };
    Offer {
        name: program(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tags: test.known_tags().into_iter().map(str::to_owned).collect(),
        options,
        defaults,
        host_required: classes.iter().any(|class| class.host.is_none()),
        classes,
        threads: settings.map_or(1, |settings| settings.threads),
    }
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn offered(class: &dyn UserClass) -> OfferedClass {
    let share = class.share();
    let host = class.config().host.clone().or_else(|| class.host());
    OfferedClass {
        name: class.name().to_owned(),
        weight: share.weight,
        fixed_count: Some(share.fixed_count).filter(|users| *users > 0),
        host: host.map(|host| without_credentials(&host)),
        tasks: tasks(ratio::of_class(class.set())),
    }
}

fn tasks(ratios: Vec<Ratio>) -> Vec<OfferedTask> {
    let task = |ratio: Ratio| OfferedTask {
        name: ratio.name.to_owned(),
        share: ratio.share,
        tags: ratio.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        set: ratio.set.map(str::to_owned),
        inside: tasks(ratio.inside),
    };
    ratios.into_iter().map(task).collect()
}

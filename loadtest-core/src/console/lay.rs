//! Lays what was asked for over a test.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{Ask, Refused};
use crate::class_config::ClassConfig;
use crate::error::InputError;
use crate::options::RunOptions;
use crate::runner::LoadTest;
use crate::threshold::Threshold;
use crate::units::without_credentials;

/// The test's own options, as the command line knows them.
pub(crate) trait ReadOptions: Send + Sync {
    /// What there is.
    fn offered(&self) -> Vec<super::OfferedOption>;

    /// The options with these values; those that are not among them as the command line was given them.
    ///
    /// # Errors
    /// When there is no such option, or a value is none.
    fn read(&self, asked: &BTreeMap<String, Vec<String>>) -> Result<RunOptions, Refused>;
}

/// The test with what was asked for.
///
/// # Errors
/// When something of it makes no sense. What clients think of their hosts is known only when the run starts.
pub(super) fn laid(test: &LoadTest, ask: &Ask, options: Option<&dyn ReadOptions>) -> Result<LoadTest, Refused> {
    let test = numbers(test.clone(), ask)?;
    let test = classes(test, ask)?;
    let test = tags(test, ask)?;
    let test = thresholds(test, ask)?;
    let test = own_options(test, ask, options)?;
    Ok(match &ask.host {
        Some(host) if is_new(host, test.asked_host()) => test.host(host),
        _ => test,
    })
}

/// Whether this host is given, and is not the one that there is: that one is shown without its password.
fn is_new(host: &str, present: Option<&str>) -> bool {
    !host.trim().is_empty() && present.is_none_or(|present| without_credentials(present) != host)
}

fn wrong(field: impl Into<String>) -> impl FnOnce(InputError) -> Refused {
    move |error| Refused::field(field, error.to_string())
}

fn numbers(mut test: LoadTest, ask: &Ask) -> Result<LoadTest, Refused> {
    // Each alone first, so that it is clear which one it is.
    let alone = |field: &str, test: LoadTest| test.check_settings().map(drop).map_err(wrong(field));
    if let Some(users) = ask.users {
        alone("users", LoadTest::new().users(users))?;
        test = test.users(users);
    }
    if let Some(spawn_rate) = ask.spawn_rate {
        alone("spawn_rate", LoadTest::new().spawn_rate(spawn_rate))?;
        test = test.spawn_rate(spawn_rate);
    }
    match ask.run_time {
        Some(Some(run_time)) => {
            alone("run_time", LoadTest::new().run_time(run_time))?;
            test = test.run_time(run_time);
        }
        Some(None) => test = test.until_stopped(),
        None => {}
    }
    match ask.warm_up {
        Some(Some(warm_up)) => test = test.warm_up(warm_up),
        Some(None) => test = test.without_warm_up(),
        None => {}
    }
    if let Some(stop_timeout) = ask.stop_timeout {
        test = test.stop_timeout(stop_timeout);
    }
    if let Some(reset) = ask.reset_stats {
        test = test.reset_stats(reset);
    }
    // What is left is a warm-up that does not fit the run time, unless the code is wrong by itself.
    let field = if ask.warm_up.is_some() { "warm_up" } else { "run_time" };
    let asked = ask.warm_up.is_some() || ask.run_time.is_some();
    test.check_settings()
        .map_err(|error| Refused { field: asked.then(|| field.to_owned()), message: error.to_string() })?;
    Ok(test)
}

fn classes(mut test: LoadTest, ask: &Ask) -> Result<LoadTest, Refused> {
    if let Some(classes) = &ask.classes {
        if classes.is_empty() {
            return Err(Refused::field("classes", "no user class is chosen; choose at least one"));
        }
        test.keep_classes(&classes.iter().collect::<Vec<_>>()).map_err(wrong("classes"))?;
    }
    let known = test.configured_classes();
    let mut configs: BTreeMap<&String, ClassConfig> = BTreeMap::new();
    let mut add = |field: &str, name, change: &dyn Fn(ClassConfig) -> ClassConfig| {
        let field = format!("{field}.{name}");
        let Some(class) = known.iter().find(|class| class.name() == name) else {
            let known: Vec<_> = known.iter().map(|class| class.name()).collect();
            let message = format!("there is no user class `{name}`; there are: {}", known.join(", "));
            return Err(Refused::field(field, message));
        };
        class.configured(&change(ClassConfig::new())).map_err(wrong(field))?;
        let config = configs.entry(name).or_default();
        *config = change(std::mem::take(config));
        Ok(())
    };
    for (name, weight) in &ask.weights {
        add("weights", name, &|config| config.weight(*weight))?;
    }
    for (name, users) in &ask.fixed_counts {
        add("fixed_counts", name, &|config| config.fixed_count(users.unwrap_or(0)))?;
    }
    for (name, host) in &ask.hosts {
        let present = known.iter().find(|class| class.name() == name);
        let present = present.and_then(|class| class.config().host.clone().or_else(|| class.host()));
        if is_new(host, present.as_deref()) {
            add("hosts", name, &|config| config.host(host))?;
        }
    }
    let weighted = !(ask.weights.is_empty() && ask.fixed_counts.is_empty());
    for (name, config) in configs {
        test = test.configure(name, config);
    }
    test.check_classes().map_err(|error| Refused {
        field: if weighted { Some("weights".to_owned()) } else { ask.classes.as_ref().map(|_| "classes".to_owned()) },
        message: error.to_string(),
    })?;
    Ok(test)
}

fn tags(mut test: LoadTest, ask: &Ask) -> Result<LoadTest, Refused> {
    let given = |tags: &[String]| tags.iter().filter(|tag| !tag.is_empty()).cloned().collect::<Vec<_>>();
    // Those of before must not be blamed on those of now.
    if let (Some(tags), Some(_)) = (&ask.tags, &ask.exclude_tags) {
        let alone = test.clone().exclude_tags(Vec::<String>::new()).tags(given(tags));
        alone.check_tags().map_err(wrong("tags"))?;
    }
    if let Some(tags) = &ask.tags {
        test = test.tags(given(tags));
    }
    if let Some(tags) = &ask.exclude_tags {
        test = test.exclude_tags(given(tags));
    }
    let field = match (&ask.tags, &ask.exclude_tags) {
        (_, Some(_)) => Some("exclude_tags".to_owned()),
        (Some(_), None) => Some("tags".to_owned()),
        (None, None) => None,
    };
    test.check_tags().map_err(|error| Refused { field, message: error.to_string() })?;
    Ok(test)
}

fn thresholds(mut test: LoadTest, ask: &Ask) -> Result<LoadTest, Refused> {
    let Some(asked) = &ask.thresholds else { return Ok(test) };
    test = test.without_thresholds();
    for text in asked.iter().filter(|text| !text.trim().is_empty()) {
        let threshold = text.parse::<Threshold>().map_err(|error| Refused::field("thresholds", error.to_string()))?;
        test = test.threshold(threshold);
    }
    Ok(test)
}

fn own_options(test: LoadTest, ask: &Ask, options: Option<&dyn ReadOptions>) -> Result<LoadTest, Refused> {
    match (options, ask.options.keys().next()) {
        (_, None) => Ok(test),
        (Some(options), Some(_)) => Ok(test.run_options(options.read(&ask.options)?)),
        (None, Some(name)) => {
            let field = format!("options.{name}");
            Err(Refused::field(field, "this test has no options that can be given from outside"))
        }
    }
}

impl Ask {
    /// With the defaults where nothing was asked for, and without secrets.
    pub(super) fn over(&self, offer: &super::Offer) -> Self {
        fn both<V: Clone>(defaults: &BTreeMap<String, V>, asked: &BTreeMap<String, V>) -> BTreeMap<String, V> {
            defaults.iter().chain(asked).map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        let defaults = offer.defaults.clone();
        let secrets: BTreeSet<&String> =
            offer.options.iter().filter(|option| option.secret).map(|option| &option.name).collect();
        let mut options = both(&defaults.options, &self.options);
        options.retain(|name, _| !secrets.contains(name));
        let host = self.host.as_ref().filter(|host| !host.trim().is_empty());
        let mut hosts = defaults.hosts;
        let given = self.hosts.iter().filter(|(_, host)| !host.trim().is_empty());
        hosts.extend(given.map(|(class, host)| (class.clone(), without_credentials(host))));
        Self {
            users: self.users.or(defaults.users),
            spawn_rate: self.spawn_rate.or(defaults.spawn_rate),
            run_time: self.run_time.or(defaults.run_time),
            host: host.map(|host| without_credentials(host)).or(defaults.host),
            classes: self.classes.clone().or(defaults.classes),
            weights: both(&defaults.weights, &self.weights),
            fixed_counts: both(&defaults.fixed_counts, &self.fixed_counts),
            hosts,
            tags: self.tags.clone().or(defaults.tags),
            exclude_tags: self.exclude_tags.clone().or(defaults.exclude_tags),
            options,
            thresholds: self.thresholds.clone().or(defaults.thresholds),
            warm_up: self.warm_up.or(defaults.warm_up),
            stop_timeout: self.stop_timeout.or(defaults.stop_timeout),
            reset_stats: self.reset_stats.or(defaults.reset_stats),
        }
    }
}

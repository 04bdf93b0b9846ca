//! What is said of classes from outside, and a test's own options.

use super::*;
use crate::{ClassConfig, ClientSettings, ConfigField, InputError, OptionsField, Secret};

#[derive(Debug, PartialEq)]
struct Options {
    tenant: String,
}

/// What `#[derive(User)]` writes for fields with `#[config]` and `#[options]`.
struct Shopper {
    cx: Context,
    page_size: usize,
    key: Secret,
    options: Arc<Options>,
}

impl Tasks for Shopper {
    const TASKS: &'static [TaskInfo] = ONE;
    type Shared = ();

    async fn setup(cx: &SetupContext) -> Result<(), Exit> {
        assert_eq!(cx.options::<Options>().expect("options").tenant, "blue");
        Ok(())
    }

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        let (size, host) = (self.page_size, self.cx.host().unwrap_or_default());
        let (key, tenant) = (self.key.reveal(), &self.options.tenant);
        assert_eq!(self.cx.options::<Options>().as_ref(), Some(&self.options));
        assert_eq!(self.cx.options::<u8>(), None);
        log(&self.cx, &format!("{size} {key} {tenant} {host}"));
        Ok(())
    }
}

impl User for Shopper {
    const NAME: &'static str = "Shopper";
    const CONFIG_FIELDS: &'static [ConfigField] =
        &[ConfigField::new::<usize>("page_size"), ConfigField::new::<Secret>("key")];

    fn host() -> Option<String> {
        Some("http://code".into())
    }

    fn wait_time(&self) -> Wait {
        constant(SECOND)
    }

    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        <Arc<Options> as OptionsField>::check(settings)
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self {
            cx: init.context(),
            page_size: init.configured("page_size").unwrap_or(10),
            key: init.configured("key").unwrap_or_default(),
            options: OptionsField::get(init)?,
        })
    }
}

fn shoppers() -> LoadTest {
    let options = Options { tenant: "blue".into() };
    LoadTest::new().user::<Shopper>().options(options).run_time(Duration::from_millis(3500))
}

fn tasks(test: LoadTest) -> Vec<(u128, String)> {
    let (outcome, log) = run_to_end(test, 1);
    assert_eq!(outcome.snapshot.exceptions.len(), 0, "{:?}", outcome.snapshot.exceptions);
    log
}

#[test]
fn what_is_configured_wins_over_the_code() {
    let as_in_code = tasks(shoppers().configure("Shopper", ClassConfig::new()));
    let expected: Vec<_> = (0..4).map(|second| (second * 1000, "10  blue http://code 0".to_owned())).collect();
    assert_eq!(as_in_code, expected);

    let config = ClassConfig::new()
        .host("http://configured")
        .wait_time(constant(SECOND * 2))
        .field("page_size", 20)
        .field("key", "hunter2");
    let again = ClassConfig::new().field("page_size", 30);
    let test = shoppers().host("http://run").configure("Shopper", config).configure("Shopper", again);
    assert_eq!(
        test.clone().plan().unwrap().configured(),
        [("Shopper", "host = http://configured, wait_time = 2s, key = ***, page_size = 30".to_owned())]
    );
    let expected: Vec<_> = (0..2).map(|turn| (turn * 2000, "30 hunter2 blue http://configured 0".to_owned())).collect();
    assert_eq!(tasks(test), expected);
}

#[test]
fn what_fits_no_class_is_refused_before_the_start() {
    let refused = |test: LoadTest| test.plan().map(|_| ()).unwrap_err().to_string();
    for (class, config, expected) in [
        ("Shoper", ClassConfig::new(), "there is no user class `Shoper`; there are: Shopper"),
        ("Shopper", ClassConfig::new().weight(-1.0), "user class Shopper: -1 is no weight"),
        ("Shopper", ClassConfig::new().weight(f64::NAN), "user class Shopper: NaN is no weight"),
        ("Shopper", ClassConfig::new().weight(0.0), "no user class has a weight above 0 or a fixed count"),
        ("Shopper", ClassConfig::new().field("size", 1), "`size` cannot be configured; there are: weight,"),
        ("Shopper", ClassConfig::new().field("page_size", "x"), "field page_size cannot be `x`: invalid digit"),
    ] {
        let error = refused(shoppers().configure(class, config));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn options_that_a_class_needs_are_asked_for_before_the_start() {
    let refused = |test: LoadTest| test.plan().map(|_| ()).unwrap_err().to_string();
    let error = refused(LoadTest::new().user::<Shopper>());
    assert!(error.starts_with("user class Shopper needs options of type ") && error.contains("options = …"), "{error}");
    let error = refused(LoadTest::new().user::<Shopper>().options(5u8));
    assert!(error.ends_with("those of this run are u8"), "{error}");
}

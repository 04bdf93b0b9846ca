//! Schedules in whole runs: on real threads, with the real timer.

use loadtest::prelude::*;
use loadtest::{RunError, Wait};

#[derive(User)]
#[user(wait_time = constant_throughput(50))]
struct Steady {
    #[context]
    cx: Context,
}

#[tasks]
impl Steady {
    #[task]
    async fn tick(&mut self) -> TaskResult {
        let due = self.cx.intended_start();
        let ok = due.is_some_and(|due| due <= tokio::time::Instant::now());
        self.cx.measure("TICK", "tick", async { if ok { Ok(()) } else { Err(std::fmt::Error) } }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_schedule_is_kept_and_reported() {
    let test = LoadTest::new().user::<Steady>().users(20).spawn_rate(f64::INFINITY).threads(2);
    let report = test.run_time(Duration::from_secs(1)).run().await.unwrap();
    let starts = report.scheduled_starts();
    assert_eq!(report.total().stats.failed, 0, "{report}");
    assert_eq!(starts.count(), report.total().stats.ok);
    // 1,000 give or take one for each user; a machine that stalls for longer than a period leaves some out.
    assert!(starts.count() <= 1020 && starts.count() + 20 + 50 * starts.overruns >= 1000, "{report}");
    let text = report.to_string();
    let line = text.lines().find(|line| line.starts_with("Scheduled starts: ")).expect("a line");
    assert!(line.starts_with(&format!("Scheduled starts: {}; late by p50 ", starts.count())), "{line}");
}

macro_rules! with_a_task {
    ($($user:ident)*) => { $(
        #[tasks]
        impl $user {
            #[task]
            async fn nothing(&mut self) -> TaskResult {
                stop_user()
            }
        }
    )* };
}

with_a_task!(Never OnAverage Itself);

const RATE: f64 = 0.0;

#[derive(User)]
#[user(wait_time = constant_throughput(RATE))]
struct Never;

#[derive(User)]
#[user(wait_time = poisson(f64::NAN).catch_up(CatchUp::Skip))]
struct OnAverage;

/// Only this user knows its rate.
#[derive(User)]
#[user(wait_time = self.rate())]
struct Itself;

impl Itself {
    fn rate(&self) -> Wait {
        constant_throughput(-3).into()
    }
}

#[test]
fn a_class_whose_rate_is_none_does_not_start() {
    let refused = |test: LoadTest| match test.start() {
        Err(RunError::Input(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let error = refused(LoadTest::new().user::<Never>());
    assert!(error.starts_with("user class Never, wait_time: constant_throughput(0): the rate is a number"), "{error}");
    let error = refused(LoadTest::new().user::<OnAverage>());
    assert!(error.starts_with("user class OnAverage, wait_time: poisson(NaN): "), "{error}");
    assert!(error.contains("write for example poisson(2.5)"), "{error}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_rate_that_depends_on_the_user_is_an_exception() {
    let report = LoadTest::new().user::<Itself>().run().await.unwrap();
    let exception = &report.exceptions()[0];
    assert_eq!((&*exception.class, &*exception.task, exception.count), ("Itself", "wait_time", 1));
    assert!(exception.message.starts_with("constant_throughput(-3): the rate is a number"), "{report}");
}

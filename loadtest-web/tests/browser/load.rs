//! Users without a network, with as many names as one likes.

use std::time::Duration;

use loadtest_core::stats::{BodyText, Exchange, Failure};
use loadtest_core::{
    Context, ErrorKind, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, Wait,
    constant, fail,
};

/// A name that would do harm in a page that does not treat it as text.
pub(crate) const HOSTILE: &str = "</script><img src=x onerror=\"document.title='broken'\">\u{202e}";

/// So many names has [`Many`].
pub(crate) const NAMES: usize = 5_000;

pub(crate) struct Few(Context);

impl Tasks for Few {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("read", 3), TaskInfo::new("fail", 1)];
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        let recorder = self.0.recorder();
        if task == 0 {
            recorder.start("GET", "/articles").ok();
            recorder.start("POST", HOSTILE).ok();
            return Ok(());
        }
        let tell = |most| Exchange {
            request: "GET /broken\naccept: */*".into(),
            status: Some(500),
            response: "HTTP/1.1 500 Oops".into(),
            response_body: BodyText::of(HOSTILE.as_bytes(), most),
            ..Exchange::default()
        };
        let failure = Failure::new(HOSTILE).kind(ErrorKind::Response).sample("<b>").exchange(&tell);
        recorder.start("GET", "/broken").fail(failure);
        fail(HOSTILE)
    }
}

impl User for Few {
    const NAME: &'static str = "Few";

    fn wait_time(&self) -> Wait {
        constant(Duration::from_millis(20))
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

pub(crate) struct Many(Context);

impl Tasks for Many {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("all", 1)];
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        for name in 0..NAMES {
            self.0.recorder().start("GET", &format!("/names/{name}")).ok();
        }
        Ok(())
    }
}

impl User for Many {
    const NAME: &'static str = "Many";

    fn wait_time(&self) -> Wait {
        constant(Duration::from_millis(500))
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

fn test() -> LoadTest {
    LoadTest::new().users(2).spawn_rate(f64::INFINITY).threads(1).seed(1).host("http://shop.example")
}

pub(crate) fn few() -> LoadTest {
    test().user::<Few>().threshold("fail_ratio < 1%")
}

pub(crate) fn many() -> LoadTest {
    test().user::<Many>()
}

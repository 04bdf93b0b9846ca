//! Users without a network: what they do takes no time, and they do it often.

use std::time::Duration;

use loadtest_core::stats::{BodyText, Exchange, Failure};
use loadtest_core::{
    Context, ErrorKind, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, Wait,
    constant, fail,
};

/// A name that would do harm in a page that does not treat it as text.
pub(crate) const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'\u{202e}";

pub(crate) struct Caller(Context);

impl Tasks for Caller {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("call", 3), TaskInfo::new("fail", 1)];
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        let recorder = self.0.recorder();
        if task == 0 {
            recorder.start("GET", "/articles/[id]").ok();
            recorder.start("POST", HOSTILE).ok();
            return Ok(());
        }
        let tell = |most| Exchange {
            request: "GET /broken\nauthorization: ***".into(),
            status: Some(500),
            response: "HTTP/1.1 500 Oops".into(),
            response_body: BodyText::of(b"<b>no</b>", most),
            ..Exchange::default()
        };
        let failure = Failure::new("500 Oops").kind(ErrorKind::Response).sample("<b>").exchange(&tell);
        recorder.start("GET", "/broken").fail(failure);
        fail("an exception")
    }
}

impl User for Caller {
    const NAME: &'static str = "Caller";

    fn wait_time(&self) -> Wait {
        constant(Duration::from_millis(20))
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

/// Two users at once, until they are stopped.
pub(crate) fn test() -> LoadTest {
    LoadTest::new().user::<Caller>().users(2).spawn_rate(f64::INFINITY).threads(1).seed(1).threshold("fail_ratio < 1%")
}

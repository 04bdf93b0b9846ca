//! How often tasks run, where sets have tasks of the same name.

use loadtest_core::{
    Exit, LoadTest, Order, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, Wait, constant, interrupt,
};
use serde_json::Value;

use crate::client::Served;

struct Reader;
struct Forum;
struct Shop;

impl Tasks for Reader {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Forum>("forum", 1), TaskInfo::set::<Shop>("shop", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        if task == 0 { scope.enter(task, Forum).await } else { scope.enter(task, Shop).await }
    }
}

impl User for Reader {
    const NAME: &'static str = "Reader";

    fn wait_time(&self) -> Wait {
        constant(std::time::Duration::from_millis(1))
    }

    fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self)
    }
}

macro_rules! set {
    ($name:ty, $first:literal) => {
        impl Tasks for $name {
            const TASKS: &'static [TaskInfo] = &[TaskInfo::new($first, 1), TaskInfo::new("leave", 1)];
            const ORDER: Order = Order::Sequential;
            type Shared = ();

            async fn setup(_: &SetupContext) -> Result<(), Exit> {
                Ok(())
            }

            async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
                if task == 0 { Ok(()) } else { interrupt() }
            }
        }
    };
}
set!(Forum, "read");
set!(Shop, "look");

#[test]
fn tasks_of_the_same_name_in_two_sets_are_counted_apart() {
    let served = Served::of(LoadTest::new().user::<Reader>().users(1).threads(1));
    served.post("/api/v1/start", "");
    let count = |classes: &Value, set: usize, task: usize| {
        classes[0]["tasks"][set]["inside"][task]["count"].as_u64().expect("a count")
    };
    let classes = served.until("/api/v1/tasks", "some rounds", |classes| count(classes, 1, 1) > 4);
    for set in [0, 1] {
        let (first, leave) = (count(&classes, set, 0), count(&classes, set, 1));
        assert!(first.abs_diff(leave) <= 1, "{first} and {leave} of {classes}");
    }
}

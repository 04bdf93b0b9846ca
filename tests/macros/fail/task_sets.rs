//! What is wrong with methods that enter task sets.

use loadtest::prelude::*;

struct Forum;

#[tasks]
impl Forum {
    #[task]
    async fn read(&mut self) {}
}

struct NoTasks;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task_set]
    async fn asynchronous(&mut self) -> Forum {
        Forum
    }

    #[task_set]
    fn nothing(&mut self) {}

    #[task_set]
    fn result(&mut self) -> TaskResult {
        Ok(())
    }

    #[task_set]
    fn opaque(&mut self) -> impl Send {
        Forum
    }

    #[task_set]
    fn two(&mut self, one: Arc<()>, two: u32) -> Forum {
        Forum
    }

    #[task_set]
    fn without_self() -> Forum {
        Forum
    }

    #[task_set]
    fn generic<T>(&mut self) -> Forum {
        Forum
    }

    #[task_set(0)]
    fn never(&mut self) -> Forum {
        Forum
    }

    #[task]
    #[task_set]
    fn both(&mut self) -> Forum {
        Forum
    }

    #[task_set(2, tags())]
    fn no_tag(&mut self) -> Forum {
        Forum
    }

    #[task_set]
    fn on_start(&mut self) -> Forum {
        Forum
    }
}

#[derive(User)]
struct Other;

#[tasks]
impl Other {
    #[task_set]
    fn without_tasks(&mut self) -> NoTasks {
        NoTasks
    }
}

#[derive(User)]
struct Third;

#[tasks]
impl Third {
    #[task_set]
    fn wrong_shared(&mut self, names: Arc<String>) -> Forum {
        Forum
    }
}

#[task_set]
fn alone() -> Forum {
    Forum
}

fn main() {}

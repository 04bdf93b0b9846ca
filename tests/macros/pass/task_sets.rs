//! Task sets of every shape: owned and borrowing, nested, leading to each other, with shared values, generic.

use std::rc::Rc;

use loadtest::prelude::*;
use loadtest::{Order, Tasks};

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(1)))]
struct Reader {
    #[context]
    cx: Context,
    seen: Rc<std::cell::Cell<u32>>,
    pages: Vec<String>,
}

#[tasks]
impl Reader {
    #[task(2, tags("walk"))]
    async fn walk(&mut self) {}

    /// Lends.
    #[task_set(3, tags("forum", "read"))]
    fn forum(&mut self) -> Forum<'_> {
        Forum { reader: self }
    }

    /// Owns, and takes what `setup` returned.
    #[task_set]
    fn topics(&mut self, names: Arc<Vec<String>>) -> Topics {
        Topics { seen: Rc::clone(&self.seen), names }
    }

    #[task_set(tags("chain"))]
    fn chain(&self) -> Chain<'_, String> {
        Chain { items: &self.pages, cx: &self.cx }
    }
}

struct Forum<'a> {
    reader: &'a mut Reader,
}

#[tasks(sequential, wait_time = between(Duration::from_millis(1), Duration::from_millis(2)))]
impl<'a> Forum<'a> {
    async fn on_start(&mut self) -> TaskResult {
        self.reader.seen.set(self.reader.seen.get() + 1);
        Ok(())
    }

    #[task(2)]
    async fn read(&mut self) {}

    #[task_set]
    fn thread(&mut self) -> Thread<'_> {
        Thread { forum: Forum { reader: self.reader } }
    }

    #[task]
    async fn leave(&mut self) -> TaskResult {
        interrupt()
    }
}

/// Back to the forum: in circles.
struct Thread<'f> {
    forum: Forum<'f>,
}

#[tasks]
impl Thread<'_> {
    #[task]
    async fn post(&mut self) -> TaskResult {
        interrupt_and_wait()
    }

    #[task_set]
    fn back(&mut self) -> Forum<'_> {
        Forum { reader: self.forum.reader }
    }
}

struct Topics {
    seen: Rc<std::cell::Cell<u32>>,
    names: Arc<Vec<String>>,
}

#[tasks]
impl Topics {
    async fn setup() -> Result<Vec<String>, std::io::Error> {
        Ok(vec!["rust".into()])
    }

    async fn teardown(names: &Vec<String>, _: &SetupContext) {
        assert_eq!(names.len(), 1);
    }

    #[task]
    async fn list(&mut self) -> TaskResult {
        assert_eq!(self.names[0], "rust");
        self.seen.set(self.seen.get() + 1);
        interrupt()
    }
}

struct Chain<'a, T> {
    items: &'a [T],
    cx: &'a Context,
}

#[tasks(markov)]
impl<'a, T: std::fmt::Debug + 'static> Chain<'a, T> {
    #[task]
    #[next(middle = 3, end)]
    async fn first(&mut self) {
        assert!(self.items.is_empty());
    }

    #[task]
    #[next(middle, end = 2)]
    async fn middle(&mut self) -> TaskResult {
        if self.cx.user_number() > 1000 { stop_user() } else { Ok(()) }
    }

    #[task]
    async fn end(&mut self) {}
}

fn main() {
    assert_eq!(Reader::ORDER, Order::Random);
    assert_eq!(<Forum<'_>>::ORDER, Order::Sequential);
    assert_eq!(Chain::<String>::ORDER, Order::Markov);
    assert_eq!(Chain::<String>::TASKS[0].next, [("middle", 3), ("end", 1)]);
    assert_eq!(Reader::TASKS[1].tags, ["forum", "read"]);
    assert!(Reader::TASKS[1].is_set() && !Reader::TASKS[0].is_set());
    let runtime = loadtest_tokio();
    let report = runtime
        .block_on(
            LoadTest::new().user::<Reader>().users(3).run_time(Duration::from_millis(200)).spawn_rate(1000.0).run(),
        )
        .expect("a report");
    assert!(report.exceptions().is_empty(), "{report}");
}

fn loadtest_tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

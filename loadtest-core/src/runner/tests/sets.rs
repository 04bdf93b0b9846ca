//! Task sets: what runs in which order, for every way of ending at every depth.

use std::cell::Cell;

use super::*;
use crate::{Order, interrupt_and_wait};

/// What a step does, by its name: all else only logs.
type At = for<'a> fn(&'a Context, &'static str) -> LocalFuture<'a, TaskResult>;

fn fine<'a>(_: &'a Context, _: &'static str) -> LocalFuture<'a, TaskResult> {
    Box::pin(async { Ok(()) })
}

thread_local! {
    static AT: Cell<At> = const { Cell::new(fine) };
}

async fn step(cx: &Context, name: &'static str) -> TaskResult {
    note(cx, name);
    AT.get()(cx, name).await
}

fn note(cx: &Context, what: &str) {
    let log = cx.run_shared(Log::default);
    let start = *log.1.get_or_init(Instant::now);
    log.0.lock().unwrap().push((start.elapsed(), what.to_owned()));
}

/// A user that walks, goes into the forum, reads, goes into a thread there, posts, and so on.
struct Deep(Context);
struct Forum<'a>(&'a mut Context);
struct Thread<'a>(&'a Context);

impl Tasks for Deep {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("walk", 1), TaskInfo::set::<Forum<'_>>("forum", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        match task {
            0 => step(&self.0, "walk").await,
            _ => scope.enter(task, Forum(&mut self.0)).await,
        }
    }

    async fn on_start(&mut self) -> TaskResult {
        step(&self.0, "+user").await
    }

    async fn on_stop(&mut self) -> TaskResult {
        step(&self.0, "-user").await
    }
}

impl User for Deep {
    const NAME: &'static str = "Deep";

    fn wait_time(&self) -> Wait {
        constant(SECOND)
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Forum<'_> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("read", 1), TaskInfo::set::<Thread<'_>>("thread", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = String;

    async fn setup(cx: &SetupContext) -> Result<String, Exit> {
        note(&cx.context(), "setup Forum");
        Ok("the forum's own".into())
    }

    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        match task {
            0 => step(self.0, "read").await,
            _ => {
                let enter = scope.enter_with(task, |shared: Arc<u32>| {
                    assert_eq!(*shared, 7);
                    Thread(&*self.0)
                });
                enter.await
            }
        }
    }

    async fn on_start(&mut self) -> TaskResult {
        step(self.0, "+forum").await
    }

    async fn on_stop(&mut self) -> TaskResult {
        step(self.0, "-forum").await
    }

    async fn teardown(shared: &String, cx: &SetupContext) -> TaskResult {
        assert_eq!(shared, "the forum's own");
        note(&cx.context(), "teardown Forum");
        Ok(())
    }
}

impl Tasks for Thread<'_> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("post", 1)];
    type Shared = u32;

    fn own_wait_time(&self) -> Option<Wait> {
        Some(constant(SECOND / 10))
    }

    async fn setup(cx: &SetupContext) -> Result<u32, Exit> {
        note(&cx.context(), "setup Thread");
        Ok(7)
    }

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        step(self.0, "post").await
    }

    async fn on_start(&mut self) -> TaskResult {
        step(self.0, "+thread").await
    }

    async fn on_stop(&mut self) -> TaskResult {
        step(self.0, "-thread").await
    }
}

/// Runs one user to the end of the run; gives the trace, with times in milliseconds where a second column is wanted.
fn run(at: At, test: LoadTest, stop: Option<(Duration, Command)>) -> (Outcome, Vec<(u128, String)>) {
    AT.set(at);
    paused(async || {
        let local = Local::new(test, 1);
        let outcome = local.start();
        if let Some((after, command)) = stop {
            tokio::time::sleep(after).await;
            local.say(command);
        }
        let outcome = outcome.await.expect("an outcome");
        books_hold(&outcome.snapshot);
        let log = local.log();
        (outcome, log)
    })
}

fn deep() -> LoadTest {
    LoadTest::new().user::<Deep>().spawn_rate(f64::INFINITY).seed(1)
}

/// The steps between setup and teardown, in one line.
fn steps(log: &[(u128, String)]) -> String {
    let names: Vec<&str> = log.iter().map(|(_, name)| name.as_str()).filter(|name| !name.contains(' ')).collect();
    names.join(" ")
}

fn exceptions(outcome: &Outcome) -> Vec<String> {
    outcome.snapshot.exceptions.iter().map(|row| format!("{}: {}", row.task, row.message)).collect()
}

/// At the named step: does this.
macro_rules! at {
    ($cx:ident, $($name:literal => $does:expr),* $(,)?) => {{
        fn at<'a>($cx: &'a Context, name: &'static str) -> LocalFuture<'a, TaskResult> {
            Box::pin(async move {
                let _ = $cx;
                match name {
                    $($name => $does,)*
                    _ => Ok(()),
                }
            })
        }
        at as At
    }};
}

const IN: &str = "+user walk +forum read +thread post";
const OUT: &str = "-thread -forum -user";

#[test]
fn every_way_of_ending_runs_the_hooks_from_the_inside_out() {
    let stop = |after: f64| Some((Duration::from_secs_f64(after), Command::Stop));
    type Case = (&'static str, At, Option<(Duration, Command)>, String);
    let hang = at!(cx, "post" => slow_request(cx).await);
    let cases: Vec<Case> = vec![
        // walk at 0, read at 1 s, post from 2 s on, every 100 ms.
        ("a stop in the user's wait", fine, stop(0.5), "+user walk -user".into()),
        ("a stop in the wait of a set", fine, stop(1.5), "+user walk +forum read -forum -user".into()),
        ("a stop in the wait of a set in a set", fine, stop(2.05), format!("{IN} {OUT}")),
        ("a stop in a task of a set in a set", hang, stop(3.0), format!("{IN} {OUT}")),
        ("stop_user in a set in a set", at!(cx, "post" => stop_user()), None, format!("{IN} {OUT}")),
        ("stop_test in a set in a set", at!(cx, "post" => stop_test("enough")), None, format!("{IN} {OUT}")),
        ("stop_user in a set", at!(cx, "read" => stop_user()), None, "+user walk +forum read -forum -user".into()),
        ("stop_user in the user", at!(cx, "walk" => stop_user()), None, "+user walk -user".into()),
        (
            "stop_user in a set's on_start",
            at!(cx, "+thread" => stop_user()),
            None,
            "+user walk +forum read +thread -thread -forum -user".into(),
        ),
        (
            "stop_test in a set's on_start",
            at!(cx, "+forum" => stop_test("no")),
            None,
            "+user walk +forum -forum -user".into(),
        ),
        (
            "stop_test in a set's on_stop",
            at!(cx, "post" => interrupt(), "-thread" => stop_test("no")),
            None,
            format!("{IN} {OUT}"),
        ),
        (
            "stop_user in a set's on_stop",
            at!(cx, "post" => interrupt(), "-thread" => stop_user()),
            None,
            format!("{IN} {OUT}"),
        ),
        ("stop_user in on_start", at!(cx, "+user" => stop_user()), None, "+user -user".into()),
        (
            "a stop in a set's on_start, which finishes",
            at!(cx, "+forum" => { tokio::time::sleep(SECOND * 3).await; note(cx, "done"); Ok(()) }),
            stop(2.0),
            "+user walk +forum done -forum -user".into(),
        ),
        (
            "a stop in on_start, which finishes",
            at!(cx, "+user" => { tokio::time::sleep(SECOND * 3).await; note(cx, "done"); Ok(()) }),
            stop(2.0),
            "+user done -user".into(),
        ),
        (
            "a set's on_stop that never ends is bounded, and so are those around it",
            at!(cx, "-thread" => { cx.wait(SECOND * 1000).await; Ok(()) }, "-forum" => { cx.wait(SECOND * 1000).await; Ok(()) }),
            stop(2.05),
            format!("{IN} {OUT}"),
        ),
    ];
    for (what, at, stop, expected) in cases {
        let (outcome, log) = run(at, deep(), stop);
        assert_eq!(steps(&log), expected, "{what}: {log:?}");
        let names: Vec<&str> = log.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names[..2], ["setup Forum", "setup Thread"], "{what}");
        assert_eq!(names.last(), Some(&"teardown Forum"), "{what}");
        assert_eq!(outcome.snapshot.users.alive, 0, "{what}");
    }
}

#[test]
fn a_soft_stop_lets_the_innermost_task_finish_and_no_other() {
    let hang = at!(cx, "post" => { slow_request(cx).await?; note(cx, "posted"); Ok(()) });
    let (outcome, log) = run(hang, deep().stop_timeout(SECOND * 60), Some((SECOND * 3, Command::Stop)));
    assert_eq!(steps(&log), format!("{IN} posted {OUT}"));
    assert_eq!(outcome.snapshot.total.stats.ok, 1);
    let (outcome, log) = run(hang, deep().stop_timeout(SECOND), Some((SECOND * 3, Command::Stop)));
    assert_eq!(steps(&log), format!("{IN} {OUT}"));
    assert_eq!(outcome.snapshot.total.stats.interrupted, 1);
    assert_eq!(log.iter().find(|(_, name)| name == "-thread").map(|(at, _)| *at), Some(4000));
}

#[test]
fn an_abort_runs_no_hook() {
    let (_, log) = run(at!(cx, "post" => slow_request(cx).await), deep(), Some((SECOND * 3, Command::Abort)));
    assert_eq!(steps(&log), IN);
}

#[test]
fn interrupt_goes_on_at_once_and_interrupt_and_wait_waits() {
    let times = |at: At| {
        let (_, log) = run(at, deep(), Some((Duration::from_millis(3_050), Command::Stop)));
        log.into_iter()
            .filter(|(_, name)| !name.contains(' '))
            .map(|(at, name)| format!("{at} {name}"))
            .collect::<Vec<_>>()
    };
    let at_once = times(at!(cx, "post" => interrupt()));
    assert_eq!(
        at_once[..9],
        [
            "0 +user",
            "0 walk",
            "1000 +forum",
            "1000 read",
            "2000 +thread",
            "2000 post",
            "2000 -thread",
            "2000 read",
            "3000 +thread"
        ]
    );
    let after_wait = times(at!(cx, "post" => interrupt_and_wait()));
    assert_eq!(after_wait[4..8], ["2000 +thread", "2000 post", "2000 -thread", "3000 read"]);
}

#[test]
fn errors_and_panics_at_each_level_are_counted_there_and_the_set_goes_on() {
    let at = at!(cx, "post" => fail("no paper"), "read" => panic!("glasses"), "walk" => fail("rain"));
    let (outcome, log) = run(at, deep(), Some((Duration::from_millis(2_150), Command::Stop)));
    assert_eq!(steps(&log), "+user walk +forum read +thread post post -thread -forum -user");
    let mut seen = exceptions(&outcome);
    seen.sort();
    assert_eq!(seen, ["Forum::read: panicked: glasses", "Thread::post: no paper", "walk: rain"]);
}

#[test]
fn a_set_whose_on_start_fails_is_left_with_its_on_stop_and_tried_again() {
    for (at, message) in [
        (at!(cx, "+thread" => fail("closed")), "Thread::on_start: closed"),
        (at!(cx, "+thread" => panic!("closed")), "Thread::on_start: panicked: closed"),
    ] {
        let (outcome, log) = run(at, deep(), Some((Duration::from_millis(4_500), Command::Stop)));
        // The failed entry is followed by the forum's wait, like any task.
        assert_eq!(steps(&log), "+user walk +forum read +thread -thread read +thread -thread -forum -user");
        assert_eq!(exceptions(&outcome), [message]);
    }
}

#[test]
fn a_panic_in_on_stop_keeps_no_hook_from_running() {
    let at = at!(cx, "-thread" => panic!("one"), "-forum" => fail("two"), "-user" => panic!("three"));
    let (outcome, log) = run(at, deep(), Some((Duration::from_millis(2_050), Command::Stop)));
    assert_eq!(steps(&log), format!("{IN} {OUT}"));
    assert_eq!(exceptions(&outcome).len(), 3, "{:?}", exceptions(&outcome));
}

#[test]
fn a_set_is_made_anew_at_each_entry() {
    let (_, log) = run(at!(cx, "read" => interrupt()), deep(), Some((Duration::from_millis(2_500), Command::Stop)));
    assert_eq!(steps(&log), "+user walk +forum read -forum walk +forum read -forum walk -user");
}

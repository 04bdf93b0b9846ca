//! When each hook runs: of the user's class, of the user, of a task set in it; for a start, a stop and another start.
//!
//! `cargo run --release --example hooks_in_order` prints it. `setup` and `teardown` belong to a run and come again with the
//! next one; `on_start` and `on_stop` belong to one user, or to one visit of a set. There is one user and the tasks come in
//! sequence, so what is printed is the same each time.

#![expect(clippy::print_stdout, reason = "what is printed is all there is to see")]

use loadtest::RunError;
use loadtest::prelude::*;

#[derive(User)]
struct Visitor;

#[tasks]
impl Visitor {
    async fn setup() {
        println!("user class: setup");
    }

    async fn on_start(&mut self) {
        println!("  user: on_start");
    }

    #[task_set]
    fn forum(&mut self) -> Forum {
        Forum
    }

    async fn on_stop(&mut self) {
        println!("  user: on_stop");
    }

    async fn teardown() {
        println!("user class: teardown");
    }
}

struct Forum;

#[tasks(sequential)]
impl Forum {
    async fn setup() {
        println!("task set: setup");
    }

    async fn on_start(&mut self) {
        println!("    forum: on_start");
    }

    #[task]
    async fn read(&mut self) {
        println!("      task: read");
    }

    #[task]
    async fn write(&mut self) -> TaskResult {
        println!("      task: write");
        stop_test("both tasks have run")
    }

    async fn on_stop(&mut self) {
        println!("    forum: on_stop");
    }

    async fn teardown() {
        println!("task set: teardown");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    for start in ["start", "start again"] {
        println!("{start}");
        let report = LoadTest::new().user::<Visitor>().users(1).run().await?;
        println!("stop: {}\n", report.ended_by().sentence());
    }
    Ok(())
}

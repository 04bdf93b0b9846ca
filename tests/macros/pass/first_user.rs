//! The user of the first page: clients, context, plain fields, hooks, weighted tasks.

#![deny(warnings)]

use loadtest::prelude::*;
use loadtest::{Client, Tasks, User, Wait};

struct Http;

impl Client for Http {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

impl Http {
    async fn get(&mut self, _path: &str) -> TaskResult {
        Ok(())
    }
}

/// A documented user.
#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(1)))]
struct Shopper {
    #[client]
    http: Http,
    #[context]
    cx: Context,
    name: String,
    upload: Option<String>,
    #[init(10)]
    left: u32,
}

#[tasks]
impl Shopper {
    async fn on_start(&mut self) -> TaskResult {
        self.name = format!("shopper-{}", self.cx.user_number());
        Ok(())
    }

    /// A documented task.
    #[task(3)]
    async fn look(&mut self) -> TaskResult {
        self.http.get("/").await?;
        self.left -= 1;
        Ok(())
    }

    #[task]
    async fn buy(&mut self) {
        self.upload = Some(self.name.clone());
    }

    async fn on_stop(&mut self) {
        let _ = self.http.get("/bye").await;
    }
}

fn main() {
    let tasks: Vec<_> = Shopper::TASKS.iter().map(|task| (task.name, task.weight)).collect();
    assert_eq!(tasks, [("look", 3), ("buy", 1)]);
    assert_eq!(Shopper::NAME, "Shopper");
    assert_eq!(Shopper::weight(), 1.0);
    assert_eq!(Shopper::host(), None);
    let _wait: fn(&Shopper) -> Wait = Shopper::wait_time;
}

//! The program of Locust's slides: a login in `on_start`, weighted tasks, and a task set nested among them.
//!
//! `cargo run --release --example slides` tests an embedded website. Each user logs in once, and its cookies stay with it:
//! the forum is for members only, and no row has failures. Who goes into the forum stays there for some ten tasks, so its
//! threads are read far more often than the pages outside, whatever the weights there say.

use loadtest::prelude::*;
use testbed::slides::{PASSWORD, SlidesSite};

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(250), Duration::from_millis(750)))]
struct WebsiteUser {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl WebsiteUser {
    async fn on_start(&mut self) -> TaskResult {
        let name = format!("user-{}", self.cx.user_number());
        let form = [("username", name.as_str()), ("password", PASSWORD)];
        self.http.post("/login").form(&form).send().await?.error_for_status()?;
        Ok(())
    }

    #[task(2)]
    async fn index(&mut self) -> TaskResult {
        self.http.get("/").send().await?;
        Ok(())
    }

    #[task]
    async fn profile(&mut self) -> TaskResult {
        self.http.get("/profile").send().await?;
        Ok(())
    }

    /// The clone is the same session: same cookies, same connections.
    #[task_set]
    fn forum(&mut self) -> Forum {
        Forum { http: self.http.clone(), thread: 0 }
    }

    async fn on_stop(&mut self) -> TaskResult {
        self.http.post("/logout").send().await?;
        Ok(())
    }
}

/// What a user does in the forum, until it leaves.
struct Forum {
    http: HttpSession,
    thread: u32,
}

#[tasks]
impl Forum {
    /// Each time the forum is entered.
    async fn on_start(&mut self) -> TaskResult {
        self.http.get("/forum").send().await?;
        Ok(())
    }

    #[task(8)]
    async fn read_a_thread(&mut self) -> TaskResult {
        self.thread = self.thread % 20 + 1;
        self.http.get_path("/forum/{thread}", self.thread).send().await?;
        Ok(())
    }

    #[task]
    async fn post(&mut self) -> TaskResult {
        self.http.post_path("/forum/{thread}", self.thread.max(1)).form(&[("text", "Me too!")]).send().await?;
        Ok(())
    }

    /// Back to the other tasks of the user.
    #[task]
    async fn leave(&mut self) -> TaskResult {
        interrupt()
    }
}

/// Where the load goes when no `--host` is given. The server has a thread of its own, but it shares the machine.
fn embedded_site() -> String {
    SlidesSite::spawn().leak()
}

loadtest::main!(
    WebsiteUser,
    host = embedded_site,
    users = 20,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(15),
    autostart = true,
    autoquit = 0,
);

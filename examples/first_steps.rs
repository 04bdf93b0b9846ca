//! The smallest load test: one kind of user, one task.
//!
//! `cargo run --release --example first_steps` starts a small server of its own and tests that;
//! `-- --host http://localhost:8080 -u 50 -t 1m` tests yours.

use loadtest::prelude::*;
use testbed::echo::EchoServer;

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(50), Duration::from_millis(150)))]
struct Visitor {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Visitor {
    #[task]
    async fn something(&mut self) -> TaskResult {
        self.http.get("/something").send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Visitor,
    host = embedded_server,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);

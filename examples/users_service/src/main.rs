//! A service of users: one in four requests lists them, the others create one, with a made-up name and e-mail address.
//!
//! `cargo run --release -p users_service` starts a service of its own, on SQLite; `-- --host http://localhost:8080` tests
//! yours. Both requests are rows of the report, three POSTs to each GET, and no row has failures: `.json(…)` sends the
//! content type that the service insists on.

use fake::Fake;
use fake::faker::internet::en::SafeEmail;
use fake::faker::name::en::Name;
use loadtest::prelude::*;
use serde_json::json;
use testbed::users_service::UsersService;

#[derive(User)]
#[user(wait_time = between(Duration::from_secs(5), Duration::from_secs(15)))]
struct ApiUser {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    created: u64,
}

#[tasks]
impl ApiUser {
    #[task]
    async fn list_users(&mut self) -> TaskResult {
        self.http.get("/users").send().await?;
        Ok(())
    }

    #[task(3)]
    async fn create_user(&mut self) -> TaskResult {
        // From the user's own generator: `--seed` makes up the same people again.
        let name: String = Name().fake_with_rng(&mut self.cx.rng());
        let email: String = SafeEmail().fake_with_rng(&mut self.cx.rng());
        // Made-up addresses repeat, and the service takes each once: ours begin with who made them up.
        let email = format!("{}-{}-{}-{email}", self.cx.run_id(), self.cx.user_number(), self.created);
        self.created += 1;
        self.http.post("/users").json(&json!({ "name": name, "email": email })).send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has a thread of its own, but it shares the machine.
fn embedded_service() -> String {
    UsersService::spawn().leak()
}

loadtest::main!(
    ApiUser,
    host = embedded_service,
    users = 50,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(60),
    autostart = true,
    autoquit = 0,
);

//! The headline example with one line changed, for the lesson: `on_stop` deletes the account with the user's own session.
//!
//! Once a user has made two requests, its cookies say who it is, and ownCloud no longer looks at the Authorization
//! header. So the DELETE as administrator is a DELETE as the user: 401, in the failures table, and the accounts stay.

use loadtest::prelude::*;
use testbed::owncloud::OwncloudServer;

const ADMIN: (&str, &str) = ("admin", "admin");
const ACCOUNTS: &str = "/ocs/v2.php/cloud/users";

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(500)))]
struct OwncloudUser {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    name: String,
}

#[tasks]
impl OwncloudUser {
    async fn on_start(&mut self) -> TaskResult {
        self.name = format!("locust-{}-{}", self.cx.run_id(), self.cx.user_number());
        self.http
            .post(ACCOUNTS)
            .basic_auth(ADMIN.0, ADMIN.1)
            .form(&[("userid", &self.name), ("password", &self.name)])
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    #[task]
    async fn download_file(&mut self) -> TaskResult {
        self.http
            .get(format!("/remote.php/dav/files/{}/ownCloud%20Manual.pdf", self.name))
            .name("/remote.php/dav/files/[user]/ownCloud%20Manual.pdf")
            .basic_auth(&self.name, &self.name)
            .send()
            .await?;
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        self.http // `.fresh()` is missing here.
            .delete(format!("{ACCOUNTS}/{}", self.name))
            .name("/ocs/v2.php/cloud/users/[user]")
            .basic_auth(ADMIN.0, ADMIN.1)
            .send()
            .await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_owncloud() -> String {
    OwncloudServer::spawn().leak()
}

loadtest::main!(
    OwncloudUser,
    host = embedded_owncloud,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(5),
    autostart = true,
    autoquit = 0,
);

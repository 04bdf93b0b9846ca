//! One ownCloud account per simulated user: made in `on_start`, used by the tasks, deleted in `on_stop`.
//!
//! `cargo run --release --example owncloud_users` tests an embedded stand-in; `-- --host https://cloud.example`
//! tests a real ownCloud whose administrator is admin/admin.

use loadtest::prelude::*;
use testbed::owncloud::OwncloudServer;

const ADMIN: (&str, &str) = ("admin", "admin");
const ACCOUNTS: &str = "/ocs/v2.php/cloud/users";

#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(1)))]
struct OwncloudUser {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    name: String,
    uploads: u64,
}

#[tasks]
impl OwncloudUser {
    /// Makes the user's account, as the administrator.
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

    /// Downloads the manual that every new account has.
    #[task(3)]
    async fn download_file(&mut self) -> TaskResult {
        self.http
            .get(format!("/remote.php/dav/files/{}/ownCloud%20Manual.pdf", self.name))
            .name("/remote.php/dav/files/[user]/ownCloud%20Manual.pdf")
            .basic_auth(&self.name, &self.name)
            .send()
            .await?;
        Ok(())
    }

    /// Uploads a file of its own: two users writing one file would get 423 Locked.
    #[task]
    async fn upload_file(&mut self) -> TaskResult {
        self.uploads += 1;
        self.http
            .put(format!("/remote.php/dav/files/{}/upload-{}.txt", self.name, self.uploads))
            .name("/remote.php/dav/files/[user]/[file]")
            .basic_auth(&self.name, &self.name)
            .body("The quick brown fox jumps over the lazy dog.\n".repeat(1000))
            .send()
            .await?;
        Ok(())
    }

    /// Deletes the account, as the administrator, in a fresh session: with this user's cookies ownCloud would take the
    /// request for the user's own and ignore the administrator's Authorization header.
    async fn on_stop(&mut self) -> TaskResult {
        self.http
            .fresh()
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
    users = 20,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(15),
    autostart = true,
    autoquit = 0,
);

//! The first step towards `owncloud_users`: everybody is the administrator, and downloads the manual.
//!
//! `cargo run --release --example owncloud_step1` tests an embedded stand-in for ownCloud; `-- --host
//! https://cloud.example` tests a real one whose administrator is admin/admin. One row and no failures are to be seen: any
//! number of users may read one file.

use loadtest::prelude::*;
use testbed::owncloud::OwncloudServer;

#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(1)))]
struct OwncloudUser {
    #[client]
    http: HttpSession,
}

#[tasks]
impl OwncloudUser {
    #[task]
    async fn download_file(&mut self) -> TaskResult {
        self.http
            .get("/remote.php/dav/files/admin/ownCloud%20Manual.pdf")
            .basic_auth("admin", "admin")
            .discard_body()
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
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);

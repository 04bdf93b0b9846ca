//! The second step: users upload as well, one time in four. Those who all write the same file are in each other's way; those
//! who write a file of their own are not.
//!
//! `cargo run --release --example owncloud_step2` runs both kinds side by side against an embedded stand-in for ownCloud:
//! the failures table shows how often `upload.txt` was 423 Locked, while `upload-[user].txt` has no failures. Failed
//! requests make the exit code 1. `-- OneFile` or `-- OwnFile` runs one kind alone; with the second it is 0.

use loadtest::prelude::*;
use testbed::owncloud::OwncloudServer;

const FILES: &str = "/remote.php/dav/files/admin";
const ADMIN: (&str, &str) = ("admin", "admin");

/// Uploads the file that all the others upload.
#[derive(User)]
#[user(wait_time = between(Duration::from_millis(250), Duration::from_millis(750)))]
struct OneFile {
    #[client]
    http: HttpSession,
}

#[tasks]
impl OneFile {
    #[task(3)]
    async fn download_file(&mut self) -> TaskResult {
        download(&self.http).await
    }

    #[task]
    async fn upload_file(&mut self) -> TaskResult {
        self.http
            .put(format!("{FILES}/upload.txt"))
            .basic_auth(ADMIN.0, ADMIN.1)
            .body("All work and no play makes Jack a dull boy.\n".repeat(1000))
            .send()
            .await?;
        Ok(())
    }
}

/// Uploads a file that nobody else does: its name has the user's number.
#[derive(User)]
#[user(wait_time = between(Duration::from_millis(250), Duration::from_millis(750)))]
struct OwnFile {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl OwnFile {
    #[task(3)]
    async fn download_file(&mut self) -> TaskResult {
        download(&self.http).await
    }

    #[task]
    async fn upload_file(&mut self) -> TaskResult {
        self.http
            .put(format!("{FILES}/upload-{}.txt", self.cx.user_number()))
            .name(format!("{FILES}/upload-[user].txt")) // One row for the files of all users.
            .basic_auth(ADMIN.0, ADMIN.1)
            .body("All work and no play makes Jack a dull boy.\n".repeat(1000))
            .send()
            .await?;
        Ok(())
    }
}

/// What both kinds do three times as often.
async fn download(http: &HttpSession) -> TaskResult {
    let manual = format!("{FILES}/ownCloud%20Manual.pdf");
    http.get(manual).basic_auth(ADMIN.0, ADMIN.1).discard_body().send().await?;
    Ok(())
}

/// Where the load goes when no `--host` is given. Storing a file takes a moment there, as on a disk.
fn embedded_owncloud() -> String {
    OwncloudServer::builder().write_time(Duration::from_millis(100)).spawn().leak()
}

loadtest::main!(
    OneFile,
    OwnFile,
    host = embedded_owncloud,
    users = 20,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);

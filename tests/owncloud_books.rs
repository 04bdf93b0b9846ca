//! The books of the headline's user, to the request: what was written whole is what the ownCloud stand-in received,
//! whatever ends the run.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use loadtest::prelude::*;
use testbed::owncloud::{OwncloudServer, route};

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(20)))]
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
        let account = [("userid", &self.name), ("password", &self.name)];
        let created = self.http.post("/ocs/v2.php/cloud/users").basic_auth("admin", "admin").form(&account).send();
        created.await?.error_for_status()?;
        Ok(())
    }

    #[task(3)]
    async fn download(&mut self) -> TaskResult {
        let url = format!("/remote.php/dav/files/{}/ownCloud%20Manual.pdf", self.name);
        self.http.get(url).name("download").basic_auth(&self.name, &self.name).send().await?;
        Ok(())
    }

    #[task]
    async fn upload(&mut self) -> TaskResult {
        let url = format!("/remote.php/dav/files/{}/file.bin", self.name);
        let body = vec![b'x'; 1_000_000];
        self.http.put(url).name("upload").basic_auth(&self.name, &self.name).body(body).send().await?;
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        let url = format!("/ocs/v2.php/cloud/users/{}", self.name);
        self.http.fresh().delete(url).name("delete").basic_auth("admin", "admin").send().await?;
        Ok(())
    }
}

fn test(server: &OwncloudServer, users: u64) -> LoadTest {
    LoadTest::new().host(server.url()).user::<OwncloudUser>().users(users).spawn_rate(f64::INFINITY).threads(2)
}

async fn books_hold(server: &OwncloudServer, report: &Report) {
    for row in report.requests().iter().chain([report.total()]) {
        let stats = &row.stats;
        assert_eq!(stats.started, stats.ok + stats.failed + stats.interrupted, "{report}");
    }
    // What was written may still lie between the sockets: the server has a while to read it.
    for _ in 0..1000 {
        if server.counts().received_total() == report.total().stats.written {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(report.total().stats.written, server.counts().received_total(), "{report}\n{:?}", server.counts());
    assert_eq!(server.accounts(), Vec::<String>::new(), "{report}");
}

#[tokio::test]
async fn a_run_to_its_end() {
    let server = OwncloudServer::builder().manual_size(100_000).spawn();
    let report = test(&server, 10).run_time(Duration::from_secs(2)).run().await.unwrap();
    assert!(report.total().stats.ok > 20, "{report}");
    books_hold(&server, &report).await;
}

#[tokio::test]
async fn a_stop_with_slow_downloads_in_flight() {
    let server = OwncloudServer::builder().download_duration(Duration::from_secs(60)).spawn();
    let running = test(&server, 20).start().unwrap();
    while server.counts().received("GET", route::FILES) < 10 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.stop();
    let report = running.wait().await.unwrap();
    assert!(report.total().stats.interrupted >= 10, "{report}");
    books_hold(&server, &report).await;
}

#[tokio::test]
async fn a_stop_while_accounts_are_being_created() {
    let server = OwncloudServer::builder().password_check(Duration::from_millis(20)).manual_size(1000).spawn();
    let running = test(&server, 200).start().unwrap();
    while server.accounts().len() < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.stop();
    let report = running.wait().await.unwrap();
    let ok = |name: &str, method: &str| report.request(method, name).map_or(0, |row| row.stats.ok);
    assert_eq!(ok("/ocs/v2.php/cloud/users", "POST"), ok("delete", "DELETE"), "{report}");
    books_hold(&server, &report).await;
}

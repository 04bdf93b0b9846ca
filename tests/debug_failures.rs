//! `--debug-failures`, as a person meets it: a process, a folder, files to read.

#![cfg(all(feature = "http", feature = "cli"))]

mod process;

use std::fs;
use std::path::{Path, PathBuf};

use process::Process;

/// A folder that is removed at the end of a test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("loadtest-debug-failures-{}-{name}", std::process::id())))
    }

    fn text(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// Two users whose last request fails: it deletes an account with the wrong session.
fn run() -> Process {
    let flags = ["-u", "2", "-r", "unlimited", "--iterations-per-user", "2", "--only-summary"];
    Process::example("owncloud_stale_cookies").args(flags)
}

#[test]
fn failed_requests_become_files() {
    let folder = Temporary::new("files");
    let ended = run().args(["--debug-failures", &format!("{}/made/here", folder.text())]).finish();
    assert_eq!(ended.code, Some(1), "{}", ended.all());
    let made = folder.0.join("made/here");
    let name = "DELETE-ocs-v2.php-cloud-users-user-401.txt";
    assert_eq!(names(&made), [format!("000001-{name}"), format!("000002-{name}")], "{}", ended.all());
    let text = fs::read_to_string(made.join(format!("000001-{name}"))).expect("a file");
    for shown in [
        "DELETE /ocs/v2.php/cloud/users/[user]: 401 Unauthorized\n",
        "kind:         status\n",
        " of OwncloudUser\n",
        "task:         on_stop\n",
        "\n----- sent\nDELETE /ocs/v2.php/cloud/users/locust-",
        "authorization: Basic ***\n",
        "cookie: ",
        "\n----- answered\nHTTP/1.1 401 Unauthorized\n",
    ] {
        assert!(text.contains(shown), "{shown}:\n{text}");
    }
    assert!(!text.contains("YWRtaW46YWRtaW4"), "{text}");
    assert!(ended.out.contains("401 Unauthorized\n           status, 100.00% of its requests, "), "{}", ended.all());
}

#[test]
fn the_variable_does_the_same() {
    let folder = Temporary::new("variable");
    let ended = run().env("LOADTEST_DEBUG_FAILURES", folder.text()).finish();
    assert_eq!((ended.code, names(&folder.0).len()), (Some(1), 2), "{}", ended.all());
}

#[test]
fn a_folder_that_cannot_be_made_ends_before_the_run() {
    let file = Temporary::new("file");
    fs::write(&file.0, "of a person").expect("a file");
    let csv = Temporary::new("csv");
    let ended = run().args(["--debug-failures", file.text(), "--csv", csv.text()]).finish();
    assert_eq!(ended.code, Some(2), "{}", ended.all());
    assert!(ended.err.contains(&format!("error: failures cannot be written to {}: ", file.text())), "{}", ended.all());
    assert_eq!(fs::read_to_string(&file.0).expect("still there"), "of a person");
    assert!(!fs::exists(format!("{}_stats.csv", csv.text())).expect("known"), "nothing was touched");
}

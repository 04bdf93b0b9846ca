//! What a run leaves behind, by a real process: whatever becomes of the disk, of the folder and of the process.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::path::{Path, PathBuf};

use loadtest::Report;
use process::{Process, Running};
use testbed::echo::EchoServer;

/// A folder of this test's own, which goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("outputs-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn report(&self, name: &str) -> Report {
        Report::from_json(std::fs::File::open(self.0.join(name)).unwrap()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const FILES: [&str; 12] = [
    "exceptions",
    "failures",
    "generator",
    "metrics",
    "phases",
    "response_times",
    "stats",
    "stats_history",
    "statuses",
    "tasks",
    "thresholds",
    "transactions",
];

fn csv_files() -> Vec<String> {
    FILES.iter().map(|name| format!("run_{name}.csv")).collect()
}

fn start(server: &EchoServer, arguments: &[&str]) -> Running {
    let common = ["-H", &server.url(), "-u", "3", "-r", "unlimited"];
    Process::example("first_steps").args(common).args(arguments.iter().copied()).start()
}

/// Whole lines, each with as many cells as the first, where no cell has a comma.
fn assert_whole(text: &str) {
    assert!(text.ends_with('\n'), "{text:?}");
    let mut cells = text.lines().map(|line| line.split(',').count());
    let first = cells.next().unwrap();
    assert!(cells.all(|count| count == first), "{text}");
}

#[test]
fn files_have_the_figures_of_the_table_and_names_of_the_settings() {
    let server = EchoServer::spawn();
    let folder = Folder::new("all");
    let process = start(
        &server,
        &[
            "-t",
            "2s",
            "--csv",
            &folder.path("run-{u}-{r}-{t}"),
            "--csv-full-history",
            "--json-file",
            &folder.path("{u}"),
            "--html",
            &folder.path("{t}.html"),
        ],
    )
    .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let ok = process.rows()["GET /something"].ok;
    let report = folder.report("3.json");
    assert_eq!(report.request("GET", "/something").unwrap().stats.ok, ok);
    assert_eq!(
        (report.users(), report.settings().spawn_rate, report.classes()),
        (3, None, &["Visitor".to_owned()][..])
    );
    assert!(process.out.contains(&format!("Seed {}.", report.seed())), "{}", process.out);
    let names: Vec<_> = ["2s.html".to_owned(), "3.json".to_owned()]
        .into_iter()
        .chain(FILES.map(|file| format!("run-3-unlimited-2s_{file}.csv")))
        .collect();
    assert_eq!(folder.names(), names, "and nothing else");
    let page = folder.read("2s.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"), "{page}");
    assert!(page.contains("/something") && page.contains(&report.seed().to_string()), "{page}");
    let history = folder.read("run-3-unlimited-2s_stats_history.csv");
    assert_whole(&history);
    assert!(history.lines().filter(|line| line.contains(",GET,/something,")).count() >= 2, "{history}");
    assert!(folder.read("run-3-unlimited-2s_statuses.csv").contains(&format!("GET,/something,200,{ok},")));
}

#[test]
fn json_has_stdout_for_itself() {
    let server = EchoServer::spawn();
    let process = start(&server, &["-t", "3s", "--json"]).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!(process.out.lines().count(), 1, "{}", process.out);
    let report = Report::from_json(process.out.as_bytes()).unwrap();
    assert!(report.total().stats.ok > 10 && report.total().stats.failed == 0);
}

#[test]
fn what_cannot_be_written_is_said_before_the_run_and_what_is_there_stays() {
    let server = EchoServer::spawn();
    let folder = Folder::new("earlier");
    for name in ["run_stats.csv", "run_stats_history.csv", "report.json"] {
        std::fs::write(folder.0.join(name), "earlier").unwrap();
    }
    let (prefix, json) = (folder.path("run"), folder.path("report.json"));
    for (bad, flag) in [
        (["--csv", &prefix, "--json-file", "/no/such/folder/x"], "--json-file: /no/such/folder/x.json"),
        (["--html", "/no/such/folder/x", "--csv", &prefix], "--html: /no/such/folder/x cannot be written"),
        (["--json-file", &json, "--csv", "/no/such/folder/x"], "--csv: /no/such/folder/x_stats.csv"),
    ] {
        let process = start(&server, &bad).finish();
        assert_eq!(process.code, Some(2), "{}", process.all());
        assert!(process.err.contains(flag) && process.err.contains("folder that exists"), "{}", process.err);
        assert_eq!(folder.names(), ["report.json", "run_stats.csv", "run_stats_history.csv"]);
        assert!(folder.names().iter().all(|name| folder.read(name) == "earlier"));
    }
    std::fs::create_dir(folder.0.join("folder.json")).unwrap();
    let process = start(&server, &["--json-file", &folder.path("folder")]).finish();
    assert_eq!(process.code, Some(2), "{}", process.all());
    assert!(process.err.contains("folder.json cannot be written: it is a folder"), "{}", process.err);
    assert_eq!(server.counts().received_total(), 0);
}

#[test]
fn a_folder_that_goes_away_does_not_end_the_run_and_writing_goes_on_when_it_is_back() {
    let server = EchoServer::spawn();
    let (folder, other) = (Folder::new("away"), Folder::new("stays"));
    let history = folder.0.join("run_stats_history.csv");
    let process = start(&server, &["-t", "1h", "--csv", &folder.path("run"), "--json-file", &other.path("report")]);
    let lines = || std::fs::read_to_string(&history).unwrap_or_default().lines().count();
    process.wait_until("a first line of history", || lines() >= 2);
    std::fs::remove_dir_all(&folder.0).unwrap();
    process.wait_for_err("the run goes on, and writing is tried again");
    std::fs::create_dir_all(&folder.0).unwrap();
    process.wait_until("the history goes on", || lines() >= 3);
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!(process.err.matches("writing is tried again").count(), 1, "{}", process.err);
    assert_eq!(folder.names(), csv_files());
    assert_whole(&folder.read("run_stats_history.csv"));
    assert!(other.report("report.json").total().stats.ok > 0);
}

#[test]
fn a_folder_that_is_gone_at_the_end_is_an_exit_code_and_the_rest_is_written() {
    let server = EchoServer::spawn();
    let (folder, other) = (Folder::new("gone"), Folder::new("rest"));
    let process = start(&server, &["-t", "1h", "--json-file", &folder.path("report"), "--csv", &other.path("run")]);
    process.wait_until("a first file", || !other.read("run_stats.csv").is_empty());
    std::fs::remove_dir_all(&folder.0).unwrap();
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(1), "{}", process.all());
    assert!(process.err.contains("report.json cannot be written"), "{}", process.err);
    assert!(process.out.contains("GET /something"), "{}", process.out);
    assert_eq!(other.names(), csv_files());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_end_the_run_and_the_rest_is_written() {
    let server = EchoServer::spawn();
    let folder = Folder::new("full");
    for name in ["run_stats.csv", "run_stats_history.csv"] {
        std::os::unix::fs::symlink("/dev/full", folder.0.join(name)).unwrap();
    }
    let process =
        start(&server, &["-t", "7s", "--csv", &folder.path("run"), "--json-file", &folder.path("report")]).finish();
    assert_eq!(process.code, Some(1), "{}", process.all());
    assert_eq!(process.err.matches("writing is tried again").count(), 1, "{}", process.err);
    assert!(process.err.contains("No space left on device"), "{}", process.err);
    let ok = folder.report("report.json").total().stats.ok;
    assert!(folder.read("run_statuses.csv").contains(&format!("GET,/something,200,{ok},")));
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_whole_files_with_all_but_the_last_interval() {
    let server = EchoServer::spawn();
    let folder = Folder::new("killed");
    let process = start(&server, &["-t", "1h", "--csv", &folder.path("run"), "--csv-full-history"]);
    let history = || folder.read("run_stats_history.csv");
    process.wait_until("some history", || history().matches(",Aggregated,").count() >= 4);
    process.signal("KILL");
    let process = process.finish();
    assert_eq!(process.code, None, "{}", process.all());
    let history = history();
    assert_whole(&history);
    assert!(history.lines().last().unwrap().contains(",,Aggregated,"), "a second is written in one piece:\n{history}");
    for name in csv_files() {
        assert_whole(&folder.read(&name));
    }
}

#[cfg(unix)]
#[test]
fn files_are_complete_after_one_ctrl_c_and_after_two() {
    for twice in [false, true] {
        let server = EchoServer::spawn();
        let folder = Folder::new(if twice { "twice" } else { "once" });
        let process =
            start(&server, &["-t", "1h", "--csv", &folder.path("run"), "--json-file", &folder.path("report")]);
        process.wait_until("requests", || server.counts().answered_total() > 20);
        process.interrupt();
        if twice {
            process.interrupt();
        }
        let process = process.finish();
        // A run may have ended in good order before the second.
        assert!(process.code == Some(0) || twice && process.code == Some(130), "{}", process.all());
        let report = folder.report("report.json");
        let total = &report.total().stats;
        assert_eq!(total.started, total.ok + total.failed + total.interrupted);
        assert_eq!(folder.names().len(), 1 + FILES.len(), "{:?}", folder.names());
        assert!(folder.read("run_stats.csv").contains(&format!(",Aggregated,{},", total.ok + total.failed)));
        assert_whole(&folder.read("run_stats_history.csv"));
    }
}

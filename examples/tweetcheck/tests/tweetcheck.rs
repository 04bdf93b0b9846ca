//! The example as a real process: the list grows, and the report shows what comes of it.

#[path = "../../../tests/process/mod.rs"]
mod process;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use process::Process;
use testbed::tweetcheck::{TweetCheck, route};

const FIRST: &str = "/api/tweets?status=pending (from 000 s)";
const LAST: &str = "/api/tweets?status=pending (from 005 s)";

/// A row of `PREFIX_stats.csv`: the column of each figure that is one.
type Figures = HashMap<String, f64>;

fn figures(file: &Path) -> HashMap<String, Figures> {
    let text = std::fs::read_to_string(file).expect("the file of --csv");
    let mut lines = text.lines().map(|line| line.split(','));
    let columns: Vec<&str> = lines.next().expect("a header").collect();
    let row = |cells: std::str::Split<'_, char>| {
        let cells: Vec<&str> = cells.collect();
        let figures =
            columns.iter().zip(&cells).filter_map(|(column, cell)| Some((column.to_string(), cell.parse().ok()?)));
        (cells[1].to_owned(), figures.collect())
    };
    lines.map(row).collect()
}

#[test]
fn the_list_grows_and_its_answers_slow_down() {
    let service = TweetCheck::spawn();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("slope-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder of ours");
    let prefix = folder.join("run");
    let process = Process::program(env!("CARGO_BIN_EXE_tweetcheck"))
        .args(["-H", &service.url(), "-u", "20", "-r", "unlimited", "-t", "9s"])
        .args(["--csv", prefix.to_str().expect("a path")])
        .start();
    // Few users for a few seconds post too little for a slope that no busy machine can hide: a day's work is added once
    // the first lists have been answered.
    let started = Instant::now();
    while service.counts().answered("GET", route::TWEETS, 200) < 3 {
        assert!(started.elapsed() < Duration::from_secs(60), "no list was asked for");
        std::thread::sleep(Duration::from_millis(2));
    }
    service.post_many(5000);
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    assert_eq!(service.tweets(), 5000 + rows["POST /api/tweets"].ok, "{}", process.out);
    assert!(rows["GET /api/"].ok > 0 && rows["Aggregated"].failed == 0, "{}", process.out);
    let figures = figures(&folder.join("run_stats.csv"));
    let both = |column: &str| (figures[FIRST][column], figures[LAST][column]);
    let (first, last) = both("Average Content Size");
    assert!(first < last, "the list is longer in the second row:\n{}", process.out);
    let (first, last) = both("Min Response Time");
    assert!(2.0 * first < last, "the list is slower in the second row:\n{}", process.out);
    std::fs::remove_dir_all(folder).expect("a folder of ours");
}

#[test]
fn it_runs_without_arguments() {
    let process = Process::program(env!("CARGO_BIN_EXE_tweetcheck")).env("LOADTEST_RUN_TIME", "3s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("which shares this machine with the users"), "{}", process.err);
    assert!(process.rows()["POST /api/tweets"].ok > 0, "{}", process.out);
}

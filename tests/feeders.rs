//! Feeders in whole runs: who gets a row, and how the run ends when there are no more.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use loadtest::prelude::*;
use loadtest::{EndedBy, InputError, RunError};
use process::Process;
use testbed::echo::EchoServer;

const ROWS: u64 = 500;

fn run<U: loadtest::User + 'static>(threads: usize, seed: u64) -> LoadTest {
    LoadTest::new().user::<U>().users(8).spawn_rate(f64::INFINITY).threads(threads).seed(seed)
}

/// How often each row was asked for: the rows of the report.
fn rows(report: &Report) -> BTreeMap<String, u64> {
    report.requests().iter().map(|row| (row.key.name.to_string(), row.stats.ok)).collect()
}

/// Takes rows until there are no more.
#[derive(User)]
struct Reader {
    #[context]
    cx: Context,
    #[shared]
    rows: Arc<Feeder<u64>>,
}

#[tasks]
impl Reader {
    async fn setup(_cx: &SetupContext) -> Result<Feeder<u64>, InputError> {
        Ok(Feeder::list(0..ROWS)?.shuffled().once(RunOut::StopUser))
    }

    #[task]
    async fn read(&mut self) -> TaskResult {
        let row = self.rows.next(&self.cx)?;
        self.cx.measure("ROW", &row.to_string(), async { Ok::<_, InputError>(()) }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn the_run_ends_when_every_row_was_used_once() {
    // The second run begins with the first row again: its `setup` made a feeder of its own.
    for seed in 1..=2 {
        let report = run::<Reader>(4, seed).run().await.unwrap();
        assert_eq!(*report.ended_by(), EndedBy::NoUsersLeft, "{report}");
        let rows = rows(&report);
        assert_eq!(rows.len() as u64, ROWS);
        assert!(rows.values().all(|times| *times == 1), "{rows:?}");
        assert!(report.exceptions().is_empty(), "{report}");
    }
}

/// The same, but for one user's sake the test ends.
#[derive(User)]
struct Strict {
    #[context]
    cx: Context,
    #[shared]
    rows: Arc<Feeder<u64>>,
}

#[tasks]
impl Strict {
    async fn setup(_cx: &SetupContext) -> Result<Feeder<u64>, InputError> {
        Ok(Feeder::list(0..5)?.named("coupons").once(RunOut::StopTest))
    }

    /// Eight users, five rows.
    async fn on_start(&mut self) -> TaskResult {
        let row = self.rows.next(&self.cx)?;
        self.cx.measure("ROW", &row.to_string(), async { Ok::<_, InputError>(()) }).await?;
        Ok(())
    }

    #[task]
    async fn rest(&mut self) {
        self.cx.wait(Duration::from_secs(3600)).await;
    }
}

#[tokio::test]
async fn a_feeder_that_runs_out_can_end_the_test() {
    let report = run::<Strict>(2, 1).run().await.unwrap();
    let why = "coupons has no more rows: all 5 have been used";
    assert_eq!(*report.ended_by(), EndedBy::StopTest(why.to_owned()), "{report}");
    assert_eq!(rows(&report).values().sum::<u64>(), 5);
    assert!(report.exceptions().is_empty(), "{report}");
}

/// What each user of each run was given, by seed, threads and user number.
static GIVEN: Mutex<BTreeMap<(u64, usize, u64), Vec<u64>>> = Mutex::new(BTreeMap::new());
static SHARED: LazyLock<Feeder<u64>> = LazyLock::new(|| Feeder::list(0..ROWS).expect("rows").shuffled());

/// Its rows are its own.
#[derive(User)]
struct Owner<const THREADS: usize> {
    #[context]
    cx: Context,
}

#[tasks]
impl<const THREADS: usize> Owner<THREADS> {
    #[task]
    async fn take(&mut self) -> TaskResult {
        let rows = [SHARED.for_user(&self.cx)?, SHARED.random(&self.cx), SHARED.random(&self.cx)];
        let key = (self.cx.seed(), THREADS, self.cx.user_number());
        GIVEN.lock().unwrap().insert(key, rows.map(|row| *row).to_vec());
        stop_user()
    }
}

#[tokio::test]
async fn rows_of_a_user_are_the_same_for_a_seed_on_any_number_of_threads() {
    for seed in [1, 2] {
        run::<Owner<1>>(1, seed).run().await.unwrap();
        run::<Owner<3>>(3, seed).run().await.unwrap();
    }
    let given = GIVEN.lock().unwrap();
    assert_eq!(given.len(), 32);
    for user in 0..8 {
        let rows = |seed, threads| &given[&(seed, threads, user)];
        assert_eq!(rows(1, 1), rows(1, 3));
        assert_eq!(rows(2, 1), rows(2, 3));
        assert_ne!(rows(1, 1), rows(2, 1), "another seed");
    }
    let own: std::collections::BTreeSet<u64> = (0..8).map(|user| given[&(1, 1, user)][0]).collect();
    assert_eq!(own.len(), 8, "everybody has a row of its own");
}

#[derive(User)]
struct Misled;

#[tasks]
impl Misled {
    async fn setup(_cx: &SetupContext) -> Result<Feeder<(String, String)>, InputError> {
        Feeder::csv("no/such/accounts.csv")
    }

    #[task]
    async fn nothing(&mut self) {}
}

#[tokio::test]
async fn a_file_that_is_missing_ends_the_run_before_any_user_starts() {
    let error = run::<Misled>(1, 1).run().await.unwrap_err();
    let RunError::Setup { report, .. } = &error else { panic!("{error:?}") };
    assert_eq!(report.total().stats.started, 0);
    let text = error.to_string();
    assert!(text.starts_with("Misled::setup failed: no/such/accounts.csv cannot be read: "), "{text}");
}

#[test]
fn the_example_logs_each_account_in_once() {
    let server = EchoServer::spawn();
    let process = Process::example("feeders").args(["-H", &server.url(), "-u", "10", "-r", "100", "-t", "1s"]).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    assert_eq!(rows["POST /login"].ok, 8, "{}", process.out);
    assert!(rows["GET /articles/{id}"].ok > 0 && rows["GET /search"].ok > 0, "{}", process.out);
    assert!(process.err.contains("accounts.csv has no more rows: all 8 have been used"), "{}", process.err);
}

//! What of a report is the same whenever the same test runs, as text: for snapshot tests.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::text::clean;
use super::{EndedBy, Report};
use crate::stats::{MetricStats, RowKey, RowStats, Snapshot, TransactionStats};
use crate::threshold::ThresholdResult;

impl Report {
    /// What of this report is the same whenever the same test runs, line by line: for snapshot tests, with `insta` or a plain
    /// `assert_eq!`.
    ///
    /// There are the users asked for and why the run ended, the names of requests and transactions, failures, exceptions
    /// (without their place, which moves with every line above it), custom metrics, and the verdict of each threshold. Times, rates, sizes, the seed, the run's
    /// id, the host and warnings are not. Everything is sorted, and a part without content has no lines.
    ///
    /// Counts, of status codes too, are there where the run was limited by what it did: where it ended by
    /// [`iterations`](crate::LoadTest::iterations), or because every user had left, as with
    /// [`iterations_per_user`](crate::LoadTest::iterations_per_user). Where time ended it, how much was done differs from one
    /// run to the next: there it says only what there was, without status codes, and nothing of what was interrupted. How often each task runs is
    /// random, too; give a [`seed`](crate::LoadTest::seed). With several users limit them one by one: how a number of iterations
    /// for all is shared among them depends on who is faster.
    ///
    /// ```
    /// # use loadtest_core::{
    /// #     Context, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit,
    /// # };
    /// # struct Caller(Context);
    /// # impl Tasks for Caller {
    /// #     const TASKS: &'static [TaskInfo] = &[TaskInfo::new("order", 1)];
    /// #     type Shared = ();
    /// #     async fn setup(_: &SetupContext) -> Result<(), Exit> {
    /// #         Ok(())
    /// #     }
    /// #     async fn run_task(&mut self, _task: usize, _: &Scope<'_>) -> TaskResult {
    /// #         self.0.measure("CALL", "price", async { "17".parse::<u32>() }).await?;
    /// #         self.0.measure("CALL", "order", async { "12 euros".parse::<u32>() }).await?;
    /// #         Ok(())
    /// #     }
    /// # }
    /// # impl User for Caller {
    /// #     const NAME: &'static str = "Caller";
    /// #     fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
    /// #         Ok(Self(init.context()))
    /// #     }
    /// # }
    /// let test = LoadTest::new().user::<Caller>().users(2).iterations_per_user(5).seed(1).threshold("fail_ratio < 10%");
    /// let report = test.spawn_rate(f64::INFINITY).run_blocking().unwrap();
    /// assert_eq!(
    ///     report.stable_text(),
    ///     "\
    /// users: 2 (Caller)
    /// ended: every user has stopped itself
    /// requests:
    ///   CALL order: 10 failed
    ///   CALL price: 10 ok
    /// failures:
    ///   CALL order: invalid digit found in string: 10
    /// thresholds:
    ///   fail_ratio < 10%: not met
    /// "
    /// );
    /// ```
    #[must_use]
    pub fn stable_text(&self) -> String {
        let has_counts = matches!(self.ended_by(), EndedBy::Iterations | EndedBy::NoUsersLeft);
        let mut out = format!("users: {} ({})\n", self.users(), self.classes().join(", "));
        let ended = match self.ended_by() {
            // Which one stands below; by how much is another figure each time.
            EndedBy::Threshold(_) => "a threshold was not met".to_owned(),
            other => clean(&other.sentence()),
        };
        let _ = writeln!(out, "ended: {ended}");
        if self.is_incomplete() {
            out.push_str("incomplete: figures are missing\n");
        }
        out + &Lines { has_counts }.parts(self.snapshot()) + &part("thresholds", verdicts(self.thresholds()))
    }
}

/// How lines are made.
struct Lines {
    has_counts: bool,
}

impl Lines {
    fn parts(&self, snapshot: &Snapshot) -> String {
        let requests = snapshot.rows.iter().filter_map(|row| {
            let RowStats { ok, failed, interrupted, .. } = *row.stats;
            let line = self.outcomes(&titled(&row.key), [ok, failed, interrupted])?;
            Some(if self.has_counts { line + &statuses(&row.stats) } else { line })
        });
        let transactions = snapshot.transactions.iter().filter_map(|row| {
            let TransactionStats { ok, failed, interrupted, .. } = row.stats;
            self.outcomes(&row.name, [ok, failed, interrupted])
        });
        let failures = snapshot.failures.iter();
        let failures = failures.map(|row| (format!("{}: {}", titled(&row.key), row.error), row.count));
        let of_transactions = snapshot.transaction_failures.iter();
        let of_transactions = of_transactions.map(|row| (format!("{}: {}", row.name, row.error), row.count));
        let exceptions = snapshot.exceptions.iter();
        let exceptions = exceptions.map(|row| (format!("{}::{}: {}", row.class, row.task, row.message), row.count));
        let metrics = snapshot.metrics.iter().map(|metric| {
            let count = match &metric.stats {
                // How often it was added to is nobody's concern.
                MetricStats::Counter(counter) => counter.total,
                stats => stats.count(),
            };
            (format!("{} {}", metric.stats.kind().as_str(), metric.name), count)
        });
        [
            part("requests", requests),
            part("transactions", transactions),
            part("failures", self.counted(failures)),
            part("failed transactions", self.counted(of_transactions)),
            part("exceptions", self.counted(exceptions)),
            part("metrics", self.counted(metrics)),
        ]
        .concat()
    }

    /// Ok, failed, interrupted. `None` for what was only interrupted, where that is a matter of time.
    fn outcomes(&self, name: &str, counts: [u64; 3]) -> Option<String> {
        let all = ["ok", "failed", "interrupted"].into_iter().zip(counts);
        let shown: Vec<String> = all
            .filter(|(what, count)| *count > 0 && (self.has_counts || *what != "interrupted"))
            .map(|(what, count)| if self.has_counts { format!("{count} {what}") } else { what.to_owned() })
            .collect();
        (!shown.is_empty()).then(|| format!("{name}: {}", shown.join(", ")))
    }

    /// In the order of their texts; what differs only in what is not shown, such as the place of an exception, is one.
    fn counted(&self, texts: impl Iterator<Item = (String, u64)>) -> impl Iterator<Item = String> {
        let mut all = BTreeMap::new();
        for (text, count) in texts {
            *all.entry(text).or_insert(0) += count;
        }
        let has_counts = self.has_counts;
        all.into_iter().map(move |(text, count)| if has_counts { format!("{text}: {count}") } else { text })
    }
}

/// Thresholds in the order in which they were asked for, without the figures that they were held against.
fn verdicts(results: &[ThresholdResult]) -> impl Iterator<Item = String> {
    results.iter().map(|result| format!("{}: {}", result.threshold, result.verdict.as_str()))
}

/// The status codes of the answers, each with how many, unless all requests had the same.
fn statuses(stats: &RowStats) -> String {
    let all: Vec<String> = stats
        .statuses()
        .filter_map(|status| Some((status.code?, status.service.count())))
        .map(|(code, count)| if count == stats.requests() { code.to_string() } else { format!("{code}: {count}") })
        .collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

fn titled(key: &RowKey) -> String {
    format!("{} {}", key.method, key.name).trim().to_owned()
}

/// A heading and its lines, if there are any.
fn part(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| format!("  {}\n", clean(&line))).collect();
    if lines.is_empty() { lines } else { format!("{title}:\n{lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Failure;
    use crate::testing::TestShard;
    use crate::threshold::watch::Watch;

    fn snapshot() -> Snapshot {
        let shard = TestShard::new(None);
        let cx = shard.context();
        for name in ["/b", "/a", "/a"] {
            cx.recorder().start("GET", name).ok();
        }
        cx.recorder().start("PUT", "/b").fail(Failure::new("409 Conflict").sample("port 40123"));
        cx.recorder().start("PUT", "/b").fail(Failure::new("408\r\n\u{1b}"));
        drop(cx.recorder().start("PUT", "/b"));
        drop(cx.recorder().start("GET", "/never"));
        cx.recorder().start("", "nameless").ok();
        for (name, status) in [("/c", 200), ("/c", 404), ("/d", 201), ("/d", 201)] {
            let mut pending = cx.recorder().start("GET", name);
            pending.set_status(status);
            pending.ok();
        }
        let mut unanswered = cx.recorder().start("GET", "/e");
        unanswered.set_status(204);
        unanswered.ok();
        cx.recorder().start("GET", "/e").ok();
        cx.start_transaction("checkout").fail("declined");
        cx.counter("orders").add(12);
        cx.counter("orders").add(30);
        cx.trend("weight").record(17.5);
        shard.snapshot()
    }

    #[test]
    fn counts_are_shown_where_they_are_the_same_each_time() {
        assert_eq!(
            Lines { has_counts: true }.parts(&snapshot()),
            "\
requests:
  GET /a: 2 ok
  GET /b: 1 ok
  PUT /b: 2 failed, 1 interrupted
  GET /c: 2 ok (200: 1, 404: 1)
  GET /d: 2 ok (201)
  GET /e: 2 ok (204: 1)
  GET /never: 1 interrupted
  nameless: 1 ok
transactions:
  checkout: 1 failed
failures:
  PUT /b: 408   : 1
  PUT /b: 409 Conflict: 1
failed transactions:
  checkout: declined: 1
metrics:
  counter orders: 42
  trend weight: 1
"
        );
    }

    #[test]
    fn where_time_decides_there_are_names_alone() {
        assert_eq!(
            Lines { has_counts: false }.parts(&snapshot()),
            "\
requests:
  GET /a: ok
  GET /b: ok
  PUT /b: failed
  GET /c: ok
  GET /d: ok
  GET /e: ok
  nameless: ok
transactions:
  checkout: failed
failures:
  PUT /b: 408   
  PUT /b: 409 Conflict
failed transactions:
  checkout: declined
metrics:
  counter orders
  trend weight
"
        );
    }

    #[test]
    fn thresholds_are_shown_with_their_verdicts_and_without_figures() {
        let asked = ["ok( GET /a)==2", "p95(GET /c)  < 0s", "failed(GET /missing) == 0"];
        let asked = asked.map(|text| text.parse().expect(text));
        let results = Watch::new(&asked).results(&snapshot(), None);
        let lines: Vec<String> = verdicts(&results).collect();
        let expected =
            ["ok(GET /a) == 2: met", "p95(GET /c) < 0s: not met", "failed(GET /missing) == 0: nothing matched"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn exceptions_of_several_places_are_one() {
        let texts = [("A::b: no", 2), ("A::a: no", 1), ("A::b: no", 3)].map(|(text, count)| (text.to_owned(), count));
        let lines: Vec<String> = Lines { has_counts: true }.counted(texts.into_iter()).collect();
        assert_eq!(lines, ["A::a: no: 1", "A::b: no: 5"]);
    }
}

//! Data for users: rows from a list, a CSV file or JSON lines, read before the first user starts and handed out to the
//! users of all threads.

#[cfg(feature = "feeders")]
mod csv_rows;
#[cfg(feature = "feeders")]
mod json_rows;
mod shuffle;
#[cfg(feature = "feeders")]
mod source;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::RngExt;

use crate::context::Context;
use crate::error::InputError;
use crate::exit::{Exit, ExitKind};
#[cfg(feature = "feeders")]
pub use csv_rows::CsvFormat;

/// Rows of test data that all users of a run share: accounts, search words, articles.
///
/// All rows are read and checked when the feeder is made, which is best done in `setup`: then a malformed file ends the
/// run before any load, and each run starts with the first row. Users reach it through `#[shared]`.
///
/// ```
/// # use std::sync::Arc;
/// use loadtest_core::{Context, Feeder, InputError, RunOut, TaskResult};
///
/// struct Data {
///     accounts: Feeder<(&'static str, &'static str)>,
///     words: Feeder<&'static str>,
/// }
///
/// // What `setup` does:
/// fn data() -> Result<Data, InputError> {
///     Ok(Data {
///         // Nobody logs in twice: the third user that asks is done.
///         accounts: Feeder::list([("ada", "s3cret"), ("ben", "pa55")])?.once(RunOut::StopUser),
///         // Every word once in some order, then all of them in another.
///         words: Feeder::list(["rust", "load", "test"])?.named("words").shuffled(),
///     })
/// }
///
/// struct Searcher {
///     data: Arc<Data>, // #[shared]
///     cx: Context,     // #[context]
///     name: String,
/// }
///
/// impl Searcher {
///     async fn on_start(&mut self) -> TaskResult {
///         let (name, _password) = self.data.accounts.next(&self.cx)?;
///         self.name = (*name).to_owned(); // a row is lent; what a user keeps, it clones
///         Ok(())
///     }
///
///     async fn search(&mut self) -> TaskResult {
///         let word = self.data.words.next(&self.cx)?;
///         // … search for it
///         # let _ = word;
///         Ok(())
///     }
/// }
/// # let data = data().unwrap();
/// # assert_eq!((data.accounts.rows().len(), data.words.rows()[0]), (2, "rust"));
/// ```
///
/// # Who gets which row
///
/// | taken with | which row | the same again with the same `--seed` |
/// |---|---|---|
/// | [`next`](Self::next) | the next one of the run, whoever asks | the order of the rows; which user gets which one depends on the moment it asks |
/// | [`for_user`](Self::for_user) | one of this user's own, by its number | every user's row, on any number of threads |
/// | [`random`](Self::random) | any, from the user's own random numbers | every user's rows, on any number of threads |
///
/// What the first two go through is chosen when the feeder is made:
///
/// | | order | after the last row |
/// |---|---|---|
/// | as it is, or [`circular`](Self::circular) | as given | from the beginning |
/// | [`shuffled`](Self::shuffled) | drawn from the seed, another one in each round | the next round |
/// | [`once`](Self::once) | as given, or shuffled | the user stops, or the test |
///
/// Rows are numbered by one atomic counter over all threads: a row is handed out once per round, however many users ask
/// at the same time. No lock is taken.
///
/// # Where it lives
///
/// A feeder in a `static` with [`LazyLock`](std::sync::LazyLock) works as well, but goes on where the run before it in
/// the same process stopped, and a bad file is then a panic of the first user who asks.
pub struct Feeder<T> {
    name: String,
    rows: Box<[T]>,
    shuffled: bool,
    /// What happens after the last row; without it, the first one again.
    run_out: Option<RunOut>,
    /// How many rows were asked for with `next`.
    asked: AtomicU64,
    /// Whether the log has been told that there are no more.
    told: AtomicBool,
}

/// What happens to those who ask for a row when all have been used; see [`Feeder::once`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOut {
    /// The user that asks is done, as with [`stop_user`](crate::stop_user). When every user is done, so is the run.
    StopUser,
    /// The test is over, as with [`stop_test`](crate::stop_test); the report says which feeder ran out.
    StopTest,
}

impl<T> Feeder<T> {
    /// A feeder of these rows.
    ///
    /// # Errors
    /// When there are none.
    pub fn list(rows: impl IntoIterator<Item = T>) -> Result<Self, InputError> {
        let rows: Box<[T]> = rows.into_iter().collect();
        if rows.is_empty() {
            return Err(InputError::new("a feeder was made from an empty list; give at least one row"));
        }
        Ok(Self::of("the list".to_owned(), rows))
    }

    /// Of rows that there are.
    fn of(name: String, rows: Box<[T]>) -> Self {
        Self { name, rows, shuffled: false, run_out: None, asked: AtomicU64::new(0), told: AtomicBool::new(false) }
    }

    /// Gives it a name for messages, and for [`shuffled`](Self::shuffled). Files have theirs already: the file's name,
    /// without its folder.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// After the last row comes the first again. This is the default.
    #[must_use]
    pub fn circular(mut self) -> Self {
        self.run_out = None;
        self
    }

    /// Hands the rows out in an order that is drawn from the seed of the run, and in another one in each round: every
    /// row comes once per round.
    ///
    /// The order depends on the seed, the name of the feeder and the number of rows, and on nothing else. Two lists of
    /// one length that should not go in step need different names.
    #[must_use]
    pub fn shuffled(mut self) -> Self {
        self.shuffled = true;
        self
    }

    /// Hands out each row once; `run_out` is what happens to those who ask for more.
    #[must_use]
    pub fn once(mut self, run_out: RunOut) -> Self {
        self.run_out = Some(run_out);
        self
    }

    /// The next row of the run, whichever user asks.
    ///
    /// ```
    /// # use loadtest_core::{Exit, Feeder, InputError, testing::TestShard};
    /// # let shard = TestShard::new(None);
    /// # let (ada, ben) = (shard.context(), shard.context());
    /// # fn example(ada: &loadtest_core::Context, ben: &loadtest_core::Context) -> Result<(), Exit> {
    /// let colours = Feeder::list(["red", "green"])?;
    /// assert_eq!(*colours.next(ada)?, "red");
    /// assert_eq!(*colours.next(ben)?, "green");
    /// assert_eq!(*colours.next(ada)?, "red");
    /// # Ok(())
    /// # }
    /// # example(&ada, &ben).unwrap();
    /// ```
    ///
    /// # Errors
    /// When all rows of a [`once`](Self::once)-only feeder have been used: the end of the user or of the test, for the
    /// `?` in a task or hook. A feeder that begins again never runs out.
    pub fn next(&self, cx: &Context) -> Result<&T, Exit> {
        // The number alone decides, nothing else is published with it. 2^64 rows are more than anybody can ask for.
        self.at(self.asked.fetch_add(1, Ordering::Relaxed), cx)
    }

    /// The row of this user: always the same one, on any number of threads, and also for the one who replaces it.
    ///
    /// User *k* of the run has row *k* in the feeder's order. User numbers are counted over all classes: where there are
    /// several, a class does not meet every row. [`next`](Self::next) does not know which rows were taken here: use one
    /// or the other.
    ///
    /// # Errors
    /// As [`next`](Self::next): when a [`once`](Self::once)-only feeder has no row for a user of this number.
    pub fn for_user(&self, cx: &Context) -> Result<&T, Exit> {
        self.at(cx.user_number(), cx)
    }

    /// Any row, drawn from the user's own random numbers; the same one may come again. Nothing is used up by this, also
    /// where rows are handed out [`once`](Self::once).
    pub fn random(&self, cx: &Context) -> &T {
        &self.rows[cx.rng().random_range(0..self.rows.len())]
    }

    /// All rows, as given.
    #[must_use]
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The row at this position of the endless sequence, which a once-only feeder cuts after its first round.
    fn at(&self, position: u64, cx: &Context) -> Result<&T, Exit> {
        let count = self.rows.len() as u64;
        let (round, place) = (position / count, position % count);
        if let Some(run_out) = self.run_out.filter(|_| round > 0) {
            return Err(self.no_more(run_out));
        }
        let row = if self.shuffled { shuffle::row_at(cx.seed(), &self.name, round, count, place) } else { place };
        #[expect(clippy::cast_possible_truncation, reason = "below the number of rows, which is a usize")]
        Ok(&self.rows[row as usize])
    }

    #[cold]
    fn no_more(&self, run_out: RunOut) -> Exit {
        let why = match self.rows.len() {
            1 => format!("{} has no more rows: its only one has been used", self.name),
            count => format!("{} has no more rows: all {count} have been used", self.name),
        };
        match run_out {
            RunOut::StopUser => {
                // Once, not for each of thousands of users.
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::info!("{why}; users who ask for one stop");
                }
                Exit(ExitKind::StopUser)
            }
            RunOut::StopTest => Exit(ExitKind::StopTest(why.into())),
        }
    }
}

impl<T> fmt::Debug for Feeder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeder")
            .field("name", &self.name)
            .field("rows", &self.rows.len())
            .field("shuffled", &self.shuffled)
            .field("run_out", &self.run_out)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

//! What a run must keep to, as it is asked for.

use crate::error::InputError;
use crate::runner::load_test::LoadTest;
use crate::threshold::{Threshold, ThresholdError};

impl LoadTest {
    /// Asks for something that the run must keep to, such as `p95(GET /cart) < 200ms`; the documentation of [`Threshold`]
    /// has the grammar. What became of it is in [`Report::thresholds`](crate::Report::thresholds), and
    /// [`Report::assert_thresholds`](crate::Report::assert_thresholds) panics when it was not met; on the command line the
    /// exit code is 3. Can be called several times: each counts.
    ///
    /// A text that is no threshold is refused when the run starts, with the place at which it is wrong.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use loadtest_core::{
    /// #     Context, Exit, LoadTest, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit,
    /// # };
    /// # struct Caller(Context);
    /// # impl Tasks for Caller {
    /// #     const TASKS: &'static [TaskInfo] = &[TaskInfo::new("call", 1)];
    /// #     type Shared = ();
    /// #     async fn setup(_: &SetupContext) -> Result<(), Exit> {
    /// #         Ok(())
    /// #     }
    /// #     async fn run_task(&mut self, _task: usize, _: &Scope<'_>) -> TaskResult {
    /// #         self.0.measure("CALL", "hello", async { Ok::<_, Infallible>(()) }).await?;
    /// #         Ok(())
    /// #     }
    /// # }
    /// # impl User for Caller {
    /// #     const NAME: &'static str = "Caller";
    /// #     fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
    /// #         Ok(Self(init.context()))
    /// #     }
    /// # }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let test = LoadTest::new().user::<Caller>().iterations(3);
    /// let report = test.threshold("count(CALL hello) == 3").threshold("fail_ratio < 1%").run().await.unwrap();
    /// report.assert_thresholds();
    /// assert_eq!(report.thresholds()[0].shown_value(), "3");
    /// # });
    /// ```
    pub fn threshold<T>(mut self, threshold: T) -> Self
    where
        T: TryInto<Threshold>,
        T::Error: Into<ThresholdError>,
    {
        self.thresholds.push(threshold.try_into().map_err(Into::into));
        self
    }

    /// Several at once; see [`threshold`](Self::threshold).
    pub fn thresholds<T>(self, thresholds: impl IntoIterator<Item = T>) -> Self
    where
        T: TryInto<Threshold>,
        T::Error: Into<ThresholdError>,
    {
        thresholds.into_iter().fold(self, Self::threshold)
    }

    /// # Errors
    /// When one of them is none.
    pub(super) fn checked_thresholds(&self) -> Result<Vec<Threshold>, InputError> {
        self.thresholds.iter().cloned().collect::<Result<_, _>>().map_err(InputError::from)
    }
}

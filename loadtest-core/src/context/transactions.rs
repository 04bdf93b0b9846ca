//! Transactions, as users write them.

use std::borrow::Cow;
use std::error::Error;
use std::pin::pin;

use crate::context::{Context, SetupContext};
use crate::exit::{Exit, ExitKind, message_with_causes};
use crate::stats::Transaction;

/// An error that can end a transaction: an [`Exit`], or anything that turns into one with `?`.
#[diagnostic::on_unimplemented(
    message = "a transaction cannot end with the error `{Self}`",
    label = "this error",
    note = "give `Result<T, E>` where `E` is a `std::error::Error` or `Exit`: end the block with `Ok::<_, Exit>(())`"
)]
pub trait TransactionError {
    /// What the failure is grouped by; `None` when it is no failure but a signal, such as [`stop_user`](crate::stop_user).
    fn failure(&self) -> Option<Cow<'_, str>>;
}

impl<E: Error> TransactionError for E {
    fn failure(&self) -> Option<Cow<'_, str>> {
        Some(message_with_causes(self).into())
    }
}

impl TransactionError for Exit {
    fn failure(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            ExitKind::Error(error) => Some(error.message.as_str().into()),
            ExitKind::Recorded => Some("a request failed".into()),
            ExitKind::Interrupt { .. } | ExitKind::StopUser | ExitKind::StopTest(_) | ExitKind::Reschedule => None,
        }
    }
}

impl Context {
    /// Measures several requests, and what lies between them, as one transaction.
    ///
    /// - Its **time** is that of the clock, from the first poll of the future to its end. A [`wait`](Self::wait) inside is
    ///   part of it. How much of it went into requests is measured as well.
    /// - Its **verdict** is the future's result: an error makes it failed. A failed request alone does not, as the task may
    ///   have expected it: `?` on its error does. A signal such as `stop_user()` makes it interrupted, as does dropping it.
    ///   Failed transactions make the exit code 1, as failed requests do.
    /// - Inside of another one, its **name** stands behind that of the other: `checkout / pay`.
    /// - It has a row in a table of its own and is **no request**: the total counts what it consists of. For its row,
    ///   *started = ok + failed + interrupted*.
    ///
    /// A run keeps 1,000 names; further ones are counted as `(other)`, and the report warns of it.
    ///
    /// ```
    /// use loadtest_core::{Context, Exit, TaskResult};
    /// # async fn call(cx: &Context, name: &str) -> Result<(), loadtest_core::RecordedError> {
    /// #     cx.measure("GET", name, async { Ok::<_, std::io::Error>(()) }).await
    /// # }
    ///
    /// async fn buy(cx: &Context) -> TaskResult {
    ///     cx.transaction("checkout", async {
    ///         call(cx, "/cart").await?;
    ///         // `checkout / pay`. Where the result goes through `?`, the compiler asks for the error's type.
    ///         cx.transaction("pay", async {
    ///             call(cx, "/card").await?;
    ///             Ok::<_, Exit>(())
    ///         })
    ///         .await?;
    ///         call(cx, "/receipt").await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # let shard = loadtest_core::testing::TestShard::new(None);
    /// # runtime.block_on(buy(&shard.context())).unwrap();
    /// # let snapshot = shard.snapshot();
    /// # assert_eq!(snapshot.transaction("checkout / pay").unwrap().ok, 1);
    /// # assert_eq!(snapshot.transaction("checkout").unwrap().requests, 3);
    /// # assert_eq!(snapshot.total.stats.ok, 3);
    /// ```
    ///
    /// # Errors
    /// Those of the future.
    pub async fn transaction<T, E: TransactionError>(
        &self,
        name: &str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let innermost = self.recorder().innermost();
        let outer = innermost.get();
        let transaction = self.start_transaction(name);
        let mut inside = innermost.replace(outer);
        let mut future = pin!(future);
        // Others of this user may be polled at the same time: what is begun in this future, and nothing else, is inside.
        // A panic leaves `inside` where it is: it has ended then, and is passed over.
        let result = std::future::poll_fn(|task| {
            let outer = innermost.replace(inside.take());
            let poll = future.as_mut().poll(task);
            inside = innermost.replace(outer);
            poll
        })
        .await;
        match result.as_ref().err().map(TransactionError::failure) {
            None => transaction.ok(),
            Some(Some(error)) => transaction.fail(&error),
            Some(None) => drop(transaction),
        }
        result
    }

    /// Begins a [`transaction`](Self::transaction) that does not fit into one future. It ends with
    /// [`ok`](Transaction::ok) or [`fail`](Transaction::fail); dropped without a verdict, as by a stop or by `?`, it is
    /// interrupted.
    ///
    /// Until then it is around every transaction that this user begins.
    ///
    /// ```
    /// # use loadtest_core::Context;
    /// # async fn call(_: &str) -> bool { true }
    /// async fn buy(cx: &Context) {
    ///     let checkout = cx.start_transaction("checkout");
    ///     if call("/cart").await && call("/card").await {
    ///         checkout.ok();
    ///     } else {
    ///         checkout.fail("not bought");
    ///     }
    /// }
    /// ```
    pub fn start_transaction(&self, name: &str) -> Transaction {
        Transaction::start(self.recorder(), name)
    }
}

impl SetupContext {
    /// As [`Context::transaction`].
    ///
    /// # Errors
    /// As there.
    pub async fn transaction<T, E: TransactionError>(
        &self,
        name: &str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.0.transaction(name, future).await
    }

    /// As [`Context::start_transaction`].
    pub fn start_transaction(&self, name: &str) -> Transaction {
        self.0.start_transaction(name)
    }
}

//! Everything a load test usually names: `use loadtest::prelude::*;`.

pub use std::sync::Arc;
pub use std::time::Duration;

pub use loadtest_core::{
    CatchUp, Context, Exit, Feeder, LoadTest, Report, RunOut, SetupContext, TaskResult, between, constant,
    constant_pacing, constant_throughput, fail, interrupt, interrupt_and_wait, poisson, reschedule, stop_test,
    stop_user,
};
#[cfg(feature = "tower")]
pub use loadtest_http::LoadTestExt;
#[cfg(feature = "http")]
pub use loadtest_http::{HttpSession, HttpSettings};

pub use crate::{User, task, task_set, tasks};

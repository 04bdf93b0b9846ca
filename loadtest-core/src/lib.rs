//! The core of loadtest: users, tasks, the runner, statistics, reports and the command line. No HTTP.
//!
//! Applications use the facade crate `loadtest`; a crate with a client for another protocol needs this one alone.

mod class_config;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod console;
mod context;
mod error;
mod exit;
#[cfg(feature = "cli")]
mod exit_code;
mod extensions;
mod failure_files;
mod feeder;
mod iterations;
mod life;
mod listener;
mod options;
mod plan;
mod report;
mod runner;
mod secret;
pub mod stats;
mod task;
#[doc(hidden)]
pub mod testing;
pub mod threshold;
mod timer;
mod tls;
mod trace;
pub mod units;
mod user;
mod wait;

#[cfg(feature = "cli")]
pub use clap;
pub use class_config::{ClassConfig, ConfigField, ConfigValue};
pub use context::client::{Client, ClientSettings, Configure};
#[doc(hidden)]
pub use context::client::{Configured, Settings, SettingsError};
pub use context::metrics::{Counter, Gauge, Trend};
pub use context::transactions::TransactionError;
pub use context::{Context, SetupContext, UserRng};
pub use error::InputError;
pub use exit::{
    ErrorKind, Exit, IntoTaskResult, RecordedError, TaskResult, fail, interrupt, interrupt_and_wait, reschedule,
    stop_test, stop_user,
};
#[cfg(feature = "feeders")]
pub use feeder::CsvFormat;
pub use feeder::{Feeder, RunOut};
pub use listener::{Listener, SpawningComplete, TestStart, TestStop};
#[cfg(feature = "cli")]
pub use report::CsvFile;
#[cfg(feature = "json")]
pub use report::JsonError;
pub use report::{EndedBy, Report, RunSettings};
pub use runner::{LoadTest, RunError, Running, Stopper};
pub use secret::Secret;
pub use task::{Order, Scope, SetupOutput, TaskInfo, Tasks};
pub use threshold::{Threshold, ThresholdError, ThresholdResult};
pub use tls::TlsOptions;
pub use trace::Trace;
#[doc(hidden)]
pub use user::{FieldDefault, OptionsField};
pub use user::{User, UserInit};
#[doc(hidden)]
pub use wait::check_wait;
pub use wait::{CatchUp, IntoWait, Schedule, Wait, between, constant, constant_pacing, constant_throughput, poisson};

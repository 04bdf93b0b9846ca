//! The exit codes of a load test, all in one place.
//!
//! | code | when |
//! |------|------|
//! | 0    | done, also after one Ctrl-C |
//! | 1    | requests or transactions failed, or tasks or listeners had errors (`--exit-code-on-error` changes it) |
//! | 1    | all is well, but a file that was asked for could not be written at the end |
//! | 2    | bad input: nothing was started |
//! | 3    | a threshold was not met, or matched nothing |
//! | 4    | `setup` failed |
//! | 5    | the load generator failed: no thread to be had, or a user did not yield and its thread had to be given up |
//! | 130  | a second Ctrl-C |
//!
//! Where several apply, the most specific wins: 2, 4, 130, 3, 5, 1. Of several runs in one process the last one has it; where
//! there was none, it is 0.

use crate::report::{EndedBy, Report};

/// Done.
pub(crate) const OK: u8 = 0;
/// Requests or transactions failed, or tasks or listeners had errors.
pub(crate) const ERRORS: u8 = 1;
/// Bad input: nothing was started.
pub(crate) const INPUT: u8 = 2;
/// A threshold was not met.
pub(crate) const THRESHOLDS: u8 = 3;
/// `setup` failed.
pub(crate) const SETUP: u8 = 4;
/// The load generator failed.
pub(crate) const GENERATOR: u8 = 5;
/// Broken off by a second Ctrl-C.
pub(crate) const ABORTED: u8 = 130;

/// The exit code of a run; `on_error` is what takes the place of [`ERRORS`]. Where all is well but what was asked for in files
/// is not `written`, it is [`ERRORS`] too.
pub(crate) fn of(report: &Report, on_error: u8, written: bool) -> u8 {
    match of_run(report, on_error) {
        OK if !written => ERRORS,
        code => code,
    }
}

fn of_run(report: &Report, on_error: u8) -> u8 {
    match report.ended_by() {
        EndedBy::SetupFailed { .. } => SETUP,
        EndedBy::Abort => ABORTED,
        _ if report.thresholds().iter().any(|result| !result.is_met()) => THRESHOLDS,
        _ if report.is_incomplete() => GENERATOR,
        _ if report.total().stats.failed > 0 || !report.exceptions().is_empty() => on_error,
        // One that was failed by its verdict alone, where each request did what it should.
        _ if report.transactions().iter().any(|row| row.stats.failed > 0) => on_error,
        _ => OK,
    }
}

//! What is typed as a value, read; what is wrong with it says what to write instead.

use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::units::parse_duration;

pub(super) fn users(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a whole number of users, at least 1".to_owned()),
        Ok(users) => Ok(users),
    }
}

pub(super) fn tasks(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a whole number of task runs, at least 1".to_owned()),
        Ok(tasks) => Ok(tasks),
    }
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a whole number, at least 1".to_owned()),
        Ok(count) => Ok(count),
    }
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("give a whole number from 0 to {}", u64::MAX))
}

pub(super) fn code(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| "give a whole number from 0 to 255".to_owned())
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(f64::INFINITY);
    }
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("give a number of users per second above 0, such as 0.5 or 10, or \"unlimited\"".to_owned()),
    }
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text)
}

/// Locust's level names and Rust's.
pub(super) fn level(text: &str) -> Result<LevelFilter, String> {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" => Ok(LevelFilter::TRACE),
        "DEBUG" => Ok(LevelFilter::DEBUG),
        "INFO" => Ok(LevelFilter::INFO),
        "WARNING" | "WARN" => Ok(LevelFilter::WARN),
        "ERROR" | "CRITICAL" => Ok(LevelFilter::ERROR),
        "OFF" => Ok(LevelFilter::OFF),
        _ => Err("give DEBUG, INFO, WARNING, ERROR or OFF".to_owned()),
    }
}

/// An empty one is a no: so a variable is taken back for one call.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "on" | "1" => Ok(true),
        "" | "false" | "no" | "n" | "f" | "off" | "0" => Ok(false),
        _ => Err("give true or false".to_owned()),
    }
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "give a port from 1 to 65535, or 0 for any that is free".to_owned())
}

pub(super) fn seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "give a whole number of seconds, 0 to end with the run".to_owned())
}

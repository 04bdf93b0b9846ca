//! Rows of every kind, what failed, and the load generator.

use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::form::{Fields, Json, Object, Wrong, object};
use super::times::check_books;
use crate::stats::{
    BodyText, ClassSnapshot, ExceptionRow, Exchange, FailureKind, FailureRow, FailureSample, GeneratorHealth,
    RequestStats, RowKey, RowSnapshot, RunPoint, RunState, ScheduledStarts, TaskKey, TaskSnapshot, TaskStats,
    TransactionFailureRow, TransactionSnapshot, TransactionStats, UserCounts,
};
use crate::threshold::{Threshold, ThresholdResult, Value as Figure, Verdict};

object!(RowKey [] { method, name });
object!(RowSnapshot [key, stats] { rate, fail_rate, current_rate, current_fail_rate });
object!(UserCounts [] { alive, starting, stopping });
object!(TaskKey [] { class, task });
object!(TaskSnapshot [key, stats] {});
object!(ClassSnapshot [stats] { class });
object!(ScheduledStarts [] { lateness, overruns, skipped });
object!(TransactionSnapshot [stats] { name });
object!(TransactionFailureRow [] { name, error, count, first_seen, last_seen });
object!(ExceptionRow [] { class, task, message, place, count, first_seen, last_seen });
object!(FailureRow [key] { kind, error, sample, samples, count, first_seen, last_seen });
object!(FailureSample [] {
    at,
    class,
    user_number,
    task,
    service_time as "service_time_ns",
    phases,
    details,
    exchange,
});
object!(Exchange [] { request, request_body, status, response, response_body });
object!(BodyText [] { text, length as "length_bytes", is_cut });
object!(GeneratorHealth [] {
    threads,
    cpu as "cpu_cores",
    cpu_max as "cpu_max_cores",
    thread_max,
    busy,
    memory as "memory_bytes",
    memory_max as "memory_max_bytes",
    held_up,
    core_wait as "core_wait_ns",
    queue_delay,
});
object!(RunPoint [] {
    at as "at_ns",
    length as "length_ns",
    users,
    cpu as "cpu_cores",
    memory as "memory_bytes",
    held_up,
    queue_delay as "queue_delay_ns",
});

/// A struct with books: what came to an end must have a sum.
macro_rules! with_books {
    ($type:ty { $($field:ident),* }) => {
        impl Fields for $type {
            fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
                $(to.serialize_entry(stringify!($field), &super::form::As(&self.$field))?;)*
                Ok(())
            }

            fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
                let read = Self { $($field: from.take(stringify!($field))?,)* };
                check_books([read.ok, read.failed, read.interrupted])?;
                Ok(read)
            }
        }
    };
}
with_books!(RequestStats { started, ok, failed, interrupted, service, response });
with_books!(TaskStats { started, ok, failed, interrupted, time, response, requests });
with_books!(TransactionStats { started, ok, failed, interrupted, requests, time, in_requests });

impl Json for RunState {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let text = String::read(value)?;
        let all =
            [Self::Ready, Self::SettingUp, Self::Spawning, Self::Running, Self::Stopping, Self::Stopped].into_iter();
        let state = all.into_iter().find(|state| state.as_str() == text);
        state.ok_or_else(|| Wrong::new(format!("a run is never `{text}`")))
    }
}

impl Json for FailureKind {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }

    /// A kind that is not known yet is another one.
    fn read(value: Value) -> Result<Self, Wrong> {
        let text = String::read(value)?;
        let all = [
            Self::Status,
            Self::Check,
            Self::Timeout,
            Self::Dns,
            Self::Connect,
            Self::Tls,
            Self::Closed,
            Self::Protocol,
            Self::Request,
        ];
        Ok(all.into_iter().find(|kind| kind.as_str() == text).unwrap_or_default())
    }
}

impl Json for Verdict {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let text = String::read(value)?;
        let verdict = [Self::Met, Self::NotMet, Self::NothingMatched].into_iter().find(|it| it.as_str() == text);
        verdict.ok_or_else(|| Wrong::new(format!("there is no verdict `{text}`")))
    }
}

impl Json for Threshold {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let text = String::read(value)?;
        text.parse().map_err(|error| Wrong::new(format!("`{text}` is no threshold: {error}")))
    }
}

impl Fields for Figure {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Time(time) => to.serialize_entry("time_ns", &super::form::As(time)),
            Self::Ratio(ratio) => to.serialize_entry("ratio", ratio),
            Self::Number(number) => to.serialize_entry("number", number),
        }
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        if let Some(time) = from.take("time_ns")? {
            return Ok(Self::Time(time));
        }
        if let Some(ratio) = from.take("ratio")? {
            return Ok(Self::Ratio(ratio));
        }
        from.take("number").map(Self::Number)
    }
}

object!(ThresholdResult [] { threshold, value, verdict, sentence, at as "at_ns", aborted });

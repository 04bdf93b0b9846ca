//! Time series, point by point: nothing of them is put together in memory before it is written.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::form::{As, Fields, Object, Wrong};
use super::times::{Compact, check_books};
use crate::stats::{History, Point, RowHistory, RowKey};

impl Fields for Point {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry("at_ns", &As(&self.at))?;
        to.serialize_entry("length_ns", &As(&self.length))?;
        to.serialize_entry("ok", &self.ok)?;
        to.serialize_entry("failed", &self.failed)?;
        to.serialize_entry("interrupted", &self.interrupted)?;
        to.serialize_entry("service", &Compact(&self.service))?;
        to.serialize_entry("response", &Compact(&self.response))
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        let mut point = Self::new(from.take("at_ns")?, from.take("length_ns")?);
        (point.ok, point.failed, point.interrupted) =
            (from.take("ok")?, from.take("failed")?, from.take("interrupted")?);
        (point.service, point.response) = (from.take("service")?, from.take("response")?);
        check_books([point.ok, point.failed, point.interrupted])?;
        Ok(point)
    }
}

struct Points<'a>(&'a RowHistory);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut points = to.serialize_seq(None)?;
        for point in self.0.points() {
            serde::ser::SerializeSeq::serialize_element(&mut points, &As(&point))?;
        }
        serde::ser::SerializeSeq::end(points)
    }
}

struct Rows<'a>(&'a History);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.rows().map(|(key, history)| Row { key, history }))
    }
}

struct Row<'a> {
    key: &'a RowKey,
    history: &'a RowHistory,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.key.write_fields(&mut map)?;
        map.serialize_entry("points", &Points(self.history))?;
        map.end()
    }
}

/// A row as it is read.
struct ReadRow {
    key: Arc<RowKey>,
    points: Vec<Point>,
}

super::form::object!(ReadRow [key] { points });

impl Fields for History {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry("run", &Run(self))?;
        to.serialize_entry("total", &Points(self.total()))?;
        to.serialize_entry("requests", &Rows(self))
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        let (run, total): (Vec<_>, Vec<_>) = (from.take("run")?, from.take("total")?);
        let rows: Vec<ReadRow> = from.take("requests")?;
        Ok(Self::of_points(run, total, rows.into_iter().map(|row| (row.key, row.points))))
    }
}

struct Run<'a>(&'a History);

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.run().map(As))
    }
}

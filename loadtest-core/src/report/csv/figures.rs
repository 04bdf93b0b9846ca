//! The files of response times, of status codes, and of tasks and user classes.

use std::io::{self, Write};

use csv::Writer;

use super::all_rows;
use super::cell::{self, NONE, millis, of_times, percentiles, text, with_percentiles};
use crate::stats::{Snapshot, TaskStats};

/// `_response_times.csv`: for each row with scheduled requests, service and response time side by side; at the end by how
/// much starts came late. Without schedules it has its header only.
pub(crate) fn response_times(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(with_percentiles("Type,Name,Time,Count,Average,Min,Max"))?;
    for row in all_rows(snapshot).filter(|row| row.stats.response.count() > 0) {
        for (name, times) in [("service", &row.stats.service), ("response", &row.stats.response)] {
            let head = cell::key(&row.key).into_iter().chain([name.to_owned()]);
            csv.write_record(head.chain(of_times(times)).chain(percentiles(times)))?;
        }
    }
    if snapshot.starts.count() > 0 {
        let head = ["", "Aggregated", "lateness"].map(str::to_owned).into_iter();
        let late = &snapshot.starts.lateness;
        csv.write_record(head.chain(of_times(late)).chain(percentiles(late)))?;
    }
    csv.flush()
}

/// `_statuses.csv`: each row's status codes with their service times. `N/A` is the code of requests without an answer, and
/// of protocols without codes.
pub(crate) fn statuses(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(with_percentiles("Type,Name,Status,Count,Average,Min,Max"))?;
    for row in all_rows(snapshot) {
        for status in row.stats.statuses() {
            let code = status.code.map_or_else(|| NONE.to_owned(), |code| code.to_string());
            let head = cell::key(&row.key).into_iter().chain([code]);
            csv.write_record(head.chain(of_times(status.service)).chain(percentiles(status.service)))?;
        }
    }
    csv.flush()
}

/// `_tasks.csv`: runs of each task with their times, and the requests made inside; after the tasks of all classes each user
/// class as a whole.
pub(crate) fn tasks(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let of_requests = "Requests,Request Failures,Request Average,Request 50%,Request 95%,Request 99%,Request 100%";
    let header = with_percentiles("User Class,Task,Started,Ok,Failed,Interrupted,Average Time,Min Time,Max Time");
    csv.write_record(header.chain(of_requests.split(',').map(str::to_owned)))?;
    let tasks = snapshot.tasks.iter().map(|task| (&*task.key.class, &*task.key.task, &*task.stats));
    let classes = snapshot.classes.iter().map(|class| (&*class.class, "Aggregated", &*class.stats));
    for (class, task, stats) in tasks.chain(classes) {
        let TaskStats { started, ok, failed, interrupted, time, requests, .. } = stats;
        let service = &requests.service;
        let [_, mean, min, max] = of_times(time);
        let head = [text(class).into_owned(), text(task).into_owned()].into_iter();
        let counts = [started, ok, failed, interrupted].map(ToString::to_string);
        let inside = [(requests.ok + requests.failed).to_string(), requests.failed.to_string(), millis(service.mean())];
        let of_requests = [50.0, 95.0, 99.0, 100.0].map(|percentile| millis(service.percentile(percentile)));
        let times = [mean, min, max].into_iter().chain(percentiles(time));
        csv.write_record(head.chain(counts).chain(times).chain(inside).chain(of_requests))?;
    }
    csv.flush()
}

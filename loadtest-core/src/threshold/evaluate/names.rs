//! What to say of a name that is not there.

use super::tasks;
use crate::stats::{MetricKind, Snapshot};
use crate::threshold::selector::Subject;
use crate::threshold::similar::nearest;

/// How many names a sentence lists.
const LISTED: usize = 5;

/// What may have been meant, or what there is.
pub(super) fn no_match(subject: &Subject, snapshot: &Snapshot) -> String {
    let metrics = |kind| {
        let of_kind = snapshot.metrics.iter().filter(move |metric| metric.stats.kind() == kind);
        of_kind.filter(|metric| metric.stats.count() > 0).map(|metric| metric.name.to_string()).collect()
    };
    let (what, name, known): (&str, String, Vec<String>) = match subject {
        Subject::Requests(None) | Subject::Statuses(_, None) => return "there was no request".to_owned(),
        Subject::Requests(Some(request)) | Subject::Statuses(_, Some(request)) => {
            let titles = snapshot.rows.iter().map(|row| format!("{} {}", row.key.method, row.key.name));
            ("request", format!("{} {}", request.method.text(), request.name.text()), titles.collect())
        }
        Subject::Transaction(name) => {
            let names = snapshot.transactions.iter().map(|row| row.name.to_string());
            ("transaction", name.text(), names.collect())
        }
        Subject::Task(name) => ("task", name.text(), tasks(snapshot).map(|task| task.key.to_string()).collect()),
        Subject::User(name) => {
            let names = snapshot.classes.iter().map(|row| row.class.to_string());
            ("user class", name.text(), names.collect())
        }
        Subject::Counter(name) => ("counter", name.text(), metrics(MetricKind::Counter)),
        Subject::Gauge(name) => ("gauge", name.text(), metrics(MetricKind::Gauge)),
        Subject::Trend(name) => ("trend", name.text(), metrics(MetricKind::Trend)),
    };
    let hint = match subject {
        Subject::Counter(_) => "; add 0 to a counter that may stay at zero",
        _ => "",
    };
    format!("no {what} matched `{name}`; {}{hint}", instead(&name, &known))
}

fn instead(name: &str, known: &[String]) -> String {
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let known = || known.iter().map(String::as_str);
    let near = nearest(name, known(), 3);
    if !near.is_empty() {
        return format!("did you mean {}?", quoted(&near).join(" or "));
    }
    let listed: Vec<_> = known().take(LISTED).collect();
    match known().count() - listed.len() {
        _ if listed.is_empty() => "there was none at all".to_owned(),
        0 => format!("there were: {}", quoted(&listed).join(", ")),
        others => format!("there were: {} and {others} more", quoted(&listed).join(", ")),
    }
}

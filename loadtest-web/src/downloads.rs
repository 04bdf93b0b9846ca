//! Everything that a run leaves behind, as files.

use std::sync::Arc;

use bytes::Bytes;
use loadtest_core::{CsvFile, Report};
use serde::Serialize;

use crate::answer::{Answer, elsewhere};

/// For the report, which brings its own script and style and has a policy by their hashes in its head. It runs apart from
/// this page: what it shows comes from the system under test, and it can steer nothing.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts";

/// The forms that are no tables.
const WHOLE: [(&str, &str); 3] = [
    ("report.html", "Report as one HTML page"),
    ("report.json", "Report as JSON, which can be opened again here"),
    ("report.txt", "Summary as text"),
];

#[derive(Serialize)]
pub(crate) struct Download {
    name: String,
    title: &'static str,
    path: String,
}

/// All there are.
pub(crate) fn all() -> Vec<Download> {
    let tables = CsvFile::ALL.map(|file| (format!("{}.csv", file.as_str()), title(file)));
    let whole = WHOLE.map(|(name, title)| (name.to_owned(), title));
    let all = whole.into_iter().chain(tables);
    all.map(|(name, title)| Download { path: format!("api/v1/downloads/{name}"), name, title }).collect()
}

fn title(file: CsvFile) -> &'static str {
    match file {
        CsvFile::Stats => "Statistics, in Locust's columns",
        CsvFile::Failures => "Failures",
        CsvFile::Exceptions => "Exceptions",
        CsvFile::Phases => "Connections and phases of requests",
        CsvFile::Transactions => "Transactions",
        CsvFile::Metrics => "Metrics of the test's own",
        CsvFile::ResponseTimes => "Response times of scheduled tasks",
        CsvFile::Statuses => "Status codes",
        CsvFile::Tasks => "Tasks",
        CsvFile::Generator => "Users and load generator over time",
        CsvFile::Thresholds => "Thresholds",
        _ => "Further figures",
    }
}

/// One of them, with its type; `None` where there is none of this name.
pub(crate) async fn one(report: Arc<Report>, name: &str) -> Option<Result<(&'static str, Bytes), Box<Answer>>> {
    let typed = |kind: &'static str| move |bytes| (kind, bytes);
    Some(match name {
        "report.html" => html(report, None).await.map(typed("text/html; charset=utf-8")),
        "report.json" => json(report).await.map(typed("application/json")),
        "report.txt" => {
            elsewhere(move || Bytes::from(report.to_string())).await.map(typed("text/plain; charset=utf-8"))
        }
        _ => {
            let name = name.strip_suffix(".csv")?;
            let file = CsvFile::ALL.into_iter().find(|file| file.as_str() == name)?;
            csv(report, file).await.map(typed("text/csv; charset=utf-8"))
        }
    })
}

pub(crate) async fn csv(report: Arc<Report>, file: CsvFile) -> Result<Bytes, Box<Answer>> {
    written(move |out| report.write_csv(file, out)).await
}

pub(crate) async fn json(report: Arc<Report>) -> Result<Bytes, Box<Answer>> {
    written(move |out| report.write_json(out)).await
}

/// With a theme other than the system's where one is asked for.
pub(crate) async fn html(report: Arc<Report>, theme: Option<String>) -> Result<Bytes, Box<Answer>> {
    let page = written(move |out| report.write_html(out)).await?;
    let Some(theme) = theme.filter(|theme| matches!(theme.as_str(), "dark" | "light")) else { return Ok(page) };
    let begin = "<html lang=\"en\"";
    let Some(at) = page.windows(begin.len()).position(|text| text == begin.as_bytes()) else { return Ok(page) };
    let at = at + begin.len();
    Ok([&page[..at], format!(" data-theme=\"{theme}\"").as_bytes(), &page[at..]].concat().into())
}

async fn written(
    write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()> + Send + 'static,
) -> Result<Bytes, Box<Answer>> {
    elsewhere(move || {
        let mut out = Vec::new();
        // Into memory nothing fails to be written.
        let _ = write(&mut out);
        Bytes::from(out)
    })
    .await
}

/// `loadtest_<when>_<program>_<what>`, of letters that every file system takes.
pub(crate) fn file_name(program: &str, report: &Report, what: &str) -> String {
    let when = humantime::format_rfc3339_seconds(report.started_at()).to_string().replace(':', "-");
    let program = if program.is_empty() { "run" } else { program };
    let name = format!("loadtest_{when}_{program}_{what}");
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

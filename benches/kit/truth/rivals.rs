//! The other tools: what they are told, and the figures that they show.

use std::time::Duration;

use serde_json::Value;

use super::ours::Starts;
use super::seen::Seen;
use super::{PER_SECOND, USERS};
use crate::clients::Client;
use crate::outputs;
use crate::process;
use crate::server::target_directory;
use crate::tools::{CLIENTS, Tools};

/// What starting and ending may take beyond the time of the load.
const GRACE: Duration = Duration::from_secs(60);

/// A tool, with what changes its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// wrk; it knows no schedule.
    Wrk,
    /// oha.
    Oha,
    /// oha with `--latency-correction`.
    OhaCorrected,
    /// Goose; its schedule is `--throttle-requests`.
    Goose,
    /// Goose with `--co-mitigation average`.
    GooseMitigated,
    /// Locust's `HttpUser`; its schedule is `constant_throughput`.
    LocustHttp,
    /// Locust's `FastHttpUser`; its schedule is `constant_throughput`.
    LocustFast,
}

impl Rival {
    /// Those that are compared in a closed run.
    pub const CLOSED: [Self; 5] = [Self::Wrk, Self::Oha, Self::Goose, Self::LocustHttp, Self::LocustFast];

    /// Those that are compared at a rate.
    pub const SCHEDULED: [Self; 6] =
        [Self::OhaCorrected, Self::Oha, Self::Goose, Self::GooseMitigated, Self::LocustHttp, Self::LocustFast];

    /// The clients to prepare.
    pub const CLIENTS: [Client; 5] = [Client::Wrk, Client::Oha, Client::Goose, Client::LocustHttp, Client::LocustFast];

    /// As the tables say it.
    #[must_use]
    pub fn name(self, starts: Starts) -> &'static str {
        match (self, starts) {
            (Self::Wrk, _) => "wrk",
            (Self::Oha, Starts::Closed) => "oha",
            (Self::Oha, Starts::Scheduled) => "oha `-q`",
            (Self::OhaCorrected, _) => "oha `-q --latency-correction`",
            (Self::Goose, Starts::Closed) => "Goose",
            (Self::Goose, Starts::Scheduled) => "Goose `--throttle-requests`",
            (Self::GooseMitigated, _) => "Goose, also `--co-mitigation average`",
            (Self::LocustHttp, Starts::Closed) => "Locust `HttpUser`",
            (Self::LocustHttp, Starts::Scheduled) => "Locust `HttpUser`, `constant_throughput`",
            (Self::LocustFast, Starts::Closed) => "Locust `FastHttpUser`",
            (Self::LocustFast, Starts::Scheduled) => "Locust `FastHttpUser`, `constant_throughput`",
        }
    }

    /// One run with [`USERS`].
    ///
    /// # Errors
    /// When the tool is not there, fails, or says what cannot be read.
    pub fn run(self, tools: &Tools, url: &str, starts: Starts, seconds: u64) -> Result<Seen, String> {
        let limit = Duration::from_secs(seconds) + GRACE;
        let run = |program: &str, arguments: &[&str]| {
            Ok::<_, String>(process::on_client_core(program, arguments, &[], limit)?.stdout)
        };
        let (page, users, time) = (format!("{url}/"), USERS.to_string(), format!("{seconds}s"));
        let (seconds, rate) = (seconds.to_string(), PER_SECOND.to_string());
        let scheduled = starts == Starts::Scheduled;
        match self {
            Self::Wrk => {
                let script = format!("{CLIENTS}/truth.lua");
                let (connections, time) = (format!("-c{users}"), format!("-d{time}"));
                wrk(&run(&tools.wrk.as_ref()?.program, &["-t1", &connections, &time, "-s", &script, &page])?)
            }
            Self::Oha | Self::OhaCorrected => {
                let mut arguments = vec!["--no-tui", "--output-format", "json", "-c", &users, "-z", &time];
                if scheduled {
                    arguments.extend(["-q", &rate]);
                }
                if self == Self::OhaCorrected {
                    arguments.push("--latency-correction");
                }
                arguments.push(&page);
                oha(&run(&tools.oha.as_ref()?.program, &arguments)?)
            }
            Self::Goose | Self::GooseMitigated => {
                let mut arguments = vec!["truth", url, &users, &seconds];
                if scheduled {
                    arguments.extend(["--throttle-requests", &rate]);
                }
                if self == Self::GooseMitigated {
                    arguments.extend(["--co-mitigation", "average"]);
                }
                line(&run(&tools.goose.as_ref()?.program, &arguments)?)
            }
            Self::LocustHttp | Self::LocustFast => {
                let class = if self == Self::LocustHttp { "Http" } else { "Fast" };
                let directory = target_directory()?.join("rivals");
                let csv = directory.join("truth").display().to_string();
                let (file, per_user) = (format!("{CLIENTS}/truth_locustfile.py"), (PER_SECOND / USERS).to_string());
                let variables: &[(&str, &str)] = if scheduled { &[("PER_USER", &per_user)] } else { &[] };
                let mut arguments =
                    vec!["-f", &file, "--headless", "--only-summary", "--skip-log-setup", "--csv", &csv];
                arguments.extend(["--exit-code-on-error", "0", "--host", url]);
                arguments.extend(["-u", &users, "-r", &users, "-t", &time, class]);
                process::on_client_core(&tools.locust.as_ref()?.program, &arguments, variables, limit)?;
                let stats = std::fs::read_to_string(format!("{csv}_stats.csv")).map_err(|error| error.to_string())?;
                locust(&stats)
            }
        }
    }
}

/// What `truth.lua` prints, and the Goose client: a line of JSON.
fn line(text: &str) -> Result<Seen, String> {
    let line = text.lines().find(|line| line.starts_with('{')).ok_or("no line of JSON")?;
    let value: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
    Seen::from_json(&value)
}

fn wrk(text: &str) -> Result<Seen, String> {
    match text.lines().find_map(|line| line.trim().strip_prefix("Non-2xx or 3xx responses:")) {
        Some(failed) => Err(format!("{} answers were no 2xx", failed.trim())),
        None => line(text),
    }
}

fn oha(text: &str) -> Result<Seen, String> {
    let json = outputs::json(text, '{')?;
    let answers = json["statusCodeDistribution"].as_object().ok_or("no `statusCodeDistribution`")?;
    let micros = |value: &Value| value.as_f64().map(|seconds| seconds * 1e6);
    let mut times = vec![("mean", micros(&json["summary"]["average"])), ("max", micros(&json["summary"]["slowest"]))];
    let percentiles = ["p50", "p75", "p90", "p95", "p99", "p99.9"];
    times.extend(percentiles.map(|name| (name, micros(&json["latencyPercentiles"][name]))));
    let count = answers.values().filter_map(Value::as_f64).sum();
    Ok(Seen::new(count, times.into_iter().filter_map(|(name, time)| Some((name, time?)))))
}

/// Locust's file of statistics; of its rows the one about all requests.
fn locust(csv: &str) -> Result<Seen, String> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let row = lines.find(|line| line.starts_with(",Aggregated,")).ok_or("no row `Aggregated`")?;
    let row: Vec<&str> = row.split(',').collect();
    let field = |wanted: &str| {
        let column = names.iter().position(|name| *name == wanted)?;
        row.get(column)?.parse::<f64>().ok()
    };
    let columns = [
        ("p50", "50%"),
        ("p75", "75%"),
        ("p90", "90%"),
        ("p95", "95%"),
        ("p99", "99%"),
        ("p99.9", "99.9%"),
        ("mean", "Average Response Time"),
        ("max", "Max Response Time"),
    ];
    let count = field("Request Count").ok_or("no column `Request Count`")?;
    Ok(Seen::new(count, columns.into_iter().filter_map(|(name, column)| Some((name, field(column)? * 1000.0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_oha() {
        // Behind it stands what the shell says.
        let seen = oha(&format!("{}\n0m0.1s 0m0.2s\n", include_str!("../samples/oha.json"))).unwrap();
        assert_eq!(seen.count, 163_012.0);
        assert_eq!(seen.time("p99.9").map(f64::round), Some(5544.0));
        assert_eq!((seen.time("mean").map(f64::round), seen.time("max").map(f64::round)), (Some(611.0), Some(8685.0)));
    }

    #[test]
    fn reads_the_lines_of_wrk_and_goose() {
        let text = "Running 5s test\n{\"count\": 12, \"p50\": 50400.0, \"max\": 51000}\n";
        assert_eq!(wrk(text), Ok(Seen::new(12.0, [("p50", 50_400.0), ("max", 51_000.0)])));
        assert_eq!(wrk(&format!("{text}  Non-2xx or 3xx responses: 3\n")).unwrap_err(), "3 answers were no 2xx");
        assert!(line("unable to connect").is_err());
    }

    #[test]
    fn reads_locusts_row_of_all() {
        let csv = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
            Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n\
            GET,/,99,0,51.0,50.9,50.4,52.6,10,19.8,0.0,51,51,51,51,51,52,53,54,55,56,57\n\
            ,Aggregated,100,0,51.0,50.95,50.4,52.6,10,19.8,0.0,51,51,51,51,51,52,53,54,55,56,57\n";
        let seen = locust(csv).unwrap();
        assert_eq!((seen.count, seen.time("p99.9"), seen.time("mean")), (100.0, Some(55_000.0), Some(50_950.0)));
        assert!(locust("Type,Name\n").is_err());
    }
}

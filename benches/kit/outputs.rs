//! What the tools print, read. The samples beside this file are outputs of the versions that are measured.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::figures::Told;

/// The output of `wrk --latency`.
///
/// # Errors
/// When it is none, or tells of failed requests.
pub fn wrk(text: &str) -> Result<Told, String> {
    let after = |label: &str| text.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim);
    if let Some(failed) = after("Non-2xx or 3xx responses:") {
        return Err(format!("{failed} answers were no 2xx"));
    }
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in ")).map(|(number, _)| number);
    let requests = requests.ok_or("no line `N requests in`")?;
    let rate = after("Requests/sec:").ok_or("no line `Requests/sec`")?;
    Ok(Told {
        requests: number(requests)?,
        rate: number(rate)?,
        cpu_seconds: None,
        p50: Some(microseconds(after("50%").ok_or("no line `50%`: run it with --latency")?)?),
        p99: Some(microseconds(after("99%").ok_or("no line `99%`: run it with --latency")?)?),
    })
}

/// The output of `oha --output-format json`.
///
/// # Errors
/// When it is none, or tells of failed requests. Those that the end of the run broke off are no failures.
pub fn oha(text: &str) -> Result<Told, String> {
    let json = json(text, '{')?;
    if let Some(errors) = json["errorDistribution"].as_object() {
        let failed = errors.iter().find(|(what, _)| *what != "aborted due to deadline");
        if let Some((what, times)) = failed {
            return Err(format!("{times} requests failed: {what}"));
        }
    }
    let answers = json["statusCodeDistribution"].as_object().ok_or("no `statusCodeDistribution`")?;
    if let Some((status, times)) = answers.iter().find(|(status, _)| *status != "200") {
        return Err(format!("{times} answers were {status}"));
    }
    let seconds = field(&json["summary"], "total")?;
    let requests = answers.values().filter_map(Value::as_f64).sum();
    let percentile = |name| json["latencyPercentiles"][name].as_f64().map(|seconds| seconds * 1e6);
    Ok(Told { requests, rate: requests / seconds, cpu_seconds: None, p50: percentile("p50"), p99: percentile("p99") })
}

/// The output of `locust --headless --json` with the locustfile of `rivals-clients`: its rows in one.
///
/// Percentiles are those of Locust's own buckets (whole milliseconds, two digits from 100 ms on).
///
/// # Errors
/// When it is none, or tells of failed requests.
pub fn locust(text: &str) -> Result<Told, String> {
    let cpu = text.lines().find_map(|line| line.strip_prefix("cpu_seconds ")).ok_or("no line `cpu_seconds`")?;
    let rows = json(text, '[')?;
    let rows = rows.as_array().ok_or("no list of rows")?;
    let (mut requests, mut first, mut last) = (0.0, f64::INFINITY, 0.0_f64);
    let mut times = BTreeMap::new();
    for row in rows {
        if field(row, "num_failures")? > 0.0 {
            return Err(format!("{} requests failed", row["num_failures"]));
        }
        requests += field(row, "num_requests")?;
        first = first.min(field(row, "start_time")?);
        last = last.max(field(row, "last_request_timestamp")?);
        for (time, count) in row["response_times"].as_object().into_iter().flatten() {
            // Keys are numbers of Python: `12` or `12.0`; the order is that of the microseconds.
            let microseconds = number(time)? * 1000.0;
            *times.entry(microseconds as u64).or_insert(0) += count.as_u64().unwrap_or(0);
        }
    }
    if last <= first {
        return Err("no requests".to_owned());
    }
    Ok(Told {
        requests,
        rate: requests / (last - first),
        cpu_seconds: Some(number(cpu)?),
        p50: percentile(&times, 0.50),
        p99: percentile(&times, 0.99),
    })
}

/// The line of JSON that our own programs print: `requests`, `seconds`, and if known `cpu_seconds`, `p50_us`, `p99_us`.
///
/// # Errors
/// When it is none.
pub fn line(text: &str) -> Result<Told, String> {
    let json = json(text, '{')?;
    let requests = field(&json, "requests")?;
    Ok(Told {
        requests,
        rate: requests / field(&json, "seconds")?,
        cpu_seconds: json["cpu_seconds"].as_f64(),
        p50: json["p50_us"].as_f64(),
        p99: json["p99_us"].as_f64(),
    })
}

/// The line of JSON about users who hold a connection each, or about sessions that were only made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Footprint {
    /// Resident memory for each user.
    pub bytes_per_user: Option<f64>,
    /// Until all clients (sessions) were made.
    pub built_seconds: Option<f64>,
    /// From the start until each user was connected and answered.
    pub connected_seconds: Option<f64>,
}

/// Reads such a line.
///
/// # Errors
/// When it is none.
pub fn footprint(text: &str) -> Result<Footprint, String> {
    let json = json(text, '{')?;
    Ok(Footprint {
        bytes_per_user: json["bytes_per_user"].as_f64(),
        built_seconds: json["built_seconds"].as_f64(),
        connected_seconds: json["connected_seconds"].as_f64(),
    })
}

/// The last line of bash's `times`: user and system time of its children, as `0m1.250s 0m0.500s`; the sum in seconds.
///
/// # Errors
/// When it is no such line.
pub fn shell_times(text: &str) -> Result<f64, String> {
    let line = text.trim_end().lines().last().unwrap_or_default();
    let seconds = |time: &str| {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    };
    let times: Option<Vec<f64>> = line.split_whitespace().map(seconds).collect();
    match times.as_deref() {
        Some([user, system]) => Ok(user + system),
        _ => Err(format!("`{line}` is no line of the shell's `times`")),
    }
}

/// The JSON value that begins with the first line that starts with `first`; what a program says before or behind it is
/// left out.
pub(crate) fn json(text: &str, first: char) -> Result<Value, String> {
    let start = text.match_indices(first).map(|(at, _)| at).find(|&at| at == 0 || text[..at].ends_with('\n'));
    let text = &text[start.ok_or("no JSON")?..];
    match serde_json::Deserializer::from_str(text).into_iter().next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(format!("malformed JSON: {error}")),
        None => Err("no JSON".to_owned()),
    }
}

fn field(json: &Value, name: &str) -> Result<f64, String> {
    json[name].as_f64().ok_or_else(|| format!("no number `{name}`"))
}

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no number"))
}

/// wrk's times: `831.00us`, `1.25ms`, `2.01s`, `1.50m`.
fn microseconds(text: &str) -> Result<f64, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let factor = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        _ => return Err(format!("`{text}` is no time of wrk's")),
    };
    Ok(number(digits)? * factor)
}

/// The smallest time that this part of all requests did not exceed.
fn percentile(times: &BTreeMap<u64, u64>, part: f64) -> Option<f64> {
    let wanted = (times.values().sum::<u64>() as f64 * part).ceil();
    let mut seen = 0;
    times.iter().find_map(|(&time, count)| {
        seen += count;
        (seen as f64 >= wanted).then_some(time as f64)
    })
}

#[cfg(test)]
mod tests;

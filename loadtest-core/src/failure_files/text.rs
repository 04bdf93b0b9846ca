//! A failed request as a file: its name and its text.

use std::fmt::Write;

use crate::stats::events::WholeFailure;
use crate::stats::{BodyText, FailureKind, Phases};
use crate::units::{format_millis, format_utc};

/// The longest parts of a file's name that come from outside, in bytes.
const LONGEST_METHOD: usize = 20;
const LONGEST_NAME: usize = 100;

/// `000017-GET-cart-404.txt`.
pub(super) fn file_name(number: u64, failure: &WholeFailure) -> String {
    let WholeFailure { key, kind, sample, .. } = failure;
    let status = sample.exchange.as_ref().and_then(|exchange| exchange.status).filter(|_| *kind == FailureKind::Status);
    let what = status.map_or_else(|| kind.to_string(), |status| status.to_string());
    let mut name = format!("{number:06}");
    for part in [&*readable(&key.method, LONGEST_METHOD), &*readable(&key.name, LONGEST_NAME), &what] {
        if !part.is_empty() {
            name.push('-');
            name.push_str(part);
        }
    }
    name + ".txt"
}

/// What is left of a text as a part of a file's name on any system: letters, digits, points inside, and one `-` for the rest.
fn readable(text: &str, most: usize) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if name.len() + c.len_utf8() > most {
            break;
        }
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches(['-', '.']).to_owned()
}

/// Everything that is known of it.
pub(super) fn of(failure: &WholeFailure) -> String {
    let WholeFailure { key, kind, error, sample } = failure;
    let mut out = one_line(&format!("{} {}: {error}", key.method, key.name));
    out.push_str("\n\n");
    line(&mut out, "kind", kind.as_str());
    line(&mut out, "at", &format_utc(sample.at));
    let who = match sample.user_number {
        Some(number) => format!("user {number} of {}", sample.class),
        None => sample.class.to_string(),
    };
    line(&mut out, "user", &who);
    line(&mut out, "task", &sample.task);
    line(&mut out, "service time", &format!("{} ms", format_millis(sample.service_time)));
    line(&mut out, "phases", &sample.phases.as_ref().map(phases).unwrap_or_default());
    line(&mut out, "details", &sample.details);
    let Some(exchange) = &sample.exchange else {
        out.push_str("\nWhat was sent and what came back is not told.\n");
        return out;
    };
    part(&mut out, "sent", &exchange.request, &exchange.request_body);
    if exchange.response.is_empty() && exchange.status.is_none() {
        out.push_str("\n----- no answer\n");
    } else {
        part(&mut out, "answered", &exchange.response, &exchange.response_body);
    }
    out
}

/// One value, unless there is none.
fn line(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        // Writing to memory cannot fail.
        let _ = writeln!(out, "{:<14}{}", format!("{name}:"), one_line(value));
    }
}

/// Bodies are shown as they are: only they may have lines.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn phases(phases: &Phases) -> String {
    let all = phases.times();
    let had = all.iter().filter(|(_, time)| !time.is_zero());
    let mut parts: Vec<String> = had.map(|(name, time)| format!("{name} {} ms", format_millis(*time))).collect();
    let counts = [("opened", phases.opened), ("reused", phases.reused), ("retried", phases.retried)];
    parts.extend(counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")));
    parts.join(", ")
}

fn part(out: &mut String, title: &str, head: &str, body: &BodyText) {
    let _ = writeln!(out, "\n----- {title}");
    if !head.is_empty() {
        out.push_str(head.trim_end());
        out.push_str("\n\n");
    }
    out.push_str(&body.text);
    if !body.text.is_empty() && !body.text.ends_with('\n') {
        out.push('\n');
    }
    if body.is_cut {
        let _ = writeln!(out, "… {} bytes in all", body.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_no_paths() {
        for (name, file) in [
            ("/cart", "cart"),
            ("/articles/[id]/", "articles-id"),
            ("../../etc/passwd", "etc-passwd"),
            ("..", ""),
            ("\\\\server\\share", "server-share"),
            ("a\nb\0c\u{202e}d\u{1b}[2J", "a-b-c-d-2J"),
            ("C:\\x|y*?\"<>", "C-x-y"),
            ("größer 10 €", "größer-10"),
            ("~", ""),
            ("-rf", "rf"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(readable(name, 100), file, "{name:?}");
        }
        assert!(readable(&"ü".repeat(300), 101).len() <= 101);
    }
}

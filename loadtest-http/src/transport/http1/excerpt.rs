//! A few bytes of an answer that is none, for the sample of its failure: one line, escaped, and short.

use super::Malformed;

/// The most bytes of an answer in a sample.
const MOST: usize = 80;
/// How many of them stand before the byte that is wrong.
const BEFORE: usize = 20;

/// The lines of a head that cannot be read, as far as they can be told; else how it begins.
#[cold]
pub(super) fn of_head(malformed: Malformed, head: &[u8]) -> Box<str> {
    let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let head = head.get(start..).unwrap_or_default();
    let lines = head.split_inclusive(|byte| *byte == b'\n').skip(1);
    let named = |line: &&[u8], name: &str| {
        line.split(|byte| *byte == b':').next().is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    let found: Vec<&[u8]> = match malformed {
        Malformed::HEADER => lines.filter(|line| is_no_header(line)).take(1).collect(),
        Malformed::LENGTH => lines.filter(|line| named(line, "content-length")).collect(),
        Malformed::TRANSFER_ENCODING => lines.filter(|line| named(line, "transfer-encoding")).collect(),
        _ => Vec::new(),
    };
    if found.is_empty() { quoted(head) } else { quoted(&found.concat()) }
}

/// The bytes around the one that is wrong.
#[cold]
pub(super) fn around(bytes: &[u8], at: usize) -> Box<str> {
    quoted(bytes.get(at.saturating_sub(BEFORE)..).unwrap_or_default())
}

fn is_no_header(line: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER];
    httparse::parse_headers(line, &mut fields).is_err_and(|error| error != httparse::Error::TooManyHeaders)
}

fn quoted(bytes: &[u8]) -> Box<str> {
    let (shown, more) = bytes.split_at(bytes.len().min(MOST));
    let more = if more.is_empty() { "" } else { "…" };
    format!("\"{}\"{more}", shown.escape_ascii()).into()
}

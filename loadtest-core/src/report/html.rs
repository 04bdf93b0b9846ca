//! The report as one HTML file, for people who did not run the test: everything is in it, it needs no network, and it reads
//! without scripts as well.
//!
//! Names, bodies and error texts come from the system under test. They are escaped where they are put into the page
//! ([`markup::Text`]), and the page's own policy (CSP) lets no script or style run but the two that are in it, by their
//! hashes.

mod chart;
mod failures;
mod figures;
mod generator;
mod heat;
mod latency;
mod markup;
mod over_time;
mod parameters;
mod requests;
mod scale;
mod series;
mod summary;
mod table;
mod users;

use std::io::{self, Write};

use self::markup::{Page, Text, put};
use super::Report;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Of the two files; a test computes them.
const STYLE_HASH: &str = "sha256-/uIrfNF05iE8YxtCXxWJqzR23Q+VH+iZ8bDAjCJup44=";
const SCRIPT_HASH: &str = "sha256-OPJMFL8qvX/2TxAR4YcbUyyyj/SCBh3Ga7lcneTtz+k=";

/// One part of the page: its anchor, its heading, and what writes it, if there is anything to say.
type Section = (&'static str, &'static str, fn(&Report, &mut Page));

const SECTIONS: [Section; 11] = [
    ("thresholds", "Thresholds", summary::thresholds),
    ("over-time", "Over time", over_time::write),
    ("requests", "Requests", requests::write),
    ("latency", "Latency", latency::write),
    ("failures", "Failures", failures::write),
    ("exceptions", "Exceptions", failures::exceptions),
    ("users", "Users and tasks", users::write),
    ("figures", "Figures of the test", users::figures),
    ("connections", "Connections and phases", requests::connections),
    ("generator", "Load generator", generator::write),
    ("parameters", "Parameters", parameters::write),
];

/// Writes the whole page.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let parts = SECTIONS.map(|(anchor, heading, section)| {
        let mut page = Page::default();
        section(report, &mut page);
        (anchor, heading, page.0)
    });
    let parts = || parts.iter().filter(|(_, _, text)| !text.is_empty());
    let mut page = Page::default();
    head(report, &mut page);
    put!(page, "<header>");
    summary::title(report, &mut page);
    put!(page, "<nav aria-label=\"Sections\"><ul>");
    for (anchor, heading, _) in parts() {
        put!(page, "<li><a href=\"#{anchor}\">{heading}</a></li>");
    }
    put!(page, "</ul></nav></header>\n<main>\n");
    summary::write(report, &mut page);
    out.write_all(page.0.as_bytes())?;
    for (anchor, heading, text) in parts() {
        writeln!(out, "<section id=\"{anchor}\" aria-labelledby=\"{anchor}-h\"><h2 id=\"{anchor}-h\">{heading}</h2>")?;
        out.write_all(text.as_bytes())?;
        out.write_all(b"</section>\n")?;
    }
    let mut page = Page::default();
    parameters::words(&mut page);
    put!(page, "</main>\n<footer>loadtest {} · run {}</footer>\n", env!("CARGO_PKG_VERSION"), Text(report.run_id()));
    put!(page, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out.write_all(page.0.as_bytes())
}

fn head(report: &Report, page: &mut Page) {
    put!(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put!(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{STYLE_HASH}'; ");
    put!(page, "script-src '{SCRIPT_HASH}'; img-src data:; base-uri 'none'; form-action 'none'\">\n");
    put!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put!(
        page,
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
    );
    put!(page, "<link rel=\"icon\" href=\"data:,\">\n");
    put!(page, "<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n", Text(&summary::document_title(report)));
}

#[cfg(test)]
mod tests;

mod browser;
mod fixture;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;

use super::*;
use crate::report::EndedBy;
use crate::stats::collector;

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    report.write_html(&mut out).expect("a Vec takes everything");
    String::from_utf8(out).expect("text")
}

/// Where pages and pictures go, to be looked at: `target/html-report`.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(3).expect("target/debug/deps/test").join("html-report");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn the_policy_names_the_style_and_the_script_that_are_there() {
    for (text, hash) in [(STYLE, STYLE_HASH), (SCRIPT, SCRIPT_HASH)] {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let is = format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest));
        assert_eq!(hash, is, "write this one into html.rs");
    }
}

#[test]
fn a_small_report_is_the_one_that_was_looked_at() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html/tests/small.html");
    let page = page(&fixture::small());
    std::fs::write(folder().join("small.html"), &page).expect("written");
    // What is in files of its own is compared there.
    let page = page.replace(STYLE, "…").replace(SCRIPT, "…").replace(STYLE_HASH, "…").replace(SCRIPT_HASH, "…");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &page).expect("written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = page.lines().zip(golden.lines()).find(|(is, was)| is != was);
    assert!(page == golden, "{differs:#?}\nlook at target/html-report/small.html, then run with UPDATE_GOLDEN=1");
}

#[test]
fn elements_are_closed_in_the_order_in_which_they_were_opened() {
    const VOID: [&str; 5] = ["meta", "link", "line", "path", "!DOCTYPE"];
    for report in [fixture::small(), fixture::shop(), fixture::at_rest(|| fixture::report(collector::nothing_yet(), 1))]
    {
        let page = page(&report).replace(STYLE, "").replace(SCRIPT, "");
        let mut open = Vec::new();
        for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().expect("a tag")) {
            let name =
                tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().expect("a name");
            match tag.strip_prefix('/') {
                Some(_) => assert_eq!(open.pop(), Some(name), "</{name}>"),
                None if VOID.contains(&name) => {}
                None => open.push(name),
            }
        }
        assert_eq!(open, [""; 0]);
        let ids: Vec<_> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().expect("an id")).collect();
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().expect("an anchor")) {
            assert!(ids.contains(&link), "#{link}");
        }
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = page(&fixture::shop());
    for load in
        ["src=", "url(", "@import", "http-equiv=\"refresh", "<iframe", "<object", "<base", "fetch(", "WebSocket"]
    {
        assert!(!page.contains(load), "{load}");
    }
    let links: Vec<_> =
        page.split("href=\"").skip(1).filter(|rest| !rest.starts_with(['#']) && !rest.starts_with("data:,")).collect();
    assert_eq!(links, [""; 0]);
}

#[test]
fn the_first_sentence_says_how_it_went() {
    let lead = |report: &Report| {
        let page = page(report);
        let lead = page.split("<p class=\"lead\">").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a lead");
        lead.split('<').map(|rest| rest.split('>').next_back().expect("text")).collect::<String>()
    };
    let small = fixture::small();
    assert_eq!(
        lead(&small),
        "Completed with failures 40 requests in 5s by up to 4 users, 8.9 per second; 5.00 % failed (2). Half of them took no more \
         than 12 ms, 95 % no more than 18 ms; the slowest took 40 ms. Counted from when they were due, 95 % of the 20 by \
         schedule took no more than 20 ms. The run ended because the run time is over."
    );
    let nothing = Report {
        ended_by: EndedBy::SetupFailed { class: "Shopper".into(), message: "no <database>".into() },
        ..fixture::at_rest(|| fixture::report(collector::nothing_yet(), 1))
    };
    assert_eq!(
        lead(&nothing),
        "Setup failed 0 requests in 0s by up to 1 user, 0.0 per second; there is nothing to be told of their times. The run \
         ended because Shopper::setup failed: no &lt;database&gt;."
    );
    let stopped = Report { ended_by: EndedBy::StopTest("had enough".into()), incomplete: true, ..small };
    let said = lead(&stopped);
    assert!(said.ends_with("The test itself ended the run: had enough. Some figures are missing."), "{said}");
}

#[test]
fn charts_end_with_what_there_is_and_say_what_was_left_out() {
    let mut report = fixture::small();
    report.settings.warm_up = Some(Duration::from_secs(120));
    Arc::make_mut(&mut report.snapshot).elapsed += Duration::from_secs(120);
    let shown = page(&report);
    assert!(shown.contains("8.9 per second, without the warm-up of 2m; "));
    assert!(shown.contains("<p class=\"note\">Counted from the end of the warm-up of 2m.</p>"));
    assert!(shown.contains("Times count from the start of the run, the warm-up of 2m included."));
    let ends: Vec<_> = shown.split("\"end\":").skip(1).map(|rest| rest.split(',').next().expect("a number")).collect();
    assert!(!ends.is_empty() && ends.iter().all(|end| *end == "5.5"), "{ends:?}");
    report.settings.reset_stats = true;
    assert!(page(&report).contains(" of the warm-up of 2m and the time in which users were started.</p>"));
}

#[test]
fn thresholds_decide_on_the_verdict() {
    let mut report = fixture::shop();
    let shown = page(&report);
    assert!(shown.contains("<strong class=\"verdict bad\">2 of 3 thresholds not met</strong>"));
    for cell in
        [">fail_ratio &lt; 1% over 10s<", ">24.40%<", ">not met<", ">4m48s<", ">nothing matched<", ">103ms<", ">met<"]
    {
        assert!(shown.contains(cell), "{cell}");
    }
    assert!(shown.contains("<p class=\"broken\"><bdi>p99(GET /basket) &lt; 1s: there is no such request</bdi></p>"));
    report.thresholds.truncate(1);
    assert!(page(&report).contains("<strong class=\"verdict good\">Threshold met</strong>"));
    report.thresholds = fixture::shop().thresholds.split_off(2);
    assert!(page(&report).contains("<strong class=\"verdict bad\">Threshold not met</strong>"));
}

#[test]
fn a_thousand_names_fit_into_five_mebibytes() {
    let page = page(&fixture::many(1000));
    std::fs::write(folder().join("many.html"), &page).expect("written");
    // The course of time was short; what heat maps of noise would take more is in another test.
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    assert_eq!(page.matches("<details class=\"row\" ").count(), 200);
    assert!(
        page.contains("The 200 with the most requests, of 1,000.")
            || page.contains("The 200 with the most requests, of 1000.")
    );
}

#[test]
fn samples_of_failures_do_not_make_the_file_large() {
    let mut report = fixture::small();
    let snapshot = Arc::make_mut(&mut report.snapshot);
    let large = fixture::body(&"<&>".repeat(20_000));
    let exchange = crate::stats::Exchange { response_body: large, ..Default::default() };
    let sample = fixture::sample(Duration::ZERO, Duration::ZERO, exchange);
    snapshot.failures[0].samples = vec![sample; 100];
    let page = page(&report);
    assert!(page.len() < 6 << 20, "{}", page.len());
    assert!(page.contains(" samples were left out, so that this file stays small."));
}

#[test]
fn an_error_of_the_file_is_passed_on() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let report = fixture::small();
    let length = page(&report).len();
    for room in [0, 100, length / 2, length - 1] {
        assert_eq!(report.write_html(&mut Full(room)).map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    }
    assert!(report.write_html(&mut Full(length)).is_ok());
}

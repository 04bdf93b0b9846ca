//! The page in a real browser: what people do with it, and what it then says. Pictures of each tab are left in
//! `target/tmp/web-ui`, for eyes.

#![expect(clippy::unwrap_used, reason = "tests")]

mod devtools;
mod load;

use std::time::Duration;

use loadtest_core::LoadTest;
use loadtest_core::console::web::{ServedUi, WebSettings, WebUi};
use loadtest_core::console::{Console, Edit};
use loadtest_web::Web;
use serde_json::json;

use crate::devtools::Page;
use crate::load::{HOSTILE, NAMES};

fn serve(console: &Console, port: u16) -> Box<dyn ServedUi> {
    let mut settings = WebSettings::default();
    settings.port = port;
    Web.serve(settings, console.clone()).unwrap()
}

/// A page of a test that waits for its first start.
fn open(name: &str, test: LoadTest) -> (Page, Console, Box<dyn ServedUi>) {
    let console = Console::new(test);
    let ui = serve(&console, 0);
    (Page::open(name, ui.url()), console, ui)
}

fn start(page: &Page) {
    page.press("Start");
    page.until("document.querySelector('.figures .state-running') !== null");
}

/// Into the first chart and out again.
fn zooms_by_keys(page: &Page) {
    let press = |key: &str| {
        page.read(&format!(
            "document.querySelector('.u-over').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        ));
    };
    let is_zoomed = "[...document.querySelectorAll('button')].some((each) => each.textContent === 'Show all')";
    press("+");
    page.until(is_zoomed);
    press("-");
    page.until(&format!("!{is_zoomed}"));
    page.press("Zoom in");
    page.until(is_zoomed);
    press("0");
    page.until(&format!("!{is_zoomed}"));
}

#[test]
fn a_run_is_started_edited_stopped_and_started_again() {
    let (page, console, _ui) = open("steer", load::few());
    page.until("document.querySelector('#field-users') !== null");
    page.picture("start");
    page.fill("#field-users", "many");
    page.press("Start");
    let wrong = page.until("document.querySelector('#field-users ~ div .wrong')?.textContent");
    assert_eq!(wrong, "Write a number, such as 100.");
    page.fill("#field-users", "3");
    // To some this is a half, to others five: it is asked for again.
    page.fill("#field-spawn_rate", "0,5");
    page.press("Start");
    page.until("document.activeElement.id === 'field-spawn_rate'");
    page.fill("#field-spawn_rate", "1,000");
    page.fill("#field-run_time", "5 parsecs");
    page.fill("#field-thresholds", "p95 500ms");
    page.press("Start");
    page.until("document.querySelector('#field-run_time ~ div .wrong') !== null");
    assert_eq!(console.view().run, 0, "nothing was started");
    page.picture("start-wrong");
    page.fill("#field-run_time", "");
    page.fill("#field-thresholds", "fail_ratio < 50%\nfail_ratio < 1%");
    start(&page);
    page.until("location.hash === '#statistics'");
    assert_eq!(page.figure("Users"), "3");
    // A page that is loaded anew is where it was.
    page.load_anew();
    page.until("document.querySelector('.figures .state-running') !== null && location.hash === '#statistics'");
    assert_eq!((console.view().asked.users, console.view().asked.spawn_rate), (Some(3), Some(1000.0)));

    page.press("Edit");
    page.until("document.querySelector('dialog[open] .edit') !== null");
    page.picture("edit");
    page.fill("dialog #field-users", "5");
    page.press("Update");
    page.until("[...document.querySelectorAll('.figures dd')].some((each) => each.textContent.trim() === '5')");
    assert_eq!(page.read("document.querySelectorAll('dialog').length"), 0);

    // What somebody else changes while the dialog is open is not taken back.
    page.press("Edit");
    page.until("document.querySelector('dialog[open] .edit') !== null");
    console.edit(&Edit { users: Some(4), ..Edit::default() }).unwrap();
    page.until("[...document.querySelectorAll('.figures dd')].some((each) => each.textContent.trim() === '4')");
    page.fill("dialog #field-spawn_rate", "500");
    page.press("Update");
    page.until("document.querySelector('dialog') === null");
    assert_eq!((console.view().asked.users, console.view().asked.spawn_rate), (Some(4), Some(500.0)));

    // Charts go on by themselves: what they say of their last place is of a later moment each time.
    page.go("charts");
    let last = "(() => { const chart = document.querySelector('.u-over'); if (!chart) return ''; \
                const key = (key) => chart.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); \
                key('Escape'); key('ArrowLeft'); return document.querySelector('.readout b')?.textContent ?? '' })()";
    let before = page.until(last);
    page.until(&format!("{last} !== {before}"));
    assert_eq!(page.read("document.querySelectorAll('.charts .u-over').length > 4"), true);
    page.picture("charts");
    let at = page.read("document.querySelector('.u-over').getBoundingClientRect().y | 0");
    page.drag(200, 400, u32::try_from(at.as_u64().unwrap()).unwrap() + 50);
    page.press("Show all");
    page.until("![...document.querySelectorAll('button')].some((each) => each.textContent === 'Show all')");

    zooms_by_keys(&page);
    page.press("Reset");
    while console.view().snapshot.since.is_zero() || console.view().markers.last().unwrap().text != "figures reset" {
        std::thread::sleep(Duration::from_millis(20));
    }
    page.press("Stop");
    page.until("document.querySelector('.figures .state-stopped') !== null");
    page.picture("stopped");
    let buttons = "[...document.querySelectorAll('.buttons button')].map((each) => each.textContent).join()";
    assert!(!page.read(buttons).as_str().unwrap().contains("Reset"), "there is nothing that goes on counting");
    page.press("New run");
    page.until("document.querySelector('dialog[open] .start') !== null");
    page.picture("new-run");
    page.press("Start");
    page.until("document.querySelector('.figures dt').textContent === 'Run 2'");
    page.go("runs");
    page.until("document.querySelectorAll('[aria-label=Runs] tbody tr').length === 2");
    page.picture("runs");
    page.read("document.querySelectorAll('[aria-label=Runs] input').forEach((box) => box.click())");
    page.press("Compare two");
    page.until("document.querySelectorAll('[aria-label=\"Differences between the runs\"] tbody tr').length >= 3");
    page.picture("compare");
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn what_went_wrong_is_shown_and_hostile_texts_run_nothing() {
    let (page, _console, _ui) = open("texts", load::few());
    start(&page);
    page.until("document.querySelectorAll('.virtual tbody tr').length === 3");
    let shown = HOSTILE.replace('\u{202e}', "⟨U+202E⟩");
    let names = page.read("[...document.querySelectorAll('.virtual tbody .cut')].map((each) => each.textContent)");
    assert!(names.as_array().unwrap().contains(&json!(format!("POST {shown}"))), "{names}");
    page.picture("statistics");

    page.read("[...document.querySelectorAll('.opener')].find((each) => each.textContent.startsWith('POST')).click()");
    page.until("document.querySelectorAll('.panel .u-over').length === 3");
    assert_eq!(page.read("document.querySelector('.panel h2').textContent"), format!("POST {shown}"));
    page.picture("row");
    page.read("dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");
    page.until("document.querySelector('.panel') === null");

    page.go("failures");
    page.until("document.querySelector('.failure summary') !== null");
    page.read("document.querySelector('.failure summary').click()");
    page.until("document.querySelector('.sample pre') !== null");
    let sample = page.read("[...document.querySelectorAll('.sample pre')].map((each) => each.textContent)");
    assert!(sample.as_array().unwrap().contains(&json!("HTTP/1.1 500 Oops")), "{sample}");
    assert!(sample.as_array().unwrap().contains(&json!(shown)), "{sample}");
    page.picture("failures");

    for (tab, there) in [
        ("exceptions", "table[aria-label=Exceptions] tbody tr"),
        ("ratio", "table[aria-label=\"Task ratio\"] .bar"),
        ("thresholds", "table[aria-label=Thresholds] .verdict.bad"),
        ("workers", "table[aria-label=Workers] tbody tr"),
        ("logs", "[role=log]"),
        ("downloads", ".downloads a"),
    ] {
        page.go(tab);
        page.until(&format!("document.querySelector({there:?}) !== null"));
        page.picture(tab);
    }
    let links = "[...document.querySelectorAll('.downloads a')]";
    let answers = page.read(&format!(
        "Promise.all({links}.map(async (link) => {{ const answer = await fetch(link.href); \
         return [link.download, answer.status, (await answer.blob()).size > 0] }}))"
    ));
    let answers = answers.as_array().unwrap();
    assert!(answers.len() > 5 && answers.iter().all(|answer| answer[1] == 200 && answer[2] == true), "{answers:?}");
    assert_eq!(page.read("document.images.length"), 0);
    assert_ne!(page.read("document.title"), "broken");
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn it_is_dark_where_that_is_wanted_and_fits_a_telephone() {
    let (page, _console, _ui) = open("looks", load::few());
    start(&page);
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(page.read(ground), "rgb(255, 255, 255)");
    page.look(1280, 800, true);
    page.until(&format!("{ground} === 'rgb(20, 23, 26)'"));
    page.go("charts");
    page.until("document.querySelectorAll('.u-over').length > 4");
    page.picture("charts-dark");
    page.press("Theme: system");
    page.until(&format!("{ground} === 'rgb(255, 255, 255)'"));
    page.look(360, 740, false);
    for tab in [
        "statistics",
        "charts",
        "failures",
        "exceptions",
        "ratio",
        "thresholds",
        "workers",
        "logs",
        "downloads",
        "runs",
    ] {
        page.go(tab);
        page.until(&format!("document.querySelector('.tab-{tab}')?.children.length > 0"));
        let width = page.read("document.documentElement.scrollWidth");
        assert_eq!(width, 360, "{tab}");
        page.picture(&format!("{tab}-telephone"));
    }
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn thousands_of_names_do_not_freeze_it() {
    let (page, _console, _ui) = open("many", load::many());
    start(&page);
    let table = "document.querySelector('.virtual table')";
    page.until(&format!("{table}?.getAttribute('aria-rowcount') === '{}'", NAMES + 2));
    // Only what is in sight is there, wherever one scrolls; all the while, frames are drawn.
    let seen = page.read(
        "(async () => { const box = document.querySelector('.virtual'); let longest = 0; let before = performance.now(); \
         for (let step = 0; step < 100; step += 1) { box.scrollTop = box.scrollHeight * step / 100; \
         await new Promise(requestAnimationFrame); const now = performance.now(); longest = Math.max(longest, now - before); \
         before = now; } return { longest, rows: document.querySelectorAll('.virtual tbody tr').length, \
         last: document.querySelector('.virtual tbody tr:not(.space)').getAttribute('aria-rowindex') } })()",
    );
    assert!(seen["rows"].as_u64().unwrap() < 100, "{seen}");
    assert!(seen["last"].as_str().unwrap().parse::<usize>().unwrap() > NAMES / 2, "{seen}");
    assert!(seen["longest"].as_f64().unwrap() < 2_000.0, "{seen}");
    page.fill(".virtual, [data-search]".split(", ").nth(1).unwrap(), "names/4999");
    page.until("document.querySelectorAll('.virtual tbody tr').length === 1");
    assert_eq!(page.read("document.querySelector('.virtual .cut').textContent"), "GET /names/4999");
    page.picture("many");
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn it_says_when_the_server_is_gone_and_goes_on_when_it_is_back() {
    let (page, console, ui) = open("gone", load::few());
    start(&page);
    let port = ui.url().rsplit_once(':').unwrap().1.trim_matches('/').parse().unwrap();
    drop(ui);
    page.until("document.querySelector('.gone')?.textContent.includes('has been gone since')");
    page.picture("gone");
    let time = page.figure("Time");
    let _ui = serve(&console, port);
    page.until("document.querySelector('.gone') === null");
    page.until(&format!("document.querySelectorAll('.figures dd')[1].textContent.trim() !== {time:?}"));
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn a_saved_report_is_added_also_below_a_base_path() {
    let console = Console::new(load::few());
    let mut settings = WebSettings::default();
    (settings.port, settings.base_path) = (0, "/load/test".to_owned());
    let ui = Web.serve(settings, console.clone()).unwrap();
    let page = Page::open("below", ui.url());
    start(&page);
    page.press("Stop");
    page.until("document.querySelector('.figures .state-stopped') !== null");
    page.go("runs");
    page.until("document.querySelectorAll('[aria-label=Runs] tbody tr').length === 1");
    page.read(
        "(async () => { const saved = await (await fetch('api/v1/downloads/report.json')).text(); \
         const files = new DataTransfer(); files.items.add(new File([saved], 'yesterday.json')); \
         files.items.add(new File(['{}'], 'broken.json')); const field = document.querySelector('input[type=file]'); \
         field.files = files.files; field.dispatchEvent(new Event('change', { bubbles: true })) })()",
    );
    page.until("document.querySelectorAll('[aria-label=Runs] tbody tr').length === 2");
    let row = page.read("document.querySelector('[aria-label=Runs] tbody tr').textContent");
    assert!(row.as_str().unwrap().contains("yesterday.json"), "{row}");
    let wrong = page.until("document.querySelector('main [role=alert]')?.textContent");
    assert!(wrong.as_str().unwrap().starts_with("broken.json: "), "{wrong}");
    assert_eq!(page.complaints(), [""; 0]);
}

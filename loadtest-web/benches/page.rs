//! How long the page takes to load on loopback: `cargo bench -p loadtest-web --bench page`.
//!
//! In a browser that runs already and keeps nothing of the last time, as a person's would for a program that was just started:
//! the first time, which has the start of the browser in it, does not count. *Shown* is when the form, or the first row of the
//! table, is there; *loaded* the end of the `load` event. Both count from when the address was entered. What is received is
//! the page with its script and styles; the figures come after that, as a stream.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "as the tests, which use the rest too"
)]

#[path = "../tests/browser/devtools.rs"]
mod devtools;
#[path = "../tests/browser/load.rs"]
mod load;

use std::time::Duration;

use devtools::Page;
use loadtest_core::LoadTest;
use loadtest_core::console::web::{WebSettings, WebUi};
use loadtest_core::console::{Ask, Console};
use loadtest_web::Web;

const TIMES: usize = 9;

const FIGURES: &str = "new Promise((told) => {
    const look = () => {
        const navigation = performance.getEntriesByType('navigation')[0];
        const isThere = document.querySelector('#field-users, .virtual tbody tr:not(.space)') !== null;
        if (isThere) window.shown ??= performance.now();
        if (!isThere || !navigation || navigation.loadEventEnd === 0) return requestAnimationFrame(look);
        const all = [navigation, ...performance.getEntriesByType('resource')];
        told([window.shown, navigation.loadEventEnd, all.reduce((sum, each) => sum + each.transferSize, 0)]);
    };
    look();
})";

fn main() {
    measure("waiting for its first start", load::few(), false);
    measure("3 rows, running", load::few(), true);
    measure("5,000 rows, running", load::many(), true);
}

fn measure(what: &str, test: LoadTest, is_running: bool) {
    let console = Console::new(test);
    let mut settings = WebSettings::default();
    settings.port = 0;
    let Ok(ui) = Web.serve(settings, console.clone()) else { return println!("{what}: no web UI") };
    if is_running {
        if let Err(refused) = console.start(&Ask::default()) {
            return println!("{what}: {refused}");
        }
        // Until there is something to be seen.
        while console.view().snapshot.total.stats.ok == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let page = Page::open("bench", ui.url());
    page.read(FIGURES);
    let mut figures: Vec<[f64; 3]> = (0..TIMES)
        .map(|_| {
            page.load_anew();
            let told = page.read(FIGURES);
            [0, 1, 2].map(|figure| told[figure].as_f64().unwrap_or(f64::NAN))
        })
        .collect();
    let mut spread = |figure: usize| {
        figures.sort_by(|a, b| a[figure].total_cmp(&b[figure]));
        [0, TIMES / 2, TIMES - 1].map(|at| figures[at][figure])
    };
    let (shown, loaded, bytes) = (spread(0), spread(1), spread(2));
    println!(
        "{what}: shown after {:.0} ms ({:.0}-{:.0}), loaded after {:.0} ms ({:.0}-{:.0}), {:.0} KiB received",
        shown[1],
        shown[0],
        shown[2],
        loaded[1],
        loaded[0],
        loaded[2],
        bytes[1] / 1024.0
    );
}

//! The page in a real browser: what runs there, what is shown, and that nothing leaves it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::{fixture, folder, page};
use crate::report::{EndedBy, Report};
use crate::stats::{ExceptionRow, Exchange, FailureRow, RowKey, RowSnapshot, Snapshot, TransactionFailureRow};

/// What a hostile server would like to run.
const RUN: &str = "document.documentElement.setAttribute('pwned','')";

/// The name of a browser. Without one these tests fail: a page that was looked at by nobody has passed nothing.
fn browser() -> &'static str {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    found.expect(
        "a chromium in which to look at the page: `cargo xtask test` installs one, as does `apt-get install chromium`",
    )
}

struct Looked {
    dom: String,
    /// What scripts and the page's policy complained of.
    complaints: Vec<String>,
    /// Whether anything was asked for over the network.
    connected: bool,
}

impl Looked {
    /// The text of the title, where scripts of tests leave their results.
    fn title(&self) -> &str {
        self.dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title")
    }

    /// The root's own tag.
    fn root(&self) -> &str {
        self.dom.split("<html").nth(1).and_then(|rest| rest.split('>').next()).expect("a root")
    }
}

/// Opens a page with these flags. The host of the hostile texts is a port of this test; there is no other, as browsers have
/// errands of their own.
fn look(browser: &str, name: &str, html: &str, flags: &[&str]) -> Looked {
    let folder = folder().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("page.html");
    std::fs::write(&file, html).expect("written");
    let trap = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = trap.local_addr().expect("an address");
    let port = address.port();
    let visits = std::thread::spawn(move || visits(&trap));
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--dump-dom",
            "--timeout=30000",
        ])
        .arg(format!("--host-resolver-rules=MAP evil.example 127.0.0.1:{port}, MAP * ~NOTFOUND"))
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(flags)
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    let _ = std::fs::remove_dir_all(folder.join("profile"));
    std::net::TcpStream::connect(address).and_then(|mut last| last.write_all(&[LAST])).expect("the trap is open");
    let connected = visits.join().expect("counted") > 0;
    Looked { dom: String::from_utf8_lossy(&output.stdout).into_owned(), complaints, connected }
}

/// What no browser begins with.
const LAST: u8 = 0;

/// Counts who comes, and lets each go at once: a browser would wait for an answer.
fn visits(trap: &TcpListener) -> usize {
    let begun = trap.incoming().map(|visitor| {
        let mut first = [1];
        let _ = visitor.and_then(|mut visitor| visitor.read(&mut first));
        first[0]
    });
    begun.take_while(|first| *first != LAST).count()
}

/// Without the page's policy, which would let no script of a test in.
fn unguarded(page: &str) -> String {
    let from = page.find("<meta http-equiv").expect("the policy");
    let until = from + page[from..].find('>').expect("its end");
    format!("{}{}", &page[..from], &page[until + 1..])
}

fn hostile_texts() -> Vec<String> {
    vec![
        format!("<script>{RUN}</script>"),
        format!("</script><script>{RUN}</script>"),
        format!("</title><script>{RUN}</script>"),
        format!("</style><img src=http://evil.example/x onerror=\"{RUN}\">"),
        format!("\" onmouseover=\"{RUN}\" autofocus onfocus=\"{RUN}\" x=\""),
        format!("'><svg onload={RUN}>"),
        "<img src='http://evil.example/pixel.png'><link rel=stylesheet href=//evil.example>".to_owned(),
        "<!--".to_owned(),
        "]]></svg></pre></details></table>".to_owned(),
        "{{constructor.constructor('x')()}} ${7*7} &lt;b&gt;".to_owned(),
        "\u{202e}gnp.exe\u{2066} \u{0}\u{1b}[31m\u{7f} שלום".to_owned(),
        "javascript:alert(1)".to_owned(),
    ]
}

/// A run of a server that puts such texts wherever it can.
fn hostile() -> Report {
    let mut report = fixture::small();
    let texts = hostile_texts();
    let snapshot: &mut Snapshot = Arc::make_mut(&mut report.snapshot);
    let (row, failure) = (snapshot.rows[1].clone(), snapshot.failures[0].clone());
    let keys: Vec<_> = texts.iter().map(|text| Arc::new(RowKey::new(text.as_str(), text.as_str()))).collect();
    snapshot.rows = keys.iter().map(|key| RowSnapshot { key: Arc::clone(key), ..row.clone() }).collect();
    let failed = |(key, text): (&Arc<RowKey>, &String)| {
        let body = fixture::body(text);
        let text: Box<str> = text.as_str().into();
        let exchange = Exchange {
            request: text.clone(),
            request_body: body.clone(),
            status: None,
            response: text.clone(),
            response_body: body,
        };
        let mut sample = Arc::unwrap_or_clone(fixture::sample(
            std::time::Duration::ZERO,
            row.stats.service.max().expect("a time"),
            exchange,
        ));
        (sample.class, sample.task, sample.details) = (text.clone(), text.clone(), format!("{text}!").into());
        let samples = vec![Arc::new(sample)];
        FailureRow { key: Arc::clone(key), error: text.clone(), sample: text, samples, ..failure.clone() }
    };
    snapshot.failures = keys.iter().zip(&texts).map(failed).collect();
    // One without samples shows its example.
    snapshot.failures[3].samples.clear();
    snapshot.exceptions = texts
        .iter()
        .map(|text| ExceptionRow {
            class: text.as_str().into(),
            task: text.as_str().into(),
            message: text.as_str().into(),
            place: Some(text.as_str().into()),
            count: 1,
            first_seen: fixture::start(),
            last_seen: fixture::start(),
        })
        .collect();
    for (text, index) in texts.iter().zip([0, 0, 0]) {
        snapshot.transactions[index].name = text.as_str().into();
        snapshot.metrics[index].name = text.as_str().into();
        snapshot.metrics[index].unit = text.as_str().into();
        snapshot.transaction_failures.push(TransactionFailureRow {
            name: text.as_str().into(),
            error: text.as_str().into(),
            count: 2,
            first_seen: fixture::start(),
            last_seen: fixture::start(),
        });
    }
    snapshot.warnings.clone_from(&texts);
    report.host = Some(texts[2].clone());
    report.run_id.clone_from(&texts[1]);
    report.options = texts.iter().map(|text| (text.clone(), text.clone())).collect();
    report.configured = texts.iter().map(|text| ("Shopper".to_owned(), text.clone())).collect();
    report.ended_by = EndedBy::StopTest(texts[0].clone());
    report
}

#[test]
fn hostile_texts_are_shown_and_run_nothing() {
    let browser = browser();
    let report = hostile();
    let guarded = page(&report);
    for (name, html) in [("hostile", guarded.clone()), ("hostile-unguarded", unguarded(&guarded))] {
        let looked = look(browser, name, &html, &[]);
        assert!(!looked.root().contains("pwned"), "{name}: a script ran");
        assert!(looked.root().contains("class=\"js\""), "{name}: the page's own script runs");
        assert_eq!(looked.complaints, [""; 0], "{name}");
        assert!(!looked.connected, "{name}: something was loaded");
        assert!(looked.title().starts_with("Load test of &lt;/title&gt;&lt;script&gt;"), "{}", looked.title());
        assert!(!looked.dom.contains("<img") && !looked.dom.contains("onload=\""), "{name}");
        let scripts = looked.dom.matches("<script").count();
        assert_eq!(scripts, 1 + looked.dom.matches("<script type=\"application/json\">").count(), "{name}");
        assert!(looked.dom.contains("⟨U+202E⟩gnp.exe⟨U+2066⟩ ␀␛[31m⟨U+007F⟩ שלום"), "{name}");
    }
    // The texts as people see them: those of the table's rows, read by a script of this test.
    let read = "<script>document.title = JSON.stringify([...document.querySelectorAll('[data-label=Requests] tbody th')]\
                .map((cell) => cell.textContent))</script>";
    let looked = look(browser, "hostile-read", &unguarded(&guarded).replace("</body>", &format!("{read}</body>")), &[]);
    let unescaped = looked.title().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let seen: Vec<String> = serde_json::from_str(&unescaped).expect("a list of texts");
    let visible = hostile_texts().into_iter().take(10).map(|text| format!("{text} {text}")).collect::<Vec<_>>();
    assert_eq!(seen[..10], visible);
}

#[test]
fn the_page_s_policy_holds_by_itself() {
    let browser = browser();
    let load = "<img src=\"http://evil.example/x\">";
    let hole = format!("<script>{RUN}</script>{load}</body>");
    let page = page(&fixture::small());
    let looked = look(browser, "hole", &page.replace("</body>", &hole), &[]);
    assert!(!looked.root().contains("pwned") && !looked.connected && !looked.complaints.is_empty());
    // Without it, the same hole is one: this test would see it.
    let looked = look(browser, "hole-unguarded", &unguarded(&page).replace("</body>", &hole), &[]);
    assert!(looked.root().contains("pwned") && looked.connected);
}

/// What a person does with the page, and what it then says.
const ACTS: &str = r#"<script>
const said = {};
const table = document.querySelector('[data-label=Requests]');
const column = (name) => [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent === name);
const shown = (name) => [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[column(name)].textContent);
const press = (name) => table.tHead.rows[0].cells[column(name)].querySelector('button').click();
press('p50'); said.slowestFirst = shown('p50');
press('p50'); said.fastestFirst = shown('p50');
press('Request'); said.names = shown('Request');
press('size'); said.sizes = shown('size');
const theme = document.getElementById('theme');
theme.click(); theme.click();
said.theme = [theme.textContent, getComputedStyle(document.body).backgroundColor];
theme.click();
const plot = document.querySelector('.chart .plot');
const box = plot.getBoundingClientRect();
plot.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width * 0.466, clientY: box.top + 5 }));
said.readout = [...plot.querySelector('.readout').children].map((each) => each.textContent);
plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
said.next = plot.querySelector('.readout b').textContent;
plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
said.gone = plot.querySelector('.readout') === null;
document.querySelector('[data-label=Requests] a').click();
said.opened = document.querySelectorAll('details[open]').length;
document.title = JSON.stringify(said);
</script></body>"#;

fn said(looked: &Looked) -> serde_json::Value {
    assert_eq!(looked.complaints, [""; 0]);
    let title = looked.title().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&title).unwrap_or_else(|error| panic!("{error}: {title}"))
}

#[test]
fn tables_sort_and_charts_read_out() {
    let browser = browser();
    let html = unguarded(&page(&fixture::shop())).replace("</body>", ACTS);
    let said = said(&look(browser, "acts", &html, &["--window-size=1280,900", "--virtual-time-budget=2000"]));
    let numbers = |name: &str| -> Vec<f64> {
        said[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().replace(',', "").parse().unwrap())
            .collect()
    };
    assert!(numbers("slowestFirst").is_sorted_by(|a, b| a >= b) && numbers("slowestFirst").len() == 7, "{said}");
    assert!(numbers("fastestFirst").is_sorted(), "{said}");
    assert_eq!(said["names"][0], "GET /", "{said}");
    assert_eq!(said["theme"], serde_json::json!(["Theme: dark", "rgb(20, 23, 26)"]));
    assert_eq!(said["readout"][0], "4m39s", "{said}");
    let values = said["readout"].as_array().unwrap()[1..].iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>();
    assert!(values[0].starts_with("ok") && values[1].starts_with("failed") && values.len() == 2, "{said}");
    assert!(values.iter().all(|value| value.ends_with("/s")), "{said}");
    assert_eq!((&said["next"], &said["gone"]), (&"4m41s".into(), &true.into()), "{said}");
}

#[test]
fn a_long_table_can_be_searched() {
    let browser = browser();
    let act = "<script>const search = document.querySelector('#requests .search'); search.value = 'ARTICLES/1 shops'; \
               search.dispatchEvent(new Event('input')); document.title = JSON.stringify([...document.querySelectorAll(\
               '[data-label=Requests] tbody tr')].filter((row) => !row.hidden).length)</script></body>";
    let html = unguarded(&page(&fixture::many(30))).replace("</body>", act);
    assert_eq!(said(&look(browser, "search", &html, &[])), 11);
}

/// Windows are not narrower than 500 pixels, but frames are.
#[test]
fn a_telephone_scrolls_in_one_direction() {
    let browser = browser();
    for (name, report) in [("narrow", fixture::shop()), ("narrow-hostile", hostile())] {
        let inside = unguarded(&page(&report)).replace("<details ", "<details open ");
        let inside = serde_json::to_string(&inside).expect("a string").replace('<', "\\u003c");
        let frame = format!(
            "<!DOCTYPE html><title></title><iframe id=frame width=360 height=800></iframe><script>frame.onload = () => {{\
             const root = frame.contentDocument.documentElement; document.title = JSON.stringify([root.clientWidth, \
             root.scrollWidth, frame.contentDocument.querySelectorAll('svg').length > 5]) }}; frame.srcdoc = {inside}</script>"
        );
        let said = said(&look(browser, name, &frame, &["--hide-scrollbars", "--virtual-time-budget=3000"]));
        assert_eq!(said, serde_json::json!([360, 360, true]), "{name}");
    }
}

/// For eyes: `target/html-report/*.png`.
#[test]
fn pictures_are_taken() {
    let browser = browser();
    let html = page(&fixture::shop());
    std::fs::write(folder().join("shop.html"), &html).expect("written");
    let dark = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"];
    for (name, size, flags) in [
        ("shop-light", "1280,4200", &[][..]),
        ("shop-dark", "1280,4200", &dark),
        ("shop-telephone", "390,5600", &[]),
        ("shop-telephone-dark", "390,5600", &dark),
    ] {
        let picture = folder().join(format!("{name}.png"));
        let _ = std::fs::remove_file(&picture);
        let (size, shot) = (format!("--window-size={size}"), format!("--screenshot={}", picture.display()));
        let flags = [flags, &[size.as_str(), shot.as_str(), "--hide-scrollbars"]].concat();
        let looked = look(browser, name, &html, &flags);
        assert_eq!(looked.complaints, [""; 0]);
        assert!(is_png(&picture), "{}", picture.display());
    }
}

fn is_png(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG") && bytes.len() > 20_000)
}

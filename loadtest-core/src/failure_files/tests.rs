use std::time::{Duration, SystemTime};

use super::*;
use crate::stats::{BodyText, Exchange, Failure, FailureKind, FailureSample, RecorderHandle, RowKey};

/// A folder that is removed at the end of a test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("loadtest-failures-{}-{name}", std::process::id())))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fail(recorder: &RecorderHandle, name: &str, body: &str) {
    let tell = |most| Exchange {
        request: "GET / HTTP/1.1\nhost: shop".into(),
        status: Some(404),
        response: "HTTP/1.1 404 Not Found".into(),
        response_body: BodyText::of(body.as_bytes(), most),
        ..Exchange::default()
    };
    let failure = Failure::new("404 Not Found").kind(FailureKind::Status).sample("not\nhere").exchange(&tell);
    recorder.start("GET", name).fail(failure);
}

fn recorder(files: &Arc<FailureFiles>) -> RecorderHandle {
    let recorder = RecorderHandle::default().of_user("Shopper", Some(3));
    recorder.tell_failures(Arc::clone(files) as _);
    recorder
}

#[tokio::test]
async fn a_file_holds_the_whole_exchange() {
    let folder = Temporary::new("whole");
    let files = FailureFiles::create(&folder.0.join("made/here")).expect("a folder");
    let recorder = recorder(&files);
    recorder.enter_hook(None, "on_start");
    let long = "x".repeat(100_000);
    fail(&recorder, "/cart", &long);
    assert_eq!(files.finish().await, [""; 0]);
    let folder = Temporary(folder.0.join("made/here"));
    assert_eq!(folder.names(), ["000001-GET-cart-404.txt"]);
    let text = fs::read_to_string(folder.0.join("000001-GET-cart-404.txt")).expect("a file");
    let (head, exchange) = text.split_once("\n----- sent\n").expect("two parts");
    let lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines[..3], ["GET /cart: 404 Not Found", "", "kind:         status"]);
    assert!(lines[3].starts_with("at:           20") && lines[3].ends_with('Z'), "{head}");
    assert_eq!(lines[4..6], ["user:         user 3 of Shopper", "task:         on_start"]);
    assert_eq!(lines[7], "details:      not here");
    let sent = "GET / HTTP/1.1\nhost: shop\n\n\n----- answered\nHTTP/1.1 404 Not Found\n\n";
    assert_eq!(exchange, format!("{sent}{long}\n"));
}

#[tokio::test]
async fn numbers_go_on_behind_those_of_earlier_runs() {
    let folder = Temporary::new("again");
    for _ in 0..2 {
        let files = FailureFiles::create(&folder.0).expect("a folder");
        fail(&recorder(&files), "../../x", "");
        files.finish().await;
        fs::write(folder.0.join("notes.txt"), "of a person").expect("a file");
    }
    assert_eq!(folder.names(), ["000001-GET-x-404.txt", "000002-GET-x-404.txt", "notes.txt"]);
}

#[tokio::test]
async fn no_more_than_a_thousand_files() {
    let folder = Temporary::new("many");
    let files = FailureFiles::create(&folder.0).expect("a folder");
    let recorder = recorder(&files);
    for number in 0..MOST_FILES + 50 {
        fail(&recorder, "/cart", "body");
        if number % 32 == 0 {
            files.finish().await;
        }
    }
    let warnings = files.finish().await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].ends_with("has 1000 files of this run's failures: further ones are not written"),
        "{warnings:?}"
    );
    assert_eq!(folder.names().len(), 1000);
}

/// A queue whose writer never comes.
fn stuck() -> (FailureFiles, Receiver<Message>) {
    let (sender, receiver) = channel();
    (FailureFiles { sender, state: Arc::default() }, receiver)
}

#[test]
fn nobody_waits_for_a_disk_that_is_stuck() {
    let (files, _receiver) = stuck();
    let failure = |body: &str| WholeFailure {
        key: Arc::new(RowKey::new("GET", "/")),
        kind: FailureKind::Other,
        error: "no".into(),
        sample: FailureSample {
            exchange: Some(Box::new(Exchange { request: body.into(), ..Exchange::default() })),
            ..FailureSample::new(SystemTime::now(), Duration::ZERO)
        },
    };
    let hand_over = |body: &str| files.room().map(|_| files.take(failure(body))).is_some();
    assert_eq!((0..100).filter(|_| hand_over("short")).count(), MOST_WAITING);
    assert_eq!(files.state.warnings().len(), 1);
    assert!(files.state.warnings()[0].starts_with("36 failures are not in "));

    let (files, _receiver) = stuck();
    let hand_over = |body: &str| files.room().map(|_| files.take(failure(body))).is_some();
    let long = "x".repeat(MOST_BYTES_WAITING / 4);
    assert_eq!((0..100).filter(|_| hand_over(&long)).count(), 4);
}

#[tokio::test]
async fn a_disk_that_fails_is_told_and_tried_again() {
    let folder = Temporary::new("gone");
    let files = FailureFiles::create(&folder.0).expect("a folder");
    let recorder = recorder(&files);
    fs::remove_dir_all(&folder.0).expect("removed");
    fail(&recorder, "/a", "");
    fail(&recorder, "/b", "");
    assert!(files.finish().await[0].starts_with("2 failures are not in "));
    fs::create_dir_all(&folder.0).expect("made");
    fail(&recorder, "/c", "");
    assert_eq!(files.finish().await.len(), 1);
    assert_eq!(folder.names(), ["000003-GET-c-404.txt"]);
}

#[test]
fn a_folder_that_cannot_be_is_refused() {
    let file = Temporary::new("file");
    fs::write(&file.0, "").expect("a file");
    for folder in [file.0.clone(), file.0.join("below"), PathBuf::from("/proc/no")] {
        let error = check(&folder).expect_err("no folder").to_string();
        assert!(error.starts_with(&format!("failures cannot be written to {}: ", folder.display())), "{error}");
    }
    fs::remove_file(&file.0).expect("removed");
}

use std::future::poll_fn;
use std::pin::Pin;

use http_body::Body;
use loadtest_core::LoadTest;
use loadtest_core::console::Console;

use super::*;

/// Whose events are numbered from 1 on.
fn shared() -> Arc<Shared> {
    let shared = Shared::new(Console::new(LoadTest::new()));
    let mut inner = shared.feed.lock();
    (inner.seq, inner.floor) = (0, 0);
    drop(inner);
    Arc::new(shared)
}

/// One more event for everybody, about nothing.
fn tell(shared: &Shared) {
    let mut inner = shared.feed.lock();
    inner.seq += 1;
    let event = inner.interval(shared);
    inner.keep(&event);
    inner.tell(&event);
}

/// All that is to be read now, of which each event is on one line that begins with its name.
async fn read(stream: &mut EventStream) -> String {
    let mut text = Vec::new();
    loop {
        let frame = poll_fn(|cx| match Pin::new(&mut *stream).poll_frame(cx) {
            std::task::Poll::Pending => std::task::Poll::Ready(None),
            std::task::Poll::Ready(frame) => std::task::Poll::Ready(frame),
        });
        let Some(Ok(frame)) = frame.await else { break };
        text.extend_from_slice(&frame.into_data().unwrap());
    }
    String::from_utf8(text).unwrap()
}

fn names(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
}

fn ids(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_keep_up_is_let_go_and_others_get_everything() {
    let shared = shared();
    let (slow, quick) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut stuck = shared.join(None, true, Arc::clone(&slow));
    let mut reading = shared.join(None, true, quick);
    for event in 1..=QUEUE + 1 {
        tell(&shared);
        let text = read(&mut reading).await;
        assert_eq!(ids(&text).last().copied(), Some(format!("0-{event}").as_str()));
    }
    assert_eq!(shared.feed.lock().readers.len(), 1);
    tokio::time::timeout(Duration::from_secs(1), slow.notified()).await.expect("its connection is ended");
    let text = read(&mut stuck).await;
    assert_eq!(names(&text).len(), 1 + QUEUE, "what was in its queue");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_bounded_and_older_readers_begin_anew() {
    let shared = shared();
    let _reader = shared.join(None, true, Arc::default());
    for _ in 0..MOST_KEPT + 5 {
        tell(&shared);
    }
    assert_eq!(shared.feed.lock().kept.len(), MOST_KEPT);
    let text = read(&mut shared.join(Some((0, 5)), true, Arc::default())).await;
    assert_eq!((names(&text)[0], ids(&text).len()), ("interval", MOST_KEPT));
    assert_eq!(ids(&text)[0], "0-6");
    for gone in [(0, 4), (1, 10), (0, MOST_KEPT as u64 + 6)] {
        let text = read(&mut shared.join(Some(gone), true, Arc::default())).await;
        assert_eq!(names(&text), ["hello"], "{gone:?}");
    }
    let now = (0, MOST_KEPT as u64 + 5);
    assert_eq!(names(&read(&mut shared.join(Some(now), true, Arc::default())).await), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_knows_an_earlier_process_begins_anew() {
    let shared = Shared::new(Console::new(LoadTest::new()));
    let _reader = shared.join(None, true, Arc::default());
    (0..10).for_each(|_| tell(&shared));
    let now = shared.feed.seq();
    let an_hour = 3_600_000;
    for seq in [0, 5, now - an_hour] {
        let text = read(&mut shared.join(Some((0, seq)), true, Arc::default())).await;
        assert_eq!(names(&text), ["hello"], "{seq}");
    }
    assert_eq!(ids(&read(&mut shared.join(Some((0, now - 2)), true, Arc::default())).await).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn something_is_said_every_fifteen_seconds() {
    let shared = shared();
    let mut stream = shared.join(None, false, Arc::default());
    let text = read(&mut stream).await;
    assert!(text.contains("\"rows\":[]}\n\n"), "{text}");
    assert_eq!(read(&mut stream).await, "");
    tokio::time::sleep(COMMENT_AFTER).await;
    assert!(read(&mut stream).await.starts_with(": "));
}

const COMMENT_AFTER: Duration = Duration::from_millis(15_001);

#[tokio::test(start_paused = true)]
async fn a_hello_is_made_once_for_all() {
    let shared = shared();
    let _streams: Vec<_> = (0..10).map(|_| shared.join(None, true, Arc::default())).collect();
    let mut inner = shared.feed.lock();
    let hello = inner.hello(&shared);
    // This one, that of the feed, and one in each stream.
    assert_eq!(Arc::strong_count(&hello), 12);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_encoded_while_nobody_listens() {
    let shared = shared();
    drop(shared.join(None, true, Arc::default()));
    let pump = tokio::spawn(Arc::clone(&shared).pump());
    shared.console.quit();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(shared.feed.seq(), 0);
    let mut stream = shared.join(None, true, Arc::default());
    assert!(read(&mut stream).await.contains("\"quitting\":true"), "the next one gets what is now");
    pump.abort();
}

#[test]
fn ids_are_read_as_they_are_written() {
    assert_eq!(last_seen("3-17"), Some((3, 17)));
    for nonsense in ["", "3", "3-", "-3", "a-b", "3-17-1"] {
        assert_eq!(last_seen(nonsense), None, "{nonsense}");
    }
}

//! The answers in `fuzz-corpus/answer`, with which a fuzzer begins: whole and in pieces they are the same, `ok-*` are
//! answers and `bad-*` are none.

use std::fs;
use std::path::Path;

use super::pieces::cut_everywhere;
use super::*;

#[test]
fn the_corpus_is_what_its_names_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz-corpus/answer");
    let mut seen = 0;
    for file in fs::read_dir(folder).expect("the corpus") {
        let path = file.expect("a file").path();
        let bytes = fs::read(&path).expect("a file");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for method in [Method::GET, Method::HEAD] {
            if let Err(error) = cut_everywhere(&bytes, &method) {
                panic!("{name}: {method}: {error}");
            }
        }
        let outcome = answer(&Method::GET, [&*bytes], Then::Close);
        assert_ne!(outcome, Outcome::Waits, "{name}");
        assert_eq!(outcome.brief().is_some(), name.starts_with("ok-"), "{name}: {outcome:?}");
        assert!(name.starts_with("ok-") || name.starts_with("bad-"), "{name}");
        seen += 1;
    }
    assert!(seen > 50, "only {seen}");
}

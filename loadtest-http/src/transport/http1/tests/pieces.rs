//! However an answer is cut on its way, it is the same answer; and whatever comes, nothing panics or goes round.

use super::*;

/// The connection can be kept or not depending on whether bytes behind the answer were seen already.
pub(super) fn without_keeps(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answer { status, headers, body, .. } => Outcome::Answer { status, headers, body, keeps: false },
        other => other,
    }
}

pub(super) fn cut_everywhere(bytes: &[u8], method: &Method) -> Result<(), TestCaseError> {
    let ask = Ask::new(method.clone(), "/");
    let whole = without_keeps(answer_to(&ask, [bytes], Then::Close));
    // Each place of a long answer would take long, and its places are much the same.
    for at in (0..=bytes.len()).step_by(1 + bytes.len() / 500) {
        let (first, second) = bytes.split_at(at);
        let cut = without_keeps(answer_to(&ask, [first, second], Then::Close));
        prop_assert_eq!(&cut, &whole, "cut at {} of {:?}", at, String::from_utf8_lossy(bytes));
    }
    let single = without_keeps(answer_to(&ask, bytes.chunks(1), Then::Close));
    prop_assert_eq!(&single, &whole, "byte by byte: {:?}", String::from_utf8_lossy(bytes));
    Ok(())
}

proptest! {
    // Each answer is cut at hundreds of places.
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn valid_answers_are_the_same_in_pieces(bytes in valid_answers(), head in any::<bool>()) {
        let method = if head { Method::HEAD } else { Method::GET };
        cut_everywhere(&bytes, &method)?;
        prop_assert!(answer(&method, [bytes], Then::Close).brief().is_some());
    }

    #[test]
    fn broken_answers_are_the_same_in_pieces(bytes in mutated_answers()) {
        cut_everywhere(&bytes, &Method::GET)?;
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0..4_usize) {
        let start: &[u8] = [
            &b""[..],
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        ][start];
        let bytes = [start, &bytes].concat();
        prop_assert_ne!(answer(&Method::GET, [&bytes[..]], Then::Close), Outcome::Waits);
        cut_everywhere(&bytes, &Method::GET)?;
    }

    #[test]
    fn a_large_body_comes_whole(sizes in prop::collection::vec(1..40_000_usize, 1..20)) {
        let body: Vec<u8> = (0..sizes.iter().sum()).map(|n: usize| n.to_le_bytes()[0]).collect();
        let mut rest = &body[..];
        let mut pieces = vec![format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes()];
        for size in sizes {
            let (piece, more) = rest.split_at(size);
            pieces.push(piece.to_vec());
            rest = more;
        }
        let outcome = answer(&Method::GET, pieces, Then::Silence);
        prop_assert_eq!(outcome.brief(), Some((200, &body[..])));
        let kept = matches!(outcome, Outcome::Answer { keeps: true, .. });
        prop_assert!(kept);
    }
}

#[test]
fn a_head_that_comes_byte_by_byte_is_not_read_as_often() {
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(200_000));
    let before = std::time::Instant::now();
    assert!(answer(&Method::GET, head.as_bytes().chunks(1), Then::Silence).brief().is_some());
    assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
}

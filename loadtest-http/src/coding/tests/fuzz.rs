//! Any bytes as a coded body.

use allocation_counter::measure;

use super::*;
use crate::fuzz::{Parts, fuzz};

const LIMIT: u64 = 64 * 1024;
/// What a decoder takes beside what it puts out: two windows of 8 MiB, and tables.
const BESIDE: u64 = 40 * 1024 * 1024;

/// What comes out is within the limit, and so is what it takes; whether it is kept changes nothing else.
fn decodes_within_the_limit(body: &[u8], codings: &[Coding]) {
    let mut decoded = Err(DecodeError::TooLarge);
    let memory = measure(|| decoded = decode(body, codings, LIMIT, true));
    assert!(memory.bytes_max < BESIDE, "{codings:?}: {} bytes for {}", memory.bytes_max, body.len());
    let counted = decode(body, codings, LIMIT, false);
    match (decoded, counted) {
        (Ok(Decoded { content, length }), Ok(counted)) => {
            assert!(length <= LIMIT);
            assert_eq!(content.len() as u64, length);
            assert_eq!(counted, Decoded { content: Bytes::new(), length });
        }
        (decoded, counted) => assert_eq!(decoded, counted),
    }
}

fn comes_back(content: &[u8], coding: Coding) {
    let length = content.len() as u64;
    let encoded = encode(content, coding);
    assert_eq!(decode(&encoded, &[coding], length, true), decoded(content));
    if length > 0 {
        assert_eq!(decode(&encoded, &[coding], length - 1, true), Err(DecodeError::TooLarge));
    }
    let (_, cut) = encoded.split_last().expect("no coding is empty");
    assert!(decode(cut, &[coding], length, true).is_err(), "{coding:?} without its end");
}

#[test]
fn coding() {
    fuzz("coding", |input| {
        let mut parts = Parts(input);
        let choice = usize::from(parts.byte());
        let (coding, body) = (ALL[choice % 4], parts.0);
        match choice / 4 % 4 {
            // The first 8 numbers, which a corpus written by hand has: one coding, or two.
            0 => decodes_within_the_limit(body, &[coding]),
            1 => decodes_within_the_limit(body, &[coding, coding]),
            2 => comes_back(body, coding),
            _ => {
                if let Some(codings) = parse(body) {
                    assert!(codings.len() <= MOST_CODINGS);
                }
            }
        }
    });
}

mod fuzz;

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

const LIMIT: u64 = 1024 * 1024;
const ALL: [Coding; 4] = [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate];

fn encode(content: &[u8], coding: Coding) -> Vec<u8> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).expect("memory");
            encoder.finish().expect("memory")
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).expect("memory");
            encoder.finish().expect("memory")
        }
        Coding::Zstd => compress_to_vec(content, CompressionLevel::Fastest),
        Coding::Brotli => {
            let mut encoded = Vec::new();
            brotli::BrotliCompress(
                &mut &content[..],
                &mut encoded,
                &brotli::enc::BrotliEncoderParams { quality: 3, ..Default::default() },
            )
            .expect("memory");
            encoded
        }
    }
}

fn decoded(content: &[u8]) -> Result<Decoded, DecodeError> {
    Ok(Decoded { content: Bytes::copy_from_slice(content), length: content.len() as u64 })
}

#[test]
fn every_coding_is_undone() {
    let content = b"the same again, ".repeat(1000);
    for coding in ALL {
        let encoded = encode(&content, coding);
        assert!(encoded.len() < content.len() / 10, "{coding:?}");
        assert_eq!(decode(&encoded, &[coding], LIMIT, true), decoded(&content), "{coding:?}");
        let counted = Decoded { content: Bytes::new(), length: content.len() as u64 };
        assert_eq!(decode(&encoded, &[coding], LIMIT, false), Ok(counted), "{coding:?}");
        assert_eq!(decode(&encode(b"", coding), &[coding], LIMIT, true), decoded(b""), "{coding:?}");
        for second in ALL {
            let twice = encode(&encoded, second);
            assert_eq!(decode(&twice, &[coding, second], LIMIT, true), decoded(&content), "{coding:?} {second:?}");
        }
    }
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let content = vec![b'x'; 100_000];
    for coding in ALL {
        let encoded = encode(&content, coding);
        for keep in [true, false] {
            assert!(decode(&encoded, &[coding], 100_000, keep).is_ok(), "{coding:?}");
            assert_eq!(decode(&encoded, &[coding], 99_999, keep), Err(DecodeError::TooLarge), "{coding:?}");
        }
    }
}

#[test]
fn what_was_cut_is_an_error_and_not_short() {
    let content: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for coding in ALL {
        let encoded = encode(&content, coding);
        for end in [1, encoded.len() / 2, encoded.len() - 1] {
            let outcome = decode(&encoded[..end], &[coding], LIMIT, true);
            assert!(matches!(outcome, Err(DecodeError::Malformed(of, _)) if of == coding), "{coding:?} to {end}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_an_error() {
    for coding in [Coding::Gzip, Coding::Deflate] {
        let mut encoded = encode(b"content", coding);
        // The checksum is at the end; of gzip, the length stands behind it.
        let last = encoded.len() - if coding == Coding::Gzip { 5 } else { 1 };
        encoded[last] ^= 1;
        assert!(decode(&encoded, &[coding], LIMIT, true).is_err(), "{coding:?}");
    }
    let mut encoded = encode(b"content", Coding::Zstd);
    if let Some(last) = encoded.last_mut() {
        *last ^= 1;
    }
    assert!(decode(&encoded, &[Coding::Zstd], LIMIT, true).is_err());
}

#[test]
fn members_and_frames_follow_each_other() {
    for coding in [Coding::Gzip, Coding::Zstd] {
        let mut encoded = encode(b"one ", coding);
        if coding == Coding::Zstd {
            // A skippable frame (RFC 8878, 3.1.2).
            encoded.extend_from_slice(b"\x50\x2a\x4d\x18\x03\0\0\0xyz");
        }
        encoded.extend_from_slice(&encode(b"two", coding));
        assert_eq!(decode(&encoded, &[coding], LIMIT, true), decoded(b"one two"), "{coding:?}");
    }
}

#[test]
fn what_stands_behind_gzip_is_passed_over() {
    let encoded = encode(b"content", Coding::Gzip);
    for behind in [&b"\0"[..], &[0; 1000], b"garbage", b"\x1f", b"\x8b\x1f", b"<!-- cached -->"] {
        let encoded = [&encoded, behind].concat();
        assert_eq!(decode(&encoded, &[Coding::Gzip], LIMIT, true), decoded(b"content"), "{behind:?}");
    }
    let half = [&*encoded, &encoded[..encoded.len() - 1]].concat();
    assert!(decode(&half, &[Coding::Gzip], LIMIT, true).is_err(), "another member that is cut is no garbage");
}

#[test]
fn a_bare_deflate_stream_is_taken_too() {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"content").expect("memory");
    let encoded = encoder.finish().expect("memory");
    assert_eq!(decode(&encoded, &[Coding::Deflate], LIMIT, true), decoded(b"content"));
}

#[test]
fn a_window_that_is_too_large_is_refused() {
    // A frame of zstd with a window of 2 GiB, and nothing else.
    let bomb = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];
    assert!(matches!(decode(&bomb, &[Coding::Zstd], LIMIT, true), Err(DecodeError::Malformed(Coding::Zstd, _))));
    for (lgwin, large_window, is_taken) in [(24, false, true), (24, true, false), (30, true, false)] {
        let params = brotli::enc::BrotliEncoderParams { quality: 3, lgwin, large_window, ..Default::default() };
        let mut encoded = Vec::new();
        brotli::BrotliCompress(&mut &b"content"[..], &mut encoded, &params).expect("memory");
        let outcome = decode(&encoded, &[Coding::Brotli], LIMIT, true);
        let expected = if is_taken {
            outcome == decoded(b"content")
        } else {
            matches!(outcome, Err(DecodeError::Malformed(Coding::Brotli, _)))
        };
        assert!(expected, "{lgwin} {large_window}: {outcome:?}");
    }
}

#[test]
fn codings_are_read_as_servers_write_them() {
    let parsed = |value: &[u8]| parse(value).map(|codings| codings.to_vec());
    assert_eq!(parsed(b"gzip"), Some(vec![Coding::Gzip]));
    assert_eq!(parsed(b" X-GZIP , br,,identity"), Some(vec![Coding::Gzip, Coding::Brotli]));
    assert_eq!(parsed(b"zstd,deflate, br"), Some(vec![Coding::Zstd, Coding::Deflate, Coding::Brotli]));
    assert_eq!(parsed(b"identity"), Some(vec![]));
    assert_eq!(parsed(b"compress"), None);
    assert_eq!(parsed(b"gzip, gzip, gzip, gzip"), None);
}

proptest! {
    #[test]
    fn whatever_comes_neither_panics_nor_exceeds_the_limit(
        content in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        coding in prop::sample::select(ALL.to_vec()),
        repeat in 1..200_usize,
    ) {
        let mut encoded = encode(&content.repeat(repeat), coding);
        for (index, byte) in changes {
            let index = index.index(encoded.len());
            encoded[index] = byte;
        }
        for input in [&encoded, &content] {
            if let Ok(Decoded { content, length }) = decode(input, &[coding], 10_000, true) {
                prop_assert!(length <= 10_000 && content.len() as u64 == length);
            }
        }
    }
}

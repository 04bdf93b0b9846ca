//! The decoders, each behind the same limit.

use std::cell::RefCell;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::bufread::GzDecoder;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use flate2::{Crc, Decompress, FlushDecompress, Status};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::{Coding, DecodeError, Decoded};

/// What brotli reads at once.
const PIECE: usize = 16 * 1024;
/// The most bytes set aside for content before it is there.
const AHEAD: u64 = 1024 * 1024;
/// How much longer content is than what it is compressed to, mostly, and at most (of deflate).
const USUAL_RATIO: u64 = 4;
const LARGEST_RATIO: u64 = 1032;
/// The largest window of zstd: what decoders of content must support, and encoders may use at most (RFC 9659).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// How a member of gzip begins (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A member of gzip without a name and the like, as servers send it: so long is what stands before and behind it.
const GZIP_HEAD: usize = 10;
const GZIP_TAIL: usize = 8;

thread_local! {
    /// For content that is decoded at one go; its tables and its window take longer to make than a short text to decode.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// Undoes codings, the last one first; at most `limit` bytes come out of each.
pub(crate) fn decode(body: &[u8], codings: &[Coding], limit: u64, keep: bool) -> Result<Decoded, DecodeError> {
    let mut decoded: Option<Vec<u8>> = None;
    let mut length = body.len() as u64;
    for (index, coding) in codings.iter().enumerate().rev() {
        let input = decoded.as_deref().unwrap_or(body);
        let mut output = Output { content: Vec::new(), length: 0, limit, keep: keep || index > 0 };
        if output.keep {
            output.content.reserve(ahead(input.len() as u64 * USUAL_RATIO, limit));
        }
        output.fill(*coding, input)?;
        length = output.length;
        decoded = Some(output.content);
    }
    let content = decoded.map_or_else(|| bytes::Bytes::copy_from_slice(if keep { body } else { &[] }), Into::into);
    Ok(Decoded { content, length })
}

/// What comes out of one decoder.
struct Output {
    content: Vec<u8>,
    length: u64,
    limit: u64,
    keep: bool,
}

impl Output {
    fn fill(&mut self, coding: Coding, input: &[u8]) -> Result<(), DecodeError> {
        match coding {
            Coding::Gzip => self.gzip(input),
            Coding::Brotli => self.brotli(input),
            // RFC 9110, 8.4.1.2: zlib, but some servers send the bare stream, and browsers take it.
            Coding::Deflate if is_zlib(input) => self.drain(coding, ZlibDecoder::new(input)),
            Coding::Deflate => self.drain(coding, DeflateDecoder::new(input)),
            Coding::Zstd => self.zstd(input),
        }
    }

    /// Members one after the other are one content (RFC 1952, 2.2). What else stands behind them is passed over, as
    /// browsers do: some servers fill up with zeros, or append to what they have compressed.
    fn gzip(&mut self, mut input: &[u8]) -> Result<(), DecodeError> {
        if let Some(content) = at_one_go(input, self.limit) {
            self.length = content.len() as u64;
            if self.keep {
                self.content = content;
            }
            return Ok(());
        }
        loop {
            self.drain(Coding::Gzip, GzDecoder::new(&mut input))?;
            if !input.starts_with(&GZIP_MAGIC) {
                return Ok(());
            }
        }
    }

    /// Without the extension for large windows (RFC 9841), which is not part of the coding: they take up to 1 GiB.
    fn brotli(&mut self, input: &[u8]) -> Result<(), DecodeError> {
        let mut decoder = Decompressor::new(input, PIECE);
        decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
        self.drain(Coding::Brotli, decoder)
    }

    /// Frames one after the other are one content (RFC 8878, 3.1).
    fn zstd(&mut self, mut input: &[u8]) -> Result<(), DecodeError> {
        let malformed = |error: &dyn ToString| DecodeError::Malformed(Coding::Zstd, error.to_string());
        // The decoder holds some of its invariants by panicking: a server must not be able to end a task that way. None
        // is known to be within reach: millions of frames with something changed, with all checks on, met no panic.
        let frames = AssertUnwindSafe(|| {
            while !input.is_empty() {
                let skipped = match StreamingDecoder::new_with_max_window_size(&mut input, ZSTD_WINDOW) {
                    Ok(mut decoder) => {
                        self.drain(Coding::Zstd, &mut decoder)?;
                        let decoder = decoder.into_frame_decoder();
                        let announced = decoder.get_checksum_from_data();
                        if announced.is_some() && announced != decoder.get_calculated_checksum() {
                            return Err(malformed(&"wrong checksum"));
                        }
                        0
                    }
                    Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                        length, ..
                    })) => length as usize,
                    Err(error) => return Err(malformed(&error)),
                };
                input = input.get(skipped..).ok_or_else(|| malformed(&"it ends in a skippable frame"))?;
            }
            Ok(())
        });
        catch_unwind(frames).unwrap_or_else(|_| Err(malformed(&"the decoder gave up")))
    }

    /// Takes what a decoder has, and not more than one byte beyond the limit.
    fn drain(&mut self, coding: Coding, decoder: impl Read) -> Result<(), DecodeError> {
        let mut decoder = decoder.take((self.limit - self.length).saturating_add(1));
        let read = if self.keep {
            decoder.read_to_end(&mut self.content).map(|read| read as u64)
        } else {
            io::copy(&mut decoder, &mut io::sink())
        };
        self.length += read.map_err(|error| DecodeError::Malformed(coding, error.to_string()))?;
        if self.length > self.limit { Err(DecodeError::TooLarge) } else { Ok(()) }
    }
}

/// How much memory to set aside for content of about this length.
fn ahead(length: u64, limit: u64) -> usize {
    usize::try_from(length.min(limit).min(AHEAD)).unwrap_or(0)
}

/// The content of the usual gzip: one member, not too long, whose end says how long it is (RFC 1952, 2.3.1). `None` when
/// it is anything else, or has an error, which is left to be found once more.
fn at_one_go(input: &[u8], limit: u64) -> Option<Vec<u8>> {
    let ([0x1f, 0x8b, 8, 0, ..], rest) = input.split_at_checked(GZIP_HEAD)? else { return None };
    let (deflated, tail) = rest.split_at_checked(rest.len().checked_sub(GZIP_TAIL)?)?;
    let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).ok();
    let (checksum, length) = (number(tail.get(..4)?)?, number(tail.get(4..)?)?);
    let most = limit.min(AHEAD).min(deflated.len() as u64 * LARGEST_RATIO);
    if u64::from(length) > most {
        return None;
    }
    let mut content = vec![0; length as usize];
    let (status, read, written) = INFLATE.with_borrow_mut(|inflate| {
        inflate.reset(false);
        let status = inflate.decompress(deflated, &mut content, FlushDecompress::Finish);
        (status, inflate.total_in(), inflate.total_out())
    });
    let is_whole =
        matches!(status, Ok(Status::StreamEnd)) && (read, written) == (deflated.len() as u64, u64::from(length)) && {
            let mut crc = Crc::new();
            crc.update(&content);
            crc.sum() == checksum
        };
    is_whole.then_some(content)
}

/// Whether it begins as zlib does (RFC 1950, 2.2).
fn is_zlib(input: &[u8]) -> bool {
    match input {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_a_gzip_that_is_what_it_says_is_decoded_at_one_go() {
        let content = b"the same again, ".repeat(100);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&content).expect("memory");
        let encoded = encoder.finish().expect("memory");
        assert_eq!(at_one_go(&encoded, 1600), Some(content));
        assert_eq!(at_one_go(&encoded, 1599), None);
        assert_eq!(at_one_go(&[&*encoded, &encoded].concat(), 10_000), None);
        // Flags, something in the middle, the checksum, the length.
        for place in [3, 15, encoded.len() - 8, encoded.len() - 4] {
            let mut other = encoded.clone();
            other[place] ^= 1;
            assert_eq!(at_one_go(&other, 10_000), None, "{place}");
        }
        for end in 0..encoded.len() {
            assert_eq!(at_one_go(&encoded[..end], 10_000), None, "{end}");
        }
    }
}

//! The decoders, each behind the same limit.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::bufread::GzDecoder;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::{Coding, DecodeError, Decoded};

/// What is decoded at once.
const PIECE: usize = 16 * 1024;
/// The largest window of zstd: what decoders of content must support, and encoders may use at most (RFC 9659).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// How a member of gzip begins (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Undoes codings, the last one first; at most `limit` bytes come out of each.
pub(crate) fn decode(body: &[u8], codings: &[Coding], limit: u64, keep: bool) -> Result<Decoded, DecodeError> {
    let mut decoded: Option<Vec<u8>> = None;
    let mut length = body.len() as u64;
    for (index, coding) in codings.iter().enumerate().rev() {
        let input = decoded.as_deref().unwrap_or(body);
        let mut output = Output { content: Vec::new(), length: 0, limit, keep: keep || index > 0 };
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

    fn drain(&mut self, coding: Coding, mut decoder: impl Read) -> Result<(), DecodeError> {
        let mut piece = [0; PIECE];
        loop {
            let read = match decoder.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(DecodeError::Malformed(coding, error.to_string())),
            };
            self.length += read as u64;
            if self.length > self.limit {
                return Err(DecodeError::TooLarge);
            }
            if self.keep {
                self.content.extend_from_slice(piece.get(..read).unwrap_or_default());
            }
        }
    }
}

/// Whether it begins as zlib does (RFC 1950, 2.2).
fn is_zlib(input: &[u8]) -> bool {
    match input {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    }
}

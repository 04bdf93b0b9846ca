//! The body of an answer, out of the bytes of its connection.

use bytes::Bytes;

use super::parse::Framing;
use super::{Malformed, Trouble, excerpt};
use crate::transport::Keep;

/// The most bytes set aside for a body before they have arrived.
const AHEAD: u64 = 1024 * 1024;
/// Chunk extensions of one body, in all, and its trailers: nobody needs more.
const LONGEST_EXTENSIONS: usize = 16 * 1024;
const LONGEST_TRAILERS: usize = 16 * 1024;
const MOST_TRAILERS: usize = 128;
/// The size of a chunk, with leading zeros and white space behind it: some servers fill up to a fixed width.
const LONGEST_SIZE: usize = 256;

/// Takes the body out of what arrives.
#[derive(Debug)]
pub(super) enum Decoder {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// How far a decoder came with some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// The bytes that were of this body.
    pub(super) bytes: usize,
    pub(super) complete: bool,
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::default()),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Takes what is of the body, and puts its content behind what is there already.
    pub(super) fn take(&mut self, input: &[u8], body: &mut Content) -> Result<Taken, Trouble> {
        match self {
            Self::Length(left) => {
                let piece = first(input, *left);
                body.add(piece, *left)?;
                *left -= piece.len() as u64;
                Ok(Taken { bytes: piece.len(), complete: *left == 0 })
            }
            Self::Chunked(chunked) => chunked.take(input, body),
            Self::UntilClose => {
                body.add(input, 0)?;
                Ok(Taken { bytes: input.len(), complete: false })
            }
        }
    }
}

/// Where the content of a body goes.
#[derive(Debug)]
pub(super) struct Content {
    kept: Vec<u8>,
    /// All that has come, kept or not.
    length: u64,
    /// The longest that is kept; `None`: nothing is.
    most: Option<u64>,
}

impl Content {
    /// For a body of which so much is announced, if anything is.
    pub(super) fn new(keep: Keep, is_coded: bool, framing: Framing) -> Result<Self, Trouble> {
        // What is coded has to be decoded before it can be counted.
        let most = (keep.all || (keep.decode && is_coded)).then_some(keep.most);
        match (framing, most) {
            (Framing::Length(length), Some(most)) if length > most => Err(Trouble::TooLarge),
            _ => Ok(Self { kept: Vec::new(), length: 0, most }),
        }
    }

    /// How much has come.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Room for the bytes of which so many are left, to read them to where they stay.
    pub(super) fn room(&mut self, left: u64) -> Option<&mut Vec<u8>> {
        self.most?;
        self.kept.reserve(ahead(left));
        Some(&mut self.kept)
    }

    /// So many were read into the room.
    pub(super) fn filled(&mut self, read: u64) {
        self.length += read;
    }

    /// `left`: how much is known to come, this piece included.
    #[inline]
    fn add(&mut self, piece: &[u8], left: u64) -> Result<(), Trouble> {
        self.length += piece.len() as u64;
        let Some(most) = self.most else { return Ok(()) };
        if self.length > most {
            return Err(Trouble::TooLarge);
        }
        self.kept.reserve(ahead(left));
        self.kept.extend_from_slice(piece);
        Ok(())
    }

    pub(super) fn finish(self) -> Bytes {
        self.kept.into()
    }
}

/// At most so many of these bytes.
fn first(input: &[u8], most: u64) -> &[u8] {
    input.get(..usize::try_from(most).unwrap_or(usize::MAX)).unwrap_or(input)
}

/// How much memory to set aside for a piece of this length, which may be a lie.
fn ahead(length: u64) -> usize {
    usize::try_from(length.min(AHEAD)).unwrap_or(0)
}

fn at(malformed: Malformed, input: &[u8], place: usize) -> Trouble {
    Trouble::Malformed(malformed, excerpt::around(input, place))
}

/// The chunked coding (RFC 9112, 7.1). Lines end with CR LF alone: a single LF is how requests are smuggled.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    at: At,
    /// Of the size read, or of the bytes left.
    size: u64,
    /// Digits and white space of the size being read.
    size_length: usize,
    extensions: usize,
    trailers: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum At {
    #[default]
    FirstDigit,
    Digit,
    /// White space behind the size.
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailers,
}

impl Chunked {
    fn take(&mut self, input: &[u8], body: &mut Content) -> Result<Taken, Trouble> {
        let mut bytes = 0;
        while let Some(rest) = input.get(bytes..).filter(|rest| !rest.is_empty()) {
            match self.at {
                At::Data => {
                    let piece = first(rest, self.size);
                    body.add(piece, self.size)?;
                    self.size -= piece.len() as u64;
                    bytes += piece.len();
                    if self.size == 0 {
                        self.at = At::DataCr;
                    }
                }
                At::Trailers => {
                    bytes += 1;
                    if self.trailer(rest[0]).map_err(|malformed| at(malformed, input, bytes - 1))? {
                        return Ok(Taken { bytes, complete: true });
                    }
                }
                _ => {
                    bytes += 1;
                    self.line(rest[0]).map_err(|malformed| at(malformed, input, bytes - 1))?;
                }
            }
        }
        Ok(Taken { bytes, complete: false })
    }

    /// A byte between the data.
    fn line(&mut self, byte: u8) -> Result<(), Malformed> {
        if matches!(self.at, At::FirstDigit | At::Digit | At::Space) {
            self.size_length += 1;
            if self.size_length > LONGEST_SIZE {
                return Err(Malformed::BODY);
            }
        }
        self.at = match (self.at, byte) {
            (At::FirstDigit | At::Digit, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                let size = self.size.checked_mul(16).and_then(|size| size.checked_add(u64::from(digit)));
                self.size = size.ok_or(Malformed::BODY)?;
                At::Digit
            }
            (At::Digit | At::Space, b' ' | b'\t') => At::Space,
            (At::Digit | At::Space, b';') => At::Extension,
            (At::Digit | At::Space | At::Extension, b'\r') => At::SizeLf,
            (At::Extension, byte) if byte != b'\n' && self.extensions < LONGEST_EXTENSIONS => {
                self.extensions += 1;
                At::Extension
            }
            (At::SizeLf, b'\n') if self.size == 0 => At::Trailers,
            (At::SizeLf, b'\n') => {
                self.size_length = 0;
                At::Data
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::FirstDigit,
            _ => return Err(Malformed::BODY),
        };
        Ok(())
    }

    /// A byte behind the last chunk; says whether it was the last of all. Trailers are checked and passed over.
    fn trailer(&mut self, byte: u8) -> Result<bool, Malformed> {
        let is_after_cr = self.trailers.last() == Some(&b'\r');
        if is_after_cr != (byte == b'\n') || self.trailers.len() == LONGEST_TRAILERS {
            return Err(Malformed::BODY);
        }
        self.trailers.push(byte);
        if self.trailers == b"\r\n" {
            return Ok(true);
        }
        if !self.trailers.ends_with(b"\r\n\r\n") {
            return Ok(false);
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_TRAILERS];
        match httparse::parse_headers(&self.trailers, &mut fields) {
            Ok(httparse::Status::Complete(_)) => Ok(true),
            _ => Err(Malformed::BODY),
        }
    }
}

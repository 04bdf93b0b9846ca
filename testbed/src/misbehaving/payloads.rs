//! Answers, good and bad, as bytes.

use std::fmt::Write;

use super::requests::Request;

/// An answer with this body, and these lines among its headers.
pub(super) fn answer(request: &Request, lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
    let mut answer = head.into_bytes();
    if request.method != "HEAD" {
        answer.extend_from_slice(body);
    }
    answer
}

/// The body of a proper answer.
pub(super) fn body(number: u64, request: &Request) -> String {
    format!("{number} {} {}", request.method, request.target)
}

pub(super) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

pub(super) fn cookies(count: u32) -> String {
    (0..count).fold(String::new(), |mut lines, number| {
        let _ = write!(lines, "Set-Cookie: c{number}={number}; Path=/\r\n");
        lines
    })
}

/// So many zero bytes in gzip (RFC 1952), in deflate's fixed code (RFC 1951, 3.2.6): a zero, and then copies of the
/// byte before, 258 at a time and 13 bits long each.
pub(super) fn gzip_bomb(length: u64) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], held: 0, count: 0 };
    // The last block, in the fixed code.
    bits.put(0b011, 3);
    let mut left = length;
    if left > 0 {
        bits.zero();
        left -= 1;
    }
    while left >= 258 {
        // Length 258 is the code 11000101, distance 1 is 00000; codes go in from their highest bit on.
        bits.put(0b1010_0011, 8);
        bits.put(0, 5);
        left -= 258;
    }
    for _ in 0..left {
        bits.zero();
    }
    // The end of the block.
    bits.put(0, 7);
    bits.put(0, 7);
    let mut bytes = bits.bytes;
    bytes.extend_from_slice(&crc_of_zeros(length).to_le_bytes());
    // The length is taken modulo 2^32.
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes
}

/// Bits, the lowest of a byte first.
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// The literal 0: the code 00110000.
    fn zero(&mut self) {
        self.put(0b0000_1100, 8);
    }
}

/// The CRC-32 of so many zero bytes.
fn crc_of_zeros(length: u64) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    !(0..length).fold(!0_u32, |crc, _| table[(crc & 0xff) as usize] ^ (crc >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_gzip() {
        assert_eq!(crc_of_zeros(0), 0);
        assert_eq!(crc_of_zeros(4), 0x2144_df1c);
    }
}

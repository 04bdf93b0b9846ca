//! Finding the ends of HTTP/1.1 requests in a byte stream, for the servers that do
//! without an HTTP library. Understood is what clients under test send: a head that
//! ends in an empty line, a body by `Content-Length`, requests in a pipeline. Not
//! understood: chunked bodies.

/// What the servers need to know about a complete request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Complete {
    /// It was a HEAD request: the answer has no body.
    pub(crate) head: bool,
}

/// Remembers where in the stream the last read stopped.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Bytes of the current request's body still to come, and the request.
    body: Option<(u64, Complete)>,
    /// Bytes of the current head that are known not to hold its end.
    searched: usize,
}

impl Scanner {
    /// Takes one complete request off the front of `input`: how many bytes to drop, and
    /// the request if it is complete. `(0, None)` asks for more input behind the same
    /// bytes.
    pub(crate) fn next(&mut self, input: &[u8]) -> (usize, Option<Complete>) {
        if let Some((left, request)) = self.body {
            let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
            let left = left - taken as u64;
            self.body = (left > 0).then_some((left, request));
            return (taken, (left == 0).then_some(request));
        }
        let Some(end) = end_of_head(input, self.searched) else {
            self.searched = input.len().saturating_sub(3);
            return (0, None);
        };
        self.searched = 0;
        let request = Complete { head: input.starts_with(b"HEAD ") };
        // A GET with a body is not worth reading every header of every GET.
        let body = if input.starts_with(b"GET ") { 0 } else { content_length(&input[..end]) };
        if body == 0 {
            return (end, Some(request));
        }
        self.body = Some((body, request));
        (end, None)
    }
}

/// Where the empty line behind a head ends. Looks at every fourth byte only, as long as
/// it cannot be part of that line.
pub(crate) fn end_of_head(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 3;
    while let Some(&last) = input.get(at) {
        match last {
            b'\n' if input[at - 3..=at] == *b"\r\n\r\n" => return Some(at + 1),
            b'\n' | b'\r' => at += 1,
            _ => at += 4,
        }
    }
    None
}

/// What a head says of the length of its body; 0 when it says nothing.
pub(crate) fn content_length(head: &[u8]) -> u64 {
    head.split(|&b| b == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|&b| b == b':')?;
            let (name, value) = line.split_at(colon);
            if !name.eq_ignore_ascii_case(b"content-length") {
                return None;
            }
            std::str::from_utf8(&value[1..]).ok()?.trim().parse().ok()
        })
        .next()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Complete, Scanner};

    /// Feeds the stream in pieces of `step` bytes and returns the requests found.
    fn requests(stream: &[u8], step: usize) -> Vec<Complete> {
        let (mut scanner, mut buffer, mut found) = (Scanner::default(), Vec::new(), Vec::new());
        for piece in stream.chunks(step) {
            buffer.extend_from_slice(piece);
            loop {
                let (taken, request) = scanner.next(&buffer);
                buffer.drain(..taken);
                found.extend(request);
                if taken == 0 || (request.is_none() && buffer.is_empty()) {
                    break;
                }
            }
        }
        assert_eq!(buffer, b"", "nothing is left over");
        found
    }

    #[test]
    fn finds_the_same_requests_however_the_stream_is_cut() {
        let stream = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /p HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 10\r\n\r\nabc\r\n\r\ndef\
            HEAD /h HTTP/1.1\r\n\r\n\
            PUT /e HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
        let expected = [false, false, true, false].map(|head| Complete { head });
        for step in 1..=stream.len() {
            assert_eq!(requests(stream, step), expected, "in pieces of {step}");
        }
    }

    #[test]
    fn knows_a_head_request() {
        let found = requests(b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 5);
        assert_eq!(found, [Complete { head: true }, Complete { head: false }]);
    }

    #[test]
    fn an_end_that_lies_across_reads_is_found() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.next(b"GET / HTTP/1.1\r\n\r"), (0, None));
        let whole = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(scanner.next(whole), (whole.len(), Some(Complete { head: false })));
    }
}

//! Any bytes as an answer, and any values in a request.

use allocation_counter::measure;

use super::differential::compare;
use super::*;
use crate::fuzz::{Numbers, Parts, fuzz};
use crate::transport::Head;

/// What a body may have when it is limited.
const FEW: u64 = 16;
/// What an exchange takes beside its answer: the buffer to read into, the fields of a long head, and what is set aside
/// for a body before it has come, which may move once.
const BESIDE: u64 = 4 * 1024 * 1024;

/// An exchange on one connection, in bounded memory.
fn limited(method: &Method, pieces: &[&[u8]], then: Then, keep: Keep) -> Outcome {
    let mut ask = Ask::new(method.clone(), "/");
    ask.keep = keep;
    let mut connection = Connection::new(Script::new(pieces.iter().copied(), then));
    let mut pending = pending();
    let (mut outcome, input) = (Outcome::Waits, pieces.concat().len() as u64);
    let memory = measure(|| outcome = polled(&mut connection, &ask, &mut pending));
    // A field of a map takes more than its line; memory that grows is doubled, and copied once.
    assert!(memory.bytes_max <= BESIDE + 64 * input, "{} bytes for {input}", memory.bytes_max);
    outcome
}

fn is_kept(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answer { keeps: true, .. })
}

/// At a few places, which depend on the input alone.
fn cut(input: &[u8]) -> Vec<&[u8]> {
    let (mut numbers, mut rest, mut pieces) = (Numbers::of(input), input, Vec::new());
    while !rest.is_empty() && pieces.len() < 10 {
        let (piece, more) = rest.split_at(1 + numbers.below(rest.len()));
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    pieces
}

/// However it is cut, it is the same answer, and the end of the connection is the end of all waiting.
fn is_the_same_in_pieces(input: &[u8], method: &Method) -> Outcome {
    let all = Keep { all: true, decode: true, most: u64::MAX };
    let whole = limited(method, &[input], Then::Close, all);
    assert_ne!(whole, Outcome::Waits);
    let expected = pieces::without_keeps(whole.clone());
    assert_eq!(pieces::without_keeps(limited(method, &cut(input), Then::Close, all)), expected, "in pieces");
    if input.len() <= 1024 {
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(pieces::without_keeps(limited(method, &bytes, Then::Close, all)), expected, "byte by byte");
    }
    whole
}

/// A limit either is kept to or ends the exchange; what need not be kept is not.
fn limits_hold(input: &[u8], method: &Method, whole: &Outcome) {
    for all in [true, false] {
        let outcome = limited(method, &[input], Then::Close, Keep { all, decode: true, most: FEW });
        match (&outcome, whole) {
            (Outcome::Answer { body, headers, .. }, Outcome::Answer { body: unlimited, .. }) => {
                let is_coded = Head::from(headers.clone()).is_coded();
                let expected = if all || is_coded { &unlimited[..] } else { &[] };
                assert_eq!(body, expected);
                assert!(body.len() as u64 <= FEW);
            }
            // The limit is exceeded before the body turns out to be malformed, or to end too early.
            (Outcome::TooLarge, Outcome::Answer { body, .. }) => assert!(body.len() as u64 > FEW),
            (Outcome::TooLarge, Outcome::Malformed(_) | Outcome::Closed) => {}
            (outcome, whole) => assert_eq!(outcome, whole),
        }
    }
}

/// A connection is kept when its answer ends with the input: with a byte less it does not end, with a byte more somebody
/// has sent what nobody asked for.
fn only_what_is_exact_is_kept(input: &[u8], method: &Method) {
    let all = Keep { all: true, decode: true, most: u64::MAX };
    if !is_kept(&limited(method, &[input], Then::Silence, all)) {
        return;
    }
    let (_, shorter) = input.split_last().expect("an answer has bytes");
    assert_eq!(limited(method, &[shorter], Then::Silence, all), Outcome::Waits, "a byte is missing");
    for more in [&b"\r"[..], b"\n", b"0", b"\0", input] {
        let longer = [input, more].concat();
        let outcome = limited(method, &[&longer], Then::Silence, all);
        assert!(matches!(outcome, Outcome::Answer { keeps: false, .. }), "{outcome:?} with {more:?} behind it");
    }
}

/// What was found in the head while it was read is what its map says.
fn finds_are_in_the_map(input: &[u8]) {
    let Ok(parse::Start::Final(length, parsed)) = parse::parse(input, Asked::default()) else { return };
    let (head, map) = (&parsed.head, parsed.head.map());
    assert!(length <= input.len() && length <= parse::LONGEST_HEAD);
    assert!(head.set_cookies().eq(map.get_all("set-cookie").iter().map(HeaderValue::as_bytes)));
    let codings = |head: &Head| head.codings().map(|codings| codings.to_vec());
    assert_eq!(codings(head), codings(&Head::from(map.clone())));
    let location = map.get("location").and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    assert_eq!(head.location(), location);
}

#[test]
fn answer() {
    fuzz("answer", |input| {
        finds_are_in_the_map(input);
        for method in [Method::GET, Method::HEAD, Method::CONNECT] {
            let whole = is_the_same_in_pieces(input, &method);
            limits_hold(input, &method, &whole);
            only_what_is_exact_is_kept(input, &method);
        }
    });
}

#[test]
fn answer_as_hyper() {
    fuzz("answer_as_hyper", |input| {
        for method in [Method::GET, Method::HEAD] {
            if let Err(error) = compare(input, &method) {
                panic!("{error}");
            }
        }
    });
}

/// Pieces of an input as a request.
fn any_request(parts: &mut Parts<'_>) -> Option<Ask> {
    let method = Method::from_bytes(parts.piece()?).ok()?;
    let base = Base::parse(Some(&format!("http://{}", parts.text()))).ok()?;
    let target = base.resolve(&parts.text()).ok()?;
    let automatic = Automatic::new(&target.origin, base.credentials.as_ref(), &[]);
    let cookies = parts.piece().and_then(|value| HeaderValue::from_bytes(value).ok());
    let mut headers = HeaderMap::new();
    let body = Body::from(parts.piece().unwrap_or_default().to_vec());
    while let (Some(name), Some(value)) = (parts.piece(), parts.piece()) {
        let (name, value) = (http::HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let keep = Keep { all: true, decode: true, most: u64::MAX };
    Some(Ask {
        automatic,
        target,
        method,
        cookies,
        content_type: Some("a/b"),
        headers,
        body: Some(body),
        keep,
        compression: true,
    })
}

/// The headers that are meant, without the white space around them, which is none of theirs.
fn meant(ask: &Ask, body: usize) -> Vec<(String, Vec<u8>)> {
    let mut meant = ask.automatic.map().clone();
    if let Some(cookies) = &ask.cookies {
        meant.insert("cookie", cookies.clone());
    }
    meant.insert("content-type", HeaderValue::from_static("a/b"));
    crate::headers::replace(&mut meant, ask.headers.clone());
    meant.remove("transfer-encoding");
    meant.remove("content-length");
    if body > 0 || [Method::POST, Method::PUT, Method::PATCH].contains(&ask.method) {
        meant.insert("content-length", body.into());
    }
    let trimmed = |value: &HeaderValue| value.as_bytes().trim_ascii().to_vec();
    let mut meant: Vec<_> = meant.iter().map(|(name, value)| (name.as_str().to_owned(), trimmed(value))).collect();
    meant.sort_by(|one, other| one.0.cmp(&other.0));
    meant
}

#[test]
fn request() {
    fuzz("request", |input| {
        let Some(ask) = any_request(&mut Parts(input)) else { return };
        let body = ask.body.as_ref().and_then(Body::as_bytes).map_or(0, Bytes::len);
        let mut buffer = Vec::new();
        write::head(&mut buffer, &ask.outgoing(), body as u64);
        let mut fields = vec![httparse::EMPTY_HEADER; 20 + ask.headers.len()];
        let mut request = httparse::Request::new(&mut fields);
        let parsed = request.parse(&buffer);
        assert_eq!(parsed, Ok(httparse::Status::Complete(buffer.len())), "{:?}", String::from_utf8_lossy(&buffer));
        assert_eq!(request.method, Some(ask.method.as_str()));
        assert_eq!(request.path, Some(ask.target.path.as_str()));
        assert_eq!(request.version, Some(1));
        let fields = request.headers.iter();
        let mut fields: Vec<_> =
            fields.map(|field| (field.name.to_owned(), field.value.trim_ascii().to_vec())).collect();
        assert_eq!(fields.first().map(|(name, _)| name.as_str()), Some("host"));
        fields.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(fields, meant(&ask, body));
        // One line for each, and nothing that could be taken for a line.
        let lines = buffer.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, fields.len() + 2);
        assert_eq!(lines, buffer.iter().filter(|byte| **byte == b'\r').count());
    });
}

//! The body of a request: bytes, or what is read while it is sent.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::multipart::{Content, Form};

/// How much is read of a file at once.
const PIECE: usize = 64 * 1024;

/// The body of a request: bytes or text (`into()`), or a file.
///
/// Cheap to clone, and good for several requests: redirects and retries send it again.
///
/// ```
/// # use loadtest_core::TaskResult;
/// # use loadtest_http::HttpSession;
/// use loadtest_http::Body;
///
/// async fn upload(http: &HttpSession) -> TaskResult {
///     http.put("/notes/1").body("some text").send().await?;
///     http.put("/backups/1").body(Body::file("testdata/backup.tar")).send().await?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Body(Kind);

/// A part of a body that is looked at.
#[derive(Debug)]
pub(crate) enum BodyPart<'a> {
    Bytes(Bytes),
    File(&'a Path),
}

#[derive(Debug, Clone)]
enum Kind {
    Bytes(Bytes),
    File(Arc<Path>),
    Form(Arc<Form>),
}

impl Body {
    /// The file at this path, read while it is sent, and never whole into memory.
    ///
    /// Reading it is part of the request's time. A file that cannot be opened, or that becomes shorter while it is sent,
    /// makes the request a failed one.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File(path.into().into()))
    }

    /// Of a body that lies in memory as it is sent.
    pub(crate) fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Bytes(bytes) => Some(bytes),
            Kind::File(_) | Kind::Form(_) => None,
        }
    }

    /// What it is made of, to be shown.
    pub(crate) fn parts(&self) -> Vec<BodyPart<'_>> {
        match &self.0 {
            Kind::Bytes(bytes) => vec![BodyPart::Bytes(bytes.clone())],
            Kind::File(path) => vec![BodyPart::File(path)],
            Kind::Form(form) => {
                let parts = form.parts().flat_map(|(head, content)| {
                    let content = match content {
                        Content::Bytes(bytes) => BodyPart::Bytes(bytes.clone()),
                        Content::File(path) => BodyPart::File(path),
                    };
                    [BodyPart::Bytes(head), content]
                });
                parts.chain([BodyPart::Bytes(form.end())]).collect()
            }
        }
    }

    /// Opens what is to be read; its length is known from then on.
    pub(crate) async fn open(&self) -> Result<Streamed, OpenError> {
        let mut streamed = Streamed::default();
        match &self.0 {
            Kind::Bytes(bytes) => streamed.push_bytes(bytes.clone()),
            Kind::File(path) => streamed.push_file(path).await?,
            Kind::Form(form) => {
                for (head, content) in form.parts() {
                    streamed.push_bytes(head);
                    match content {
                        Content::Bytes(bytes) => streamed.push_bytes(bytes.clone()),
                        Content::File(path) => streamed.push_file(path).await?,
                    }
                }
                streamed.push_bytes(form.end());
            }
        }
        Ok(streamed)
    }
}

/// A body that was opened and is being read.
#[derive(Debug, Default)]
pub(crate) struct Streamed {
    pieces: VecDeque<Piece>,
    length: u64,
}

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    /// Of which so much is left to be read; boxed, because most pieces are bytes.
    File(Box<File>, u64),
}

impl Streamed {
    fn push_bytes(&mut self, bytes: Bytes) {
        self.length += bytes.len() as u64;
        self.pieces.push_back(Piece::Bytes(bytes));
    }

    async fn push_file(&mut self, path: &Arc<Path>) -> Result<(), OpenError> {
        let broken = |error: io::Error| OpenError { path: Arc::clone(path), reason: error.to_string() };
        // Looked at before it is opened: opening a pipe would wait for its writer.
        let known = tokio::fs::metadata(path).await.map_err(broken)?;
        if !known.is_file() {
            return Err(OpenError { path: Arc::clone(path), reason: "it is no regular file".to_owned() });
        }
        let mut file = File::open(path).await.map_err(broken)?;
        file.set_max_buf_size(PIECE);
        let length = file.metadata().await.map_err(broken)?.len();
        self.length += length;
        self.pieces.push_back(Piece::File(Box::new(file), length));
        Ok(())
    }

    /// Of the whole body, whatever was read of it already.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Puts the next bytes behind those in the buffer; `false` at the end.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>, buffer: &mut Vec<u8>) -> Poll<io::Result<bool>> {
        while let Some(piece) = self.pieces.front_mut() {
            match piece {
                Piece::Bytes(bytes) if !bytes.is_empty() => {
                    buffer.extend_from_slice(&bytes.split_to(bytes.len().min(PIECE)));
                    return Poll::Ready(Ok(true));
                }
                Piece::File(file, left) if *left > 0 => {
                    let room = usize::try_from(*left).map_or(PIECE, |left| left.min(PIECE));
                    buffer.reserve(room);
                    let mut room = (&mut *buffer).limit(room);
                    let read = ready!(pin!(file.read_buf(&mut room)).poll(cx))?;
                    if read == 0 {
                        let error = "a file became shorter while it was sent";
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)));
                    }
                    *left -= read as u64;
                    return Poll::Ready(Ok(true));
                }
                Piece::Bytes(_) | Piece::File(..) => drop(self.pieces.pop_front()),
            }
        }
        Poll::Ready(Ok(false))
    }
}

#[cfg(feature = "reqwest")]
impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, io::Error>>> {
        let mut buffer = Vec::new();
        Poll::Ready(match ready!(self.get_mut().poll_piece(cx, &mut buffer)) {
            Ok(true) => Some(Ok(hyper::body::Frame::data(buffer.into()))),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) struct OpenError {
    path: Arc<Path>,
    reason: String,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from(bytes).into()
    }
}

impl<const N: usize> From<&'static [u8; N]> for Body {
    fn from(bytes: &'static [u8; N]) -> Self {
        bytes.as_slice().into()
    }
}

impl From<Form> for Body {
    fn from(form: Form) -> Self {
        Self(Kind::Form(Arc::new(form)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// A file that is removed at the end of a test.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str, content: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("loadtest-{}-{name}", std::process::id()));
            std::fs::write(&path, content).expect("a file");
            Self(path)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    async fn read(streamed: &mut Streamed) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let before = all.len();
            if !poll_fn(|cx| streamed.poll_piece(cx, &mut all)).await? {
                return Ok(all);
            }
            assert!((1..=PIECE).contains(&(all.len() - before)), "{}", all.len() - before);
        }
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_announced() {
        let content: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let (large, empty) = (Temporary::new("large", &content), Temporary::new("empty", b""));
        let form = Form::new().file("a", &large.0).text("b", "").file("c", &empty.0);
        for (body, least) in [
            (Body::file(&large.0), content.len()),
            (Body::file(&empty.0), 0),
            (form.into(), content.len()),
            (Form::new().into(), 0),
        ] {
            let mut streamed = body.open().await.expect("readable");
            let length = streamed.length();
            let all = read(&mut streamed).await.expect("readable");
            assert_eq!(all.len() as u64, length);
            assert!(all.len() >= least, "{} bytes", all.len());
            assert!(least == 0 || all.windows(content.len()).any(|window| *window == content));
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_while_it_is_sent() {
        let content = vec![b'x'; 3 * PIECE];
        let file = Temporary::new("changing", &content);
        let mut longer = Body::file(&file.0).open().await.expect("readable");
        let mut shorter = Body::file(&file.0).open().await.expect("readable");
        std::fs::write(&file.0, vec![b'y'; 4 * PIECE]).expect("a file");
        assert_eq!(read(&mut longer).await.expect("as long as announced").len(), 3 * PIECE);
        std::fs::write(&file.0, vec![b'z'; PIECE]).expect("a file");
        let error = read(&mut shorter).await.expect_err("too short");
        assert_eq!(error.to_string(), "a file became shorter while it was sent");
    }

    #[tokio::test]
    async fn what_is_no_file_is_refused_with_its_path() {
        for path in ["/no/such/file", "/", "/dev/zero"] {
            let error = Body::file(path).open().await.expect_err(path).to_string();
            assert!(error.starts_with(&format!("{path}: ")), "{error}");
        }
    }
}

//! The requests of a connection, one after the other.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::scan::{content_length, end_of_head};

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    /// Bytes of its body still to come.
    body: u64,
}

#[derive(Debug, Default)]
pub(super) struct Requests(Vec<u8>);

impl Requests {
    /// The head of the next request, or `None` when the client closed the connection.
    pub(super) async fn head(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Request>> {
        loop {
            if let Some(end) = end_of_head(&self.0, 0) {
                let head: Vec<u8> = self.0.drain(..end).collect();
                let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
                let line = String::from_utf8_lossy(line);
                let mut words = line.split(' ').map(str::to_owned);
                let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                return Ok(Some(Request { method, target, body: content_length(&head) }));
            }
            if stream.read_buf(&mut self.0).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads a request to its end; `false` when the client closed the connection before.
    pub(super) async fn body(
        &mut self,
        request: &mut Request,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<bool> {
        loop {
            let taken = usize::try_from(request.body).map_or(self.0.len(), |left| left.min(self.0.len()));
            self.0.drain(..taken);
            request.body -= taken as u64;
            if request.body == 0 {
                return Ok(true);
            }
            if stream.read_buf(&mut self.0).await? == 0 {
                return Ok(false);
            }
        }
    }
}

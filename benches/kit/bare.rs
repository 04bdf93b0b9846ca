//! The bare client: what the server could answer if a client did nothing but write and read.
//!
//! It writes a fixed request and reads until as many bytes have come as the first answer had; it parses nothing else. A
//! server that this client does not drive harder than wrk does would be the limit of the comparison.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Keeps this many connections busy for this long, on one thread; the requests answered.
pub(crate) fn run(addr: SocketAddr, connections: u64, length: Duration) -> io::Result<u64> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let over = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(ask(addr, Arc::clone(&over)))).collect();
        tokio::time::sleep(length).await;
        over.store(true, Ordering::Relaxed);
        let mut requests = 0;
        for task in tasks {
            requests += task.await.map_err(io::Error::other)??;
        }
        Ok(requests)
    })
}

async fn ask(addr: SocketAddr, over: Arc<AtomicBool>) -> io::Result<u64> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let request = format!("GET /things/17 HTTP/1.1\r\nHost: {addr}\r\n\r\n");
    let mut buffer = vec![0; 64 * 1024];
    stream.write_all(request.as_bytes()).await?;
    let answer = first_answer(&mut stream, &mut buffer).await?;
    let mut requests = 1;
    while !over.load(Ordering::Relaxed) {
        stream.write_all(request.as_bytes()).await?;
        let mut missing = answer;
        while missing > 0 {
            let read = stream.read(&mut buffer).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            missing = missing.saturating_sub(read);
        }
        requests += 1;
    }
    Ok(requests)
}

/// Reads the first answer; how many bytes it has.
async fn first_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut seen = Vec::new();
    loop {
        let read = stream.read(buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        seen.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if let Some(whole) = length(&seen)
            && seen.len() >= whole
        {
            return Ok(whole);
        }
    }
}

/// The bytes of the answer that begins like this: its head and its body. `None` before the end of its head.
fn length(answer: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(answer);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let body = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
    Some(head.len() + 4 + body.parse::<usize>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn an_answer_is_its_head_and_its_body() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nSet-Cookie: a=b\r\n";
        assert_eq!(length(head.as_bytes()), None);
        assert_eq!(length(format!("{head}\r\nxx").as_bytes()), Some(head.len() + 2 + 10));
    }
}

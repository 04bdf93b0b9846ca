//! An application as a service of tower: driven in process by one user, and behind a server by another.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use loadtest_http::Bytes;
use tower_service::Service;

/// What the application has seen; its clones share it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) called: AtomicU64,
    /// Requests whose future was dropped before its end.
    pub(crate) dropped: AtomicU64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Shop(pub(crate) Arc<Seen>);

/// The body of an answer, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    left: VecDeque<io::Result<Frame<Bytes>>>,
    /// The length, where it is known.
    length: Option<u64>,
    /// Never ends, and never waits.
    flood: bool,
    panics: bool,
}

impl Pieces {
    fn whole(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { length: Some(body.len() as u64), left: [Ok(Frame::data(body))].into(), ..Self::default() }
    }

    /// Of unknown length, with a trailer.
    fn many(length: usize) -> Self {
        let mut left: VecDeque<_> =
            vec![b'x'; length].chunks(1000).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        left.push_back(Ok(Frame::trailers(HeaderMap::from_iter([(
            http::header::ETAG,
            http::HeaderValue::from_static("end"),
        )]))));
        Self { left, ..Self::default() }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        assert!(!self.panics, "in the middle of a page");
        if self.flood {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"more")))));
        }
        Poll::Ready(self.left.pop_front())
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// Counts a request that is dropped before its end.
struct Watched(Arc<Seen>, bool);

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.1 {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl<B> Service<Request<B>> for Shop
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    type Response = Response<Pieces>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Pieces>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.called.fetch_add(1, Ordering::SeqCst);
        let watched = Watched(Arc::clone(&self.0), false);
        Box::pin(async move {
            let mut watched = watched;
            let answer = answer(request).await;
            watched.1 = true;
            answer
        })
    }
}

async fn answer<B>(request: Request<B>) -> io::Result<Response<Pieces>>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let (what, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let number = || rest.parse::<u64>().unwrap_or_default();
    let answer = Response::builder();
    let body = match what {
        "page" => Pieces::whole(if head.method == Method::HEAD { "" } else { "a page" }),
        "pieces" => Pieces::many(rest.parse().unwrap_or_default()),
        "status" => {
            let status = StatusCode::from_u16(rest.parse().unwrap_or(500)).unwrap_or_default();
            let has_body = status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
            let answer = answer.status(status);
            return Ok(answer.body(if has_body { Pieces::whole("status") } else { Pieces::default() }).expect("fine"));
        }
        "redirect" => {
            let next = if rest == "0" { "/cookies".to_owned() } else { format!("/redirect/{}", number() - 1) };
            let answer = answer.status(303).header("location", next).header("set-cookie", format!("hop{rest}=1"));
            return Ok(answer.body(Pieces::whole("elsewhere")).expect("fine"));
        }
        "elsewhere" => {
            let next = head.uri.query().unwrap_or_default();
            return Ok(answer.status(307).header("location", next).body(Pieces::default()).expect("fine"));
        }
        "login" => {
            let answer = answer.header("set-cookie", "session=17; Path=/; HttpOnly").header("set-cookie", "theme=dark");
            return Ok(answer.body(Pieces::whole("welcome")).expect("fine"));
        }
        "cookies" => Pieces::whole(line(&head.headers, "cookie")),
        "echo" => {
            let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
            let names =
                ["host", "content-length", "content-type", "user-agent", "accept-encoding", "x-own", "authorization"];
            let headers: Vec<_> = names.iter().map(|name| format!("{name}: {}", line(&head.headers, name))).collect();
            let target = head.uri.to_string();
            let text =
                format!("{} {target} {:?}\n{}\n{} {sum}", head.method, head.version, headers.join("\n"), bytes.len());
            Pieces::whole(text)
        }
        "gzip" if line(&head.headers, "accept-encoding").contains("gzip") => {
            let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            coder.write_all(&vec![b'z'; rest.parse().unwrap_or_default()])?;
            let body = Pieces::whole(coder.finish()?);
            return Ok(answer.header("content-encoding", "gzip").body(body).expect("fine"));
        }
        "slow" => {
            tokio::time::sleep(Duration::from_millis(number())).await;
            Pieces::whole("at last")
        }
        // What handlers do: the rest of their work elsewhere.
        "spawn" => {
            let work = tokio::spawn(async { tokio::task::spawn_blocking(|| "spawned").await });
            Pieces::whole(work.await.map_err(io::Error::other)?.map_err(io::Error::other)?)
        }
        "error" => return Err(io::Error::other("out of order")),
        "panic" => panic!("article {rest} is missing"),
        "panic-later" => Pieces { panics: true, ..Pieces::default() },
        "breaks-off" => {
            let mut pieces = Pieces::many(rest.parse().unwrap_or_default());
            *pieces.left.back_mut().expect("the trailers") = Err(io::Error::other("the disk is gone"));
            pieces
        }
        "short" => return Ok(answer.header("content-length", "10").body(Pieces::many(9)).expect("fine")),
        "flood" => Pieces { flood: true, ..Pieces::default() },
        "switch" => return Ok(answer.status(101).body(Pieces::default()).expect("fine")),
        _ => return Ok(answer.status(404).body(Pieces::whole("no such page")).expect("fine")),
    };
    Ok(answer.body(body).expect("fine"))
}

fn line(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?").to_owned());
    values.collect::<Vec<_>>().join("; ")
}

/// Serves the application over a socket, on the runtime of the test; gives its URL.
pub(crate) async fn serve(shop: Shop) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let accept = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shop = shop.clone();
            let service = hyper::service::service_fn(move |request| shop.clone().call(request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::task::spawn(async move { drop(connection.await) });
        }
    };
    drop(tokio::task::spawn(accept));
    url
}

/// An application that is not ready before others are done, or never.
#[derive(Debug, Clone)]
pub(crate) struct Busy {
    pub(crate) permits: Arc<tokio::sync::Semaphore>,
    pub(crate) refuses: bool,
}

impl<B> Service<Request<B>> for Busy {
    type Response = Response<Pieces>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = std::future::Ready<Result<Response<Pieces>, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.refuses {
            return Poll::Ready(Err("too many requests".into()));
        }
        let mut acquire = std::pin::pin!(self.permits.acquire());
        match acquire.as_mut().poll(cx) {
            Poll::Ready(permit) => {
                permit?.forget();
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                // Asked again soon: a permit that is given meanwhile wakes nobody who has left the queue.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(Response::new(Pieces::whole("a page"))))
    }
}

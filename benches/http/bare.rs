//! The floor that the proxy is measured against: the smallest hyper server that gives a fixed answer to whatever is asked.
//!
//! `bare BYTES [--threads N]` prints where it listens and runs until it is killed. `benches/http/run` starts it.

use std::convert::Infallible;
use std::env;
use std::io::{self, Write};

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mimalloc::MiMalloc;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;

/// The proxy's own, so that what is compared is what is done with it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What it was told: the body's length and how many threads answer.
struct Order {
    bytes: usize,
    threads: usize,
}

impl Order {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let bytes = words.next()?.parse().ok()?;
        let threads = match words.next() {
            None => 1,
            Some(word) if word == "--threads" => words.next()?.parse().ok().filter(|&threads| threads > 0)?,
            Some(_) => return None,
        };
        Some(Self { bytes, threads })
    }
}

fn main() -> io::Result<()> {
    // `cargo bench` runs it too, and has nothing to tell.
    let Some(order) = Order::read(env::args().skip(1)) else {
        return writeln!(io::stdout(), "usage: bare BYTES [--threads N]");
    };
    let runtime = runtime::Builder::new_multi_thread().worker_threads(order.threads).enable_all().build()?;
    // On a thread of the runtime, as the proxy's listener is.
    runtime.block_on(runtime.spawn(accept(body(order.bytes))))?
}

/// JSON of this length: a string of `x`.
fn body(bytes: usize) -> Bytes {
    format!("\"{}\"", "x".repeat(bytes.saturating_sub(2))).into()
}

async fn accept(body: Bytes) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "listening: {}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve(socket, body.clone()));
    }
}

async fn serve(socket: TcpStream, body: Bytes) {
    let service = service_fn(move |_| {
        let mut answer = Response::new(Full::new(body.clone()));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        async { Ok::<_, Infallible>(answer) }
    });
    if socket.set_nodelay(true).is_ok() {
        // A client that goes away is no news.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(socket), service)
            .await;
    }
}

//! A bug in a handler costs its request, not the process.

use super::body::Body;
use super::reply;
use crate::metrics::Metrics;
use futures_util::FutureExt;
use hyper::Response;
use std::panic::AssertUnwindSafe;

/// The answer; a panic on the way to it is counted and answered with 500. The panic hook has said where by then.
pub(super) async fn caught(
    metrics: &Metrics,
    answer: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    // What a handler shares with others is behind locks that outlive a panic and atomics.
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_panic| {
        metrics.panicked();
        reply::internal()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, StatusCode};
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    /// A connection to a handler with a bug in it.
    fn connect(metrics: &Arc<Metrics>) -> DuplexStream {
        let (client, server) = duplex(4096);
        let metrics = Arc::clone(metrics);
        let handler = service_fn(move |request: Request<_>| {
            let metrics = Arc::clone(&metrics);
            async move {
                let answer = async {
                    assert!(request.uri().path() != "/bug", "this is the bug");
                    reply::json(StatusCode::OK, "{}")
                };
                Ok::<_, Infallible>(caught(&metrics, answer).await)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), handler));
        client
    }

    async fn ask(connection: &mut DuplexStream, path: &str) -> String {
        connection.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(connection.read_buf(&mut answer).await.unwrap() > 0, "the connection ended");
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn r31_a_thousand_panics_cost_no_neighbour_and_no_connection() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let (mut unlucky, mut neighbour) = (connect(&metrics), connect(&metrics));
        for _ in 0..1_000 {
            let failed = ask(&mut unlucky, "/bug").await;
            assert!(failed.starts_with("HTTP/1.1 500 ") && failed.contains("\"internal\""), "{failed}");
            assert!(ask(&mut neighbour, "/").await.starts_with("HTTP/1.1 200 "));
        }
        assert!(ask(&mut unlucky, "/").await.starts_with("HTTP/1.1 200 "));
        let page = String::from_utf8(metrics.page().unwrap()).unwrap();
        assert!(page.contains("\nviability_http_panics_total 1000\n"), "{page}");
    }
}

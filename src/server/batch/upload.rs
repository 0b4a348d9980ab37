//! The body of a batch on its way in: it may take its time as a whole, but has to come on.

use super::super::arriving::BodyFault;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// So many bytes have to come within so long that we wait for them. How long the client takes for answers doesn't count
/// here: that is `server.write_timeout`.
const LEAST: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that comes on.
pub(super) struct Upload {
    body: Incoming,
    /// Since the last time that enough had come: bytes, and how long they were waited for.
    came: usize,
    waited: Duration,
}

impl Upload {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, came: 0, waited: Duration::ZERO }
    }

    /// Whether all of it has come.
    pub(super) fn is_over(&self) -> bool {
        self.body.is_end_stream()
    }

    /// The next part; `None`: that was all.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BodyFault> {
        loop {
            let began = Instant::now();
            let patience = PATIENCE.saturating_sub(self.waited);
            let Ok(frame) = timeout(patience, self.body.frame()).await else { return Err(BodyFault::Late) };
            let Some(frame) = frame else { return Ok(None) };
            // Trailers tell nothing that anybody asked for.
            let Ok(data) = frame.or(Err(BodyFault::Broken))?.into_data() else { continue };
            self.came += data.len();
            self.waited += began.elapsed();
            if self.came >= LEAST {
                (self.came, self.waited) = (0, Duration::ZERO);
            }
            return Ok(Some(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Empty;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response, StatusCode};
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep;

    async fn take(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let mut upload = Upload::new(request.into_body());
        let ended = loop {
            match upload.next().await {
                Ok(Some(_)) => {}
                Ok(None) => break StatusCode::OK,
                Err(BodyFault::Late) => break StatusCode::REQUEST_TIMEOUT,
                Err(_) => break StatusCode::BAD_REQUEST,
            }
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = ended;
        Ok(response)
    }

    /// Sends so many pieces of a body, one each `pause`; the answer's status.
    async fn drip(pieces: usize, length: usize, pause: Duration) -> String {
        let (client, server) = duplex(64 << 10);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service_fn(take)));
        let (mut answer, mut body) = tokio::io::split(client);
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", pieces * length);
        let sending = tokio::spawn(async move {
            body.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..pieces {
                sleep(pause).await;
                let _gone = body.write_all(&vec![b'a'; length]).await;
            }
        });
        let mut status = [0; 12];
        answer.read_exact(&mut status).await.unwrap();
        sending.abort();
        String::from_utf8(status.to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_take_its_time_as_long_as_it_comes_on() {
        let second = Duration::from_secs(1);
        assert_eq!(drip(600, 4 << 10, second).await, "HTTP/1.1 200");
        assert_eq!(drip(9, 1, second).await, "HTTP/1.1 200", "the end is as good as more");
        assert_eq!(drip(600, 1 << 10, second).await, "HTTP/1.1 408");
        assert_eq!(drip(2, 16 << 10, second * 11).await, "HTTP/1.1 408");
    }
}

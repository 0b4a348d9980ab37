//! How an answer is sent: compressed on request, cut off on order.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// Bodies up to this size aren't worth compressing.
const MIN_COMPRESSED: usize = 1024;

/// An answer before it is sent.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type: HeaderValue::try_from(content_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            body,
        }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::json_bytes(status, value.to_string().into_bytes())
    }

    pub(crate) fn json_bytes(status: u16, body: Vec<u8>) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    /// `accept_encoding` is the client's; after `cut_after` bytes the connection breaks.
    pub(crate) fn finish(self, accept_encoding: Option<&str>, cut_after: Option<usize>) -> Response<Body> {
        let compress =
            self.body.len() > MIN_COMPRESSED && accept_encoding.is_some_and(|list| list.contains("gzip"));
        let compressed = if compress { gzip(&self.body).ok() } else { None };
        let encoded = compressed.is_some();
        let bytes = Bytes::from(compressed.unwrap_or(self.body));
        let cut_after = cut_after.filter(|&cut| cut < bytes.len());
        let mut response =
            Response::new(Body { promised: bytes.len() as u64, left: Some(bytes), cut_after, sent: false });
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, self.content_type);
        if encoded {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// An answer with a message, as OZmap's errors have one.
pub(crate) fn message(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "message": text }))
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// A body that may break off before all that was promised has come.
pub(crate) struct Body {
    promised: u64,
    left: Option<Bytes>,
    cut_after: Option<usize>,
    sent: bool,
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match (self.left.take(), self.cut_after) {
            (Some(mut bytes), cut_after) => {
                bytes.truncate(cut_after.unwrap_or(usize::MAX));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            (None, None) => Poll::Ready(None),
            // What has been written is sent while the body makes wait; an error at once would discard it.
            (None, Some(_)) if !self.sent => {
                self.sent = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            (None, Some(_)) => Poll::Ready(Some(Err(io::Error::other("cut off on order")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && self.cut_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.left, self.cut_after) {
            (None, None) => SizeHint::with_exact(0),
            _ => SizeHint::with_exact(self.promised),
        }
    }
}

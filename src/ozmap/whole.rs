//! OZmap's answers, read to their end.

use super::failure::CallError;
use super::wire::time::OzmapTime;
use bytes::{Bytes, BytesMut};
use reqwest::{StatusCode, Url, header};

/// A page of a list as it came.
pub(super) struct ListPage {
    pub(super) body: Bytes,
    /// OZmap's clock.
    pub(super) date: Option<OzmapTime>,
}

/// An answer, read to its end.
pub(super) struct Whole {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) body: Bytes,
}

impl Whole {
    pub(super) async fn read(mut response: reqwest::Response, limit: usize) -> Result<Self, CallError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        let cut_off = |read: usize| move |error| CallError::within_body(error, read);
        while let Some(chunk) = response.chunk().await.map_err(cut_off(body.len()))? {
            if body.len() + chunk.len() > limit {
                return Err(CallError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body: body.freeze() })
    }

    /// Of a call below `base` that this can't be the answer to.
    pub(super) fn as_failure(&self, base: &Url) -> CallError {
        CallError::status(self.status, &self.headers, &self.body, base)
    }
}

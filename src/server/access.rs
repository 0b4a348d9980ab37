//! Who is asking.

use crate::config::key::ApiKey;
use crate::tenant::Tenant;
use crate::tenant::access::AccessError;
use crate::viability::plant::Scope;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

/// A caller that may not ask, or not now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Denied {
    /// No OZmap key, or something that can't be one.
    #[error("an OZmap key is needed: Authorization: <key> or Authorization: Bearer <key>")]
    NoKey,
    /// The key's rights are none, or not known.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// The OZmap key that the caller presents, and what it may see.
pub(super) async fn caller(
    tenant: &Tenant,
    headers: &HeaderMap,
    last: &LastKey,
    came: Instant,
) -> Result<(Arc<ApiKey>, Arc<Scope>), Denied> {
    let key = last.presented(headers).ok_or(Denied::NoKey)?;
    let scope = tenant.scope_of(&key, came).await?;
    Ok((key, scope))
}

/// A longer key is forgotten with its request: whoever presents one gets no memory for it.
const LONGEST_REMEMBERED: usize = 256;

/// The OZmap key of the last request on a connection: the next one mostly presents the same, and needs no digest of it. It
/// is in memory as long as the connection is open.
#[derive(Default)]
pub(super) struct LastKey(Mutex<Option<Arc<ApiKey>>>);

impl LastKey {
    /// The OZmap key that the caller presents.
    pub(super) fn presented(&self, headers: &HeaderMap) -> Option<Arc<ApiKey>> {
        let presented = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|key| is_same(key.header_value(), presented)) {
            return Some(Arc::clone(known));
        }
        let key = ApiKey::parse(presented).map(Arc::new);
        *last = key.clone().filter(|key| key.header_value().len() <= LONGEST_REMEMBERED);
        key
    }
}

/// Whether both are one text, in a time that depends on the lengths only: behind a proxy the last key on a connection may
/// have been somebody else's.
fn is_same(known: &str, presented: &str) -> bool {
    let pairs = known.bytes().zip(presented.bytes());
    // One comparison, of all that differs.
    let differing = pairs.fold(0_u8, |differing, (a, b)| differing | (a ^ b));
    known.len() == presented.len() && differing.ct_eq(&0).into()
}

/// The token of the admin listener, kept as its digest.
#[derive(Clone, Copy)]
pub struct AdminToken([u8; 32]);

/// What a request presents as the admin token.
#[derive(Clone, Copy)]
pub(super) struct Presented([u8; 32]);

impl Presented {
    /// The `Bearer` token of a request; `None` without one.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let presented = headers.get(AUTHORIZATION)?.to_str().ok()?;
        Some(Self(Sha256::digest(presented.strip_prefix("Bearer ")?.trim()).into()))
    }
}

/// What an operator's call is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperatorAccess {
    /// The token is right.
    Granted,
    /// It is another one.
    Refused,
}

impl AdminToken {
    /// Of the token's text.
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Compares digests, in constant time: how long it takes tells nothing of the token, not even its length.
    pub(super) fn check(self, presented: Presented) -> OperatorAccess {
        if self.0.ct_eq(&presented.0).into() { OperatorAccess::Granted } else { OperatorAccess::Refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn presented(last: &LastKey, text: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.extend(text.map(|text| (AUTHORIZATION, HeaderValue::from_str(text).unwrap())));
        let key = last.presented(&headers)?;
        assert_eq!(key.digest(), ApiKey::parse(key.header_value()).unwrap().digest());
        Some(key.header_value().to_owned())
    }

    #[test]
    fn what_a_request_presents_counts_whatever_the_last_one_presented() {
        let last = LastKey::default();
        let long = "x".repeat(LONGEST_REMEMBERED + 1);
        let keys = ["abc", "abc", "abd", "ab", "abcd", "Bearer abc", "abc", &long, &long, "abc", "bc"];
        for key in keys {
            assert_eq!(presented(&last, Some(key)).as_deref(), Some(key));
            for no_key in [None, Some("a b"), Some("Basic abc"), Some("")] {
                assert_eq!(presented(&last, no_key), None);
            }
            assert_eq!(presented(&last, Some(key)).as_deref(), Some(key));
        }
    }

    #[test]
    fn a_key_is_remembered_unless_it_is_long() {
        let kept = |text: &str| {
            let last = LastKey::default();
            presented(&last, Some(text));
            last.0.lock().unwrap().is_some()
        };
        assert!(kept(&"x".repeat(LONGEST_REMEMBERED)));
        assert!(!kept(&"x".repeat(LONGEST_REMEMBERED + 1)));
    }
}

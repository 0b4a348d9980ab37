//! Who is asking.

use crate::config::key::ApiKey;
use crate::tenant::Tenant;
use crate::tenant::access::AccessError;
use crate::viability::plant::Scope;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use std::sync::Arc;

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
pub(super) async fn caller(tenant: &Tenant, headers: &HeaderMap) -> Result<(ApiKey, Arc<Scope>), Denied> {
    let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = presented.and_then(ApiKey::parse).ok_or(Denied::NoKey)?;
    let scope = tenant.scope_of(&key).await?;
    Ok((key, scope))
}

/// The token of the admin listener, kept as its digest.
#[derive(Clone, Copy)]
pub struct AdminToken([u8; 32]);

/// What an operator's call is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperatorAccess {
    /// The token is right.
    Granted,
    /// No token, or another one.
    Refused,
}

impl AdminToken {
    /// Of the token's text.
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Compares what a request presents. Digests are compared, so that the time taken tells nothing of the token.
    pub(super) fn check(self, headers: &HeaderMap) -> OperatorAccess {
        let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let digest =
            presented.and_then(|value| value.strip_prefix("Bearer ")).map(|token| Self::new(token.trim()));
        if digest.is_some_and(|digest| digest.0 == self.0) {
            OperatorAccess::Granted
        } else {
            OperatorAccess::Refused
        }
    }
}

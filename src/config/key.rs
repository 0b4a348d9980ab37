//! An OZmap key, as configured or as a client presents it.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;

/// An OZmap key, raw or `Bearer <key>`: visible ASCII, not empty. It never prints.
#[derive(Clone)]
pub struct ApiKey {
    header_value: SecretString,
    digest: KeyDigest,
}

impl ApiKey {
    /// The key in the value of an `Authorization` header or in a key file; `None` when there is none.
    ///
    /// White space around it does not count, nor does the case of the word `Bearer`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = bare_key(text);
        // A space inside would be another scheme (`Basic ...`) or two keys.
        if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let digest = KeyDigest(Sha256::digest(bare).into());
        Some(Self { header_value: SecretString::from(text), digest })
    }

    /// What is to be sent as `Authorization`: as it came, a raw key raw. The one way to the secret.
    pub fn header_value(&self) -> &str {
        self.header_value.expose_secret()
    }

    /// What stands for the key wherever it is compared, kept or shown.
    pub fn digest(&self) -> KeyDigest {
        self.digest
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey([redacted], {:?})", self.digest)
    }
}

/// The key without the scheme; empty when the scheme stands alone.
fn bare_key(text: &str) -> &str {
    const SCHEME: &str = "bearer";
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, "")) if scheme.eq_ignore_ascii_case(SCHEME) => "",
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) && rest.starts_with(' ') => {
            rest.trim_start_matches(' ')
        }
        _ => text,
    }
}

/// SHA-256 of a key without its scheme, so that both ways to write a key are one key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest(pub [u8; 32]);

impl fmt::Debug for KeyDigest {
    /// The first four bytes: enough to tell keys apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        write!(f, "KeyDigest({:08x}..)", u32::from_be_bytes(first))
    }
}

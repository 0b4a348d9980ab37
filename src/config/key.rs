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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_sent_as_it_came() {
        for (text, sent) in [
            ("abc", "abc"),
            ("  abc\r\n", "abc"),
            ("Bearer abc", "Bearer abc"),
            ("bEARER  abc", "bEARER  abc"),
        ] {
            assert_eq!(ApiKey::parse(text).unwrap().header_value(), sent);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "  ",
            "Bearer",
            "bearer ",
            "Basic abc",
            "a b",
            "Bearer a b",
            "a\tb",
            "a\nb",
            "ch\u{e3}ve",
            "a\u{7f}",
        ] {
            assert!(ApiKey::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_key_that_starts_like_the_scheme_is_a_raw_key() {
        let key = ApiKey::parse("bearerabc").unwrap();
        assert_eq!(key.header_value(), "bearerabc");
        assert_ne!(key.digest(), ApiKey::parse("abc").unwrap().digest());
    }

    #[test]
    fn the_digest_is_sha_256_and_prints_its_first_four_bytes() {
        // The "abc" of FIPS 180-2.
        let key = ApiKey::parse("Bearer abc").unwrap();
        assert_eq!(key.digest().0[..6], [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01]);
        assert_eq!(format!("{:?}", key.digest()), "KeyDigest(ba7816bf..)");
        assert_eq!(format!("{key:?}"), "ApiKey([redacted], KeyDigest(ba7816bf..))");
    }

    proptest! {
        #[test]
        fn however_a_key_is_written_it_is_one_key(bare in "[!-~]{1,80}", scheme in "[bB][eE][aA][rR][eE][rR]", space in " {1,3}") {
            // The scheme alone is no key.
            prop_assume!(!bare.eq_ignore_ascii_case("bearer"));
            let raw = ApiKey::parse(&bare).unwrap();
            let spelt = ApiKey::parse(&format!(" {scheme}{space}{bare}\n")).unwrap();
            prop_assert_eq!(raw.digest(), spelt.digest());
            prop_assert_eq!(raw.header_value(), bare.as_str());
            prop_assert_eq!(spelt.header_value(), format!("{scheme}{space}{bare}"));
        }

        #[test]
        fn whatever_comes_a_key_is_a_header_value(text in "\\PC*|[ -~]*") {
            if let Some(key) = ApiKey::parse(&text) {
                prop_assert!(key.header_value().bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            }
        }
    }
}

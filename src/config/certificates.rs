//! A listener's certificates and their private key: PEM, and of one piece.

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::PathBuf;

/// A listener's certificates and their key, PEM; they could be used when they were loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the listener's own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Files that hold nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The first is no chain.
    #[error("the file {} is not PEM of certificates", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: PemFault,
    },
    /// The second is no key.
    #[error("the file {} is not PEM of a private key that isn't encrypted", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: PemFault,
    },
    /// They can't be used together.
    #[error("the certificate in {} can't be used with the key in {}", cert.display(), key.display())]
    Pair {
        /// The certificates.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

/// What is wrong with a file of PEM. Its text is not told, as the library's own errors do: it may be that of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PemFault(&'static str);

impl From<pem::Error> for PemFault {
    fn from(error: pem::Error) -> Self {
        Self(match error {
            pem::Error::MissingSectionEnd { .. } => "a section without its END line",
            pem::Error::IllegalSectionStart { .. } => "a BEGIN line that isn't one",
            pem::Error::Base64Decode(_) => "no base64 between BEGIN and END",
            pem::Error::Io(_) => "the file can't be read",
            pem::Error::NoItemsFound => "no section of this kind",
            _ => "no PEM",
        })
    }
}

impl TlsFiles {
    /// What a listener shows whose files hold these bytes.
    pub fn certified(&self, cert: &[u8], key: &[u8]) -> Result<CertifiedKey, Unfit> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
        let chain =
            chain.map_err(|error| Unfit::Certificates { path: self.cert.clone(), source: error.into() })?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| Unfit::Key { path: self.key.clone(), source: error.into() })?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| self.unfit(source))
    }

    /// What the TLS library says of both together.
    pub fn unfit(&self, source: rustls::Error) -> Unfit {
        Unfit::Pair { cert: self.cert.clone(), key: self.key.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn r25_what_is_wrong_with_a_key_is_told_without_any_of_it() {
        let files = TlsFiles { cert: "tls.crt".into(), key: "tls.key".into() };
        for (key, fault) in [
            ("-----BEGIN PRIVATE KEY-----CANARY-----END PRIVATE KEY-----", "a section without its END line"),
            ("-----BEGIN PRIVATE KEY-----CANARY", "a BEGIN line that isn't one"),
            ("-----BEGIN PRIVATE KEY-----\nCANARY\n", "a section without its END line"),
            ("-----BEGIN PRIVATE KEY-----\nCANARY!\n-----END PRIVATE KEY-----\n", "no base64"),
            ("CANARY", "no section of this kind"),
        ] {
            let unfit = files.certified(b"", key.as_bytes()).unwrap_err();
            let cause = unfit.source().unwrap().to_string();
            assert!(cause.starts_with(fault), "{key}: {cause}");
            let bytes = format!("{:?}", b"CANARY");
            let told = format!("{unfit} {unfit:?} {cause}");
            assert!(!told.contains("CANARY") && !told.contains(bytes.trim_matches(['[', ']'])), "{told}");
        }
    }
}

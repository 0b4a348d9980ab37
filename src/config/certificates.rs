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
        source: pem::Error,
    },
    /// The second is no key.
    #[error("the file {} is not PEM of a private key that isn't encrypted", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
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

impl TlsFiles {
    /// What a listener shows whose files hold these bytes.
    pub fn certified(&self, cert: &[u8], key: &[u8]) -> Result<CertifiedKey, Unfit> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
        let chain = chain.map_err(|source| Unfit::Certificates { path: self.cert.clone(), source })?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|source| Unfit::Key { path: self.key.clone(), source })?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| self.unfit(source))
    }

    /// What the TLS library says of both together.
    pub fn unfit(&self, source: rustls::Error) -> Unfit {
        Unfit::Pair { cert: self.cert.clone(), key: self.key.clone(), source }
    }
}

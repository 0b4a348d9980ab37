//! Whose certificates are believed.

use super::failure::ClientError;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// The system's authorities, and those in a file (PEM).
pub fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    // A host without any authority can still speak to a plain http:// OZmap; https:// then says so at the first call.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let fault = |error: pem::Error| ClientError::CaFile { path: path.to_owned(), source: error.into() };
        for certificate in CertificateDer::pem_file_iter(path).map_err(fault)? {
            roots
                .add(certificate.map_err(fault)?)
                .map_err(|source| ClientError::BadCertificate { path: path.to_owned(), source })?;
        }
    }
    let provider = Arc::new(ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

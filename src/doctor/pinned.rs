//! Trust in one certificate: that which the configuration names.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// For connections to a listener of this machine: with `file`, only who shows its first certificate and has the key to
/// it is spoken to, whatever its names and its end; without, nobody in TLS.
pub(super) fn client_config(file: Option<&Path>) -> Result<ClientConfig, Unusable> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let Some(file) = file else {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    };
    // What is wrong with it is told where certificates are looked at; here is no room for a second time.
    let first = CertificateDer::pem_file_iter(file).ok().and_then(|mut chain| chain.next()?.ok());
    let certificate = first.ok_or_else(|| Unusable::NoCertificate { file: file.display().to_string() })?;
    let verifier = Arc::new(Pinned { certificate, algorithms });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Nobody can be spoken to in TLS.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The TLS library refuses its own defaults.
    #[error("TLS can't be set up")]
    Tls(#[from] Error),
    /// A listener's file holds none.
    #[error("there is no certificate in {file}")]
    NoCertificate {
        /// The file.
        file: String,
    },
}

#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _stapled: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::General("it shows another certificate than that of tls_cert_file".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

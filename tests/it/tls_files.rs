//! Files of certificates and keys that can't be used, as the operator meets them.

use crate::tls::{Pki, check, run};
use rcgen::KeyPair;
use std::fs;

#[test]
fn tls_files_that_cant_be_used_are_faults_of_the_configuration_with_their_place() {
    let (cert, key) = ("2: server.tls_cert_file: ", "3: server.tls_key_file: ");
    let another = KeyPair::generate().unwrap().serialize_pem();
    let cases = [
        ("cert.pem", None, cert, "can't read the file"),
        ("cert.pem", Some("nonsense"), cert, "holds no certificate"),
        ("cert.pem", Some("-----BEGIN CERTIFICATE-----\n!\n"), cert, "is not PEM of certificates"),
        ("key.pem", Some("-----BEGIN PRIVATE KEY-----\n!\n"), key, "is not PEM of a private key"),
        (
            "cert.pem",
            Some("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
            key,
            "can't be used with",
        ),
        ("key.pem", Some(&another), key, "give the certificate and the key that belong together"),
    ];
    for (file, text, place, told) in cases {
        let pki = Pki::new();
        pki.configure("server");
        assert_eq!(check(pki.folder.path()), (Some(0), String::new()));
        let file = pki.folder.path().join(file);
        match text {
            Some(text) => fs::write(file, text).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        for command in ["check", "serve", "config"] {
            let (code, fault) = run(command, pki.folder.path());
            assert_eq!(code, Some(2), "{command}: {fault}");
            assert!(fault.contains(&format!("config.toml:{place}")) && fault.contains(told), "{fault}");
            assert_eq!(fault.lines().count(), 1, "{fault}");
        }
    }
}

//! Certificates that are read by two at once: by the watch of their files, and by a reload.

use rcgen::{CertificateParams, KeyPair};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;
use viability_proxy::config::certificates::TlsFiles;
use viability_proxy::metrics::Metrics;
use viability_proxy::server::side::Side;
use viability_proxy::server::tls::Certificates;

/// A certificate that ends so many seconds after 1970.
fn certificate(key: &KeyPair, end: u64) -> String {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
    params.self_signed(key).unwrap().pem()
}

/// Reads the files again, on a thread of this name.
fn reload(name: &str, certificates: &Arc<Certificates>) -> JoinHandle<()> {
    let certificates = Arc::clone(certificates);
    Builder::new().name(name.to_owned()).spawn(move || certificates.reload().unwrap()).unwrap()
}

/// Whether a thread of this process waits for something.
fn waits(name: &str) -> bool {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
    stats.into_iter().any(|stat| stat.contains(&format!("({name}) S ")))
}

#[test]
fn of_two_that_read_certificates_at_once_the_one_that_began_last_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, new) = (folder.path().join("cert.pem"), folder.path().join("new.pem"));
    let files = TlsFiles { cert: cert.clone(), key: folder.path().join("key.pem") };
    let key = KeyPair::generate().unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    fs::write(&cert, certificate(&key, 4_000_000_001)).unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let certificates = Arc::new(Certificates::load(Side::Public, files, Arc::clone(&metrics)).unwrap());

    // A file that takes as long to be read as this test likes.
    fs::remove_file(&cert).unwrap();
    assert!(Command::new("mkfifo").arg(&cert).status().unwrap().success());
    let first = reload("reads-first", &certificates);
    // Opened once somebody reads.
    let mut slow = OpenOptions::new().write(true).open(&cert).unwrap();
    fs::write(&new, certificate(&key, 4_000_000_003)).unwrap();
    fs::rename(&new, &cert).unwrap();
    let last = reload("reads-last", &certificates);
    while !last.is_finished() && !waits("reads-last") {
        thread::yield_now();
    }
    slow.write_all(certificate(&key, 4_000_000_002).as_bytes()).unwrap();
    drop(slow);
    first.join().unwrap();
    last.join().unwrap();

    let page = String::from_utf8(metrics.page().unwrap()).unwrap();
    let line = "viability_tls_certificate_expires_timestamp_seconds{listener=\"public\"}";
    let told = page.lines().find_map(|told| told.strip_prefix(line)).unwrap();
    assert_eq!(told, " 4000000003");
}

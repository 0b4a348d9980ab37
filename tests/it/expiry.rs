//! Certificates that end: in the metrics, in the log, and in what `check` tells.

use crate::operating::{METRICS_OF_TLS, names_and_labels};
use crate::process::Process;
use crate::tls::{Pki, check, tls_world};
use ozmap_simulator::{Settings, Simulator};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use viability_proxy::config::certificates::TlsFiles;
use viability_proxy::server::tls;

const DAY: Duration = Duration::from_hours(24);

/// Whole seconds, as certificates have them.
fn in_days(days: u32) -> SystemTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    UNIX_EPOCH + Duration::from_secs(now) + days * DAY
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_end_of_a_listeners_own_certificate_is_a_metric_and_follows_the_files() {
    let pki = Pki::new();
    let (soon, late) = (in_days(20), in_days(40));
    pki.issue_until(late);
    let mut params = CertificateParams::default();
    // An old root that is sent along and that no client needs.
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(1);
    let second = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let first = fs::read_to_string(pki.cert()).unwrap();
    fs::write(pki.cert(), format!("{first}{}", second.pem())).unwrap();

    let world = tls_world(&pki, "").await;
    let url = format!("https://{}/metrics", world.app.admin_address());
    let page = async || world.http.get(&url).send().await.unwrap().text().await.unwrap();
    let line = |listener: &str, end| {
        let name = "viability_tls_certificate_expires_timestamp_seconds";
        format!("\n{name}{{listener=\"{listener}\"}} {}\n", seconds(end))
    };
    let before = page().await;
    let names = names_and_labels(&before);
    assert!(METRICS_OF_TLS.iter().all(|&metric| names.contains(metric)), "{names:?}");
    pki.issue_until(soon);
    world.app.reload().await.unwrap();
    let after = page().await;
    for listener in ["public", "admin"] {
        assert!(before.contains(&line(listener, late)), "{before}");
        assert!(after.contains(&line(listener, soon)), "{after}");
    }
}

#[test]
fn both_ways_to_write_a_year_are_read() {
    let pki = Pki::new();
    // Two digits up to 2049, four from 2050 on (RFC 5280, 4.1.2.5).
    for (end, told) in [(2_524_607_999, "2049-12-31T23:59:59Z"), (2_524_608_000, "2050-01-01T00:00:00Z")] {
        pki.issue_until(UNIX_EPOCH + Duration::from_secs(end));
        let files = TlsFiles { cert: pki.cert(), key: pki.key() };
        let expiry = tls::check(&files).unwrap().unwrap();
        assert_eq!((expiry.timestamp(), expiry.to_string()), (i64::try_from(end).unwrap(), told.to_owned()));
    }
}

/// The lines of the log at the start that tell of an end: their level and listener.
async fn told_at_start(pki: &Pki) -> Vec<(String, String)> {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let (cert, key) = (pki.cert(), pki.key());
    let env = [
        ("VIABILITY__SERVER__TLS_CERT_FILE", cert.to_str().unwrap()),
        ("VIABILITY__SERVER__TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    let process = Process::start(&simulator, 1_024, &env).await;
    let entries = process.start_log().iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    entries
        .filter(|entry| word(entry, "message").starts_with("the certificate "))
        .map(|entry| (word(&entry, "level"), word(&entry, "listener")))
        .collect()
}

#[tokio::test]
async fn an_end_that_is_near_or_over_is_told_at_the_start() {
    let pki = Pki::new();
    for (end, told) in [(in_days(3), Some("WARN")), (in_days(0) - DAY, Some("ERROR")), (in_days(20), None)] {
        pki.issue_until(end);
        let expected: Vec<_> =
            told.into_iter().map(|level| (level.to_owned(), "public".to_owned())).collect();
        assert_eq!(told_at_start(&pki).await, expected);
    }
}

#[test]
fn check_warns_of_an_end_that_is_near_and_refuses_one_that_is_over() {
    let pki = Pki::new();
    pki.configure("admin");
    pki.issue_until(in_days(20));
    assert_eq!(check(pki.folder.path()), (Some(0), String::new()));
    pki.issue_until(in_days(3));
    let (code, told) = check(pki.folder.path());
    assert_eq!(code, Some(0));
    assert!(
        told.starts_with("warning: admin: the certificate in ") && told.contains("ends soon, at 20"),
        "{told}"
    );
    pki.issue_until(in_days(0) - DAY);
    let (code, told) = check(pki.folder.path());
    assert_eq!(code, Some(1));
    assert!(told.starts_with("admin: the certificate in ") && told.contains("has expired, at 20"), "{told}");
}

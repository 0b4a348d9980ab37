//! What the log tells of clients that are turned away: how many, who, and what to do about it.

use crate::process::Process;
use crate::raw::Raw;
use crate::tls::Pki;
use ozmap_simulator::{Settings, Simulator};
use rustix::process::Signal;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn simulator() -> Simulator {
    Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap()
}

/// The next line of the log that tells of clients turned away.
async fn told(process: &mut Process) -> Value {
    loop {
        let entry: Value = serde_json::from_str(&process.next_line().await).unwrap();
        if entry["message"].as_str().unwrap().starts_with("clients are turned away") {
            return entry;
        }
    }
}

/// Asks so often with one key over one connection; the answers' statuses.
async fn ask(from: [u8; 4], to: SocketAddr, key: &str, times: usize) -> Vec<u16> {
    let mut connection = Raw::connect_from(from, to).await;
    let request = "GET /api/v2/ftth-viability/radius?lat=0&lng=0&radius=1 HTTP/1.1\r\n\
        Host: a\r\nAuthorization: ";
    let mut statuses = Vec::new();
    for _ in 0..times {
        connection.send(format!("{request}{key}\r\n\r\n")).await;
        statuses.push(connection.answer().await.unwrap().status);
    }
    statuses
}

#[tokio::test]
async fn how_many_were_turned_away_and_where_most_came_from_is_told_though_nothing_more_comes() {
    let (simulator, rate) = (simulator().await, "VIABILITY__SERVER__REQUESTS_PER_SECOND_PER_KEY");
    let mut process = Process::start(&simulator, 1_024, &[(rate, "0.001")]).await;
    let (to, key) = (process.public, simulator.full_key());
    assert_eq!(ask([127, 0, 0, 1], to, &key, 2).await, [200, 429]);
    assert_eq!(ask([127, 0, 0, 2], to, &key, 40).await, [429; 40]);
    assert_eq!(ask([127, 0, 0, 3], to, &key, 4).await, [429; 4]);
    let line = |entry: &Value| {
        assert_eq!(
            (&entry["level"], &entry["reason"], &entry["setting"], &entry["listener"]),
            (
                &"WARN".into(),
                &"rate_limit".into(),
                &"server.requests_per_second_per_key".into(),
                &"public".into()
            )
        );
        (entry["requests"].as_u64().unwrap(), entry["mostly_from"].as_str().unwrap().to_owned())
    };
    assert_eq!(line(&told(&mut process).await), (1, "127.0.0.1".to_owned()));
    assert_eq!(line(&told(&mut process).await), (44, "127.0.0.2".to_owned()));
    // Nor does a stop leave anything untold.
    assert_eq!(ask([127, 0, 0, 4], to, &key, 5).await, [429; 5]);
    process.signal(Signal::TERM);
    assert_eq!(line(&told(&mut process).await), (5, "127.0.0.4".to_owned()));
    assert!(process.ended().await);
}

/// The next line: its listener, where most came from, its message.
async fn told_of(process: &mut Process) -> (String, String, String) {
    let entry = told(process).await;
    assert_eq!((&entry["level"], &entry["requests"]), (&"WARN".into(), &1.into()), "{entry}");
    let word = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    (word("listener"), word("mostly_from"), word("message"))
}

#[tokio::test]
async fn plain_http_sent_to_a_tls_listener_is_told_with_what_to_do_and_other_noise_is_not() {
    let (simulator, pki) = (simulator().await, Pki::new());
    let (cert, key) = (pki.cert(), pki.key());
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let env = [
        ("VIABILITY__SERVER__TLS_CERT_FILE", cert),
        ("VIABILITY__SERVER__TLS_KEY_FILE", key),
        ("VIABILITY__ADMIN__TLS_CERT_FILE", cert),
        ("VIABILITY__ADMIN__TLS_KEY_FILE", key),
    ];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    for (to, listener, section) in
        [(process.public, "public", "[server]"), (process.admin, "admin", "[admin]")]
    {
        for noise in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0\0\0\0\0"] {
            let mut scanner = Raw::connect_from([127, 0, 0, 9], to).await;
            scanner.send(noise).await;
            scanner.rest().await;
        }
        // TLS as it should be, and in it what is no HTTP.
        let mut odd = pki.connect(to, &[]).await.unwrap();
        odd.write_all(b"nonsense\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        odd.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
        let mut plain = Raw::connect_from([127, 0, 0, 2], to).await;
        plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        plain.rest().await;
        let told = told_of(&mut process).await;
        assert_eq!((told.0.as_str(), told.1.as_str()), (listener, "127.0.0.2"), "{told:?}");
        assert!(told.2.contains("call https://") && told.2.contains(section), "{told:?}");
    }
}

#[tokio::test]
async fn tls_sent_to_a_plain_listener_is_told_with_what_to_do_and_other_noise_is_not() {
    let (simulator, pki) = (simulator().await, Pki::new());
    let mut process = Process::start(&simulator, 1_024, &[]).await;
    for (to, listener, section) in
        [(process.public, "public", "[server]"), (process.admin, "admin", "[admin]")]
    {
        let mut scanner = Raw::connect_from([127, 0, 0, 9], to).await;
        scanner.send("nonsense\r\n\r\n").await;
        scanner.rest().await;
        assert!(pki.connect(to, &["http/1.1"]).await.is_err());
        let told = told_of(&mut process).await;
        assert_eq!((told.0.as_str(), told.1.as_str()), (listener, "127.0.0.1"), "{told:?}");
        let remedy = format!("tls_cert_file is not set for {section}");
        assert!(told.2.contains("TLS") && told.2.contains(&remedy), "{told:?}");
    }
}

#[tokio::test]
async fn an_address_that_guesses_the_admin_token_is_named_when_it_is_locked_out() {
    let simulator = simulator().await;
    let token = ("VIABILITY__ADMIN__TOKEN_ENV", "TOKEN");
    let mut process = Process::start(&simulator, 1_024, &[token, ("TOKEN", "a-token-of-operators")]).await;
    let mut connection = Raw::connect_from([127, 0, 0, 5], process.admin).await;
    let request = format!(
        "POST /admin/refresh HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer wrong\r\nContent-Length: 0\r\n\r\n",
        process.admin
    );
    for _ in 0..6 {
        connection.send(&request).await;
        assert_eq!(connection.answer().await.unwrap().status, 401);
    }
    let entry = loop {
        let entry: Value = serde_json::from_str(&process.next_line().await).unwrap();
        if entry["message"].as_str().unwrap().contains("locked out") {
            break entry;
        }
    };
    assert!(entry["peer"].as_str().unwrap().starts_with("127.0.0.5"), "{entry}");
    assert_eq!((&entry["level"], &entry["seconds"]), (&"WARN".into(), &1.into()));
}

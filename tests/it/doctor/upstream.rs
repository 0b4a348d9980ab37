//! What it finds on the way to OZmap, and there.

use super::{doctor, doctor_with, small};
use crate::harness::start_app_with;
use crate::tls::Pki;
use ozmap_simulator::{Fault, Settings, Simulator};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_way_that_ends_is_told_where_it_ends() {
    let told = doctor_with(&[], "http://nobody.invalid:9994", "a-key", &[]).await;
    let (verdict, said) = told.on("cliente: name");
    assert!(verdict == "failed" && said.contains("nobody.invalid"), "{said}");
    assert_eq!(told.code, Some(1));
    assert!(!told.lines.iter().any(|line| line.contains("cliente: key")), "{told:#?}");

    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let told = doctor_with(&[], &format!("http://{gone}"), "a-key", &[]).await;
    let (verdict, said) = told.on("cliente: connection");
    assert!(
        verdict == "failed" && said.contains("Connection refused") && said.contains("firewall"),
        "{said}"
    );
    let proxy = format!("http://{gone}");
    let env = [("VIABILITY__TENANTS__CLIENTE__OUTBOUND_PROXY", proxy.as_str())];
    let told = doctor_with(&[], "http://nobody.invalid:9994", "a-key", &env).await;
    assert_eq!(told.verdict("cliente: connection (outbound_proxy)"), "failed");
}

#[tokio::test]
async fn a_certificate_is_judged_as_it_will_be_in_operation() {
    // A proxy that speaks TLS and passes everything on is an OZmap that speaks TLS.
    let simulator = small().await;
    let pki = Pki::new();
    let app = start_app_with(&[("demo", &simulator)], &pki.keys(), "", "").await;
    let port = app.public_address().port();
    let host = format!("https://127.0.0.1:{port}");
    let authority = pki.folder.path().join("authority.pem");
    std::fs::write(&authority, pki.authority_pem()).unwrap();
    let trusting = [("VIABILITY__TENANTS__CLIENTE__CA_FILE", authority.to_str().unwrap())];
    let key = simulator.full_key();

    let told = doctor_with(&[], &host, &key, &trusting).await;
    let (verdict, said) = told.on("cliente: certificate");
    assert!(verdict == "ok" && said.starts_with("that of 127.0.0.1 is good until "), "{said}");
    assert_eq!(told.verdict("cliente: key"), "ok");

    let told = doctor_with(&[], &host, &key, &[]).await;
    let (verdict, said) = told.on("cliente: certificate");
    assert!(verdict == "failed" && said.contains("UnknownIssuer: name a file"), "{said}");

    let elsewhere = format!("https://127.0.0.2.nip.invalid:{port}");
    let told = doctor_with(&[], &elsewhere, &key, &trusting).await;
    assert_eq!(told.verdict("cliente: name"), "failed");

    let plain = doctor_with(&[], &simulator.host().replace("http:", "https:"), &key, &trusting).await;
    let (verdict, said) = plain.on("cliente: certificate");
    assert!(verdict == "failed" && said.contains("host begins with http://"), "{said}");
    app.stop().await;

    let (now, day) = (SystemTime::now(), Duration::from_hours(24));
    for (end, verdict, text) in
        [(now + day, "warning", "ends soon"), (now - day, "failed", "have it renewed at OZmap")]
    {
        pki.issue_until(end);
        let app = start_app_with(&[("demo", &simulator)], &pki.keys(), "", "").await;
        let host = format!("https://127.0.0.1:{}", app.public_address().port());
        let told = doctor_with(&[], &host, &key, &trusting).await;
        let (found, said) = told.on("cliente: certificate");
        assert!(found == verdict && said.contains(text), "{found} {said}");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_ozmap_refuses_ends_it() {
    let simulator = small().await;
    let told = doctor_with(&[], &simulator.host(), "wrong", &[]).await;
    let (verdict, said) = told.on("cliente: key");
    assert!(verdict == "failed" && said.starts_with("OZmap refuses the key (401); give"), "{said}");
    assert!(!told.lines.iter().any(|line| line.contains("cliente: boxes")), "{told:#?}");
    assert_eq!(told.code, Some(1));
}

#[tokio::test]
async fn each_right_that_is_missing_is_a_line() {
    let simulator = small().await;
    let all = [
        ("VIABILITY__VIABILITY__SERVICE_CONNECTORS", "[\"splitter\", \"switch\"]"),
        ("VIABILITY__VIABILITY__LIST_PROPERTIES", "true"),
        ("VIABILITY__VIABILITY__LIST_CONDOMINIUMS", "true"),
    ];
    let lists = ["projects", "boxes", "splitters", "switches", "properties", "horizontal-condominiums"];
    let told = doctor(&simulator, &all).await;
    for list in lists {
        assert_ne!(told.verdict(&format!("cliente: {list}")), "failed", "{told:#?}");
    }
    for denied in &lists[1..] {
        simulator.faults().clear();
        simulator.faults().answer(&format!("/{denied}"), 403, "application/json", r#"{"message":"no"}"#);
        let told = doctor(&simulator, &all).await;
        for list in lists {
            let (verdict, said) = told.on(&format!("cliente: {list}"));
            assert_eq!(verdict == "failed", list == *denied, "{list}: {said}");
            assert!(
                verdict != "failed" || said.contains("OZmap answered 403: no; the key's rights"),
                "{said}"
            );
        }
        assert_eq!(told.code, Some(1));
    }
    simulator.faults().clear();
    simulator.faults().answer("/ftth-viability", 403, "application/json", r#"{"message":"no"}"#);
    let (verdict, said) = (doctor(&simulator, &[]).await.on("cliente: viability").0 == "failed", "viability");
    assert!(verdict, "{said}");
    simulator.faults().clear();
    simulator.faults().set("/ftth-viability", Fault::Failure { rate: 1.0, status: 500 });
    assert_eq!(doctor(&simulator, &[]).await.verdict("cliente: viability"), "failed");
}

#[tokio::test]
async fn a_network_that_the_key_sees_nothing_of_is_told() {
    let simulator = Simulator::start(Settings { boxes: 50, ..Settings::default() }).await.unwrap();
    let nothing = r#"{"total":0,"count":0,"start":0,"limit":1,"rows":[]}"#;
    simulator.faults().answer("/projects", 200, "application/json", nothing);
    simulator.faults().answer("/splitters", 200, "application/json", nothing);
    let told = doctor(&simulator, &[]).await;
    assert!(told.on("cliente: projects").1.starts_with("the key sees none: give"));
    assert_eq!(told.verdict("cliente: projects"), "failed");
    assert_eq!(told.verdict("cliente: splitters"), "warning");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told() {
    // An OZmap that says it is 1994, and knows nothing else.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let body = r#"{"total":0,"rows":[]}"#;
                let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
                let head = format!(
                    "HTTP/1.1 200 OK\r\n{date}\r\nContent-Length: {}\r\nConnection: close",
                    body.len()
                );
                stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
            });
        }
    });
    let told = doctor_with(&[], &host, "a-key", &[]).await;
    let (verdict, said) = told.on("cliente: clock");
    assert!(verdict == "failed" && said.contains("ahead of OZmap's: set both by NTP"), "{said}");
}

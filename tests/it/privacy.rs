//! What must never be told: keys, tokens, and where somebody lives.

use crate::harness::{ADMIN_TOKEN, http_client};
use crate::process::Process;
use ozmap_simulator::{Fault, Settings, Simulator};
use reqwest::header::AUTHORIZATION;

/// Everything that a proxy logs and answers to operators while people ask, guess and fail, at the most talkative.
async fn all_that_is_told(simulator: &Simulator, lat: f64, lng: f64) -> Vec<String> {
    let env = [("VIABILITY__LOG__FILTER", "trace")];
    let mut process = Process::start(simulator, 1_024, &env).await;
    let (public, admin) = (process.public, process.admin);
    let http = http_client();
    let mut told = Vec::new();
    let asking = format!("http://{public}/api/v2/ftth-viability/radius?lat={lat}&lng={lng}");
    let key = simulator.full_key();
    for fault in [None, Some(Fault::Failure { rate: 1.0, status: 503 }), Some(Fault::CutBody { after: 10 })] {
        if let Some(fault) = fault {
            simulator.faults().set("/", fault);
        }
        for (query, key) in [
            ("&radius=150", key.as_str()),
            ("&radius=3000", &key),
            ("&radius=150", "a-stolen-key"),
            ("&radius=x", &key),
            ("&radius=150&more=1", &key),
        ] {
            let answer =
                http.get(format!("{asking}{query}")).header(AUTHORIZATION, key).send().await.unwrap();
            assert!(!answer.headers().iter().any(|(_, value)| value.as_bytes() == key.as_bytes()));
            // Nor may a failure repeat the key; the answer to a query is about the address, and goes to who asked.
            // What is passed through may break off.
            assert!(!answer.text().await.unwrap_or_default().contains(key));
        }
        for (path, token) in [("refresh?wait=30s", ADMIN_TOKEN), ("refresh", "a-guessed-token")] {
            let order = http.post(format!("http://{admin}/admin/{path}")).bearer_auth(token);
            told.push(order.send().await.unwrap().text().await.unwrap());
        }
        for path in ["admin/status", "admin/runs", "metrics", "readyz"] {
            let answer = http.get(format!("http://{admin}/{path}")).send().await.unwrap();
            told.push(answer.text().await.unwrap());
        }
    }
    told.extend(process.start_log().iter().cloned());
    told.extend(process.log_so_far());
    told
}

#[tokio::test]
async fn r25_r26_no_secret_and_no_address_is_told_at_any_log_level() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let home = simulator.boxes().into_iter().find(|one| one.free_ports > 0).unwrap();
    // A home of its own, so that no box of the network is mistaken for it.
    let (lat, lng) = (home.lat + 0.000_123_4, home.lng - 0.000_123_4);
    let told = all_that_is_told(&simulator, lat, lng).await;
    assert!(told.iter().any(|line| line.contains(r#""message":"request""#)), "requests are logged");
    let place = |degrees: f64| format!("{degrees:.4}");
    for secret in
        [simulator.full_key(), ADMIN_TOKEN.to_owned(), "a-stolen-key".to_owned(), place(lat), place(lng)]
    {
        let lines: Vec<_> = told.iter().filter(|line| line.contains(&secret)).collect();
        assert!(lines.is_empty(), "{secret}: {lines:?}");
    }
}

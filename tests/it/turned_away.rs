//! What the log tells of clients that are turned away: how many, who, and what to do about it.

use crate::process::Process;
use crate::raw::Raw;
use ozmap_simulator::{Settings, Simulator};
use rustix::process::Signal;
use serde_json::Value;
use std::net::SocketAddr;

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
            (&entry["level"], &entry["reason"], &entry["limit"], &entry["listener"]),
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

//! Nobody who waits comes upon a connection of a refresh, which is served by threads that stand back.

use crate::harness::{World, http_client, start_app_at};
use ozmap_simulator::{Settings, Simulator};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// What came over each connection, one after the other.
type Heard = Arc<Mutex<Vec<String>>>;

/// A way to the simulator on which is heard who asks what; its address.
async fn overheard_way(to: &Simulator) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}/api/v2", listener.local_addr().unwrap());
    let upstream = to.origin().strip_prefix("http://").unwrap().to_owned();
    let heard = Heard::default();
    let all = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(&upstream).await.unwrap().into_split();
            tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            let all = Arc::clone(&all);
            let number = all.lock().unwrap().len();
            all.lock().unwrap().push(String::new());
            tokio::spawn(async move {
                let mut bytes = vec![0; 8 << 10];
                while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                    all.lock().unwrap()[number] += &String::from_utf8_lossy(&bytes[..length]);
                    to_server.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    (host, heard)
}

#[tokio::test]
async fn keys_are_checked_and_questions_asked_over_connections_that_no_refresh_uses() {
    let simulator = Simulator::start(Settings { boxes: 300, ..Settings::default() }).await.unwrap();
    let (host, heard) = overheard_way(&simulator).await;
    let app = start_app_at(&[("demo", host, simulator.full_key())], "", "", "").await;
    let world = World { simulator, app, http: http_client() };
    world.first_refresh().await;
    let home = world.sellable_box();
    let key = world.simulator.key_for(std::slice::from_ref(&home.project));
    for _ in 0..3 {
        // Its connections are at rest now, and there for whoever comes first.
        world.refresh().await;
        assert!(world.ask_as(&key, home.lat, home.lng, 100.0).await.is_viable());
        world.ask(home.lat, home.lng, 5_000.0).await;
    }
    let heard = heard.lock().unwrap();
    let that = |words: &str| heard.iter().filter(|connection| connection.contains(words)).count();
    assert!(that("/boxes?") > 0 && that(&key) > 0 && that("/ftth-viability/") > 0);
    for connection in heard.iter().filter(|connection| connection.contains("/boxes?")) {
        assert!(!connection.contains(&key) && !connection.contains("/ftth-viability/"), "{connection}");
    }
}

//! Nobody who waits comes upon a connection of a refresh, which is served by threads that stand back.

use crate::harness::{World, http_client, start_app_at};
use ozmap_simulator::{Settings, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// A way to the simulator that counts connections; its address.
async fn counted_way(to: &Simulator) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}/api/v2", listener.local_addr().unwrap());
    let upstream = to.origin().strip_prefix("http://").unwrap().to_owned();
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let mut server = TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (host, opened)
}

#[tokio::test]
async fn keys_are_checked_and_questions_asked_over_connections_of_their_own() {
    let simulator = Simulator::start(Settings { boxes: 300, ..Settings::default() }).await.unwrap();
    let (host, opened) = counted_way(&simulator).await;
    // Side by side, how many a refresh opens would be chance.
    let config = "[tenants.demo.refresh]\npages_at_once = 1";
    let app = start_app_at(&[("demo", host, simulator.full_key())], "", "", config).await;
    let world = World { simulator, app, http: http_client() };
    world.first_refresh().await;
    let before = opened.load(Ordering::Relaxed);
    world.refresh().await;
    assert_eq!(opened.load(Ordering::Relaxed), before, "those of refreshes stay open for the next");
    let home = world.sellable_box();
    let key = world.simulator.key_for(std::slice::from_ref(&home.project));
    assert!(world.ask_as(&key, home.lat, home.lng, 100.0).await.is_viable());
    assert_eq!(opened.load(Ordering::Relaxed), before + 1, "a check takes one of its own");
    world.ask(home.lat, home.lng, 5_000.0).await;
    assert_eq!(opened.load(Ordering::Relaxed), before + 1, "which a live question may share");
}

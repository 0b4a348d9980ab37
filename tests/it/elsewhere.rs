//! R5: nobody can send the proxy, or its key, anywhere else.

use crate::between::{Between, Spoil};
use crate::raw::Raw;
use ozmap_simulator::Settings;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Another address of this machine, where nobody has anything to look for.
struct Elsewhere {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    _counting: JoinSet<()>,
}

impl Elsewhere {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let (address, visits) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let mut counting = JoinSet::new();
        let count = Arc::clone(&visits);
        counting.spawn(async move {
            while let Ok(_visitor) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { address, visits, _counting: counting }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn r05_redirects_and_next_urls_lead_nowhere() {
    let (between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    let elsewhere = Elsewhere::new().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let there = elsewhere.address;
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: http://{there}/api/v2/boxes\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        for path in ["/projects", "/boxes", "/ftth-viability"] {
            between.spoil(path, Spoil::Instead(redirect.clone().into_bytes()));
        }
        assert_eq!(world.refresh().await["result"], "status", "{status}");
        let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
        let live = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
        assert!(live.is_viable(), "{live:?}");
        // The rights of a key that nobody knows.
        let stranger = world.ask_as(&format!("stranger-{status}"), home.lat, home.lng, 50.0).await;
        assert_ne!(stranger.status, 200);
        between.behave();
    }
    let page = format!(
        r#"{{"total":600,"rows":[],"hasNextPage":true,"nextUrl":"http://{there}/api/v2/boxes?page=2"}}"#
    );
    let page = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    between.spoil("/boxes", Spoil::Instead(page.into_bytes()));
    assert_ne!(world.refresh().await["result"], "ok");
    assert_eq!(elsewhere.visits(), 0);
}

#[tokio::test]
async fn r05_no_request_of_a_client_leads_the_proxy_elsewhere() {
    let (_between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    let elsewhere = Elsewhere::new().await;
    let (there, key) = (elsewhere.address, world.simulator.full_key());
    let requests = [
        format!("GET http://{there}/api/v2/boxes HTTP/1.1\r\nHost: {there}\r\n"),
        format!("GET /api/v2/boxes HTTP/1.1\r\nHost: {there}\r\n"),
        format!(
            "GET /api/v2/boxes HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: {there}\r\nForwarded: host={there}\r\n"
        ),
        format!("GET /api/v2//{there}/boxes HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v2/@{there}/boxes HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v2/..//{there}/boxes HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v2/%2e%2e/%2f{there}/boxes HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v2/\\{there}\\boxes HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v2/boxes?url=http://{there}/&nextUrl=http://{there}/ HTTP/1.1\r\nHost: a\r\n"),
        format!("CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n"),
    ];
    for request in requests {
        let mut connection = Raw::connect(world.app.public_address()).await;
        connection.send(format!("{request}Authorization: {key}\r\nConnection: close\r\n\r\n")).await;
        connection.rest().await;
    }
    assert_eq!(elsewhere.visits(), 0);
}

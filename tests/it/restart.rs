//! Stopping and starting: behind sockets that stay open nobody notices, and systemd is told.

use crate::process::Process;
use crate::raw::Raw;
use ozmap_simulator::{Settings, Simulator};
use rustix::process::Signal;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::net::UnixDatagram;
use tokio::task::JoinSet;

/// Asks again and again over one connection, and over a new one when the proxy has said that it closes the old.
async fn keep_asking(to: SocketAddr, request: Arc<str>, asked: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let mut connection = Raw::connect(to).await;
    while !stop.load(Ordering::Relaxed) {
        connection.send(&*request).await;
        let answer = connection.answer().await.expect("an answer to every request");
        assert_eq!(answer.status, 200, "{answer:?}");
        asked.fetch_add(1, Ordering::Relaxed);
        if answer.header("connection") == Some("close") {
            connection = Raw::connect(to).await;
        }
    }
}

async fn until_more(asked: &AtomicU64, more: u64) {
    let goal = asked.load(Ordering::Relaxed) + more;
    while asked.load(Ordering::Relaxed) < goal {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r27_restarts_behind_inherited_sockets_cost_no_request() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let env = [("VIABILITY__SNAPSHOT__DIRECTORY", folder.path().to_str().unwrap())];
    let sockets = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let [public, admin] = sockets.each_ref().map(|socket| socket.local_addr().unwrap());
    let mut process = Process::start_behind(&sockets, &simulator, &env).await;
    assert_eq!((process.public, process.admin), (public, admin));

    let home = &simulator.boxes()[0];
    let key = simulator.full_key();
    let request: Arc<str> = format!(
        "GET /api/v2/ftth-viability/radius?lat={}&lng={}&radius=100 HTTP/1.1\r\nHost: proxy\r\nAuthorization: {key}\r\n\r\n",
        home.lat, home.lng,
    )
    .into();
    let (asked, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        clients.spawn(keep_asking(public, Arc::clone(&request), Arc::clone(&asked), Arc::clone(&stop)));
    }
    for _ in 0..3 {
        until_more(&asked, 200).await;
        process.signal(Signal::TERM);
        assert!(process.ended().await);
        process = Process::start_behind(&sockets, &simulator, &env).await;
    }
    until_more(&asked, 200).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn r27_a_stop_announces_itself_and_serves_meanwhile() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let env = [("VIABILITY__SERVER__SHUTDOWN_DELAY", "1s")];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    let ask = async |to, path: &str| {
        let mut connection = Raw::connect(to).await;
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        connection.answer().await.expect("an answer")
    };
    assert_eq!(ask(process.admin, "/readyz").await.header("connection"), None);
    process.signal(Signal::TERM);
    while process.next_message().await != "stopping on SIGTERM" {}
    let ready = async || ask(process.admin, "/readyz").await;
    while ready().await.status == 200 {}
    let body = String::from_utf8(ready().await.body).unwrap();
    assert!(body.contains(r#""stopping":true"#), "{body}");
    let served = ask(process.public, "/api/v2/ftth-viability/radius?lat=0&lng=0").await;
    assert_eq!((served.status, served.header("connection")), (401, Some("close")));
    assert!(process.ended().await);
}

#[tokio::test]
async fn one_inherited_socket_is_for_clients_and_the_log_says_where_operators_are() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let process = Process::start_behind_one(&socket, &simulator).await;
    assert_eq!(process.public, socket.local_addr().unwrap());
    let lines: Vec<_> = process.start_log().iter().filter(|line| line.contains("handed over")).collect();
    let [line] = lines.as_slice() else { panic!("one line: {lines:?}") };
    let entry: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&entry["level"], &entry["inherited"], &entry["bound"]),
        (&"INFO".into(), &"public".into(), &"admin".into())
    );
    assert_eq!(entry["inherited_address"], process.public.to_string());
    assert_eq!(entry["bound_address"], process.admin.to_string());
}

#[tokio::test]
async fn systemd_is_told_of_ready_alive_reloading_and_stopping() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    let env = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "100000")];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    let mut buffer = [0; 256];
    let mut next = async |wanted: &str| loop {
        let length = systemd.recv(&mut buffer).await.unwrap();
        let told = std::str::from_utf8(&buffer[..length]).unwrap();
        if told.starts_with(wanted) {
            return told.to_owned();
        }
        assert_eq!(told.trim(), "WATCHDOG=1", "while waiting for {wanted}");
    };
    next("READY=1").await;
    next("WATCHDOG=1").await;
    process.signal(Signal::HUP);
    assert!(next("RELOADING=1").await.contains("MONOTONIC_USEC="));
    next("READY=1").await;
    process.signal(Signal::TERM);
    next("STOPPING=1").await;
    assert!(process.ended().await);
}

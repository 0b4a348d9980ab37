//! The smallest HTTP client that will do: one request a connection, read to its end.

use ozmap_simulator::{Settings, Simulator};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// How many bytes the head promised.
    pub(crate) fn promised(&self) -> usize {
        let line = self.head.lines().find_map(|line| line.strip_prefix("content-length: "));
        line.expect("a length").trim().parse().unwrap()
    }
}

/// Sends a request; `headers` are whole lines.
pub(crate) async fn send(simulator: &Simulator, start: &str, headers: &[String], body: &str) -> Reply {
    let address = simulator.origin().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers = headers.iter().fold(String::new(), |all, line| all + line + "\r\n");
    let length = body.len();
    let request = format!(
        "{start} HTTP/1.1\r\nHost: ozmap\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    // A body that is cut off on order may end in a reset: what came counts.
    let _end = stream.read_to_end(&mut all).await;
    let split = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(all[..split].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: all[split + 4..].to_vec() }
}

pub(crate) async fn get_as(simulator: &Simulator, key: &str, path: &str) -> Reply {
    send(simulator, &format!("GET /api/v2{path}"), &[format!("Authorization: {key}")], "").await
}

/// GET below `/api/v2` with the full key; 200 and JSON.
pub(crate) async fn get(simulator: &Simulator, path: &str) -> Value {
    let reply = get_as(simulator, &simulator.full_key(), path).await;
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

/// The same with a filter, as the query string carries it.
pub(crate) async fn filtered(simulator: &Simulator, list: &str, filter: &Value) -> Value {
    let filter = filter.to_string().bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02x}"));
    get(simulator, &format!("/{list}?limit=0&filter={filter}")).await
}

pub(crate) async fn control(simulator: &Simulator, start: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(simulator, start, &[], &body).await
}

pub(crate) async fn start(settings: Settings) -> Simulator {
    Simulator::start(settings).await.unwrap()
}

pub(crate) fn ids(page: &Value) -> Vec<String> {
    page["rows"].as_array().expect("rows").iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

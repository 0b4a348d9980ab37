//! A fixed number of whole answers, for callgrind to count: `.ci/instructions` compares the count with the last.
//!
//! Without arguments it answers once. `instructions ANSWERS` serves so many requests over one connection, the client
//! on the same thread: at most 1,000, with which a connection ends.

#![expect(clippy::expect_used, reason = "a benchmark that can't be set up has to end")]

mod homes;
mod town;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::load::{Source, load};
use viability_proxy::viability::snapshot::Snapshot;

/// Nobody listens at its OZmap: everything is answered from memory.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[refresh]
full = "0 0 0 1 1 *"
[tenants.demo]
host = "http://127.0.0.1:9"
key_env = "KEY"
"#;

const BOXES: usize = 20_000;
const METRES: f64 = 150.0;

fn main() -> ExitCode {
    let answers = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(serve(answers));
    ExitCode::SUCCESS
}

async fn serve(answers: usize) {
    let env: BTreeMap<_, _> = [("KEY".to_owned(), "a-key".to_owned())].into();
    let source = Source { path: PathBuf::new(), text: CONFIG.to_owned() };
    let config = load(&source, &env).expect("a sound configuration");
    let app =
        App::start(config, Surroundings { refreshes: Some(Handle::current()), ..Surroundings::default() })
            .await
            .expect("it starts");
    let boxes = town::boxes(BOXES, town::CITY);
    let queries = homes::queries(&boxes, METRES, 100);
    let mut plant = town::plant(boxes);
    plant.read_at = std::time::SystemTime::now();
    app.refreshers()[0].tenant().restore(Snapshot::build(1, plant), Vec::new());
    let mut connection = TcpStream::connect(app.public_address()).await.expect("a connection");
    let mut answer = vec![0; 64 << 10];
    for query in queries.iter().cycle().take(answers) {
        let (lat, lng) = (query.center.lat(), query.center.lng());
        let request = format!(
            "GET /api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius={METRES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: a-key\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.expect("it takes requests");
        let mut length = 0;
        while !answer[..length].ends_with(br#""properties":[]}"#) {
            let more = connection.read(&mut answer[length..]).await.expect("it answers");
            assert!(more > 0, "the connection ended");
            length += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..length]));
    }
}

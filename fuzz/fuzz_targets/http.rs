//! Bytes on a connection to one of the listeners of a running proxy: whatever comes back is HTTP, never more answers
//! than requests, never a 500. A panic ends the run, also one that a handler is saved from.
//!
//! The first byte of an input says which listener: an odd one (`a`) that of operators, an even one (`p`) the public one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::load::{Source, load};
use viability_proxy::viability::geo::Point;
use viability_proxy::viability::plant::{Evidence, MaximumDrop, ObjectId, Projects, ServiceBox, Stage};
use viability_proxy::viability::ports::Ports;
use viability_proxy::viability::snapshot::{Plant, Snapshot};

/// Nobody listens at its OZmap: what only OZmap could answer fails at once.
const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
token_env = "TOKEN"
refresh_gap = "0s"
[refresh]
full = "0 0 0 1 1 *"
[tenants.demo]
host = "http://127.0.0.1:9"
key_env = "KEY"
hosts = ["demo.example"]
forward = "all"
"#;

/// Nothing more comes of what was sent after so long without a byte: everything is answered from memory.
const QUIET: Duration = Duration::from_millis(3);
/// A refresh ordered with `wait` holds its connection for longer.
const PATIENCE: Duration = Duration::from_secs(1);
const HEADERS: usize = 32;

/// One proxy for the whole run.
struct World {
    runtime: Runtime,
    app: App,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let env = [("TOKEN", "an-admin-token"), ("KEY", "a-key")];
    let env: BTreeMap<_, _> = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let source = Source { path: PathBuf::new(), text: CONFIG.to_owned() };
    let config = load(&source, &env).expect("a sound configuration");
    let app = runtime.block_on(App::start(config, Surroundings::default())).expect("it starts");
    app.refreshers()[0].tenant().restore(snapshot(), Vec::new());
    World { runtime, app }
});

fn snapshot() -> Snapshot {
    let project = ObjectId::from_bytes([1; 12]);
    let boxes = vec![ServiceBox {
        id: ObjectId::from_bytes([2; 12]),
        name: "CTO".into(),
        project,
        position: Point::new(-27.5, -48.5).expect("a place on Earth"),
        stage: Stage::Implanted,
        ports: Some(Ports { total: 8, free: 1 }),
        evidence: Evidence::Whole,
    }];
    Snapshot::build(
        1,
        Plant { projects: Projects::from([(project, MaximumDrop::Unlimited)]), boxes, ..Plant::empty(SystemTime::now()) },
    )
}

fuzz_target!(|data: &[u8]| {
    let Some((side, sent)) = data.split_first() else { return };
    let World { runtime, app } = &*WORLD;
    let to = if side % 2 == 1 { app.admin_address() } else { app.public_address() };
    let received = runtime.block_on(exchange(address_for(data), to, sent));
    are_answers(sent, &received);
});

/// An address for each input: what one did wrong is not held against another, and ports don't run out.
fn address_for(data: &[u8]) -> Ipv4Addr {
    let hash =
        data.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, _] = hash.to_be_bytes();
    Ipv4Addr::new(127, a, b, c.clamp(1, 254))
}

/// Everything that comes back, and whether the other side came to its end.
struct Received {
    bytes: Vec<u8>,
    ended: bool,
}

async fn exchange(from: Ipv4Addr, to: SocketAddr, sent: &[u8]) -> Received {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((from, 0))).expect("a free port");
    let mut stream = socket.connect(to).await.expect("the listener is open");
    // Who is refused early is told so: what comes back counts.
    let _refused = stream.write_all(sent).await;
    let mut bytes = Vec::new();
    while let Ok(read) = timeout(QUIET, stream.read_buf(&mut bytes)).await {
        if !matches!(read, Ok(1..)) {
            return Received { bytes, ended: read.is_ok() };
        }
    }
    let ended = timeout(PATIENCE, rest(&mut stream, &mut bytes)).await.unwrap_or(false);
    Received { bytes, ended }
}

async fn rest(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    stream.shutdown().await.is_ok() && stream.read_to_end(bytes).await.is_ok()
}

fn are_answers(sent: &[u8], received: &Received) {
    let (mut rest, mut answers, mut interim, mut last) = (received.bytes.as_slice(), 0, 0, false);
    while !rest.is_empty() {
        assert!(!last, "an answer after the last one");
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let length = match head.parse(rest) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if !received.ended => break,
            other => panic!("{other:?} in {:?}", String::from_utf8_lossy(&received.bytes)),
        };
        let status = head.code.unwrap_or_default();
        assert!((100..600).contains(&status) && status != 500, "{status}");
        let header = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(found.value).ok()
        };
        last = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let body: usize = match header("content-length") {
            Some(length) => length.parse().expect("a length"),
            None => {
                assert!(status < 200, "{status} without a length");
                0
            }
        };
        rest = &rest[length..];
        // Of an answer to HEAD the length only tells, and which request it answers nobody can say here.
        if !is_without_body(rest, sent) {
            assert!(rest.len() >= body || !received.ended, "{} of {body} bytes", rest.len());
            rest = &rest[body.min(rest.len())..];
        }
        if status < 200 {
            interim += 1;
        } else {
            answers += 1;
        }
    }
    let heads = heads(sent);
    assert!(answers <= heads + 1 && interim <= heads, "{answers} and {interim} answers to {heads} requests");
}

fn is_without_body(rest: &[u8], sent: &[u8]) -> bool {
    let asked = sent.windows(5).any(|five| five == b"HEAD ");
    asked && (rest.is_empty() || rest.starts_with(b"HTTP/1."))
}

/// How many heads could end in these bytes: at each empty line.
fn heads(sent: &[u8]) -> usize {
    let lines = sent.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| matches!(*line, b"\n" | b"\r\n")).count()
}

//! Somebody between the proxy and its OZmap who spoils answers in ways that no HTTP server would, and counts.

use crate::harness::{World, http_client, start_app_at};
use ozmap_simulator::{Settings, Simulator};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::interval;
use viability_proxy::app::App;

/// What becomes of an answer.
#[derive(Clone)]
pub(crate) enum Spoil {
    /// It never comes.
    Hang,
    /// It comes at one byte every ten milliseconds.
    Drip,
    /// It ends in the middle of its body, and the connection stays.
    Stall,
    /// These bytes come in its place, then the end.
    Instead(Vec<u8>),
    /// These bytes come in its place, then the others again and again, as long as somebody takes them.
    Endless(Vec<u8>, Vec<u8>),
    /// What this makes of its body comes in its place, head and all.
    Remade(Remaker),
}

/// Makes an answer of the body of another.
pub(crate) type Remaker = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

#[derive(Default)]
struct Seen {
    spoils: HashMap<&'static str, Spoil>,
    /// Connections open now.
    open: usize,
    /// By the start of the path: under way now, the most at once.
    under_way: HashMap<&'static str, (usize, usize)>,
    /// Bytes of endless answers.
    poured: usize,
}

/// Passes on, unless told to spoil.
pub(crate) struct Between {
    host: String,
    seen: Arc<Mutex<Seen>>,
    _serving: JoinSet<()>,
}

impl Between {
    /// A world whose proxy knows OZmap by this one's address only; its first refresh is done.
    pub(crate) async fn world(settings: Settings, server: &str, config: &str) -> (Self, World) {
        let simulator = Simulator::start(settings).await.unwrap();
        let between = Self::before(&simulator).await;
        let app = between.app(&simulator, server, config).await;
        let world = World { simulator, app, http: http_client() };
        world.first_refresh().await;
        (between, world)
    }

    /// In front of a simulator, without a proxy yet.
    pub(crate) async fn before(simulator: &Simulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}/api/v2", listener.local_addr().unwrap());
        let upstream = simulator.origin().strip_prefix("http://").unwrap().parse().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, upstream, Arc::clone(&seen)));
        Self { host, seen, _serving: serving }
    }

    /// A proxy that knows the simulator by this one's address only.
    pub(crate) async fn app(&self, simulator: &Simulator, server: &str, config: &str) -> App {
        start_app_at(&[("demo", self.host.clone(), simulator.full_key())], server, "", config).await
    }

    /// From now on, for paths below `/api/v2` that start so.
    pub(crate) fn spoil(&self, path: &'static str, how: Spoil) {
        self.seen.lock().unwrap().spoils.insert(path, how);
    }

    /// Passes everything on again.
    pub(crate) fn behave(&self) {
        self.seen.lock().unwrap().spoils.clear();
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        self.seen.lock().unwrap().open
    }

    /// How many requests of this path were under way at once, at most.
    pub(crate) fn most_at_once(&self, path: &str) -> usize {
        self.seen.lock().unwrap().under_way.get(path).map_or(0, |(_, most)| *most)
    }

    /// Bytes of endless answers so far.
    pub(crate) fn poured(&self) -> usize {
        self.seen.lock().unwrap().poured
    }
}

/// Paths that are counted.
const COUNTED: [&str; 4] = ["/projects", "/boxes", "/splitters", "/ftth-viability"];

async fn serve(listener: TcpListener, upstream: SocketAddr, seen: Arc<Mutex<Seen>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        seen.lock().unwrap().open += 1;
        let seen = Arc::clone(&seen);
        connections.spawn(async move {
            let _broken = pass_on(stream, upstream, &seen).await;
            seen.lock().unwrap().open -= 1;
        });
    }
}

/// One request, one answer, and the end of the connection.
async fn pass_on(mut stream: TcpStream, upstream: SocketAddr, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8(request).unwrap();
    let path = text.split(' ').nth(1).unwrap().strip_prefix("/api/v2").unwrap_or_default().to_owned();
    let counted = COUNTED.into_iter().find(|counted| path.starts_with(counted)).unwrap_or("");
    let how = {
        let mut seen = seen.lock().unwrap();
        let (now, most) = seen.under_way.entry(counted).or_default();
        *now += 1;
        *most = (*most).max(*now);
        seen.spoils.iter().find(|(start, _)| path.starts_with(**start)).map(|(_, how)| how.clone())
    };
    let done = async {
        match how {
            None => {
                let mut answering = ask(upstream, &text).await?;
                copy(&mut answering, &mut stream).await?;
                stream.shutdown().await
            }
            Some(how) => spoiled(how, stream, upstream, &text, seen).await,
        }
    }
    .await;
    seen.lock().unwrap().under_way.get_mut(counted).unwrap().0 -= 1;
    done
}

async fn ask(upstream: SocketAddr, request: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(upstream).await?;
    // Uncompressed, so that there is enough of it to be cut and dripped.
    let lines =
        request.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("accept-encoding"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    Ok(stream)
}

async fn spoiled(
    how: Spoil,
    mut stream: TcpStream,
    upstream: SocketAddr,
    request: &str,
    seen: &Mutex<Seen>,
) -> std::io::Result<()> {
    match how {
        Spoil::Hang => {}
        Spoil::Drip => {
            let mut whole = Vec::new();
            ask(upstream, request).await?.read_to_end(&mut whole).await?;
            let mut beat = interval(Duration::from_millis(10));
            for byte in whole {
                beat.tick().await;
                stream.write_all(&[byte]).await?;
            }
        }
        Spoil::Stall => {
            let mut whole = Vec::new();
            ask(upstream, request).await?.read_to_end(&mut whole).await?;
            let body = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            stream.write_all(&whole[..body + (whole.len() - body) / 2]).await?;
        }
        Spoil::Remade(remade) => {
            let mut whole = Vec::new();
            ask(upstream, request).await?.read_to_end(&mut whole).await?;
            let body = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            stream.write_all(&remade(&whole[body..])).await?;
            return stream.shutdown().await;
        }
        Spoil::Instead(bytes) => {
            stream.write_all(&bytes).await?;
            return stream.shutdown().await;
        }
        Spoil::Endless(first, again) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                seen.lock().unwrap().poured += again.len();
            }
        }
    }
    // Until the other side has had enough.
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

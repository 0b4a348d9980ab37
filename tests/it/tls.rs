//! TLS on both listeners: who is spoken to, what a new certificate changes, and what a bad one doesn't.

use crate::harness::{ADMIN_TOKEN, PATIENCE, Plan, World, http_client_builder, start_app_with};
use crate::raw::Raw;
use ozmap_simulator::{Settings, Simulator};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::StatusCode;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use viability_proxy::app::App;
use viability_proxy::wording::with_causes;

/// An authority, and a folder with a certificate that it gave to this machine.
pub(crate) struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
    pub(crate) folder: TempDir,
}

impl Pki {
    /// With the first certificate.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let pki = Self { authority, folder: tempfile::tempdir().unwrap() };
        pki.issue();
        pki
    }

    /// Replaces certificate and key.
    fn issue(&self) -> CertificateDer<'static> {
        self.issue_with(&Self::params())
    }

    /// The same with a certificate that ends then.
    pub(crate) fn issue_until(&self, end: SystemTime) {
        let mut params = Self::params();
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end.duration_since(UNIX_EPOCH).unwrap();
        self.issue_with(&params);
    }

    fn params() -> CertificateParams {
        CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap()
    }

    fn issue_with(&self, params: &CertificateParams) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.key(), key.serialize_pem()).unwrap();
        fs::write(self.cert(), certificate.pem()).unwrap();
        certificate.der().clone()
    }

    /// Writes a configuration whose listener of this section has them.
    pub(crate) fn configure(&self, section: &str) {
        let tenant = "[tenants.demo]\nhost = \"https://demo.example\"\nkey_env = \"K\"\n";
        let config = format!("[{section}]\n{}\n{tenant}", self.keys());
        fs::write(self.folder.path().join("config.toml"), config).unwrap();
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The authority's own certificate.
    pub(crate) fn authority_pem(&self) -> String {
        self.authority.pem()
    }

    /// The keys of a listener's section.
    pub(crate) fn keys(&self) -> String {
        let quoted = |path: PathBuf| path.to_str().unwrap().to_owned();
        format!("tls_cert_file = \"{}\"\ntls_key_file = \"{}\"", quoted(self.cert()), quoted(self.key()))
    }

    /// A client's settings that trusts the authority and offers these protocols.
    fn client(&self, protocols: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    pub(crate) async fn connect(
        &self,
        to: SocketAddr,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let connector = TlsConnector::from(Arc::new(self.client(protocols)));
        let name = ServerName::from(to.ip());
        connector.connect(name, TcpStream::connect(to).await?).await
    }

    /// The certificate that is shown there.
    async fn shown(&self, to: SocketAddr) -> CertificateDer<'static> {
        let stream = self.connect(to, &["http/1.1"]).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

/// A world whose clients and operators are spoken to in TLS only.
pub(crate) async fn tls_world(pki: &Pki, server: &str) -> World {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let server = format!("{}\n{server}", pki.keys());
    let app = start_app_with(&[("demo", &simulator)], &server, &pki.keys(), "").await;
    let builder = http_client_builder().tls_backend_preconfigured(pki.client(&["http/1.1"]));
    let world = World { simulator, app, http: builder.build().unwrap() };
    world.first_refresh().await;
    world
}

fn both(app: &App) -> [SocketAddr; 2] {
    [app.public_address(), app.admin_address()]
}

async fn tls_metric(world: &World, listener: &str, result: &str) -> String {
    let url = format!("https://{}/metrics", world.app.admin_address());
    let page = world.http.get(url).send().await.unwrap().text().await.unwrap();
    let series = format!("viability_tls_reloads_total{{listener=\"{listener}\",result=\"{result}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&series)).unwrap().to_owned()
}

/// GET of a path that isn't there: 404, over an open connection.
async fn ask_over(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the connection ended");
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn tls_answers_clients_and_operators_as_plain_http_does() {
    let pki = Pki::new();
    let world = tls_world(&pki, "").await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let query = format!("lat={}&lng={}&radius=100", home.lat, home.lng);
    let url = format!("https://{}/api/v2/ftth-viability/radius?{query}", world.app.public_address());
    let answer = world.send(world.http.get(url).header("authorization", key)).await;
    assert!(answer.status == StatusCode::OK && answer.is_viable());
    let url = format!("https://{}/admin/refresh", world.app.admin_address());
    let origin = format!("https://{}", world.app.admin_address());
    let order = world.http.post(url).bearer_auth(ADMIN_TOKEN).header("origin", origin);
    assert_eq!(order.send().await.unwrap().status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn tls_speaks_http_1_1_and_nothing_else() {
    let pki = Pki::new();
    let world = tls_world(&pki, "").await;
    for to in both(&world.app) {
        let chosen = pki.connect(to, &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(chosen.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert!(pki.connect(to, &["h2"]).await.is_err());
        // Plain HTTP gets no answer in plain HTTP.
        let mut plain = Raw::connect(to).await;
        plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(!plain.rest().await.starts_with(b"HTTP"));
    }
}

#[tokio::test]
async fn tls_handshakes_have_the_deadline_and_the_places_of_connections() {
    let pki = Pki::new();
    let world = tls_world(&pki, "header_timeout = \"300ms\"\nmax_connections = 1").await;
    let to = world.app.public_address();
    let mut silent = Raw::connect(to).await;
    let url = format!("https://{}/metrics", world.app.admin_address());
    let has = async |line: &str| {
        world.http.get(&url).send().await.unwrap().text().await.unwrap().contains(&format!("\n{line}\n"))
    };
    assert!(silent.rest().await.is_empty(), "it is cut off");
    world.until("it is counted", || has("viability_http_rejected_total{reason=\"handshake\"} 1")).await;
    let _first = pki.connect(to, &["http/1.1"]).await.unwrap();
    assert!(pki.connect(to, &["http/1.1"]).await.is_err(), "the one place is taken");
    assert!(has("viability_http_rejected_total{reason=\"max_connections\"} 1").await);
}

#[tokio::test]
async fn tls_a_new_certificate_is_shown_and_open_connections_go_on() {
    let pki = Pki::new();
    let world = tls_world(&pki, "").await;
    let mut open = pki.connect(world.app.public_address(), &[]).await.unwrap();
    assert!(ask_over(&mut open).await.starts_with("HTTP/1.1 404 "));
    let new = pki.issue();
    world.app.reload().await.unwrap();
    for to in both(&world.app) {
        assert_eq!(pki.shown(to).await, new);
    }
    assert!(ask_over(&mut open).await.starts_with("HTTP/1.1 404 "));
    assert_eq!(tls_metric(&world, "public", "ok").await, "1");
}

#[tokio::test]
async fn tls_files_that_change_are_noticed() {
    let pki = Pki::new();
    let world = tls_world(&pki, "").await;
    let new = pki.issue();
    for to in both(&world.app) {
        let noticing = async { while pki.shown(to).await != new {} };
        tokio::time::timeout(PATIENCE, noticing).await.expect("it is noticed");
    }
}

/// Spoils a file; what is told of it.
type Spoil = (fn(&Pki), &'static str);

#[tokio::test]
async fn tls_a_bad_certificate_leaves_the_old_one_and_says_why() {
    let spoils: [Spoil; 4] = [
        (|pki| fs::write(pki.cert(), "nonsense").unwrap(), "holds no certificate"),
        (|pki| fs::write(pki.key(), "-----BEGIN PRIVATE KEY-----\n!\n").unwrap(), "is not PEM"),
        (|pki| fs::remove_file(pki.cert()).unwrap(), "can't read the file"),
        (
            |pki| fs::write(pki.key(), KeyPair::generate().unwrap().serialize_pem()).unwrap(),
            "can't be used with",
        ),
    ];
    for (spoil, told) in spoils {
        let pki = Pki::new();
        let world = tls_world(&pki, "").await;
        let old = pki.shown(world.app.public_address()).await;
        spoil(&pki);
        let error = with_causes(&world.app.reload().await.unwrap_err());
        assert!(error.contains(told) && error.contains(pki.folder.path().to_str().unwrap()), "{error}");
        for to in both(&world.app) {
            assert_eq!(pki.shown(to).await, old, "{told}");
        }
        world
            .until("the watch has seen it", || async {
                tls_metric(&world, "public", "failed").await.parse::<u32>().unwrap() >= 1
            })
            .await;
        let new = pki.issue();
        world.app.reload().await.unwrap();
        assert_eq!(pki.shown(world.app.public_address()).await, new, "{told}");
    }
}

/// `check` in a folder whose files are these.
pub(crate) fn check(folder: &Path) -> (Option<i32>, String) {
    run("check", folder)
}

/// The program in this folder: how it ended, and what it said of that.
pub(crate) fn run(command: &str, folder: &Path) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_viability-proxy"))
        .args([command, "--config", "config.toml"])
        .current_dir(folder)
        .env_clear()
        .env("K", "a-key")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn r10_a_client_that_takes_nothing_is_cut_off_in_tls_too() {
    let pki = Pki::new();
    let world = tls_world(&pki, "write_timeout = \"200ms\"").await;
    world.simulator.faults().answer("/properties", 200, "application/json", &"x".repeat(48 << 20));
    let mut reader = pki.connect(world.app.public_address(), &[]).await.unwrap();
    reader.write_all(b"GET /api/v2/properties HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let url = format!("https://{}/metrics", world.app.admin_address());
    let line = "\nviability_http_rejected_total{reason=\"write_timeout\"} 1\n";
    world
        .until("it is cut off", || async {
            world.http.get(&url).send().await.unwrap().text().await.unwrap().contains(line)
        })
        .await;
}

#[tokio::test]
async fn plain_http_is_spoken_where_no_certificate_is_given() {
    let world = World::build(Plan::default()).await;
    for to in both(&world.app) {
        let mut plain = Raw::connect(to).await;
        plain.send("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(plain.answer().await.unwrap().status, 404);
    }
    world.app.reload().await.unwrap();
}

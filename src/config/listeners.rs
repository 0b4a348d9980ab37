//! The two listeners: where they listen, what they let in, and their certificates.

use super::certificates::{TlsFiles, Unfit};
use super::origins::{self, WebOrigin};
use super::place::SecretPlace;
use super::reader::{Faulty, Found, Reader, Section};
use super::{names, secrets};
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A thread that is busy with other requests for so long is no overload yet.
const LEAST_QUEUE_TIMEOUT: Duration = Duration::from_millis(10);

/// The public listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// How long a stop only announces itself; zero does not wait.
    pub shutdown_delay: Duration,
    /// How long it then waits for requests under way; zero does not wait.
    pub drain: Duration,
    /// How many connections may be open.
    pub max_connections: NonZeroUsize,
    /// How many of them may come from one address.
    pub max_connections_per_address: NonZeroUsize,
    /// How long a client may take for the head of a request, and be idle before it; on both listeners.
    pub header_timeout: Duration,
    /// How long a client may take nothing of an answer; on both listeners.
    pub write_timeout: Duration,
    /// How long a request may have waited for a thread to read it.
    pub queue_timeout: Duration,
    /// How many viability queries of one tenant may wait for its OZmap.
    pub max_in_flight: NonZeroUsize,
    /// How many requests a second each key may make; `None`: any number. Finite, above 0.
    pub requests_per_second_per_key: Option<f64>,
    /// Origins of web pages that may ask; none: nothing is said about pages.
    pub cors_origins: Vec<WebOrigin>,
    /// With certificates the listener speaks TLS.
    pub tls: Option<TlsFiles>,
}

/// The operators' listener: probes, metrics, console, admin routes.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where operators connect.
    pub listen: SocketAddr,
    /// What changing routes ask for; without it they all answer 403.
    pub token: Option<Token>,
    /// The names, lower case, without port, that a request's `Host` may have beside addresses and `localhost`.
    pub hosts: Vec<String>,
    /// The least time between the beginnings of two ordered refreshes of a tenant; zero: none.
    pub refresh_gap: Duration,
    /// With certificates the listener speaks TLS.
    pub tls: Option<TlsFiles>,
}

/// The admin token and where it was found.
#[derive(Clone, Debug)]
pub struct Token {
    text: SecretString,
    /// Where it was found.
    pub place: SecretPlace,
}

impl ExposeSecret<str> for Token {
    fn expose_secret(&self) -> &str {
        self.text.expose_secret()
    }
}

pub(super) fn server(mut section: Section<'_, '_>) -> Result<Server, Faulty> {
    let listen = section.address("listen");
    let shutdown_delay = section.duration_or_zero("shutdown_delay");
    let drain = section.duration_or_zero("drain");
    let max_connections = section.count("max_connections", 1_000_000);
    let per_address = section.count("max_connections_per_address", 1_000_000);
    let header_timeout = section.duration("header_timeout");
    let write_timeout = section.duration("write_timeout");
    let queue_timeout = section.duration_from("queue_timeout", LEAST_QUEUE_TIMEOUT);
    let max_in_flight = section.count("max_in_flight", 1_000_000);
    let rate = section.optional("requests_per_second_per_key", |section, key| section.rate(key, 1e6));
    let cors_origins = origins::list(&mut section, "cors_origins");
    let tls = tls(&mut section);
    Ok(Server {
        listen: listen?,
        shutdown_delay: shutdown_delay?,
        drain: drain?,
        max_connections: max_connections?,
        max_connections_per_address: per_address?,
        header_timeout: header_timeout?,
        write_timeout: write_timeout?,
        queue_timeout: queue_timeout?,
        max_in_flight: max_in_flight?,
        requests_per_second_per_key: rate?,
        cors_origins: cors_origins?,
        tls: tls?,
    })
}

pub(super) fn admin(mut section: Section<'_, '_>) -> Result<Admin, Faulty> {
    let listen = section.address("listen");
    let token = secrets::token(&mut section).map(|found| found.map(|(text, place)| Token { text, place }));
    let hosts = names::list(&mut section, "hosts", "proxy.example.com.br");
    let refresh_gap = section.duration_or_zero("refresh_gap");
    let tls = tls(&mut section);
    Ok(Admin { listen: listen?, token: token?, hosts: hosts?, refresh_gap: refresh_gap?, tls: tls? })
}

const CERT_KEY: &str = "tls_cert_file";
const KEY_KEY: &str = "tls_key_file";

/// Both files, of one piece, or neither.
fn tls(section: &mut Section<'_, '_>) -> Result<Option<TlsFiles>, Faulty> {
    let cert = section.optional(CERT_KEY, secrets::certificates);
    let key = section.optional(KEY_KEY, secrets::private_key);
    match (cert?, key?) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => {
            let (certificates, private_key) = (cert.bytes(), key.bytes());
            let files = TlsFiles { cert: cert.path.clone(), key: key.path.clone() };
            match files.certified(certificates, private_key) {
                Ok(_) => Ok(Some(files)),
                Err(unfit) => Err(unusable(section, &unfit)),
            }
        }
        (cert, _) => {
            let (given, lacking) = if cert.is_some() { (CERT_KEY, KEY_KEY) } else { (KEY_KEY, CERT_KEY) };
            let text = format!("{given} without {lacking}: give both, or neither for plain HTTP");
            Err(section.fault_at(given, text))
        }
    }
}

fn unusable(section: &mut Section<'_, '_>, unfit: &Unfit) -> Faulty {
    match unfit {
        // Where in the text it is wrong is not shown: it may be that of a key.
        Unfit::Certificates { .. } => section.fault_at(CERT_KEY, format!("{unfit}: put them there whole")),
        Unfit::Key { .. } => section.fault_at(KEY_KEY, format!("{unfit}: put it there whole")),
        Unfit::Pair { source, .. } => section.contradiction(CERT_KEY, KEY_KEY, |_, _| {
            format!("{unfit} ({source}): give the certificate and the key that belong together")
        }),
    }
}

/// The two can't share a port; told at the one that was set last.
pub(super) fn distinct(reader: &mut Reader<'_>, server: &Server, admin: &Admin) -> Result<(), Faulty> {
    if server.listen != admin.listen || server.listen.port() == 0 {
        return Ok(());
    }
    let origin = |found: Option<Found>| found.map(|found| found.entry.origin);
    let of_server = origin(reader.section("server", None).find("listen"));
    let of_admin = origin(reader.section("admin", None).find("listen"));
    let last = if of_server > of_admin { "server" } else { "admin" };
    let text =
        format!("server.listen and admin.listen are both {}: choose another port for one", admin.listen);
    Err(reader.section(last, None).fault_at("listen", text))
}

//! The listeners' certificates: read at the start, and again whenever the files change or somebody asks.

mod expiry;

pub use expiry::{Expiry, Validity};

use super::side::Side;
use crate::config::certificates::{TlsFiles, Unfit};
use crate::metrics::Metrics;
use crate::wording::with_causes;
use arc_swap::ArcSwap;
use expiry::Reminder;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::SingleCertAndKey;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at: two small reads.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const RELOADED: &str = "ok";
const NOT_RELOADED: &str = "failed";

/// Makes every series, so that the first failure is a rise and not a beginning.
pub(super) fn register(metrics: &Metrics) {
    for side in [Side::Public, Side::Admin] {
        for result in [RELOADED, NOT_RELOADED] {
            metrics.tls_reloaded(side.as_str(), result, 0);
        }
    }
}

/// Certificates that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("can't read the file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The files hold something else, or don't belong together.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Whether a listener could use these files now, and for how long; `None` when that can't be read.
pub fn check(files: &TlsFiles) -> Result<Option<Expiry>, TlsError> {
    Ok(Read::from(files)?.usable(files)?.expiry)
}

/// One listener's certificates.
pub struct Certificates {
    side: Side,
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
    /// What the files held when they were looked at last, good or bad; `None`: they could not be read.
    ///
    /// Locked from before they are read until what they hold is in force: of two that read at once the other would bring
    /// older certificates back into force, and the watch would see nothing of it.
    seen: Mutex<Option<[u8; 32]>>,
    reminder: Mutex<Reminder>,
    metrics: Arc<Metrics>,
}

/// What came of usable files.
struct Usable {
    config: ServerConfig,
    expiry: Option<Expiry>,
}

/// Both files, as they are on disk.
struct Read {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Certificates {
    /// Reads and checks the files. `side` names them in metrics and logs.
    pub fn load(side: Side, files: TlsFiles, metrics: Arc<Metrics>) -> Result<Self, TlsError> {
        let read = Read::from(&files)?;
        let Usable { config, expiry } = read.usable(&files)?;
        let (current, seen) = (ArcSwap::from_pointee(config), Mutex::new(Some(read.digest())));
        let certificates =
            Self { side, files, current, seen, reminder: Mutex::new(Reminder::new(None)), metrics };
        certificates.note(expiry);
        Ok(certificates)
    }

    /// Reads the files again. Bad ones leave those in force; connections that are open go on as they are.
    pub fn reload(&self) -> Result<(), TlsError> {
        let mut seen = locked(&self.seen);
        let read = Read::from(&self.files);
        self.take_into_force(&mut seen, read)
    }

    /// Reads the files again whenever they change, for ever.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            sleep(LOOK_EVERY).await;
            let certificates = Arc::clone(&self);
            let looking = spawn_blocking(move || {
                certificates.look();
                certificates.remind();
            });
            if looking.await.is_err() {
                tracing::error!(listener = self.side.as_str(), "a bug: looking at the certificates panicked");
            }
        }
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Reads the files again, and does no more if they are as they were.
    fn look(&self) {
        let mut seen = locked(&self.seen);
        let read = Read::from(&self.files);
        if read.as_ref().ok().map(Read::digest) != *seen {
            // Told where it happens; whoever put the file there reads the log.
            let _told = self.take_into_force(&mut seen, read);
        }
    }

    fn take_into_force(
        &self,
        seen: &mut Option<[u8; 32]>,
        read: Result<Read, TlsError>,
    ) -> Result<(), TlsError> {
        *seen = read.as_ref().ok().map(Read::digest);
        let reloaded = read.and_then(|read| read.usable(&self.files));
        let result = if reloaded.is_ok() { RELOADED } else { NOT_RELOADED };
        self.metrics.tls_reloaded(self.side.as_str(), result, 1);
        match reloaded {
            Ok(Usable { config, expiry }) => {
                self.current.store(Arc::new(config));
                tracing::info!(listener = self.side.as_str(), "certificates reloaded");
                self.note(expiry);
                Ok(())
            }
            Err(error) => {
                tracing::error!(
                    listener = self.side.as_str(),
                    error = with_causes(&error),
                    "certificates not reloaded; those before stay in force"
                );
                Err(error)
            }
        }
    }

    /// Certificates with this end are in force.
    fn note(&self, expiry: Option<Expiry>) {
        let listener = self.side.as_str();
        self.metrics.tls_expires(listener, expiry.map(Expiry::timestamp));
        if expiry.is_none() {
            let file = self.files.cert.display();
            tracing::warn!(listener, %file, "when the certificate ends can't be read, and won't be told");
        }
        *locked(&self.reminder) = Reminder::new(expiry);
        self.remind();
    }

    /// Tells of an end that is near or over, if it is time to.
    fn remind(&self) {
        let due = locked(&self.reminder).due(SystemTime::now());
        let Some((expiry, validity)) = due else { return };
        let (listener, file) = (self.side.as_str(), self.files.cert.display());
        match validity {
            Validity::Good => {}
            Validity::Near => {
                tracing::warn!(listener, %file, ends = %expiry, "the certificate ends soon; renew it");
            }
            Validity::Over => {
                tracing::error!(listener, %file, ended = %expiry, "the certificate has expired; clients refuse it until it is renewed");
            }
        }
    }
}

/// Nothing under these locks can panic half-way through a change.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read {
    fn from(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
        };
        Ok(Self { cert: read(&files.cert)?, key: read(&files.key)? })
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        // With its length, so that no byte can pass from one to the other.
        digest.update(self.cert.len().to_be_bytes());
        digest.update(&self.cert);
        digest.update(&self.key);
        digest.finalize().into()
    }

    fn usable(&self, files: &TlsFiles) -> Result<Usable, TlsError> {
        let certified = files.certified(&self.cert, &self.key)?;
        let expiry = Expiry::of(&certified.cert);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| files.unfit(error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        // HTTP/2 isn't spoken here: its attacks are its own.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Usable { config, expiry })
    }
}

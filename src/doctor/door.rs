//! Asking a listener of this machine.

use super::pinned::{self, Unusable};
use crate::config::certificates::TlsFiles;
use bytes::BytesMut;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A process that takes longer for a page from memory isn't well.
const PATIENCE: Duration = Duration::from_secs(5);
/// Far more than any page has.
const MOST_BYTES: usize = 16 << 20;

/// A way to a listener.
pub struct Door {
    base: String,
    http: reqwest::Client,
    token: Option<SecretString>,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Whether it answers as this program does, by a header that each of its answers has.
    pub is_ours: bool,
    /// The page.
    pub body: String,
}

/// A listener that can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Any port will do for it: which one it has nobody knows.
    #[error("{listen} has no port by which it could be asked: give it one")]
    NoPort {
        /// As configured.
        listen: SocketAddr,
    },
    /// Its certificate can't be told from another's.
    #[error(transparent)]
    Tls(#[from] Unusable),
    /// The HTTP library refuses the settings, or nobody answered.
    #[error("{base} doesn't answer")]
    Silent {
        /// Who was asked.
        base: String,
        /// Why.
        source: reqwest::Error,
    },
    /// More than any page has.
    #[error("{base} doesn't come to an end")]
    Endless {
        /// Who was asked.
        base: String,
    },
}

impl Door {
    /// To the listener at this address, which has these certificates.
    pub fn to(listen: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, NoAnswer> {
        if listen.port() == 0 {
            return Err(NoAnswer::NoPort { listen });
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", from_here(listen));
        let config = pinned::client_config(tls.map(|files| files.cert.as_path()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build();
        match http {
            Ok(http) => Ok(Self { base, http, token: None }),
            Err(source) => Err(NoAnswer::Silent { base, source }),
        }
    }

    /// With the admin token, for what asks for it.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Where it leads.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET` of a path.
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        let silent = |source: reqwest::Error| NoAnswer::Silent {
            base: self.base.clone(),
            source: source.without_url(),
        };
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let mut response = request.send().await.map_err(silent)?;
        let (status, is_ours) = (response.status(), response.headers().contains_key("x-request-id"));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(NoAnswer::Endless { base: self.base.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, is_ours, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// Who listens on every address is asked on this machine's own.
fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, asked) in [
            ("0.0.0.0:9995", "127.0.0.1:9995"),
            ("[::]:9995", "[::1]:9995"),
            ("192.0.2.7:80", "192.0.2.7:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
        ] {
            assert_eq!(from_here(listen.parse().unwrap()).to_string(), asked);
        }
    }
}

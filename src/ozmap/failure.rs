//! What can go wrong with OZmap, and what to do about it.

use super::wire::{error_message, is_web_page};
use crate::config::certificates::PemFault;
use reqwest::header::{self, HeaderMap};
use reqwest::{StatusCode, Url};
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of the private authority can't be read, or holds no certificate.
    #[error("ca_file {}: expected certificates in PEM form", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        source: PemFault,
    },
    /// A certificate of it is no authority's.
    #[error("ca_file {}: a certificate can't be used", path.display())]
    BadCertificate {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        source: rustls::Error,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS can't be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP library refuses the settings.
    #[error("the HTTP client can't be set up; check outbound_proxy")]
    Http(#[source] reqwest::Error),
}

/// A call to OZmap that brought no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Not asked: it has just failed again and again.
    #[error("OZmap has failed again and again and is spared for a moment")]
    Spared,
    /// No connection: name, address, TLS, or the connection broke off.
    #[error("OZmap can't be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Not in time.
    #[error("OZmap did not answer in time")]
    TimedOut,
    /// 401: the key isn't known there.
    #[error("OZmap refuses the key (401)")]
    Unauthorized,
    /// Another status than the call can use.
    #[error("OZmap answered {status}: {message}")]
    Status {
        /// The status code.
        status: u16,
        /// OZmap's own words, if any.
        message: String,
        /// The pause it asked for, if any.
        retry_after: Option<Duration>,
        /// Where it sends who asks, if it does. Apart from the text, which clients may read.
        #[source]
        redirect: Option<Redirect>,
    },
    /// 200, and a page for people.
    #[error("a web page (HTML) came instead of OZmap's JSON")]
    WebPage,
    /// The connection ended within the answer.
    #[error("the connection to OZmap was lost after {read} bytes of its answer")]
    CutOff {
        /// The bytes that had come, unpacked.
        read: usize,
        /// What the HTTP library says.
        source: reqwest::Error,
    },
    /// The answer's compression or chunks are broken.
    #[error("OZmap's answer is garbled behind its first {read} bytes")]
    Garbled {
        /// The bytes that could be read.
        read: usize,
        /// What the HTTP library says.
        source: reqwest::Error,
    },
    /// More than any honest answer has.
    #[error("OZmap's answer exceeds {limit} bytes")]
    TooLarge {
        /// The limit that was passed.
        limit: usize,
    },
    /// Not the documented JSON.
    #[error("OZmap's answer is not the JSON expected of this call")]
    NotJson {
        /// Where it went wrong.
        source: serde_json::Error,
    },
    /// JSON, but no viability answer.
    #[error("OZmap's answer to a viability call says nothing of viability")]
    NoVerdict,
    /// A list longer than any network has.
    #[error("OZmap says the list has {total} rows, more than any network has")]
    TooMany {
        /// What the page says the list has.
        total: u64,
    },
    /// Page after page of rows that have been read already.
    #[error("OZmap sends the same rows page after page")]
    Repeating,
    /// Reading after reading shows different rows with one id.
    #[error("OZmap shows different rows with one id")]
    Contradictory,
    /// Reading after reading brings fewer rows than the list is said to have.
    #[error("OZmap says the list has {total} rows and shows {read}")]
    Incomplete {
        /// Rows that it shows, readable or not.
        read: u64,
        /// Rows that it counts.
        total: u64,
    },
    /// An empty page though the list has rows left.
    #[error("OZmap sent an empty page of a list that has {total} rows")]
    EmptyPage {
        /// What the page says the list has.
        total: u64,
    },
}

/// Where an answer sends who asks: scheme, name and port only, for the rest may hold what nobody should read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it points to {to}")]
pub struct Redirect {
    to: String,
}

impl Redirect {
    /// By a `Location`, for a call below `base`.
    pub(super) fn new(location: &str, base: &Url) -> Option<Self> {
        Some(Self { to: base.join(location).ok()?.origin().ascii_serialization() })
    }
}

impl CallError {
    /// What an operator can do about it, if there is anything. Apart from what happened, which clients are told too.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable(_) => Some("check host, firewall (port 9994) and certificate"),
            Self::Unauthorized => Some(
                "give the integration user a valid key, put it where key_file or key_env says, and restart (stored data are those of the old key: the new one starts without)",
            ),
            Self::Status { status: 300..=399, .. } => Some(
                "host is probably wrong, or a login stands before OZmap: set host to the address where OZmap itself answers, with the right scheme (http, https) and port",
            ),
            Self::Status { status: 403, .. } => Some(
                "the key's rights do not reach so far: let its user read this in OZmap, beside projects, boxes and splitters",
            ),
            Self::Status { status: 404, .. } => {
                Some("host is probably wrong: it is the address of OZmap's API, which ends in /api/v2")
            }
            Self::Status { status: 429, .. } => Some(
                "OZmap is asked too often: refresh more seldom (refresh.full), with fewer pages at once (refresh.pages_at_once) or larger ones (refresh.page_size)",
            ),
            Self::Status { status: 500.., .. } => Some(
                "OZmap itself is unwell, which nothing here can mend: the next try comes by itself; ask those who run it",
            ),
            Self::TimedOut => Some(
                "OZmap is slow: the next try comes by itself; should it go on, ask for smaller pages (refresh.page_size), fewer at once (refresh.pages_at_once), or give it more time (refresh.page_timeout)",
            ),
            Self::NotJson { .. } => Some(
                "something else answers in OZmap's place, or its API has changed: check host, and look at what it answers",
            ),
            Self::Repeating | Self::Contradictory | Self::Incomplete { .. } | Self::EmptyPage { .. } => Some(
                "OZmap contradicts itself, which nothing here can mend and no order accepts: the next try comes by itself; should it go on, ask those who run it",
            ),
            Self::WebPage => Some(
                "a proxy, firewall or login page answers in OZmap's place: check host with its port, and outbound_proxy",
            ),
            Self::CutOff { .. } | Self::Garbled { .. } => Some(
                "a refresh tries again by itself; should it go on, look for a proxy or firewall that cuts or changes long answers",
            ),
            Self::Spared
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::NoVerdict
            | Self::TooMany { .. } => None,
        }
    }

    /// Whether the same call may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unauthorized | Self::TooLarge { .. } | Self::TooMany { .. } => false,
            Self::Status { status, .. } => *status >= 500 || *status == 429 || *status == 408,
            Self::Spared
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::CutOff { .. }
            | Self::Garbled { .. }
            | Self::WebPage
            | Self::NotJson { .. }
            | Self::NoVerdict
            | Self::Repeating
            | Self::Contradictory
            | Self::Incomplete { .. }
            | Self::EmptyPage { .. } => true,
        }
    }

    /// The pause that OZmap asked for with `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether OZmap as a whole is not well, and not only this call or this key.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::TimedOut
            | Self::CutOff { .. }
            | Self::Garbled { .. }
            | Self::WebPage
            | Self::NotJson { .. }
            | Self::NoVerdict => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::Spared
            | Self::Unauthorized
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Repeating
            | Self::Contradictory
            | Self::Incomplete { .. }
            | Self::EmptyPage { .. } => false,
        }
    }

    /// How a call ends, in metrics: well, or by one of these words. One that was spared is none.
    pub const OUTCOMES: [&'static str; 7] =
        ["ok", "unreachable", "timeout", "unauthorized", "status", "too_large", "invalid"];

    /// The word for it in metrics and reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Spared => "spared",
            Self::Unreachable(_) | Self::CutOff { .. } => "unreachable",
            Self::TimedOut => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::Status { .. } => "status",
            Self::TooLarge { .. } | Self::TooMany { .. } => "too_large",
            Self::WebPage
            | Self::Garbled { .. }
            | Self::NotJson { .. }
            | Self::NoVerdict
            | Self::Repeating
            | Self::Contradictory
            | Self::Incomplete { .. }
            | Self::EmptyPage { .. } => "invalid",
        }
    }

    pub(super) fn from_http(error: reqwest::Error) -> Self {
        // The address holds the customer's position: it must not reach a log.
        let error = error.without_url();
        if error.is_timeout() { Self::TimedOut } else { Self::Unreachable(error) }
    }

    /// The connection ended, or nothing came any more, or what came can't be unpacked, when so many bytes of a body had
    /// been read.
    pub(super) fn within_body(error: reqwest::Error, read: usize) -> Self {
        match Self::from_http(error) {
            Self::Unreachable(source) if is_garbled(&source) => Self::Garbled { read, source },
            Self::Unreachable(source) => Self::CutOff { read, source },
            other => other,
        }
    }

    /// A status that the call can't use, with OZmap's own words.
    pub(super) fn status(status: StatusCode, headers: &HeaderMap, body: &[u8], base: &Url) -> Self {
        let message = error_message(body);
        let none = if is_web_page(body) { "a web page (HTML), no JSON" } else { "no message" };
        let message = message.unwrap_or_else(|| none.to_owned());
        let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        Self::Status {
            status: status.as_u16(),
            message: message.chars().take(200).collect(),
            retry_after: retry_after(headers),
            redirect: location.and_then(|location| Redirect::new(location, base)),
        }
    }
}

/// Whether what came is to blame, no gzip or wrong chunks, and not the connection: it is told as an I/O error all the same.
fn is_garbled(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(error.source(), |&cause: &&(dyn Error + 'static)| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|cause| {
        let is_of_tls = cause.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>);
        !is_of_tls && matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    })
}

/// `Retry-After` in seconds; its other form, a date, is passed over.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_without_path_query_and_password() {
        let base = Url::parse("http://ozmap.example:9994/api/v2").unwrap();
        for (location, told) in [
            ("https://user:canary@login.example/canary?token=canary", "https://login.example"),
            ("/login?next=canary", "http://ozmap.example:9994"),
            ("//other.example:81/canary", "http://other.example:81"),
        ] {
            let redirect = Redirect::new(location, &base).unwrap();
            assert_eq!(redirect.to_string(), format!("it points to {told}"));
        }
        assert_eq!(Redirect::new("http://[", &base), None);
    }
}

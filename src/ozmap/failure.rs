//! What can go wrong with OZmap, and what to do about it.

use super::wire::{error_message, is_web_page};
use reqwest::header::{self, HeaderMap};
use reqwest::{StatusCode, Url};
use rustls::pki_types::pem;
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
        source: pem::Error,
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
    #[error("OZmap can't be reached; check host, firewall (port 9994) and certificate")]
    Unreachable(#[source] reqwest::Error),
    /// Not in time.
    #[error("OZmap did not answer in time")]
    TimedOut,
    /// 401: the key isn't known there.
    #[error(
        "OZmap refuses the key (401); give the integration user a valid key, put it where key_file or key_env says, and restart"
    )]
    Unauthorized,
    /// Another status than the call can use.
    #[error("OZmap answered {status}: {message}{}", remedy(*status))]
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
    #[error(
        "a web page (HTML) came instead of OZmap's JSON: a proxy, firewall or login page answers in its place; check host with its port, and outbound_proxy"
    )]
    WebPage,
    /// The connection ended within the answer.
    #[error(
        "the connection to OZmap was lost after {read} bytes of its answer; a refresh tries again by itself; should it go on, look for a proxy or firewall that cuts long answers"
    )]
    CutOff {
        /// The bytes that had come, unpacked.
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

/// What to do about a status, behind what it says; empty where there is nothing to add.
fn remedy(status: u16) -> &'static str {
    match status {
        300..=399 => {
            "; host is probably wrong, or a login stands before OZmap: set host to the address where OZmap itself answers, with the right scheme (http, https) and port"
        }
        403 => {
            "; the key's rights do not reach so far: let its user read projects, boxes and splitters in OZmap"
        }
        404 => "; host is probably wrong: it is the address of OZmap's API, which ends in /api/v2",
        429 => {
            "; OZmap is asked too often: refresh more seldom (refresh.full), with fewer pages at once (refresh.pages_at_once) or larger ones (refresh.page_size)"
        }
        _ => "",
    }
}

impl CallError {
    /// Whether the same call may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unauthorized | Self::TooLarge { .. } | Self::TooMany { .. } => false,
            Self::Status { status, .. } => *status >= 500 || *status == 429 || *status == 408,
            Self::Spared
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::CutOff { .. }
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

    /// The connection ended, or nothing came any more, when so many bytes of a body had been read.
    pub(super) fn within_body(error: reqwest::Error, read: usize) -> Self {
        match Self::from_http(error) {
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

//! What a request on the admin listener must show before it is believed.
//!
//! A browser on an operator's machine reaches this listener, and so does every page it shows: hence the checks of
//! `Host` (a page that points its own name here), and of `Origin` and `Sec-Fetch-Site` (a page that posts here).

use super::Service;
use super::access::{OperatorAccess, Presented};
use super::peer::Peer;
use super::rejection::Rejection;
use crate::wording::whole_seconds;
use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who orders something: for the log.
#[derive(Clone, Copy)]
pub(super) struct Operator<'o> {
    /// Where the request came from.
    pub peer: &'o Peer,
    /// Its `x-request-id`.
    pub request_id: &'o str,
}

/// A request that the admin listener doesn't take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Called by a name that isn't its own.
    #[error("this listener is called by IP address, as localhost, or by a name in admin.hosts")]
    ForeignHost,
    /// A page of another site sent it.
    #[error("changing requests are taken from this listener's own pages and from programs only")]
    ForeignSite,
    /// By configuration.
    #[error("changing routes are closed: set admin.token_file or admin.token_env")]
    NoTokenSet,
    /// Too many wrong tokens.
    #[error("too many wrong admin tokens from this address; try again in {} s", whole_seconds(*.0))]
    LockedOut(Duration),
    /// No token.
    #[error("the admin token is needed: Authorization: Bearer <token>")]
    NoToken,
    /// Another token.
    #[error("this is not the admin token")]
    WrongToken,
}

impl Refused {
    /// How it is counted, unless it is an answer like any other.
    pub(super) fn rejection(self) -> Option<Rejection> {
        match self {
            Self::ForeignHost | Self::ForeignSite => Some(Rejection::Foreign),
            Self::LockedOut(_) => Some(Rejection::LockedOut),
            Self::NoTokenSet | Self::NoToken | Self::WrongToken => None,
        }
    }
}

/// What every request here must show. `own` are the names in `admin.hosts`.
pub(super) fn check(own: &[String], method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_own(own, host) {
        return Err(Refused::ForeignHost);
    }
    // Reading leaves all as it is, and what is read no other page gets to see.
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if reads || (same_origin(headers, host) && same_site(headers)) {
        Ok(())
    } else {
        Err(Refused::ForeignSite)
    }
}

/// What a request that changes something must show beside that.
pub(super) fn authorize(service: &Service, headers: &HeaderMap, peer: IpAddr) -> Result<(), Refused> {
    let token = service.operators().token.ok_or(Refused::NoTokenSet)?;
    let presented = Presented::of(headers).ok_or(Refused::NoToken)?;
    if let Some(left) = service.lockout().left(peer) {
        return Err(Refused::LockedOut(left));
    }
    match token.check(presented) {
        OperatorAccess::Granted => {
            service.lockout().right_token(peer);
            Ok(())
        }
        OperatorAccess::Refused => {
            // Rarely told: nobody locked out gets so far.
            if let Some(pause) = service.lockout().wrong_token(peer) {
                let seconds = pause.as_secs();
                tracing::warn!(%peer, seconds, "wrong admin tokens again and again: this address is locked out for a while");
            }
            Err(Refused::WrongToken)
        }
    }
}

/// A page can point a name at any address, but no name at an address it isn't called by.
fn is_own(own: &[String], host: &str) -> bool {
    // An HTTP/1.0 client without `Host` is no browser.
    if host.is_empty() {
        return true;
    }
    let Ok(authority) = Authority::try_from(host) else { return false };
    let name = authority.host();
    let in_brackets = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_address = match in_brackets {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => name.parse::<IpAddr>().is_ok(),
    };
    is_address
        || name.eq_ignore_ascii_case("localhost")
        || own.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn same_origin(headers: &HeaderMap, host: &str) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let authority =
            origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    })
}

fn same_site(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "same-origin" || site == "none")
}

//! Heads that two readers might understand differently: hyper lets some of them through, here none passes.
//!
//! What is refused here ends the connection: after such a head nobody can be sure where the next request begins.
//! hyper itself refuses contradicting or malformed lengths, transfer codings that don't end in `chunked`, folded lines,
//! spaces before a colon, stray control bytes and versions other than 1.0 and 1.1. What it refuses it answers by itself,
//! before any handler and without a body; nothing of its interface changes that. Of a request with both
//! `Transfer-Encoding` and `Content-Length` it forgets the length before anybody sees it; such a request is refused
//! wherever `Transfer-Encoding` is. Where it isn't (writes that are passed on), the coding counts, the connection ends
//! after the answer, and the next hop is given a frame of our own making: RFC 9112, 6.1.

use super::rejection::Rejection;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, Uri, Version};

/// The longest path and query of a request that is answered here: a query is some eighty bytes.
pub(super) const LONGEST_URI: usize = 2 << 10;
/// The longest one that is passed on: OZmap's lists take filters in the query.
pub(super) const LONGEST_FORWARDED_URI: usize = 8 << 10;

/// More than any client of OZmap sends. hyper takes a hundred, and could be told of fewer at a price: it would clear the
/// room for them before each request.
const MOST_HEADERS: usize = 64;

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misframed {
    /// None, several, or one that is no host.
    #[error("a request needs exactly one Host, with a name or address")]
    Host,
    /// The request line names another host than `Host` does.
    #[error("the request line names another host than Host does")]
    OtherAuthority,
    /// More headers than any client of OZmap sends.
    #[error("a request may have {MOST_HEADERS} headers at most")]
    TooManyHeaders,
    /// Several keys or tokens: who asks depends on which of them a reader takes.
    #[error("a request may have one Authorization only")]
    Authorization,
    /// This is no such proxy.
    #[error("no tunnels are made here")]
    Connect,
    /// Where no body is needed, a length says enough.
    #[error("this request must tell the length of its body; Transfer-Encoding isn't taken here")]
    TransferEncoding,
    /// Longer than anything that makes sense.
    #[error("path and query are longer than {0} bytes")]
    UriTooLong(usize),
}

impl Misframed {
    /// How it is counted.
    pub(super) fn rejection(self) -> Rejection {
        match self {
            Self::UriTooLong(_) | Self::TooManyHeaders => Rejection::TooLarge,
            Self::Host
            | Self::OtherAuthority
            | Self::Authorization
            | Self::Connect
            | Self::TransferEncoding => Rejection::Malformed,
        }
    }
}

/// What every request has to keep to.
pub(super) fn check(head: &Parts) -> Result<(), Misframed> {
    if head.headers.len() > MOST_HEADERS {
        return Err(Misframed::TooManyHeaders);
    }
    if head.method == Method::CONNECT {
        return Err(Misframed::Connect);
    }
    let host = host(head)?;
    if let Some(authority) = head.uri.authority()
        && !host.is_some_and(|host| authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()))
    {
        return Err(Misframed::OtherAuthority);
    }
    if head.headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(Misframed::Authorization);
    }
    Ok(())
}

/// For requests whose body nobody needs.
pub(super) fn unchunked(headers: &HeaderMap) -> Result<(), Misframed> {
    if headers.contains_key(TRANSFER_ENCODING) { Err(Misframed::TransferEncoding) } else { Ok(()) }
}

/// Whether path and query have at most so many bytes.
pub(super) fn within(uri: &Uri, longest: usize) -> Result<(), Misframed> {
    let length = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if length > longest { Err(Misframed::UriTooLong(longest)) } else { Ok(()) }
}

/// The one `Host`; `None` where an HTTP/1.0 client gave none.
fn host(head: &Parts) -> Result<Option<&HeaderValue>, Misframed> {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if head.version < Version::HTTP_11 => Ok(None),
        (Some(host), None) if is_host(host) => Ok(Some(host)),
        _ => Err(Misframed::Host),
    }
}

/// A name or address with or without a port; empty where the client knows none (RFC 9112, 3.2).
fn is_host(value: &HeaderValue) -> bool {
    value.is_empty()
        || value.to_str().is_ok_and(|text| !text.contains('@') && Authority::try_from(text).is_ok())
}

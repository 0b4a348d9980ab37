//! The cases, each with the answer it must get.

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Kept,
    Closed,
}
use After::{Closed, Kept};

/// One request and its answer.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) request: &'static [u8],
    /// 0: closed without an answer.
    pub(super) status: u16,
    pub(super) after: After,
}

const fn case(name: &'static str, request: &'static [u8], status: u16, after: After) -> Case {
    Case { name, request, status, after }
}

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    // What is right.
    case("plain", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("header names in other cases", b"GET $QUERY HTTP/1.1\r\nhOST: a\r\naUTHORIZATION: $KEY\r\n\r\n", 200, Kept),
    case("lines end with LF alone, as RFC 9112, 2.2 allows", b"GET $QUERY HTTP/1.1\nHost: a\nAuthorization: $KEY\n\n", 200, Kept),
    case("an empty line before the request", b"\r\nGET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("the client wants to close", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nConnection: close\r\n\r\n", 200, Closed),
    case("HEAD", b"HEAD /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, Closed),
    case("OPTIONS for all", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404, Kept),
    case("a method nobody knows", b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 404, Kept),
    case("an upgrade that isn't made", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", 200, Kept),
    // Host.
    case("no Host", b"GET $QUERY HTTP/1.1\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("two Hosts", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("one Host twice", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("Host with an address in brackets", b"GET $QUERY HTTP/1.1\r\nHost: [::1]:9994\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("empty Host", b"GET $QUERY HTTP/1.1\r\nHost:\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("Host with a space", b"GET $QUERY HTTP/1.1\r\nHost: a b\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("Host with a path", b"GET $QUERY HTTP/1.1\r\nHost: a/b\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("Host with a user", b"GET $QUERY HTTP/1.1\r\nHost: u@a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("Host with two names", b"GET $QUERY HTTP/1.1\r\nHost: a, b\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("Host beyond ASCII", b"GET $QUERY HTTP/1.1\r\nHost: \xe9\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("no Host on a path that isn't there", b"GET /other HTTP/1.1\r\n\r\n", 400, Closed),
    case("HTTP/1.0 without Host", b"GET $QUERY HTTP/1.0\r\nAuthorization: $KEY\r\n\r\n", 200, Closed),
    case("HTTP/1.0 without Host, kept", b"GET $QUERY HTTP/1.0\r\nAuthorization: $KEY\r\nConnection: keep-alive\r\n\r\n", 200, Kept),
    case("HTTP/1.0 with two Hosts", b"GET $QUERY HTTP/1.0\r\nHost: a\r\nHost: b\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    // The request's target.
    case("absolute form, same host", b"GET http://$SELF$QUERY HTTP/1.1\r\nHost: $SELF\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("absolute form, other host", b"GET http://other.example$QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 421, Closed),
    case("absolute form, other port", b"GET http://a:1$QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 421, Closed),
    case("absolute form with a user", b"GET http://u:p@a$QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 421, Closed),
    case("absolute form, HTTP/1.0 without Host", b"GET http://other.example$QUERY HTTP/1.0\r\nAuthorization: $KEY\r\n\r\n", 421, Closed),
    case("absolute form to be passed on, other host", b"GET http://127.0.0.2:1/api/v2/projects HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 421, Closed),
    case("CONNECT", b"CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n", 405, Closed),
    case("CONNECT to here", b"CONNECT $SELF HTTP/1.1\r\nHost: $SELF\r\n\r\n", 405, Closed),
    case("a space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, Closed),
    case("a query of 3 KiB that only OZmap can judge", b"GET $QUERY&x=$1K$1K$1K HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("a query of 3 KiB", b"GET $QUERY&lat=$1K$1K$1K HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 414, Closed),
    case("a path of 3 KiB that isn't there", b"GET /$1K$1K$1K HTTP/1.1\r\nHost: a\r\n\r\n", 414, Closed),
    case("an address of 3 KiB to be passed on", b"GET /api/v2/projects?limit=1&x=$1K$1K$1K HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 200, Kept),
    case("an address of 9 KiB to be passed on", b"GET /api/v2/projects?x=$8K$1K HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 414, Closed),
    case("an address of 64 KiB", b"GET /$64K HTTP/1.1\r\nHost: a\r\n\r\n", 431, Closed),
    // Versions and other protocols.
    case("two spaces in the request line", b"GET  $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("HTTP/1.2", b"GET $QUERY HTTP/1.2\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("HTTP/2.0 by name", b"GET $QUERY HTTP/2.0\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("http/1.1 in small letters", b"GET $QUERY http/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("HTTP/0.9", b"GET /\r\n\r\n", 400, Closed),
    case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 0, Closed),
    case("a TLS client", b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\r\n\r\n", 400, Closed),
    case("a space before the request", b" GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("a control byte in the method", b"GE\x01T $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    // Headers.
    case("a space before a colon", b"GET $QUERY HTTP/1.1\r\nHost : a\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("a folded line", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX: 1\r\n  2\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("a folded line that is a header to others", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX: 1\r\n Transfer-Encoding: chunked\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("a bare CR in a value", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX: 1\rTransfer-Encoding: chunked\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("NUL in a value", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX: 1\x002\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("NUL in a name", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX\x00: 1\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("a line without a colon", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nnonsense\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("no name before the colon", b"GET $QUERY HTTP/1.1\r\nHost: a\r\n: 1\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("64 headers", b"GET /other HTTP/1.1\r\nHost: a\r\n$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERSX: 1\r\nX: 2\r\nX: 3\r\n\r\n", 404, Kept),
    case("65 headers", b"GET /other HTTP/1.1\r\nHost: a\r\n$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERSX: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\n\r\n", 431, Closed),
    case("100 headers", b"GET /other HTTP/1.1\r\nHost: a\r\n$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERSX: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\nX: 5\r\nX: 6\r\nX: 7\r\nX: 8\r\nX: 9\r\n\r\n", 431, Closed),
    case("101 headers", b"GET /other HTTP/1.1\r\nHost: a\r\n$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS$10HEADERS\r\n", 431, Closed),
    case("a header of 24 KiB", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nX: $8K$8K$8K\r\nAuthorization: $KEY\r\n\r\n", 431, Closed),
    // Authorization.
    case("two Authorizations", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nAuthorization: other\r\n\r\n", 400, Closed),
    case("two Authorizations, the right one last", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: other\r\nAuthorization: $KEY\r\n\r\n", 400, Closed),
    case("one Authorization twice", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nAUTHORIZATION: $KEY\r\n\r\n", 400, Closed),
    case("two Authorizations to be passed on", b"GET /api/v2/projects HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nAuthorization: other\r\n\r\n", 400, Closed),
    case("two Authorizations on a path that isn't there", b"GET /other HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400, Closed),
    case("no Authorization", b"GET $QUERY HTTP/1.1\r\nHost: a\r\n\r\n", 401, Kept),
    case("empty Authorization", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization:\r\n\r\n", 401, Kept),
    // Transfer-Encoding.
    case("chunked and a length", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400, Closed),
    case("a length and chunked", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("a length of 0 and chunked with a request inside", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", 400, Closed),
    case("chunked on a query", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, Closed),
    case("Chunked in another case", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("chunked on a POST to the query's path", b"POST $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("chunked on a GET to be passed on", b"GET /api/v2/projects HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("identity", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: identity\r\n\r\n", 400, Closed),
    case("chunked, identity", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400, Closed),
    case("identity in a line of its own", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400, Closed),
    case("xchunked", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("a vertical tab before chunked", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("a space after the name", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("HTTP/1.0 and chunked", b"POST /api/v2/users/login?type=API HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, Closed),
    case("chunked where a body belongs", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n{\"login\":\"nobody\",\"password\":\"wrong\"}    \r\n0\r\n\r\n", 401, Kept),
    case("chunked and a length where a body belongs: the length doesn't count, the connection ends", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n{\"login\":\"nobody\",\"password\":\"wrong\"}    \r\n0\r\n\r\n", 401, Closed),
    case("an extension of a chunk, and a trailer", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n29;a=b\r\n{\"login\":\"nobody\",\"password\":\"wrong\"}    \r\n0\r\nX: 1\r\n\r\n", 401, Kept),
    case("a chunk of no size", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400, Closed),
    case("a chunk of a negative size", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", 400, Closed),
    case("a chunk of a size beyond 64 bits", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n", 400, Closed),
    case("a chunk's line that ends with LF alone", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", 400, Closed),
    case("a chunk longer than it says", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n", 400, Closed),
    case("a chunk's extension of 24 KiB", b"POST /api/v2/users/login?type=API HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=$8K$8K$8K\r\n{}\r\n0\r\n\r\n", 400, Closed),
    // Content-Length.
    case("a small body, as OZmap's SDK sends it", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 2\r\n\r\n{}", 200, Kept),
    case("a body of 64 KiB", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 65536\r\n\r\n$64K", 200, Kept),
    case("a body of 64 KiB and a byte", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 65537\r\n\r\n$64Ka", 413, Closed),
    case("a body of 1 GiB that never comes", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 1073741824\r\n\r\n", 413, Closed),
    case("a large body, asked for first", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n", 413, Closed),
    case("1 GiB to be passed on", b"POST /api/v2/boxes HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 1073741824\r\n\r\n", 413, Closed),
    case("a request in a body", b"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: other\r\n\r\n", 404, Kept),
    case("the same length twice", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 200, Kept),
    case("two lengths", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}", 400, Closed),
    case("two lengths in a list", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 4, 4\r\n\r\n{}{}", 400, Closed),
    case("a length with a sign", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: +4\r\n\r\n{}{}", 400, Closed),
    case("a negative length", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: -1\r\n\r\n{}{}", 400, Closed),
    case("a length in hexadecimal", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 0x4\r\n\r\n{}{}", 400, Closed),
    case("a length beyond 64 bits", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 18446744073709551618\r\n\r\n{}", 400, Closed),
    case("an empty length", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length:\r\n\r\n", 400, Closed),
    case("two numbers as a length", b"GET $QUERY HTTP/1.1\r\nHost: a\r\nAuthorization: $KEY\r\nContent-Length: 2 2\r\n\r\n{}", 400, Closed),
];

//! The operators' page: its files, which the binary brings along, and what it begins with. It uses the admin API as anyone can.

mod files;

use super::super::body::Body;
use super::super::{Service, reply};
use super::map::tag_matches;
use crate::config::console::MapTiles;
use crate::tenant::Tenant;
use crate::viability::geo::{Envelope, Radius};
pub(super) use files::File;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What can be asked for here, for who looks with a program and not with a browser.
const ROUTES: &str = "viability-proxy\n\n\
    GET  /healthz            the process runs\n\
    GET  /readyz             every tenant can answer\n\
    GET  /metrics            for Prometheus\n\
    GET  /admin/status       data, age, refresh, configuration\n\
    GET  /admin/runs         the last refreshes\n\
    GET  /admin/differences  answers that were not OZmap's\n\
    GET  /                   the console, for browsers\n\n\
    with Authorization: Bearer <admin token>; ?tenant= where there are several:\n\n\
    GET  /admin/explain      why an address is answered as it is (?lat=&lng=&radius=&key-scope=),\n\
    \x20                        or why a box is offered or isn't (?box=<id or name>)\n\
    GET  /admin/tiles/<zoom>/<x>/<y>  boxes for a map\n\
    GET  /admin/console      what the console begins with\n\
    POST /admin/refresh      refresh now (?wait=30s&accept_shrink=true); with wait a 200 tells\n\
    \x20                        each run's \"result\", \"ok\" or why not\n\
    POST /admin/compare      OZmap's answer beside ours (?lat=&lng=&radius=): costs OZmap a call\n\
    POST /admin/splitters    a box's splitters as OZmap has them by now (?box=<id>): costs OZmap a call\n\
    POST /admin/reload       read the configuration again\n";

/// One of the page's files. Browsers ask each time whether it is still the same: a new version is there at once.
pub(super) fn file(service: &Service, file: &'static File, asked: &HeaderMap) -> Response<Body> {
    if file.content_type == files::HTML && !is_browser(asked) {
        return reply::with_type(
            StatusCode::OK,
            HeaderValue::from_static("text/plain; charset=utf-8"),
            ROUTES,
        );
    }
    let mut hasher = DefaultHasher::new();
    file.content.hash(&mut hasher);
    let tag = HeaderValue::from_str(&format!("\"{:x}\"", hasher.finish())).ok();
    let is_held = tag.as_ref().is_some_and(|tag| tag_matches(asked, tag));
    let mut response = if is_held {
        reply::not_modified()
    } else {
        reply::with_type(StatusCode::OK, HeaderValue::from_static(file.content_type), file.content)
    };
    let headers = response.headers_mut();
    headers.extend(tag.map(|tag| (ETAG, tag)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
        .extend(HeaderValue::from_str(&policy(service)).ok().map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn is_browser(asked: &HeaderMap) -> bool {
    let mut accepted = asked.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}

/// What the page may fetch: from here, and pictures of the ground where operators have set some.
fn policy(service: &Service) -> String {
    let tiles = service.tenants().iter().filter_map(|tenant| tenant.settings().console.map_tiles.as_ref());
    let origins: BTreeSet<_> = tiles.map(MapTiles::origin).collect();
    let pictures =
        ["'self'".to_owned(), "data:".to_owned()].into_iter().chain(origins).collect::<Vec<_>>().join(" ");
    format!(
        "default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// `GET /admin/console`: what the page begins with; asking for it checks the token.
pub(super) fn session(service: &Service) -> Response<Body> {
    let tenants: Vec<_> = service.tenants().iter().map(|tenant| of_tenant(tenant)).collect();
    let body = json!({ "version": env!("CARGO_PKG_VERSION"), "tenants": tenants });
    reply::json(StatusCode::OK, body.to_string())
}

fn of_tenant(tenant: &Tenant) -> Value {
    let (console, rules) = (&tenant.settings().console, &tenant.settings().rules);
    let freshness = &tenant.settings().freshness;
    let bounds = tenant.data().and_then(|data| data.snapshot.bounds());
    json!({
        "tenant": tenant.name(),
        "time_zone": console.time_zone.as_str(),
        "tiles": console.map_tiles.as_ref().map(|tiles| json!({
            "url": tiles.as_str(), "attribution": console.map_attribution,
        })),
        "default_radius_m": rules.default_radius.map(Radius::metres),
        "max_radius_m": rules.max_radius.metres(),
        "stale_after_seconds": freshness.stale_after.as_secs(),
        "expires_after_seconds": freshness.max_stale.as_secs(),
        "bounds": bounds.map(|Envelope { south, north, west, east }| json!({
            "west": west, "south": south, "east": east, "north": north,
        })),
    })
}

//! The routes of the admin listener: what operators, probes and the console ask and order.

mod asked;
mod compare;
mod console;
mod differences;
mod explain;
mod map;
mod orders;
mod probes;
mod status;

use super::arriving::read_and_ignore;
use super::body::Body;
use super::notes::Notes;
use super::operator::{self, Operator};
use super::stopped::Stopped;
use super::{Service, framing, reply};
use crate::metrics::labels::Route;
use console::File;
use hyper::body::Incoming;
use hyper::{Method, Request, Response};

/// What can be asked for.
#[derive(Clone, Copy)]
enum Resource<'p> {
    Health,
    Ready,
    Metrics,
    Status,
    Runs,
    Differences,
    Refresh,
    Reload,
    Session,
    Explain,
    Splitters,
    Compare,
    Tile(&'p str),
    Console(&'static File),
}

/// Who may ask for it, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Everybody on this listener, by GET.
    Open,
    /// Who has the admin token, by GET: it tells of single boxes, or homes.
    Token,
    /// Who has the admin token, by POST: it changes something, or costs OZmap a call.
    Order,
}

impl<'p> Resource<'p> {
    fn at(path: &'p str) -> Option<Self> {
        Some(match path {
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/admin/status" => Self::Status,
            "/admin/runs" => Self::Runs,
            "/admin/differences" => Self::Differences,
            "/admin/refresh" => Self::Refresh,
            "/admin/reload" => Self::Reload,
            "/admin/console" => Self::Session,
            "/admin/explain" => Self::Explain,
            "/admin/splitters" => Self::Splitters,
            "/admin/compare" => Self::Compare,
            _ => match path.strip_prefix("/admin/tiles/") {
                Some(tile) => Self::Tile(tile),
                None => Self::Console(File::at(path)?),
            },
        })
    }

    fn access(self) -> Access {
        match self {
            Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::Status
            | Self::Runs
            | Self::Differences
            | Self::Console(_) => Access::Open,
            Self::Session | Self::Explain | Self::Tile(_) => Access::Token,
            Self::Refresh | Self::Reload | Self::Splitters | Self::Compare => Access::Order,
        }
    }

    fn label(self) -> Route {
        match self {
            Self::Health => Route::Health,
            Self::Ready => Route::Ready,
            Self::Metrics => Route::Metrics,
            Self::Console(_) => Route::Console,
            _ => Route::Admin,
        }
    }
}

/// Answers one request of an operator.
pub(super) async fn answer(
    service: &Service,
    request: Request<Incoming>,
    operator: Operator<'_>,
    notes: &mut Notes<'_>,
) -> Result<Response<Body>, Stopped> {
    let (head, body) = request.into_parts();
    framing::check(&head)?;
    framing::unchunked(&head.headers)?;
    framing::within(&head.uri, framing::LONGEST_URI)?;
    operator::check(&service.operators().hosts, &head.method, &head.headers)?;
    let Some(resource) = Resource::at(head.uri.path()) else { return Ok(reply::no_such_route()) };
    notes.route = resource.label();
    read_and_ignore(body).await?;
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    match resource.access() {
        Access::Order if head.method != Method::POST => return Ok(reply::method_not_allowed("POST")),
        Access::Open | Access::Token if !reads => return Ok(reply::method_not_allowed("GET, HEAD")),
        Access::Open => {}
        Access::Token | Access::Order => {
            operator::authorize(service, &head.headers, operator.peer.ip())?;
        }
    }
    let query = head.uri.query().unwrap_or_default();
    Ok(match resource {
        Resource::Health => probes::health(),
        Resource::Ready => probes::ready(service),
        Resource::Metrics => probes::metrics(service),
        Resource::Status => status::status(service),
        Resource::Runs => status::runs(service),
        Resource::Differences => differences::differences(service),
        Resource::Refresh => orders::refresh(service, query, operator).await,
        Resource::Reload => orders::reload(service, operator).await,
        Resource::Session => console::session(service),
        Resource::Explain => asked::answered(explain::explain(service, query)),
        Resource::Splitters => asked::answered(compare::splitters(service, query).await),
        Resource::Compare => asked::answered(compare::compare(service, query).await),
        Resource::Tile(tile) => asked::answered(map::tile(service, tile, query, &head.headers)),
        Resource::Console(file) => console::file(service, file, &head.headers),
    })
}

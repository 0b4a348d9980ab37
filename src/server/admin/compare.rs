//! What operators have asked of OZmap, by the budget of live calls:
//!
//! - `POST /admin/compare`: its answer for a place beside ours
//! - `POST /admin/splitters`: the service splitters of a box as they are by now

use super::super::body::Body;
use super::super::{Service, reply};
use super::asked::{Asked, Unanswered};
use super::differences::difference_json;
use super::explain::with_raw;
use crate::canary::{Compared, NotCompared};
use crate::ozmap::wire::rows::SplitterRow;
use crate::ozmap::wire::time::OzmapTime;
use crate::tenant::Tenant;
use crate::viability::ports::{ConnectorKind, Ports};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Where they differ, what has changed is read, and both are asked again.
pub(super) async fn compare(service: &Service, query: &str) -> Result<Response<Body>, Unanswered> {
    let asked = Asked::parse(query, &["tenant", "lat", "lng", "radius"])?;
    let tenant = asked.tenant(service)?;
    let request = asked.place()?;
    let canary = service.canaries().iter().find(|canary| canary.tenant().name() == tenant.name());
    let canary = canary.ok_or(Unanswered::UnknownTenant)?;
    let began = Instant::now();
    let compared = canary.compare_now(&request).await.map_err(|failure| match failure {
        NotCompared::NoData => Unanswered::NoData,
        NotCompared::NotFromMemory => Unanswered::NotFromMemory,
        NotCompared::NotAsked => Unanswered::NotAsked,
        NotCompared::Refused => Unanswered::Refused,
        NotCompared::Failed(error) => Unanswered::ozmap(&*error),
    })?;
    let Compared { verdict, finding, at_ozmap } = compared;
    let differences = finding.as_ref().map(|finding| &finding.differences).into_iter().flatten();
    let body = json!({
        "result": verdict.as_str(),
        "cause": finding.as_ref().map(|finding| finding.cause),
        "differences": differences.map(difference_json).collect::<Vec<_>>(),
        "duration_ms": milliseconds(began),
    });
    Ok(reply::json(StatusCode::OK, with_raw(&body, "ozmap", at_ozmap.into())))
}

/// 503 where OZmap isn't asked or doesn't answer.
pub(super) async fn splitters(service: &Service, query: &str) -> Result<Response<Body>, Unanswered> {
    let asked = Asked::parse(query, &["tenant", "box"])?;
    let tenant = asked.tenant(service)?;
    let id = asked.box_id()?;
    let began = Instant::now();
    let read = tenant.read_connectors(id).await.ok_or(Unanswered::NotAsked)?;
    let read = read.map_err(|error| Unanswered::ozmap(&error))?;
    let splitters: Vec<_> = read
        .iter()
        .flat_map(|(kind, rows)| rows.iter().map(|row| splitter_json(tenant, *kind, row)))
        .collect();
    let body = json!({ "box": id.to_string(), "splitters": splitters, "duration_ms": milliseconds(began) });
    Ok(reply::json(StatusCode::OK, body.to_string()))
}

fn splitter_json(tenant: &Tenant, kind: ConnectorKind, row: &SplitterRow) -> Value {
    let ports = Ports::of(row.outputs, &tenant.settings().rules);
    json!({
        "id": row.id.to_string(),
        "kind": kind.as_str(),
        "serves_clients": row.serves_clients,
        "total_ports": ports.total,
        "free_ports": ports.free,
        "unconnected_and_blocked": row.outputs.unconnected_and_blocked,
        "updated_at": row.updated_at.as_ref().map(OzmapTime::to_string),
    })
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e4).round() / 10.0
}

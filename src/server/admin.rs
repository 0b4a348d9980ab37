//! What operators ask and order:
//!
//! - `GET /admin/status`: every tenant's data, the refresh under way, the last one; what a reload left to be done
//! - `GET /admin/runs`: the last refreshes of every tenant
//! - `POST /admin/reload`: read the configuration and the certificates again; needs the admin token

use super::Service;
use super::body::Body;
use super::operator::Operator;
use super::reload::{Aftermath, ReloadError};
use super::reply;
use crate::refresh::Refresher;
use crate::refresh::guard::Acceptance;
use crate::refresh::report::{Report, Running};
use crate::refresh::run::Kind;
use crate::viability::plant::Refusal;
use crate::wording::with_causes;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;
use tokio::time::Instant;

/// `GET /admin/status`.
pub(super) fn status(service: &Service) -> Response<Body> {
    let tenants: Vec<_> = service.refreshers().iter().map(|refresher| tenant_status(refresher)).collect();
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": service.uptime().as_secs(),
        "stopping": service.is_stopping(),
        "configuration": configuration_status(&service.aftermath()),
        "tenants": tenants,
    });
    reply::json(StatusCode::OK, body.to_string())
}

fn configuration_status(aftermath: &Aftermath) -> Value {
    json!({
        "needs_restart": aftermath.needs_restart,
        "last_reload": aftermath.last_reload.as_ref().map(|last| {
            let mut body = json!({ "at": timestamp(last.at), "result": "ok" });
            if let Some(error) = &last.error {
                body["result"] = json!("failed");
                body["error"] = json!(error);
            }
            body
        }),
    })
}

fn tenant_status(refresher: &Refresher) -> Value {
    let tenant = refresher.tenant();
    let data = tenant.data();
    let now = Instant::now();
    let state = tenant.state_of(data.as_deref(), now);
    let progress = *refresher.progress().borrow();
    let reports = refresher.reports();
    json!({
        "tenant": tenant.name(),
        "state": state.as_str(),
        "data": data.map(|data| {
            let census = data.snapshot.census();
            let refused = Refusal::OF_BOXES.iter().zip(census.refused).map(|(refusal, count)| (refusal.as_str(), count));
            json!({
                "generation": data.snapshot.generation(),
                "read_at": timestamp(data.read_at()),
                "age_seconds": data.age(now).as_secs(),
                "boxes": census.boxes(),
                "sellable": census.sellable,
                "refused": refused.collect::<BTreeMap<_, _>>(),
                "unplaced": data.snapshot.unplaced(),
                "free_ports": census.free_ports,
            })
        }),
        "stored": refresher.saved().map(|saved| json!({
            "generation": saved.generation,
            "written_at": timestamp(saved.at),
            "bytes": saved.bytes,
        })),
        "live_calls": { "breaker": tenant.client().breaker().state().as_str() },
        "refresh": {
            "schedule": tenant.settings().refresh.full.as_str(),
            "changes": changes_status(refresher),
            "running": refresher.running().map(|run| {
                let mut body = run_json(&run);
                body["progress"] = json!(progress);
                body
            }),
            "last": reports.iter().find(|report| report.run.kind > Kind::Changes).map(report_json),
            "last_changes": reports.iter().find(|report| report.run.kind == Kind::Changes).map(report_json),
            "last_success": reports.iter().find(|report| report.run.kind > Kind::Changes && report.outcome.is_ok()).map(report_json),
        },
    })
}

/// How changes are read, and how far they can be relied on.
fn changes_status(refresher: &Refresher) -> Value {
    let settings = &refresher.tenant().settings().refresh;
    let relied = refresher.reliance();
    let why_not = relied.iter().filter_map(|one| Some((one.list, one.why_not.as_deref()?)));
    json!({
        "every_seconds": settings.changes.map(|every| every.as_secs_f64()),
        "fallback_seconds": settings.fallback.as_secs_f64(),
        "reliance": relied.iter().map(|one| (one.list, one.reliance)).collect::<BTreeMap<_, _>>(),
        "why_not": why_not.collect::<BTreeMap<_, _>>(),
    })
}

/// `GET /admin/runs`.
pub(super) fn runs(service: &Service) -> Response<Body> {
    let tenants: Vec<_> = service
        .refreshers()
        .iter()
        .map(|refresher| {
            let reports = refresher.reports();
            json!({
                "tenant": refresher.tenant().name(),
                "running": refresher.running().as_ref().map(run_json),
                "runs": reports.iter().map(report_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    reply::json(StatusCode::OK, json!({ "tenants": tenants }).to_string())
}

/// `POST /admin/reload`: 200 with the changed keys; 500 with every fault where the configuration is not sound, and the
/// one before stays in force.
///
/// The caller has been checked.
pub(super) async fn reload(service: &Service, operator: Operator<'_>) -> Response<Body> {
    let Operator { peer, request_id } = operator;
    tracing::info!(action = "reload", %peer, request_id, "ordered by an operator");
    match service.reload().await {
        Ok(reloaded) => {
            let body = json!({ "applied": reloaded.applied, "needs_restart": reloaded.needs_restart });
            reply::json(StatusCode::OK, body.to_string())
        }
        Err(error @ ReloadError::NoSource) => {
            reply::error(StatusCode::CONFLICT, "nothing_to_reload", &error.to_string())
        }
        Err(error) => reply::error(StatusCode::INTERNAL_SERVER_ERROR, "not_reloaded", &with_causes(&error)),
    }
}

fn run_json(run: &Running) -> Value {
    let accept_shrink = run.acceptance == Acceptance::AsRead;
    json!({ "run": run.id, "trigger": run.trigger, "kind": run.kind, "accept_shrink": accept_shrink, "started_at": timestamp(run.started_at) })
}

/// What is told of a run that ended.
pub(super) fn report_json(report: &Report) -> Value {
    let mut body = run_json(&report.run);
    body["duration_seconds"] = json!((report.took.as_secs_f64() * 1e3).round() / 1e3);
    match &report.outcome {
        Ok(published) => {
            body["result"] = json!("ok");
            body["published"] = json!(published);
        }
        Err(failure) => {
            body["result"] = json!(failure.kind);
            body["error"] = json!(failure.message);
        }
    }
    body
}

/// RFC 3339 in UTC, to the second.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

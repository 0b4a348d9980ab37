//! - `GET /admin/status`: every tenant's data, the refresh under way, the last one; what a reload left to be done
//! - `GET /admin/runs`: the last refreshes of every tenant

use super::super::body::Body;
use super::super::reload::Aftermath;
use super::super::{Service, reply};
use crate::refresh::Refresher;
use crate::refresh::guard::Acceptance;
use crate::refresh::objections::Objection;
use crate::refresh::report::{Report, Running};
use crate::refresh::run::Kind;
use crate::tenant::Tenant;
use crate::viability::plant::Refusal;
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
        "live_calls": live_calls_status(tenant),
        "cache": cache_status(tenant),
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

/// The budget of calls for waiting clients, and how much of it is left.
fn live_calls_status(tenant: &Tenant) -> Value {
    let settings = &tenant.settings().live;
    json!({
        "breaker": tenant.client().breaker().state().as_str(),
        "calls_per_second": settings.calls_per_second,
        "calls_at_once": settings.calls_at_once,
        "left": (tenant.live_calls_left() * 10.0).round() / 10.0,
    })
}

/// What is remembered beside the data, by estimate.
fn cache_status(tenant: &Tenant) -> Value {
    let (live, scopes) = tenant.cache_bytes();
    json!({ "live_bytes": live, "live_limit_bytes": tenant.settings().live.cache_bytes, "scopes_bytes": scopes })
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
            if let Some(objections) = &failure.objections {
                body["refused"] = objections.iter().map(objection_json).collect();
                body["final"] = json!(objections.are_final());
            }
        }
    }
    body
}

/// Why a reading isn't believed; for what there is much less of also how much.
fn objection_json(objection: &Objection) -> Value {
    let mut body = json!({ "kind": objection.as_str() });
    if let Objection::Shrunk { held, read, .. } = objection {
        body["held"] = json!(held);
        body["read"] = json!(read);
    }
    body
}

/// RFC 3339 in UTC, to the second.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

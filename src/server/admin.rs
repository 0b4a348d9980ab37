//! What operators ask and order:
//!
//! - `GET /admin/status`: every tenant's data, the refresh under way, the last one; what a reload left to be done
//! - `GET /admin/runs`: the last refreshes of every tenant
//! - `POST /admin/refresh[?tenant=&wait=30s&accept_shrink=true]`: refresh now; needs the admin token; whether it was one
//!   is in `result`, not in the status
//! - `POST /admin/reload`: read the configuration and the certificates again; needs the admin token

use super::Service;
use super::body::Body;
use super::operator::Operator;
use super::reload::{Aftermath, ReloadError};
use super::reply;
use crate::refresh::guard::Acceptance;
use crate::refresh::queue::Stopping;
use crate::refresh::report::{NoReport, Report, Running};
use crate::refresh::{Refresher, with_causes};
use crate::viability::plant::Refusal;
use futures_util::future::try_join_all;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The longest `wait` of a forced refresh.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

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
    let state = tenant.state_of(data.as_deref());
    let progress = *refresher.progress().borrow();
    let reports = refresher.reports();
    json!({
        "tenant": tenant.name(),
        "state": state.as_str(),
        "data": data.map(|data| {
            let census = data.snapshot.census();
            let refused = Refusal::ALL.iter().zip(census.refused).map(|(refusal, count)| (refusal.as_str(), count));
            json!({
                "generation": data.snapshot.generation(),
                "read_at": timestamp(data.snapshot.read_at()),
                "age_seconds": data.age().as_secs(),
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
            "running": refresher.running().map(|run| {
                let mut body = run_json(&run);
                body["progress"] = json!(progress);
                body
            }),
            "last": reports.first().map(report_json),
            "last_success": reports.iter().find(|report| report.outcome.is_ok()).map(report_json),
        },
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

/// `POST /admin/refresh`: 202 with the runs' numbers, or with `wait` 200 and their reports, whatever is in them: the order
/// was carried out, and what came of it is told for each tenant. 503 for a run that a stop keeps from beginning.
///
/// The caller has been checked.
pub(super) async fn refresh(service: &Service, head: &Parts, operator: Operator<'_>) -> Response<Body> {
    let order = match Order::parse(head.uri.query().unwrap_or_default()) {
        Ok(order) => order,
        Err(message) => return reply::error(StatusCode::BAD_REQUEST, "bad_parameter", &message),
    };
    let chosen: Vec<&Arc<Refresher>> = service
        .refreshers()
        .iter()
        .filter(|refresher| order.tenant.as_deref().is_none_or(|name| name == refresher.tenant().name()))
        .collect();
    if chosen.is_empty() {
        return reply::error(
            StatusCode::NOT_FOUND,
            "unknown_tenant",
            "no tenant of this name; see /admin/status",
        );
    }
    let gap = service.operators().refresh_gap;
    carry_out(&order, &chosen, gap, operator).await.unwrap_or_else(reply::stopping)
}

async fn carry_out(
    order: &Order,
    chosen: &[&Arc<Refresher>],
    gap: Duration,
    operator: Operator<'_>,
) -> Result<Response<Body>, Stopping> {
    let mut requested = Vec::new();
    for refresher in chosen {
        let run = refresher.order(order.acceptance, gap)?;
        tracing::info!(
            action = "refresh",
            tenant = refresher.tenant().name(),
            run,
            accept_shrink = order.acceptance == Acceptance::AsRead,
            peer = %operator.peer,
            request_id = operator.request_id,
            "ordered by an operator"
        );
        requested.push((refresher, run));
    }
    let reports = try_join_all(requested.iter().map(|(refresher, run)| async {
        let Some(wait) = order.wait else { return Ok(None) };
        match refresher.report_of(*run, wait).await {
            Ok(report) => Ok(Some(report)),
            Err(NoReport::NotYet) => Ok(None),
            Err(NoReport::Stopping(stopping)) => Err(stopping),
        }
    }))
    .await?;
    let status = if reports.iter().all(Option::is_some) { StatusCode::OK } else { StatusCode::ACCEPTED };
    let runs: Vec<_> = requested
        .iter()
        .zip(&reports)
        .map(|((refresher, run), report)| {
            let mut body = report.as_ref().map_or_else(|| json!({ "run": run }), report_json);
            body["tenant"] = json!(refresher.tenant().name());
            body
        })
        .collect();
    Ok(reply::json(status, json!({ "runs": runs }).to_string()))
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

/// What a forced refresh is asked to do.
struct Order {
    tenant: Option<String>,
    wait: Option<Duration>,
    acceptance: Acceptance,
}

impl Order {
    fn parse(query: &str) -> Result<Self, String> {
        let mut order = Self { tenant: None, wait: None, acceptance: Acceptance::Guarded };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "tenant" => order.tenant = Some(value.into_owned()),
                "wait" => {
                    let wait = humantime::parse_duration(&value).ok().filter(|wait| *wait <= LONGEST_WAIT);
                    order.wait = Some(wait.ok_or("wait: expected a duration of at most 15m, such as 30s")?);
                }
                "accept_shrink" => {
                    order.acceptance = match &*value {
                        "true" => Acceptance::AsRead,
                        "false" => Acceptance::Guarded,
                        _ => return Err("accept_shrink: expected true or false".to_owned()),
                    }
                }
                other => {
                    return Err(format!("{other}: not known here; expected tenant, wait or accept_shrink"));
                }
            }
        }
        Ok(order)
    }
}

fn run_json(run: &Running) -> Value {
    let accept_shrink = run.acceptance == Acceptance::AsRead;
    json!({ "run": run.id, "trigger": run.trigger, "accept_shrink": accept_shrink, "started_at": timestamp(run.started_at) })
}

fn report_json(report: &Report) -> Value {
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
fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

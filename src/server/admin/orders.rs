//! What operators order:
//!
//! - `POST /admin/refresh[?tenant=&wait=30s&accept_shrink=true]`: refreshes
//! - `POST /admin/reload`: read the configuration and the certificates again
//!
//! Whether a run published anything is in its `result`, not in the status.

use super::super::body::Body;
use super::super::operator::Operator;
use super::super::reload::ReloadError;
use super::super::{Service, reply};
use super::status::report_json;
use crate::refresh::Refresher;
use crate::refresh::guard::Acceptance;
use crate::refresh::queue::Stopping;
use crate::refresh::report::{NoReport, Report};
use crate::wording::with_causes;
use futures_util::future::join_all;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// The longest `wait` of a forced refresh.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// 202 with the runs' numbers, or with `wait` 200 and their reports, whatever is in them: the order was carried out, and
/// what came of it is told for each tenant. 503 where a stop keeps a run from beginning or ending.
///
/// The caller has been checked.
pub(super) async fn refresh(service: &Service, query: &str, operator: Operator<'_>) -> Response<Body> {
    let order = match Order::parse(query) {
        Ok(order) => order,
        Err(message) => return reply::error(StatusCode::BAD_REQUEST, "bad_parameter", &message),
    };
    let is_meant = |name: &str| order.tenant.as_deref().is_none_or(|tenant| tenant == name);
    let refreshers = service.refreshers().iter().filter(|refresher| is_meant(refresher.tenant().name()));
    // All are ordered before any is waited for.
    let ordered: Vec<_> =
        refreshers.map(|refresher| (refresher, order.give(refresher, service, operator))).collect();
    if ordered.is_empty() {
        return reply::error(
            StatusCode::NOT_FOUND,
            "unknown_tenant",
            "no tenant of this name; see /admin/status",
        );
    }
    let wait = order.wait;
    let runs = join_all(ordered.into_iter().map(|(refresher, run)| async move {
        let became = match run {
            Ok(run) => Became::of(refresher, run, wait).await,
            Err(stopping) => Became::Stopped { run: None, stopping },
        };
        (refresher.tenant().name(), became)
    }));
    answer(&runs.await)
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

/// What became of an order for one tenant.
enum Became {
    /// The run was not waited for, or not for so long.
    Ordered { run: u64 },
    /// It ended.
    Ended(Box<Report>),
    /// It will not: the process stops.
    Stopped { run: Option<u64>, stopping: Stopping },
}

impl Became {
    async fn of(refresher: &Refresher, run: u64, wait: Option<Duration>) -> Self {
        let Some(wait) = wait else { return Self::Ordered { run } };
        match refresher.report_of(run, wait).await {
            Ok(report) => Self::Ended(Box::new(report)),
            Err(NoReport::NotYet) => Self::Ordered { run },
            Err(NoReport::Stopping(stopping)) => Self::Stopped { run: Some(run), stopping },
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Ordered { run } => json!({ "run": run }),
            Self::Ended(report) => report_json(report),
            Self::Stopped { run, stopping } => {
                json!({ "run": run, "result": STOPPING, "error": stopping.to_string() })
            }
        }
    }
}

/// The word for a run that a stop keeps from ending.
const STOPPING: &str = "stopping";

fn answer(runs: &[(&str, Became)]) -> Response<Body> {
    let told: Vec<_> = runs
        .iter()
        .map(|(tenant, became)| {
            let mut body = became.to_json();
            body["tenant"] = json!(tenant);
            body
        })
        .collect();
    let stopped = runs.iter().find_map(|(_, became)| match became {
        Became::Stopped { stopping, .. } => Some(stopping.to_string()),
        Became::Ordered { .. } | Became::Ended(_) => None,
    });
    if let Some(message) = stopped {
        let body = json!({ "message": message, "code": STOPPING, "runs": told });
        return reply::unavailable(&body);
    }
    let all_ended = runs.iter().all(|(_, became)| matches!(became, Became::Ended(_)));
    let status = if all_ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    reply::json(status, json!({ "runs": told }).to_string())
}

/// What a forced refresh is asked to do.
struct Order {
    tenant: Option<String>,
    wait: Option<Duration>,
    acceptance: Acceptance,
}

impl Order {
    /// Gives it to one tenant's refresher; returns the run's number.
    fn give(
        &self,
        refresher: &Arc<Refresher>,
        service: &Service,
        operator: Operator<'_>,
    ) -> Result<u64, Stopping> {
        let run = refresher.order(self.acceptance, service.operators().refresh_gap)?;
        tracing::info!(
            action = "refresh",
            tenant = refresher.tenant().name(),
            run,
            accept_shrink = self.acceptance == Acceptance::AsRead,
            peer = %operator.peer,
            request_id = operator.request_id,
            "ordered by an operator"
        );
        Ok(run)
    }

    fn parse(query: &str) -> Result<Self, String> {
        let mut order = Self { tenant: None, wait: None, acceptance: Acceptance::Guarded };
        let mut seen = HashSet::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !seen.insert(name.clone()) {
                return Err(format!("{name} is given more than once"));
            }
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

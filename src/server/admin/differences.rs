//! `GET /admin/differences`: how answers compared with OZmap's own, and the last that differed.

use super::super::body::Body;
use super::super::{Service, reply};
use super::status::timestamp;
use crate::canary::{Canary, Finding, Verdict};
use crate::ozmap::wire::difference::Difference;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn differences(service: &Service) -> Response<Body> {
    let tenants: Vec<_> = service.canaries().iter().map(|canary| of_tenant(canary)).collect();
    reply::json(StatusCode::OK, json!({ "tenants": tenants }).to_string())
}

fn of_tenant(canary: &Canary) -> Value {
    let findings = canary.findings();
    let counts = Verdict::ALL.iter().zip(findings.counts).map(|(verdict, count)| (verdict.as_str(), count));
    json!({
        "tenant": canary.tenant().name(),
        "every_seconds": canary.tenant().settings().canary.every.map(|every| every.as_secs_f64()),
        "compared": counts.collect::<BTreeMap<_, _>>(),
        "last": findings.last.map(timestamp),
        "differences": findings.differences.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "at": timestamp(finding.at),
        "result": finding.verdict.as_str(),
        "near": finding.near,
        "radius": finding.radius,
        "cause": finding.cause,
        "generation": finding.generation,
        "age_seconds": finding.age.as_secs(),
        "differences": finding.differences.iter().map(difference_json).collect::<Vec<_>>(),
    })
}

pub(super) fn difference_json(difference: &Difference) -> Value {
    json!({
        "kind": difference.as_str(),
        "text": difference.to_string(),
        "box": difference.which().map(|which| json!({ "id": which.id, "name": which.name })),
    })
}

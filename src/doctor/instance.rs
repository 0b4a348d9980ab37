//! How a proxy fares that runs here, by its own word.

use super::Finding;
use super::door::{Door, NoAnswer};
use crate::config::Config;
use crate::wording::with_causes;
use serde::Deserialize;
use std::time::Duration;

const SUBJECT: &str = "running proxy";

/// What operators are told by a proxy that runs here.
pub struct Instance {
    /// `GET /admin/status`.
    pub status: String,
    /// `GET /readyz`.
    pub readiness: String,
    /// `GET /metrics`.
    pub metrics: String,
}

impl Instance {
    /// Asks at the operators' listener; `None`: nobody is there, or somebody else.
    pub async fn ask(config: &Config) -> Result<Option<Self>, NoAnswer> {
        let door = Door::to(config.admin.listen, config.admin.tls.as_ref())?;
        match door.get("/admin/status").await {
            Ok(status) if status.is_ours => Ok(Some(Self {
                status: status.body,
                readiness: door.get("/readyz").await?.body,
                metrics: door.get("/metrics").await?.body,
            })),
            Ok(_) => Ok(None),
            Err(NoAnswer::Silent { source, .. }) if source.is_connect() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many files it may have open.
    pub fn open_files(&self) -> Option<u64> {
        let value = self.metrics.lines().find_map(|line| line.strip_prefix("process_max_fds "))?;
        value.trim().parse().ok()
    }

    fn findings(&self) -> Vec<Finding> {
        let status: Status = match serde_json::from_str(&self.status) {
            Ok(status) => status,
            Err(error) => {
                let text = format!("its status can't be read ({error}): is it of another version?");
                return vec![Finding::warning(SUBJECT, text)];
            }
        };
        let mut findings = vec![version(&status.version)];
        findings.extend(configuration(&status.configuration));
        findings.extend(status.tenants.iter().map(data));
        findings
    }
}

/// What there is to tell of what [`Instance::ask`] brought.
pub fn findings(asked: &Result<Option<Instance>, NoAnswer>) -> Vec<Finding> {
    match asked {
        Ok(Some(instance)) => instance.findings(),
        Ok(None) => vec![Finding::fine(SUBJECT, "none answers at admin.listen")],
        Err(error) => vec![Finding::warning(SUBJECT, with_causes(error))],
    }
}

#[derive(Deserialize)]
struct Status {
    version: String,
    configuration: Configuration,
    tenants: Vec<Tenant>,
}

#[derive(Deserialize)]
struct Configuration {
    needs_restart: Vec<String>,
    last_reload: Option<Ended>,
}

#[derive(Deserialize)]
struct Tenant {
    #[serde(rename = "tenant")]
    name: String,
    state: String,
    data: Option<Data>,
    refresh: Refresh,
}

#[derive(Deserialize)]
struct Data {
    age_seconds: u64,
    boxes: u64,
}

#[derive(Deserialize)]
struct Refresh {
    last: Option<Ended>,
    last_changes: Option<Ended>,
}

#[derive(Deserialize)]
struct Ended {
    error: Option<String>,
}

fn version(running: &str) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    if running == own {
        return Finding::fine(SUBJECT, format!("version {running}"));
    }
    Finding::warning(SUBJECT, format!("version {running}, and this is {own}: restart it"))
}

fn configuration(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(error) = configuration.last_reload.as_ref().and_then(|last| last.error.as_ref()) {
        let error = error.lines().collect::<Vec<_>>().join("; ");
        let text = format!("the configuration was not read again: {error}");
        findings.push(Finding::warning(SUBJECT, text));
    }
    let waiting = configuration.needs_restart.join(", ");
    if !waiting.is_empty() {
        findings.push(Finding::warning(SUBJECT, format!("changes wait for a restart: {waiting}")));
    }
    findings
}

fn data(tenant: &Tenant) -> Finding {
    let subject = format!("{}: data", tenant.name);
    let age = |data: &Data| humantime::format_duration(Duration::from_secs(data.age_seconds));
    let told = match &tenant.data {
        Some(data) => format!("{}, {} boxes, read {} ago", tenant.state, data.boxes, age(data)),
        None => "nothing has been read yet".to_owned(),
    };
    let runs = [&tenant.refresh.last, &tenant.refresh.last_changes];
    let error = runs.into_iter().flatten().find_map(|run| run.error.as_deref());
    match (tenant.state.as_str(), error) {
        ("fresh", _) => Finding::fine(subject, told),
        (_, Some(error)) => Finding::failed(subject, format!("{told}; the last refresh failed: {error}")),
        (_, None) => Finding::warning(subject, format!("{told}: wait for the refresh under way")),
    }
}

//! An explanation for people.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;
use viability_proxy::wording::rounded;

/// What the admin listener tells, as far as it is printed.
#[derive(Deserialize)]
pub(super) struct Told {
    tenant: String,
    age_seconds: u64,
    state: String,
    query: Option<Query>,
    verdict: Option<Verdict>,
    answered_by: Option<AnsweredBy>,
    boxes: Vec<Explained>,
    left_out: u64,
}

#[derive(Deserialize)]
struct Query {
    lat: f64,
    lng: f64,
    radius: f64,
}

#[derive(Deserialize)]
struct Verdict {
    viable: bool,
    certain: bool,
    doubt: Option<String>,
}

#[derive(Deserialize)]
struct AnsweredBy {
    source: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Explained {
    id: String,
    name: String,
    distance_m: Option<f64>,
    free_ports: u32,
    total_ports: Option<u32>,
    outcome: String,
    reason: Option<String>,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    rule: String,
    passed: bool,
    inputs: Map<String, Value>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age = rounded(Duration::from_secs(self.age_seconds));
        writeln!(f, "{}: data {age} old ({})", self.tenant, self.state)?;
        if let (Some(query), Some(verdict), Some(by)) = (&self.query, &self.verdict, &self.answered_by) {
            let viable = if verdict.viable { "viable" } else { "not viable" };
            writeln!(f, "{viable} at {}, {} within {} m", query.lat, query.lng, query.radius)?;
            if !verdict.certain {
                let doubt = match verdict.doubt.as_deref() {
                    Some("scope") => "the key may see projects that were not read",
                    Some("communities") => "a gated community could not be read",
                    _ => "a box in reach could not be read",
                };
                writeln!(f, "not certain: {doubt}")?;
            }
            match (by.source.as_str(), &by.reason) {
                ("index", _) => writeln!(f, "a client that asks now is answered from memory")?,
                ("recheck", _) => writeln!(
                    f,
                    "a client that asks now is answered from memory, once OZmap has told whether the last ports are free"
                )?,
                (_, reason) => writeln!(
                    f,
                    "a client that asks now is answered by OZmap ({})",
                    reason.as_deref().unwrap_or("live")
                )?,
            }
        }
        if self.boxes.is_empty() {
            writeln!(f, "\nno box")?;
        }
        for one in &self.boxes {
            write!(f, "\n{one}")?;
        }
        if self.left_out > 0 {
            writeln!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distance = self.distance_m.map(|metres| format!(" at {metres} m")).unwrap_or_default();
        let ports = match self.total_ports {
            Some(total) => format!("{} of {total} ports free", self.free_ports),
            None => "no service splitter".to_owned(),
        };
        let reason = self.reason.as_ref().map(|reason| format!(": {}", plain(reason))).unwrap_or_default();
        writeln!(f, "{}{distance}, {ports}: {}{reason}", self.name, plain(&self.outcome))?;
        writeln!(f, "  id {}", self.id)?;
        for Check { rule, passed, inputs } in &self.checks {
            let passed = if *passed { "ok" } else { "NO" };
            let inputs: Vec<_> =
                inputs.iter().map(|(name, value)| format!("{}={value}", plain(name))).collect();
            writeln!(f, "  {passed}  {:<18} {}", plain(rule), inputs.join(", "))?;
        }
        Ok(())
    }
}

/// A word of the interface as a word of the language.
fn plain(word: &str) -> String {
    word.replace('_', " ")
}

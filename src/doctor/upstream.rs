//! One tenant's OZmap: the way there, the key, what it may read, the clock.

use super::{Finding, reach};
use crate::config::Tenant;
use crate::metrics::Metrics;
use crate::ozmap::Client;
use crate::ozmap::failure::{CallError, ClientError};
use crate::ozmap::pages::{Tries, count_rows};
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{BoxRow, ProjectRow, PropertyRow, SplitterRow};
use crate::ozmap::wire::time::OzmapTime;
use crate::viability::communities::Community;
use crate::viability::geo::Point;
use crate::wording::{rounded, with_causes, with_remedy};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// From here on times told here can't be compared with OZmap's.
const CLOCK_APART: Duration = Duration::from_mins(1);
/// From here on certificates and schedules are in danger, too.
const CLOCK_WRONG: Duration = Duration::from_mins(10);

/// Asks a handful of questions, each once, with the tenant's own key.
pub async fn examine(tenant: &Tenant, metrics: Arc<Metrics>) -> Result<Vec<Finding>, ClientError> {
    let client = Client::new(tenant, metrics)?;
    let way = reach::walk(tenant).await;
    let mut findings = way.findings;
    if !way.is_open {
        return Ok(findings);
    }
    let subject = |what: &str| format!("{}: {what}", tenant.name);
    let before = SystemTime::now();
    match client.clock(&tenant.key).await {
        Ok(theirs) => {
            findings.push(Finding::fine(subject("key"), format!("{} accepts it", tenant.host.base())));
            findings.push(clock(subject("clock"), theirs, before, SystemTime::now()));
            findings.extend(rights(tenant, &client).await);
        }
        Err(error) => findings.push(Finding::failed(subject("key"), told(&error))),
    }
    Ok(findings)
}

/// What is read for these rules, list by list, and the question that clients ask.
async fn rights(tenant: &Tenant, client: &Client) -> Vec<Finding> {
    let (key, rules) = (&tenant.key, &tenant.rules);
    let mut findings = Vec::new();
    let mut list = |list: List, counted: Result<u64, CallError>| {
        findings.push(rows(format!("{}: {}", tenant.name, list.path()), list, counted));
    };
    list(List::Projects, count_rows::<ProjectRow>(client, key, List::Projects, Tries::One).await);
    list(List::Boxes, count_rows::<BoxRow>(client, key, List::Boxes, Tries::One).await);
    for kind in rules.service_connectors.kinds() {
        let connectors = List::Connectors(kind);
        list(connectors, count_rows::<SplitterRow>(client, key, connectors, Tries::One).await);
    }
    if rules.homes.are_read() {
        list(List::Properties, count_rows::<PropertyRow>(client, key, List::Properties, Tries::One).await);
    }
    if rules.communities.are_read() {
        list(List::Communities, count_rows::<Community>(client, key, List::Communities, Tries::One).await);
    }
    findings.push(question(tenant, client).await);
    findings
}

fn rows(subject: String, list: List, counted: Result<u64, CallError>) -> Finding {
    match counted {
        Ok(0) => match list {
            List::Projects => {
                let remedy = "give the key's user access to the projects concerned";
                Finding::failed(subject, format!("the key sees none: {remedy}"))
            }
            List::Boxes => {
                let remedy = "give the key's user access to the projects that have some";
                Finding::failed(subject, format!("the key sees none: {remedy}"))
            }
            List::Connectors(_) | List::Properties | List::Communities => {
                Finding::warning(subject, "there are none: is that so in OZmap?")
            }
        },
        Ok(rows) => Finding::fine(subject, format!("{rows} may be read")),
        Err(error) => Finding::failed(subject, told(&error)),
    }
}

/// The question that clients ask, of a place where nobody lives: live answers need the right to it.
async fn question(tenant: &Tenant, client: &Client) -> Finding {
    let subject = format!("{}: viability", tenant.name);
    let Some(nowhere) = Point::new(0.0, 0.0) else {
        return Finding::warning(subject, "not asked");
    };
    match client.probe(&tenant.key, nowhere, 1.0, tenant.live.timeout).await {
        Ok(answer) if answer.viable.is_some() => Finding::fine(subject, "OZmap answers the query itself"),
        Ok(answer) => {
            let status = answer.status.as_u16();
            let remedy = "let the key's user ask for viability in OZmap: else there are no live answers";
            Finding::failed(subject, format!("OZmap refuses the query ({status}): {remedy}"))
        }
        Err(error) => Finding::failed(subject, told(&error)),
    }
}

/// OZmap's clock, told to the second between two moments here, and this machine's.
fn clock(subject: String, theirs: Option<OzmapTime>, before: SystemTime, after: SystemTime) -> Finding {
    let Some(theirs) = theirs else {
        return Finding::warning(subject, "OZmap's answers don't tell its time");
    };
    let theirs = theirs.system_time();
    let ahead = before.duration_since(theirs).unwrap_or_default();
    let behind = theirs.duration_since(after).unwrap_or_default();
    let (apart, which) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    let text = format!("this machine's is {} {which} OZmap's", rounded(apart));
    let remedy = "set both by NTP (timedatectl set-ntp true)";
    if apart < CLOCK_APART {
        Finding::fine(subject, "this machine's agrees with OZmap's")
    } else if apart < CLOCK_WRONG {
        Finding::warning(subject, format!("{text}: {remedy}"))
    } else {
        Finding::failed(subject, format!("{text}: {remedy}"))
    }
}

fn told(error: &CallError) -> String {
    with_remedy(with_causes(error), error.remedy())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn clocks_agree_to_a_minute() {
        let noon = UNIX_EPOCH + Duration::from_hours(500_000);
        let second = Duration::from_secs(1);
        let seen = |theirs: SystemTime| {
            let finding = clock("clock".to_owned(), OzmapTime::new(theirs), noon, noon + second);
            (finding.verdict, finding.text)
        };
        assert_eq!(seen(noon).0, Verdict::Fine);
        assert_eq!(seen(noon - 59 * second).0, Verdict::Fine);
        assert_eq!(seen(noon + 60 * second).0, Verdict::Fine, "the call took a second");
        let (verdict, text) = seen(noon - 90 * second);
        assert_eq!(verdict, Verdict::Warning);
        assert!(text.starts_with("this machine's is 1m 30s ahead of OZmap's: set both"), "{text}");
        let (verdict, text) = seen(noon + 3_601 * second);
        assert_eq!(verdict, Verdict::Failed);
        assert!(text.starts_with("this machine's is 1h behind OZmap's"), "{text}");
        assert_eq!(clock("clock".to_owned(), None, noon, noon).verdict, Verdict::Warning);
    }
}

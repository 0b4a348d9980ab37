//! The sections, one function each: every key is read before the first `?`, so that all faults are found.

use super::console::{Console, console};
use super::layers::Value;
use super::log_filter::{self, FilterFault};
use super::reader::{Faulty, Reader, Section};
use super::{
    Access, Batch, Canary, Freshness, Live, Log, LogFormat, Percent, Refresh, Schedule, WhenExpired,
};
use crate::viability::Rules;
use crate::viability::communities::CommunityRules;
use crate::viability::geo::{Boundary, Earth, Radius};
use crate::viability::homes::HomeRules;
use crate::viability::ports::{ConnectorKind, ServiceConnectors};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::SystemTime;

pub(super) fn log(mut section: Section<'_, '_>) -> Result<Log, Faulty> {
    let expected = "levels such as \"info\" or \"info,viability_proxy=debug\"";
    let filter = section.check("filter", expected, |entry| {
        log_filter::parse(entry.text().unwrap_or_default()).map_err(|fault| match fault {
            FilterFault::NotAFilter => format!("expected {expected}, got {}", entry.written),
            bare @ FilterFault::NotALevel { .. } => bare.to_string(),
        })
    });
    let format = section.choice("format", &LogFormat::ALL, LogFormat::as_str);
    Ok(Log { filter: filter?, format: format? })
}

/// Relative to the folder of the configuration file.
pub(super) fn snapshot_directory(mut section: Section<'_, '_>) -> Result<Option<PathBuf>, Faulty> {
    let directory = section.optional("directory", |section, key| {
        section.read(key, "a directory such as \"/var/lib/viability-proxy\"", |entry| {
            // A variable that wasn't Unicode means another folder.
            let is_path =
                |text: &&str| !text.trim().is_empty() && !text.contains(char::REPLACEMENT_CHARACTER);
            entry.text().filter(is_path).map(str::to_owned)
        })
    })?;
    Ok(directory.map(|directory| section.reader.resolve(&directory)))
}

/// The sections that a tenant may override.
pub(super) struct Overridable {
    pub(super) rules: Rules,
    pub(super) refresh: Refresh,
    pub(super) freshness: Freshness,
    pub(super) live: Live,
    pub(super) access: Access,
    pub(super) canary: Canary,
    pub(super) console: Console,
    pub(super) batch: Batch,
}

impl Overridable {
    /// For all tenants, or for one with what it overrides.
    pub(super) fn read(reader: &mut Reader<'_>, tenant: Option<&str>) -> Result<Self, Faulty> {
        let rules = rules(part(reader, tenant, "viability"));
        let refresh = refresh(part(reader, tenant, "refresh"));
        let freshness = freshness(part(reader, tenant, "freshness"));
        let live = live(part(reader, tenant, "live"));
        let access = access(part(reader, tenant, "access"));
        let canary = canary(part(reader, tenant, "canary"));
        let console = console(part(reader, tenant, "console"));
        let batch = batch(part(reader, tenant, "batch"));
        Ok(Self {
            rules: rules?,
            refresh: refresh?,
            freshness: freshness?,
            live: live?,
            access: access?,
            canary: canary?,
            console: console?,
            batch: batch?,
        })
    }
}

fn part<'r, 'a>(reader: &'r mut Reader<'a>, tenant: Option<&str>, name: &'static str) -> Section<'r, 'a> {
    match tenant {
        Some(tenant) => reader.section(&format!("tenants.{tenant}.{name}"), Some(name)),
        None => reader.section(name, None),
    }
}

fn rules(mut section: Section<'_, '_>) -> Result<Rules, Faulty> {
    let metres = format!("metres above 0, at most {}", Radius::LARGEST_METRES);
    let default_radius = section.read("default_radius_m", &format!("{metres}, or \"none\""), |entry| {
        if entry.text() == Some("none") { Some(None) } else { Radius::new(entry.number()?).map(Some) }
    });
    let max_radius = section.read("max_radius_m", &metres, |entry| Radius::new(entry.number()?));
    let max_boxes = section.count("max_boxes", 10_000);
    let boundary = section.choice("boundary", &Boundary::ALL, Boundary::as_str);
    let list_refused = section.flag("list_refused");
    let service_connectors = service_connectors(&mut section);
    let blocked_ports_are_free = section.flag("blocked_ports_are_free");
    let maximum_drop = section.flag("maximum_drop");
    let earth =
        section.read("earth_radius_m", "metres from 6000000 to 7000000", |entry| Earth::new(entry.number()?));
    let (property_ports, list_properties) =
        (section.flag("property_ports_are_free"), section.flag("list_properties"));
    let (consider, list_condominiums) =
        (section.flag("consider_condominiums"), section.flag("list_condominiums"));
    let (default_radius, max_radius) = (default_radius?, max_radius?);
    if default_radius.is_some_and(|radius| radius > max_radius) {
        return Err(section.contradiction("default_radius_m", "max_radius_m", |default, max| {
            format!(
                "default_radius_m = {default} is above max_radius_m = {max}: lower the one or raise the other"
            )
        }));
    }
    Ok(Rules {
        default_radius,
        max_radius,
        boundary: boundary?,
        max_boxes: max_boxes?,
        list_refused: list_refused?,
        service_connectors: service_connectors?,
        blocked_ports_are_free: blocked_ports_are_free?,
        maximum_drop: maximum_drop?,
        earth: earth?,
        homes: HomeRules { listed: list_properties?, ports_are_free: property_ports? },
        communities: CommunityRules { listed: list_condominiums?, decide: consider? },
    })
}

/// A list of kinds; what is said twice counts once.
fn service_connectors(section: &mut Section<'_, '_>) -> Result<ServiceConnectors, Faulty> {
    let words = ConnectorKind::ALL.map(|kind| format!("{:?}", kind.as_str())).join(", ");
    section.read("service_connectors", &format!("a list of at least one of {words}"), |entry| {
        let Value::List(items) = &entry.value else { return None };
        let kinds: Option<Vec<_>> = items.iter().map(connector_kind).collect();
        ServiceConnectors::new(kinds?)
    })
}

fn connector_kind(item: &Value) -> Option<ConnectorKind> {
    let Value::Text(text) = item else { return None };
    ConnectorKind::ALL.into_iter().find(|kind| kind.as_str() == text)
}

fn refresh(mut section: Section<'_, '_>) -> Result<Refresh, Faulty> {
    let expected = "a cron schedule with seconds such as \"0 */10 * * * *\"";
    let full = section.check("full", expected, |entry| {
        let schedule = entry.text().and_then(Schedule::parse);
        let schedule = schedule.ok_or_else(|| format!("expected {expected}, got {}", entry.written))?;
        let next = schedule.until_next(SystemTime::now());
        let never = "never comes (next occurrence: none); choose a day that its month has, in a year to come";
        next.map(|_| schedule).ok_or_else(|| format!("{} {never}", entry.written))
    });
    let changes = section.duration_or_zero("changes");
    let fallback = section.duration("fallback");
    let page_size = section.count("page_size", 10_000);
    let pages_at_once = section.count("pages_at_once", 64);
    let connect_timeout = section.duration("connect_timeout");
    let read_timeout = section.duration("read_timeout");
    let page_timeout = section.duration("page_timeout");
    let mut percent =
        |key| section.read(key, "a number from 0 to 100", |entry| Percent::new(entry.number()?));
    let max_shrink_percent = percent("max_shrink_percent");
    let max_unreadable_percent = percent("max_unreadable_percent");
    Ok(Refresh {
        full: full?,
        changes: Some(changes?).filter(|every| !every.is_zero()),
        fallback: fallback?,
        page_size: page_size?,
        pages_at_once: pages_at_once?,
        connect_timeout: connect_timeout?,
        read_timeout: read_timeout?,
        page_timeout: page_timeout?,
        max_shrink_percent: max_shrink_percent?,
        max_unreadable_percent: max_unreadable_percent?,
    })
}

fn freshness(mut section: Section<'_, '_>) -> Result<Freshness, Faulty> {
    let stale_after = section.duration("stale_after");
    let max_stale = section.duration("max_stale");
    let when_expired = section.choice("when_expired", &WhenExpired::ALL, WhenExpired::as_str);
    let (stale_after, max_stale) = (stale_after?, max_stale?);
    if stale_after > max_stale {
        return Err(section.contradiction("stale_after", "max_stale", |stale, max| {
            format!("stale_after = {stale} is longer than max_stale = {max}: shorten the one or lengthen the other")
        }));
    }
    Ok(Freshness { stale_after, max_stale, when_expired: when_expired? })
}

fn live(mut section: Section<'_, '_>) -> Result<Live, Faulty> {
    let calls_per_second = section.rate("calls_per_second", 1e3);
    let calls_at_once = section.count("calls_at_once", 1024);
    let deadline = section.duration("deadline");
    let timeout = section.duration("timeout");
    let recheck_at_most = section.count_or_zero("recheck_at_most", 1000);
    let recheck_after = section.duration_or_zero("recheck_after");
    let cache_ttl = section.duration_or_zero("cache_ttl");
    let cache_bytes = section.bytes("cache_bytes");
    let (deadline, timeout) = (deadline?, timeout?);
    if deadline > timeout {
        return Err(section.contradiction("deadline", "timeout", |deadline, timeout| {
            format!("deadline = {deadline} is longer than timeout = {timeout}: shorten the one or lengthen the other")
        }));
    }
    Ok(Live {
        calls_per_second: calls_per_second?,
        calls_at_once: calls_at_once?,
        deadline,
        timeout,
        recheck_at_most: recheck_at_most?,
        recheck_after: recheck_after?,
        cache_ttl: cache_ttl?,
        cache_bytes: cache_bytes?,
    })
}

fn access(mut section: Section<'_, '_>) -> Result<Access, Faulty> {
    let scope_ttl = section.duration("scope_ttl");
    let rejected_ttl = section.duration_or_zero("rejected_ttl");
    let outage_ttl = section.duration_or_zero("outage_ttl");
    let max_keys = section.count::<NonZeroU64>("max_keys", 10_000_000);
    Ok(Access {
        scope_ttl: scope_ttl?,
        rejected_ttl: rejected_ttl?,
        outage_ttl: outage_ttl?,
        max_keys: max_keys?.get(),
    })
}

fn canary(mut section: Section<'_, '_>) -> Result<Canary, Faulty> {
    let every = section.duration_or_zero("every")?;
    Ok(Canary { every: Some(every).filter(|every| !every.is_zero()) })
}

fn batch(mut section: Section<'_, '_>) -> Result<Batch, Faulty> {
    let at_once = section.count_or_zero("at_once", 64);
    let max_rows = section.count::<NonZeroU64>("max_rows", 1_000_000_000);
    Ok(Batch { at_once: at_once?, max_rows: max_rows?.get() })
}

//! The tenants: each its own keys, and the sections it overrides.

use super::host::OzmapHost;
use super::reader::{Faulty, Reader, Section};
use super::sections::Overridable;
use super::{Forward, Tenant, TenantName, names, secrets};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use url::Url;

/// All of them, sorted by name, at least one.
pub(super) fn tenants(reader: &mut Reader<'_>) -> Result<Vec<Tenant>, Faulty> {
    let names = reader.tenants();
    if names.is_empty() {
        let text =
            "expected at least one section [tenants.<name>] with host and key_file or key_env".to_owned();
        return Err(reader.fault("tenants", text));
    }
    let mut taken = BTreeMap::new();
    let tenants: Vec<_> = names.iter().map(|name| tenant(reader, name, &mut taken)).collect();
    tenants.into_iter().collect()
}

/// `taken` tells whose a `Host` name is already.
fn tenant(
    reader: &mut Reader<'_>,
    name: &str,
    taken: &mut BTreeMap<String, String>,
) -> Result<Tenant, Faulty> {
    let section_name = format!("tenants.{name}");
    let parsed_name = TenantName::parse(name).ok_or_else(|| {
        let text = format!(
            "not a name for a tenant: expected up to {} lower-case letters, digits and \"-\", and not {}",
            TenantName::LONGEST,
            TenantName::RESERVED.join(", "),
        );
        reader.fault(&section_name, text)
    });
    let mut section = reader.section(&section_name, None);
    let host = section.check(
        "host",
        "the OzMap Host, such as \"https://cliente.ozmap.com.br:9994/api/v2\"",
        |entry| {
            // The text is not shown, it may hold a password; what the URL parser says is too terse to help.
            OzmapHost::parse(entry.text().unwrap_or_default()).map_err(|error| error.to_string())
        },
    );
    let key = secrets::key(&mut section);
    let ca_file = section.optional("ca_file", secrets::certificates);
    let outbound_proxy = section.optional("outbound_proxy", outbound_proxy);
    let hosts = hosts(&mut section, name, taken);
    let forwarding = Forwarding::read(&mut reader.section(&section_name, Some("tenant_defaults")));
    let overridable = Overridable::read(reader, Some(name));
    let (name, forwarding, overridable) = (parsed_name?, forwarding?, overridable?);
    let (key, key_place) = key?;
    Ok(Tenant {
        name,
        host: host?,
        key,
        key_place,
        ca_file: ca_file?.map(|pem| pem.path),
        outbound_proxy: outbound_proxy?,
        hosts: hosts?,
        forward: forwarding.forward,
        forwards_at_once: forwarding.at_once,
        rules: overridable.rules,
        refresh: overridable.refresh,
        freshness: overridable.freshness,
        live: overridable.live,
        access: overridable.access,
        canary: overridable.canary,
        console: overridable.console,
        batch: overridable.batch,
    })
}

/// The keys of a tenant that have a default.
pub(super) struct Forwarding {
    forward: Forward,
    at_once: NonZeroUsize,
}

impl Forwarding {
    pub(super) fn read(section: &mut Section<'_, '_>) -> Result<Self, Faulty> {
        let forward = section.choice("forward", &Forward::ALL, Forward::as_str);
        let at_once = section.count("forwards_at_once", 1024);
        Ok(Self { forward: forward?, at_once: at_once? })
    }
}

fn outbound_proxy(section: &mut Section<'_, '_>, key: &str) -> Result<Url, Faulty> {
    let expected =
        "an HTTP proxy such as \"http://proxy.cliente.com.br:3128\", without user, password and path";
    section.check(key, expected, |entry| {
        let url = entry.text().and_then(|text| Url::parse(text.trim()).ok()).filter(|url| {
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            let open = url.username().is_empty() && url.password().is_none();
            matches!(url.scheme(), "http" | "https") && bare && open
        });
        // The text is not shown, it may hold a password.
        url.ok_or_else(|| format!("expected {expected}"))
    })
}

/// The `Host` names of a tenant; none when it is reached by path.
fn hosts(
    section: &mut Section<'_, '_>,
    tenant: &str,
    taken: &mut BTreeMap<String, String>,
) -> Result<Vec<String>, Faulty> {
    let mut hosts = Vec::new();
    for host in names::list(section, "hosts", "viability.cliente.com.br")? {
        if let Some(owner) = taken.get(&host).filter(|owner| *owner != tenant) {
            let text = format!("\"{host}\" means tenant {owner} already: give every name to one tenant only");
            return Err(section.fault_at("hosts", text));
        }
        if taken.insert(host.clone(), tenant.to_owned()).is_none() {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

//! Whose a request is: by its `Host`, else by its path, else because there is one tenant only.

use super::Tenant;
use crate::config::TenantName;
use std::sync::Arc;

const OZMAP_API: &str = "/api/v2";
/// What OZmap doesn't have.
const OWN_API: &str = "/viability/v1";

/// Every tenant of the process.
pub struct Tenants {
    all: Vec<Arc<Tenant>>,
}

/// A tenant found for a request, and what of the path is left for it.
pub struct Selected<'t, 'p> {
    /// Whose request it is.
    pub tenant: &'t Arc<Tenant>,
    /// What is asked of it.
    pub path: Path<'p>,
}

/// A path below one of both APIs: empty, or with a leading slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path<'p> {
    /// Below OZmap's, `/api/v2`.
    Ozmap(&'p str),
    /// Below our own, `/viability/v1`.
    Own(&'p str),
}

/// Why no tenant was found. Clients read it: of the path it repeats a possible name only, and it tells no other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTenant {
    /// The path is none of OZmap's API.
    #[error("no such path; OZmap's API lies below /api/v2")]
    OtherPath,
    /// Nothing tells which of several is meant.
    #[error(
        "several tenants are configured and none is found by this Host: call /<tenant>/api/v2, or give a tenant this name in `hosts`"
    )]
    Unnamed,
    /// The path names one that isn't there.
    #[error(
        "no tenant is called {0}: call /<tenant>/api/v2 with a name that is configured, or /api/v2 where there is one tenant"
    )]
    Unknown(TenantName),
    /// The path names one that can't be there.
    #[error(
        "the path names no tenant: before /api/v2 stands a name of up to {} lower-case letters, digits and \"-\"",
        TenantName::LONGEST
    )]
    NotAName,
    /// A `Host` that is a tenant's own never selects another, whatever the path says.
    #[error("this Host means one tenant: call /api/v2 without a name before it, or by another Host")]
    OtherHost,
}

impl Tenants {
    /// The tenants of the process, in the order of their names.
    pub fn new(all: Vec<Arc<Tenant>>) -> Self {
        Self { all }
    }

    /// Every tenant.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.all.iter()
    }

    /// By name.
    pub fn named(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.all.iter().find(|tenant| tenant.name() == name)
    }

    /// By `Host`, else by the first segment of the path, else the only one.
    ///
    /// `host` may carry a port.
    pub fn select<'p>(&self, host: Option<&str>, path: &'p str) -> Result<Selected<'_, 'p>, NoTenant> {
        let (first, after_first) = split_first_segment(path);
        let (whole, after_name) = (below_api(path), below_api(after_first));
        let by_host = host.and_then(|host| self.hosted(host));
        let (tenant, path) = match (by_host.or_else(|| self.named(first)), self.all.as_slice()) {
            (Some(tenant), _) if tenant.name() == first => (tenant, after_name),
            (Some(_), _) if after_name.is_some() => return Err(NoTenant::OtherHost),
            (Some(tenant), _) => (tenant, whole),
            (None, _) if after_name.is_some() => return Err(unknown(first)),
            (None, [only]) => (only, whole),
            (None, _) => return Err(whole.map_or(NoTenant::OtherPath, |_| NoTenant::Unnamed)),
        };
        path.map(|path| Selected { tenant, path }).ok_or(NoTenant::OtherPath)
    }

    fn hosted(&self, host: &str) -> Option<&Arc<Tenant>> {
        let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
        let mine = |own: &String| own.eq_ignore_ascii_case(name);
        self.all.iter().find(|tenant| tenant.settings.hosts.iter().any(mine))
    }
}

fn unknown(name: &str) -> NoTenant {
    TenantName::parse(name).map_or(NoTenant::NotAName, NoTenant::Unknown)
}

fn below_api(path: &str) -> Option<Path<'_>> {
    let below = |api| path.strip_prefix(api).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    below(OZMAP_API).map(Path::Ozmap).or_else(|| below(OWN_API).map(Path::Own))
}

fn split_first_segment(path: &str) -> (&str, &str) {
    let bare = path.strip_prefix('/').unwrap_or(path);
    let end = bare.find('/').unwrap_or(bare.len());
    bare.split_at(end)
}

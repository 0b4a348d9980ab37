//! Which proxy is asked, with which key.

use super::Options;
use super::asking::Proxy;
use crate::cli::{Unusable, chosen, environment, warn_of};
use anyhow::bail;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use viability_proxy::config::Config;
use viability_proxy::config::key::ApiKey;

const PATH: &str = "viability/v1/batch";

/// By the options, and by the configuration where they don't say all.
pub(super) fn proxy(options: &Options) -> anyhow::Result<Proxy> {
    let key = options.key_env.as_deref().map(key_in).transpose()?;
    let (base, tenant, key) = match (&options.proxy, key) {
        (Some(proxy), Some(key)) => (proxy.clone(), options.tenant.clone(), key),
        (proxy, key) => {
            let config = options.file.load()?;
            warn_of(&config)?;
            let tenant = chosen(&config, options.tenant.as_deref())?;
            let name = (config.tenants.len() > 1).then(|| tenant.name.to_string());
            let base = match proxy {
                Some(proxy) => proxy.clone(),
                None => on_this_machine(&config),
            };
            (base, name, key.unwrap_or_else(|| tenant.key.clone()))
        }
    };
    let base = base.trim_end_matches('/');
    if !base.starts_with("http://") && !base.starts_with("https://") {
        bail!(Unusable::Proxy { proxy: base.to_owned() });
    }
    let url = match tenant {
        Some(tenant) => format!("{base}/{tenant}/{PATH}"),
        None => format!("{base}/{PATH}"),
    };
    Proxy::new(url, key, options.ca_file.as_deref())
}

fn key_in(variable: &str) -> anyhow::Result<ApiKey> {
    let environment = environment();
    let key = environment.get(variable).and_then(|text| ApiKey::parse(text.trim()));
    Ok(key.ok_or_else(|| Unusable::KeyVariable { variable: variable.to_owned() })?)
}

/// Where the proxy of this configuration listens, as seen from here.
fn on_this_machine(config: &Config) -> String {
    let listen = config.server.listen;
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}

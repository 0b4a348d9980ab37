//! The effective configuration as TOML that loads again: of secrets it tells where they stand.

use super::certificates::TlsFiles;
use super::console::Console;
use super::listeners::{Admin, Server};
use super::origins::WebOrigin;
use super::place::SecretPlace;
use super::{Access, Config, Freshness, Live, Refresh, Tenant};
use crate::viability::Rules;
use crate::viability::ports::ConnectorKind;
use std::fmt::Display;
use std::time::Duration;
use toml::Value;

impl Config {
    /// Every key with the value it has come to, without secrets: what `viability-proxy config` prints.
    pub fn to_toml_redacted(&self) -> String {
        let mut text = Text::default();
        text.section("server");
        text.server(&self.server);
        text.section("admin");
        text.admin(&self.admin);
        text.section("log");
        text.key("filter", quoted(&self.log.filter));
        text.key("format", quoted(self.log.format.as_str()));
        text.section("snapshot");
        match &self.snapshot_directory {
            Some(path) => text.key("directory", quoted(path.display())),
            None => text.comment("no directory"),
        }
        for tenant in &self.tenants {
            text.tenant(tenant);
        }
        text.lines.join("\n") + "\n"
    }
}

#[derive(Default)]
struct Text {
    lines: Vec<String>,
}

impl Text {
    fn section(&mut self, name: &str) {
        let gap = if self.lines.is_empty() { "" } else { "\n" };
        self.lines.push(format!("{gap}[{name}]"));
    }

    fn key(&mut self, key: &str, value: impl Display) {
        self.lines.push(format!("{key} = {value}"));
    }

    fn comment(&mut self, text: &str) {
        self.lines.push(format!("# {text}"));
    }

    /// Where a secret stands, never what it is.
    fn secret(&mut self, name: &str, place: &SecretPlace) {
        let told = match place {
            SecretPlace::File(path) => quoted(path.display()),
            SecretPlace::Environment(variable) => quoted(variable),
        };
        self.key(&place.key(name), told);
    }

    fn server(&mut self, server: &Server) {
        self.key("listen", quoted(server.listen));
        self.key("shutdown_delay", duration(server.shutdown_delay));
        self.key("drain", duration(server.drain));
        self.key("max_connections", server.max_connections);
        self.key("max_connections_per_address", server.max_connections_per_address);
        self.key("header_timeout", duration(server.header_timeout));
        self.key("write_timeout", duration(server.write_timeout));
        self.key("queue_timeout", duration(server.queue_timeout));
        self.key("max_in_flight", server.max_in_flight);
        match server.requests_per_second_per_key {
            Some(rate) => self.key("requests_per_second_per_key", rate),
            None => self.comment("no requests_per_second_per_key"),
        }
        let origins: Vec<_> = server.cors_origins.iter().map(WebOrigin::as_str).collect();
        self.key("cors_origins", Value::from(origins));
        self.tls(server.tls.as_ref());
    }

    fn admin(&mut self, admin: &Admin) {
        self.key("listen", quoted(admin.listen));
        match &admin.token {
            Some(token) => self.secret("token", &token.place),
            None => self.comment("no token"),
        }
        self.key("hosts", Value::from(admin.hosts.clone()));
        self.key("refresh_gap", duration(admin.refresh_gap));
        self.tls(admin.tls.as_ref());
    }

    fn tls(&mut self, files: Option<&TlsFiles>) {
        match files {
            Some(TlsFiles { cert, key }) => {
                self.key("tls_cert_file", quoted(cert.display()));
                self.key("tls_key_file", quoted(key.display()));
            }
            None => self.comment("no tls_cert_file"),
        }
    }

    fn tenant(&mut self, tenant: &Tenant) {
        let name = format!("tenants.{}", tenant.name);
        self.section(&name);
        self.key("host", quoted(tenant.host.base()));
        self.secret("key", &tenant.key_place);
        match &tenant.ca_file {
            Some(path) => self.key("ca_file", quoted(path.display())),
            None => self.comment("no ca_file"),
        }
        match &tenant.outbound_proxy {
            Some(url) => self.key("outbound_proxy", quoted(url)),
            None => self.comment("no outbound_proxy"),
        }
        self.key("hosts", Value::from(tenant.hosts.clone()));
        self.key("forward", quoted(tenant.forward.as_str()));
        self.key("forwards_at_once", tenant.forwards_at_once);
        self.section(&format!("{name}.viability"));
        self.rules(&tenant.rules);
        self.section(&format!("{name}.refresh"));
        self.refresh(&tenant.refresh);
        self.section(&format!("{name}.freshness"));
        self.freshness(&tenant.freshness);
        self.section(&format!("{name}.live"));
        self.live(&tenant.live);
        self.section(&format!("{name}.access"));
        self.access(&tenant.access);
        self.section(&format!("{name}.canary"));
        self.key("every", duration(tenant.canary.every.unwrap_or_default()));
        self.section(&format!("{name}.console"));
        self.console(&tenant.console);
        self.section(&format!("{name}.batch"));
        self.key("at_once", tenant.batch.at_once);
        self.key("max_rows", tenant.batch.max_rows);
    }

    fn rules(&mut self, rules: &Rules) {
        match rules.default_radius {
            Some(radius) => self.key("default_radius_m", radius.metres()),
            None => self.key("default_radius_m", quoted("none")),
        }
        self.key("max_radius_m", rules.max_radius.metres());
        self.key("boundary", quoted(rules.boundary.as_str()));
        self.key("max_boxes", rules.max_boxes);
        self.key("list_refused", rules.list_refused);
        let connectors: Vec<_> = rules.service_connectors.kinds().map(ConnectorKind::as_str).collect();
        self.key("service_connectors", Value::from(connectors));
        self.key("blocked_ports_are_free", rules.blocked_ports_are_free);
        self.key("property_ports_are_free", rules.homes.ports_are_free);
        self.key("list_properties", rules.homes.listed);
        self.key("list_condominiums", rules.communities.listed);
        self.key("consider_condominiums", rules.communities.decide);
        self.key("maximum_drop", rules.maximum_drop);
        self.key("earth_radius_m", rules.earth.radius_metres());
    }

    fn refresh(&mut self, refresh: &Refresh) {
        self.key("full", quoted(refresh.full.as_str()));
        self.key("changes", duration(refresh.changes.unwrap_or_default()));
        self.key("fallback", duration(refresh.fallback));
        self.key("page_size", refresh.page_size);
        self.key("pages_at_once", refresh.pages_at_once);
        self.key("connect_timeout", duration(refresh.connect_timeout));
        self.key("read_timeout", duration(refresh.read_timeout));
        self.key("page_timeout", duration(refresh.page_timeout));
        self.key("max_shrink_percent", refresh.max_shrink_percent.get());
        self.key("max_unreadable_percent", refresh.max_unreadable_percent.get());
    }

    fn freshness(&mut self, freshness: &Freshness) {
        self.key("stale_after", duration(freshness.stale_after));
        self.key("max_stale", duration(freshness.max_stale));
        self.key("when_expired", quoted(freshness.when_expired.as_str()));
    }

    fn live(&mut self, live: &Live) {
        self.key("calls_per_second", live.calls_per_second);
        self.key("calls_at_once", live.calls_at_once);
        self.key("deadline", duration(live.deadline));
        self.key("timeout", duration(live.timeout));
        self.key("recheck_at_most", live.recheck_at_most);
        self.key("recheck_after", duration(live.recheck_after));
        self.key("cache_ttl", duration(live.cache_ttl));
        self.key("cache_bytes", live.cache_bytes);
    }

    fn console(&mut self, console: &Console) {
        self.key("time_zone", quoted(console.time_zone.as_str()));
        match &console.map_tiles {
            Some(tiles) => self.key("map_tiles", quoted(tiles.as_str())),
            None => self.comment("no map_tiles"),
        }
        self.key("map_attribution", quoted(&console.map_attribution));
    }

    fn access(&mut self, access: &Access) {
        self.key("scope_ttl", duration(access.scope_ttl));
        self.key("rejected_ttl", duration(access.rejected_ttl));
        self.key("outage_ttl", duration(access.outage_ttl));
        self.key("max_keys", access.max_keys);
    }
}

fn quoted(value: impl Display) -> Value {
    Value::String(value.to_string())
}

fn duration(duration: Duration) -> Value {
    quoted(humantime::format_duration(duration))
}

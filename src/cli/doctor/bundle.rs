//! What whoever is asked for help needs to know: nothing in it is a secret, or a place on a map.

use std::env::consts::ARCH;
use std::fmt::Write;
use std::fs;
use std::time::SystemTime;
use viability_proxy::doctor::Finding;
use viability_proxy::doctor::instance::Instance;

/// What has come together.
#[derive(Default)]
pub(super) struct Bundle {
    /// As `viability-proxy config` prints it; `None` where it isn't sound: then the file itself may hold anything.
    pub(super) configuration: Option<String>,
    /// What a running proxy tells of itself.
    pub(super) instance: Option<Instance>,
}

impl Bundle {
    /// All of it, part by part.
    pub(super) fn text(&self, findings: &[Finding]) -> String {
        let mut text = String::new();
        part(&mut text, "viability-proxy doctor", &head());
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        part(&mut text, "findings", &lines.join("\n"));
        let configuration = self.configuration.as_deref();
        part(&mut text, "configuration in force", configuration.unwrap_or("not sound: see findings"));
        if let Some(Instance { status, readiness, metrics }) = &self.instance {
            part(&mut text, "running proxy: /admin/status", status);
            part(&mut text, "running proxy: /readyz", readiness);
            part(&mut text, "running proxy: /metrics", metrics);
        }
        text
    }
}

fn part(text: &mut String, name: &str, body: &str) {
    let _written = write!(text, "=== {name}\n{}\n\n", body.trim_end());
}

/// Of which program, when, and on what.
fn head() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let release = read("/etc/os-release");
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let system = system.unwrap_or("unknown").trim_matches('"').to_owned();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "version: {}\nmade at: {}\nsystem: {system}, Linux {} ({})",
        env!("CARGO_PKG_VERSION"),
        humantime::format_rfc3339_seconds(SystemTime::now()),
        kernel.trim(),
        ARCH,
    )
}

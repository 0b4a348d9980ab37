//! What is sound and perhaps not what was meant.

use super::fault::Fault;
use super::reader::Reader;
use super::{Config, Tenant, log_filter, lookalikes};
use secrecy::ExposeSecret;

/// An admin token of fewer characters is a word that somebody thought of.
const SHORT_TOKEN: usize = 12;

/// Of variables that are passed over, of a log that stays silent, of a token that can be guessed, and of how tenants are
/// found.
pub(super) fn of(reader: &Reader<'_>, config: &Config) -> Vec<Fault> {
    let mut warnings = by_path_only(reader, &config.tenants);
    let warn = |key: &str, text| Fault { origin: reader.place(key), key: key.to_owned(), text };
    warnings.extend(log_filter::doubt(&config.log.filter).map(|text| warn("log.filter", text)));
    warnings.extend(short_token(config).map(|text| warn("admin", text)));
    warnings.extend(lookalikes::warnings(reader));
    warnings.sort();
    warnings
}

fn short_token(config: &Config) -> Option<String> {
    let token = config.admin.token.as_ref()?;
    (token.expose_secret().len() < SHORT_TOKEN).then(|| {
        format!(
            "its token has fewer than {SHORT_TOKEN} characters and can be guessed: make it long and random, as \
             `openssl rand -hex 32` does"
        )
    })
}

/// Whoever adds a second tenant may not know that the first is no longer found at `/api/v2`.
fn by_path_only(reader: &Reader<'_>, tenants: &[Tenant]) -> Vec<Fault> {
    if tenants.len() < 2 {
        return Vec::new();
    }
    let hostless = tenants.iter().filter(|tenant| tenant.hosts.is_empty());
    hostless
        .map(|Tenant { name, .. }| {
            let key = format!("tenants.{name}");
            let text = format!(
                "is one of several and has no hosts: it is found below /{name}/api/v2 only, not at /api/v2; give it \
                 hosts if clients are to find it by name"
            );
            Fault { origin: reader.place(&key), key, text }
        })
        .collect()
}

impl Config {
    /// Those of `new` that this one doesn't have, on whatever line.
    pub fn new_warnings<'n>(&self, new: &'n Self) -> impl Iterator<Item = &'n Fault> {
        let is_known = |warning: &Fault| {
            self.warnings.iter().any(|known| (&known.key, &known.text) == (&warning.key, &warning.text))
        };
        new.warnings.iter().filter(move |warning| !is_known(warning))
    }
}

//! What differs between two configurations.

use super::Config;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The keys that tell where a secret stands.
const SECRETS: [&str; 4] = ["key_env", "key_file", "token_env", "token_file"];

impl Config {
    /// The dotted keys whose values differ from those that `new` has. A secret is named by the key that tells where it
    /// stands (`admin.token_file`), in `new` if it has one.
    ///
    /// Values are compared as [`Self::to_toml_redacted`] writes them, so that no key can be forgotten here.
    pub fn changed_keys(&self, new: &Self) -> BTreeSet<String> {
        let (before, after) = (self.by_key(), new.by_key());
        let keys = before.keys().chain(after.keys());
        let changed = keys.filter(|&key| before.get(key) != after.get(key));
        let secrets: BTreeMap<_, _> = self.secrets().into_iter().chain(new.secrets()).collect();
        changed.map(|key| secrets.get(key).unwrap_or(key).clone()).collect()
    }

    /// The keys that secrets are compared by, and those that tell where they stand.
    fn secrets(&self) -> BTreeMap<String, String> {
        let token = self.admin.token.as_ref().map(|token| ("admin".to_owned(), "token", &token.place));
        let keys = self.tenants.iter().map(|one| (format!("tenants.{}", one.name), "key", &one.key_place));
        let named = token.into_iter().chain(keys);
        named
            .map(|(section, secret, place)| {
                (format!("{section}.{secret}"), format!("{section}.{}", place.key(secret)))
            })
            .collect()
    }

    fn by_key(&self) -> BTreeMap<String, Value> {
        // What is written here loads again, as the test of `redacted` shows; were it not TOML, all would seem changed.
        let table: Table = self.to_toml_redacted().parse().unwrap_or_default();
        let mut values = BTreeMap::new();
        flatten("", &Value::Table(table), &mut values);
        // What a secret is has changed or not, wherever it stands.
        values.retain(|key, _| !SECRETS.contains(&key.rsplit('.').next().unwrap_or_default()));
        if let Some(token) = &self.admin.token {
            values.insert("admin.token".to_owned(), digest(token.expose_secret()));
        }
        for tenant in &self.tenants {
            values.insert(format!("tenants.{}.key", tenant.name), digest(tenant.key.header_value()));
        }
        values
    }
}

fn flatten(key: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, into);
            }
        }
        value => {
            into.insert(key.to_owned(), value.clone());
        }
    }
}

fn digest(secret: &str) -> Value {
    Value::from(format!("{:x?}", Sha256::digest(secret)))
}

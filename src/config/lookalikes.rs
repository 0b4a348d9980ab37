//! Variables that look like keys and are none, as `VIABILITY_LIVE_DEADLINE` is: passed over, and told.
//!
//! Not faults, for others set variables of that beginning, too: Kubernetes sets `VIABILITY_PROXY_PORT` and more where a
//! Service is called viability-proxy, and the process has to start there. So only those that resemble a key are told.

use super::fault::{Fault, Origin};
use super::layers::PREFIX;
use super::load::known_keys;
use super::reader::Reader;

/// The start of all that is looked at, in upper case.
const BEGINNING: &str = "VIABILITY_";
/// A key of every tenant begins so in [`known_keys`] of a tenant that is called x.
const OF_A_TENANT: &str = "tenants.x.";

/// One for each of them in the environment; those that the configuration names itself are not.
pub(super) fn warnings(reader: &Reader<'_>) -> Vec<Fault> {
    let variables = reader.env.keys().filter(|variable| {
        let begins =
            variable.get(..BEGINNING.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGINNING));
        let is_one_line = variable.bytes().all(|byte| byte.is_ascii_graphic());
        begins && is_one_line && !variable.starts_with(PREFIX) && !reader.named.contains(*variable)
    });
    let warning = |variable: &String| {
        let text = format!("is passed over: did you mean {}?", meant(variable)?);
        Some(Fault { origin: Origin::Environment { variable: variable.clone() }, key: String::new(), text })
    };
    variables.filter_map(warning).collect()
}

/// The variable of the key that this one resembles.
fn meant(variable: &str) -> Option<String> {
    let upper = variable.to_ascii_uppercase();
    let words: Vec<&str> = upper.split('_').skip(1).filter(|word| !word.is_empty()).collect();
    let written = words.join("_");
    let known = known_keys("x");
    if let Some(behind) = written.strip_prefix("TENANTS_") {
        // Where two fit, the longer is the key, and the rest the name.
        let keys = known.iter().filter_map(|key| key.strip_prefix(OF_A_TENANT));
        let fits = |key: &&str| {
            behind.strip_suffix(&one_by_one(key)).is_some_and(|name| name.len() > 1 && name.ends_with('_'))
        };
        let key = keys.filter(fits).max_by_key(|key| key.len())?;
        let name = behind.strip_suffix(&one_by_one(key))?.strip_suffix('_')?;
        return Some(format!("{PREFIX}TENANTS__{name}__{}", spelt(key)));
    }
    let keys = known.iter().filter(|key| !key.starts_with(OF_A_TENANT));
    let (slips, key) =
        keys.map(|key| (strsim::damerau_levenshtein(&one_by_one(key), &written), key)).min()?;
    (slips <= 1).then(|| format!("{PREFIX}{}", spelt(key)))
}

/// As in a variable whose underscores are all single.
fn one_by_one(key: &str) -> String {
    key.replace('.', "_").to_ascii_uppercase()
}

/// As behind [`PREFIX`].
fn spelt(key: &str) -> String {
    key.replace('.', "__").to_ascii_uppercase()
}

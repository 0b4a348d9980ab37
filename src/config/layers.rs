//! The three layers, flattened: for every key the value of the highest layer that has one, and where it stands.

use super::fault::{Fault, Origin};
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The start of every environment variable that is a key.
pub(super) const PREFIX: &str = "VIABILITY__";

/// Keys are dotted: `tenants.cliente.live.deadline`.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) values: BTreeMap<String, Entry>,
    /// Every section that some text opens, even an empty one.
    pub(super) sections: BTreeMap<String, Origin>,
    /// What stands somewhere but can be no key.
    pub(super) faults: Vec<Fault>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// The value as it stands there, cut to what fits in a message.
    pub(super) written: String,
    pub(super) origin: Origin,
}

#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
    List(Vec<Value>),
    /// What no key is: a date, a whole number beyond 64 bits, a table within a list.
    Other,
}

impl Layers {
    /// Lays a TOML text over what is there; `origin` makes one of a line. An error is everything that is not TOML.
    pub(super) fn add_toml(
        &mut self,
        text: &str,
        origin: &dyn Fn(usize) -> Origin,
    ) -> Result<(), Vec<Fault>> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let line = |offset: usize| 1 + ends.partition_point(|end| *end < offset);
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let mut walk = Walk { layers: self, text, origin: &|offset| origin(line(offset)) };
            walk.table("", table.get_ref());
            return Ok(());
        }
        let mut faults = Vec::new();
        for error in &errors {
            let origin = origin(line(error.span().map_or(0, |span| span.start)));
            // What follows on a line is mostly the parser's way to recover. The error's own `Display` would quote the
            // line, and with it perhaps a secret.
            if !faults.iter().any(|fault: &Fault| fault.origin == origin) {
                faults.push(Fault {
                    origin,
                    key: String::new(),
                    text: format!("not TOML: {}", error.message()),
                });
            }
        }
        faults.sort();
        Err(faults)
    }

    /// Lays the variables `VIABILITY__SECTION__KEY` over what is there.
    pub(super) fn add_environment(&mut self, env: &BTreeMap<String, String>) {
        for (variable, text) in env {
            let Some(path) = variable.strip_prefix(PREFIX) else { continue };
            let origin = Origin::Environment { variable: variable.clone() };
            let mut fault =
                |text| self.faults.push(Fault { origin: origin.clone(), key: String::new(), text });
            let Some(key) = key_of_variable(path) else {
                let form = "VIABILITY__SECTION__KEY in upper case, as in VIABILITY__LIVE__DEADLINE";
                fault(format!("not the name of a key: expected {form}"));
                continue;
            };
            if let Some(Origin::Environment { variable: other }) =
                self.values.get(&key).map(|entry| &entry.origin)
            {
                fault(format!("sets {key}, as {other} does: unset one of both"));
                continue;
            }
            let (value, written) = value_of_variable(text);
            self.values.insert(key, Entry { value, written: shortened(&written), origin });
        }
    }
}

/// One walk through one TOML text.
struct Walk<'w> {
    layers: &'w mut Layers,
    text: &'w str,
    /// Of an offset in the text.
    origin: &'w dyn Fn(usize) -> Origin,
}

impl Walk<'_> {
    fn table(&mut self, above: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let origin = (self.origin)(name.span().start);
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.get_ref().is_empty() || !name.get_ref().chars().all(bare) {
                // Here, because a dot inside would make the flattened key mean another one.
                let text = "not a key: expected letters, digits, \"-\" and \"_\"".to_owned();
                let key = format!("{above}{:?}", name.get_ref());
                self.layers.faults.push(Fault { origin, key, text });
                continue;
            }
            let key = format!("{above}{}", name.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.table(&format!("{key}."), inner);
                self.layers.sections.insert(key, origin);
            } else {
                let written = shortened(self.text.get(value.span()).unwrap_or_default());
                self.layers.values.insert(key, Entry { value: plain(value), written, origin });
            }
        }
    }
}

fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(digits) => {
            i64::from_str_radix(digits.as_str(), digits.radix()).map_or(Value::Other, Value::Whole)
        }
        DeValue::Float(digits) => digits.as_str().parse().map_or(Value::Other, Value::Number),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(items) => Value::List(items.iter().map(plain).collect()),
        DeValue::Datetime(_) | DeValue::Table(_) => Value::Other,
    }
}

fn key_of_variable(path: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let mut parts: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    if !path.chars().all(allowed) || parts.iter().any(String::is_empty) {
        return None;
    }
    if let [first, tenant, ..] = parts.as_mut_slice()
        && first == "tenants"
    {
        // Shells know no variable with `-`, tenants no name with `_`.
        *tenant = tenant.replace('_', "-");
    }
    Some(parts.join("."))
}

/// A TOML scalar or list where the text is one, else the text itself: `25m` needs no quotes in an environment.
fn value_of_variable(text: &str) -> (Value, String) {
    match DeValue::parse(text) {
        Ok(value) if !matches!(value.get_ref(), DeValue::Datetime(_) | DeValue::Table(_)) => {
            (plain(&value), text.to_owned())
        }
        _ => (Value::Text(text.to_owned()), format!("{text:?}")),
    }
}

/// One line, at most 60 characters.
fn shortened(written: &str) -> String {
    const MOST: usize = 60;
    let one_line = written.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = one_line.char_indices().nth(MOST).map_or(Cow::Borrowed(one_line.as_str()), |(end, _)| {
        Cow::Owned(format!("{}...", one_line.get(..end).unwrap_or_default()))
    });
    cut.into_owned()
}

//! Keys that nobody asked for: faults, with the nearest key that exists.

use super::fault::{Fault, Origin};
use super::layers::Layers;
use std::collections::BTreeSet;

/// A section of its own even where no key below it is known, for no tenant is.
const TENANTS: &str = "tenants";

/// One fault for every unknown key, but a single one for a section that is unknown as a whole.
pub(super) fn faults(layers: &Layers, known: &BTreeSet<String>) -> Vec<Fault> {
    let values = layers.values.iter().map(|(key, entry)| (key, &entry.origin, false));
    let sections = layers.sections.iter().map(|(key, origin)| (key, origin, true));
    let mut faults = Vec::new();
    for (key, origin, is_section) in values.chain(sections) {
        let place = Place { is_environment: matches!(origin, Origin::Environment { .. }), known };
        let Some((part, text)) = place.complaint(key, is_section) else { continue };
        // Every key of an unknown section would say the same: all of them say it where the section is opened.
        let opened = layers.sections.get(part).filter(|_| part != key && !place.is_environment);
        faults.push(Fault { origin: opened.unwrap_or(origin).clone(), key: part.to_owned(), text });
    }
    faults
}

/// Where the key stands that nobody asked for.
struct Place<'k> {
    is_environment: bool,
    known: &'k BTreeSet<String>,
}

impl Place<'_> {
    /// The shortest part of `key` that is wrong, and what is wrong with it. Values are not shown: one may be a secret.
    fn complaint<'a>(&self, key: &'a str, is_section: bool) -> Option<(&'a str, String)> {
        let ends = key.match_indices('.').map(|(end, _)| end).chain([key.len()]);
        for part in ends.filter_map(|end| key.get(..end)) {
            let whole = part == key;
            if self.known.contains(part) {
                // A variable goes below a value by its name alone; in a file the section that does is told itself.
                if !whole && self.is_environment {
                    return Some((key, format!("unknown key: did you mean {}?", self.spelt(part))));
                }
                let text = "expected a value, got a section: write it as `key = value`";
                return (whole && is_section).then(|| (part, text.to_owned()));
            }
            if is_known_section(part, self.known) {
                if whole && !is_section {
                    let remedy =
                        if self.is_environment { "add __ and a key to" } else { "write its keys below" };
                    let name = if self.is_environment { self.spelt(part) } else { format!("[{part}]") };
                    return Some((part, format!("expected a section, got a value: {remedy} {name}")));
                }
                continue;
            }
            let kind = if is_section || !whole { "section" } else { "key" };
            return Some((part, format!("unknown {kind}: {}", self.advice(part, kind == "section"))));
        }
        None
    }

    fn advice(&self, unknown: &str, is_section: bool) -> String {
        let candidates: BTreeSet<&str> = if is_section {
            let sections =
                self.known.iter().filter_map(|key| key.rsplit_once('.').map(|(section, _)| section));
            sections.chain([TENANTS]).collect()
        } else {
            self.known.iter().map(String::as_str).collect()
        };
        // Not of sections: [tenant.a] is not [tenant_defaults].
        let mut meant = if is_section { Vec::new() } else { longer(unknown, &candidates) };
        if meant.is_empty() {
            meant = nearest(unknown, &candidates);
        }
        if !meant.is_empty() {
            let spelt: Vec<String> = meant.into_iter().map(|key| self.spelt(key)).collect();
            return format!("did you mean {}?", spelt.join(" or "));
        }
        let above = unknown.rsplit_once('.').map_or("", |(above, _)| above);
        format!("known here: {}", names_in(above, self.known).into_iter().collect::<Vec<_>>().join(", "))
    }

    /// The key as it is written where the wrong one stands.
    fn spelt(&self, key: &str) -> String {
        if !self.is_environment {
            return key.to_owned();
        }
        format!("VIABILITY__{}", key.replace('.', "__").replace('-', "_").to_ascii_uppercase())
    }
}

/// `key_file` for `key`: to be told first, because such keys are the ones a secret is pasted into.
fn longer<'k>(unknown: &str, candidates: &BTreeSet<&'k str>) -> Vec<&'k str> {
    let longer = |key: &&&str| key.strip_prefix(unknown).is_some_and(|rest| rest.starts_with('_'));
    candidates.iter().filter(longer).copied().collect()
}

/// What was meant, most likely; empty when nothing is near.
fn nearest<'k>(unknown: &str, candidates: &BTreeSet<&'k str>) -> Vec<&'k str> {
    let those = |wanted: &dyn Fn(&str) -> bool| -> Vec<&'k str> {
        candidates.iter().copied().filter(|key| wanted(key)).collect()
    };
    let name = last(unknown);
    let slips = candidates.iter().map(|key| (strsim::damerau_levenshtein(key, unknown), *key)).min();
    if let Some((slips, key)) = slips
        && slips <= 3.min(name.len() / 2 + 1)
    {
        return vec![key];
    }
    // The right word in the wrong place: within the same tenant, else in a section for all.
    let tenant =
        unknown.starts_with("tenants.").then(|| unknown.rsplit_once('.').map_or("", |(above, _)| above));
    let within = those(&|key| last(key) == name && tenant.is_some_and(|tenant| is_below(key, tenant)));
    if within.is_empty() { those(&|key| last(key) == name && !key.starts_with("tenants.")) } else { within }
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn is_known_section(part: &str, known: &BTreeSet<String>) -> bool {
    part == TENANTS || known.iter().any(|key| is_below(key, part))
}

fn is_below(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

/// What may stand directly in a section, or at the top.
fn names_in<'k>(section: &str, known: &'k BTreeSet<String>) -> BTreeSet<&'k str> {
    let within = known.iter().filter_map(|key| match section {
        "" => Some(key.as_str()),
        _ => key.strip_prefix(section)?.strip_prefix('.'),
    });
    let tenants = section.is_empty().then_some(TENANTS);
    within.chain(tenants).filter_map(|rest| rest.split('.').next()).collect()
}

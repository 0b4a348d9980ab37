//! Keys that nobody asked for: faults, with the nearest key that exists.

use super::fault::{Fault, Origin};
use super::layers::Layers;
use std::collections::BTreeSet;

/// One fault for every unknown key, but a single one for a section that is unknown as a whole.
pub(super) fn faults(layers: &Layers, known: &BTreeSet<String>) -> Vec<Fault> {
    let values = layers.values.iter().map(|(key, entry)| (key, &entry.origin, false));
    let sections = layers.sections.iter().map(|(key, origin)| (key, origin, true));
    let mut faults: Vec<Fault> = Vec::new();
    for (key, origin, is_section) in values.chain(sections) {
        let Some((key, text)) = complaint(key, is_section, known) else { continue };
        // Where the section is opened, if it is: every key below it would say the same.
        let origin = layers.sections.get(&key).filter(|_| !is_environment(origin)).unwrap_or(origin);
        faults.push(Fault { origin: origin.clone(), key, text });
    }
    faults
}

fn is_environment(origin: &Origin) -> bool {
    matches!(origin, Origin::Environment { .. })
}

/// The shortest part of `key` that is wrong, and what is wrong with it. Values are not shown: one may be a secret.
fn complaint(key: &str, is_section: bool, known: &BTreeSet<String>) -> Option<(String, String)> {
    let ends = key.match_indices('.').map(|(end, _)| end).chain([key.len()]);
    let parts: Vec<&str> = ends.filter_map(|end| key.get(..end)).collect();
    for part in parts {
        let whole = part == key;
        let section = !whole || is_section;
        if known.contains(part) {
            // Below a value there is nothing; the section that stands in its place is told once, as a whole.
            let text = "expected a value, got a section: write it as `key = value`";
            return (whole && is_section).then(|| (part.to_owned(), text.to_owned()));
        }
        if is_known_section(part, known) {
            let text = format!("expected a section, got a value: write [{part}] and its keys below");
            if whole && !is_section {
                return Some((part.to_owned(), text));
            }
            continue;
        }
        let kind = if section { "section" } else { "key" };
        return Some((part.to_owned(), format!("unknown {kind}: {}", advice(part, section, known))));
    }
    None
}

fn is_known_section(part: &str, known: &BTreeSet<String>) -> bool {
    part == "tenants" || known.iter().any(|key| is_below(key, part))
}

fn is_below(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

fn advice(unknown: &str, is_section: bool, known: &BTreeSet<String>) -> String {
    let candidates: BTreeSet<&str> = if is_section {
        known.iter().filter_map(|key| key.rsplit_once('.').map(|(section, _)| section)).collect()
    } else {
        known.iter().map(String::as_str).collect()
    };
    let (above, name) = unknown.rsplit_once('.').unwrap_or(("", unknown));
    // `key` for `key_file`: first, because such keys are the ones a secret is pasted into.
    let longer = |key: &&&str| key.strip_prefix(unknown).is_some_and(|rest| rest.starts_with('_'));
    let longer: Vec<&str> = candidates.iter().filter(longer).copied().collect();
    if !longer.is_empty() {
        return format!("did you mean {}?", longer.join(" or "));
    }
    // A slip of the pen first, then the right word in the wrong place.
    let near = candidates.iter().map(|key| (strsim::damerau_levenshtein(key, unknown), *key)).min();
    let same_name = |key: &&str| key.rsplit('.').next() == Some(name);
    let elsewhere = candidates.iter().copied().find(same_name);
    let nearest =
        near.filter(|(slips, _)| *slips <= 3.min(name.len() / 2 + 1)).map(|(_, key)| key).or(elsewhere);
    match nearest {
        Some(key) => format!("did you mean {key}?"),
        None => format!("known here: {}", names_in(above, known).into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// What may stand directly in a section, or at the top.
fn names_in<'k>(section: &str, known: &'k BTreeSet<String>) -> BTreeSet<&'k str> {
    let within = known.iter().filter_map(|key| match section {
        "" => Some(key.as_str()),
        _ => key.strip_prefix(section)?.strip_prefix('.'),
    });
    within.filter_map(|rest| rest.split('.').next()).collect()
}

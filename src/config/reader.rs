//! Reads keys out of the layers, notes which were asked for, and collects every fault instead of stopping at the first.
//!
//! The keys that exist are the keys that were asked for: there is no second list to keep.

use super::fault::{Fault, Origin};
use super::layers::{Entry, Layers};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub(super) struct Reader<'a> {
    layers: Layers,
    /// The configuration file; empty when there is none.
    file: PathBuf,
    /// The process's environment, for the keys that name a variable.
    pub(super) env: &'a BTreeMap<String, String>,
    /// The variables that such keys name.
    pub(super) named: BTreeSet<String>,
    asked: BTreeSet<String>,
    /// A set, because a faulty key of a section for all is read once for every tenant.
    faults: BTreeSet<Fault>,
}

/// Says that a fault has been recorded, and therefore that there is no value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faulty;

impl<'a> Reader<'a> {
    pub(super) fn new(mut layers: Layers, file: PathBuf, env: &'a BTreeMap<String, String>) -> Self {
        let faults = layers.faults.drain(..).collect();
        Self { layers, file, env, named: BTreeSet::new(), asked: BTreeSet::new(), faults }
    }

    /// The keys of one section; a key it lacks is taken from `fallback`.
    pub(super) fn section(&mut self, name: &str, fallback: Option<&'static str>) -> Section<'_, 'a> {
        Section { reader: self, name: name.to_owned(), fallback }
    }

    /// The tenants that any layer names.
    pub(super) fn tenants(&self) -> BTreeSet<String> {
        let keys = self.layers.values.keys().chain(self.layers.sections.keys());
        let names = keys.filter_map(|key| key.strip_prefix("tenants."));
        names.filter_map(|rest| rest.split('.').next()).map(str::to_owned).collect()
    }

    /// Every key asked for so far.
    pub(super) fn asked(&self) -> &BTreeSet<String> {
        &self.asked
    }

    /// A relative path starts at the folder of the configuration file.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.file.parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }

    /// Where a key or a whole section stands, or would if it were there.
    pub(super) fn place(&self, key: &str) -> Origin {
        let below = |found: &&String| found.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let section = self.layers.sections.get(key);
        let value = || self.layers.values.get(key).map(|entry| &entry.origin);
        let within =
            || self.layers.values.iter().find(|(found, _)| below(found)).map(|(_, entry)| &entry.origin);
        let nowhere = || Origin::File { path: self.file.clone(), line: None };
        section.or_else(value).or_else(within).cloned().unwrap_or_else(nowhere)
    }

    /// Records what is wrong with a whole section, or with what is nowhere.
    pub(super) fn fault(&mut self, key: &str, text: String) -> Faulty {
        self.record(Fault { origin: self.place(key), key: key.to_owned(), text })
    }

    fn record(&mut self, fault: Fault) -> Faulty {
        self.faults.insert(fault);
        Faulty
    }

    /// Every fault, those of keys and sections that nobody asked for among them.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let strangers = super::unknown::faults(&self.layers, &self.asked);
        let all: BTreeSet<_> = self.faults.iter().cloned().chain(strangers).collect();
        all.into_iter().collect()
    }
}

pub(super) struct Section<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    name: String,
    fallback: Option<&'static str>,
}

/// A value and the key under which it was found.
pub(super) struct Found {
    pub(super) entry: Entry,
    key: String,
    /// Whether it stands in the section itself and not in its fallback.
    own: bool,
}

impl Section<'_, '_> {
    /// Looks a key up and thereby makes it a known one.
    pub(super) fn find(&mut self, key: &str) -> Option<Found> {
        let fallback = self.fallback.map(|section| (format!("{section}.{key}"), false));
        let mut found = None;
        for (key, own) in [(format!("{}.{key}", self.name), true)].into_iter().chain(fallback) {
            if let (None, Some(entry)) = (&found, self.reader.layers.values.get(&key)) {
                found = Some(Found { entry: entry.clone(), key: key.clone(), own });
            }
            self.reader.asked.insert(key);
        }
        found
    }

    /// A key that must be there. `parse` says in full what is wrong.
    pub(super) fn check<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&Entry) -> Result<T, String>,
    ) -> Result<T, Faulty> {
        match self.find(key) {
            Some(found) => parse(&found.entry).map_err(|text| self.fault(found, text)),
            None => Err(self.missing(key, &format!("is missing: expected {expected}"))),
        }
    }

    /// A key that must be there and of which `expected` says all there is to say.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&Entry) -> Option<T>,
    ) -> Result<T, Faulty> {
        self.check(key, expected, |entry| {
            parse(entry).ok_or_else(|| format!("expected {expected}, got {}", entry.written))
        })
    }

    /// A key that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<T, Faulty>,
    ) -> Result<Option<T>, Faulty> {
        self.find(key).map(|_| read(self, key)).transpose()
    }

    /// Records what is wrong with a value that has been found.
    pub(super) fn fault(&mut self, found: Found, text: String) -> Faulty {
        self.reader.record(Fault { origin: found.entry.origin, key: found.key, text })
    }

    /// Records what is wrong with the value of a key, where it stands.
    pub(super) fn fault_at(&mut self, key: &str, text: String) -> Faulty {
        match self.find(key) {
            Some(found) => self.fault(found, text),
            None => self.missing(key, &text),
        }
    }

    /// Records that this section lacks a key.
    pub(super) fn missing(&mut self, key: &str, text: &str) -> Faulty {
        // The section's line is as near as one gets to a key that is not there.
        let origin = self.reader.layers.sections.get(&self.name).cloned();
        let origin = origin.unwrap_or_else(|| Origin::File { path: self.reader.file.clone(), line: None });
        self.reader.record(Fault { origin, key: format!("{}.{key}", self.name), text: text.to_owned() })
    }

    /// Records that two keys contradict each other, at the one that was set last: own before fallback, then by layer.
    pub(super) fn contradiction(
        &mut self,
        one: &str,
        other: &str,
        text: impl FnOnce(&str, &str) -> String,
    ) -> Faulty {
        let (Some(one), Some(other)) = (self.find(one), self.find(other)) else { return Faulty };
        let text = text(&one.entry.written, &other.entry.written);
        let rank = |found: &Found| (found.own, found.entry.origin.clone());
        let last = if rank(&other) > rank(&one) { other } else { one };
        self.fault(last, text)
    }
}

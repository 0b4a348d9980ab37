//! A snapshot in the shape of its file: plain values, checked one by one when they are read.

mod around;

pub(super) use around::{StoredCommunity, StoredHome};

use crate::config::key::KeyDigest;
use crate::tenant::access::KnownScope;
use crate::viability::Rules;
use crate::viability::communities::Communities;
use crate::viability::geo::{Point, Radius};
use crate::viability::plant::{Evidence, MaximumDrop, ObjectId, ServiceBox, Stage};
use crate::viability::ports::{ConnectorKind, Ports, ServiceConnectors};
use crate::viability::snapshot::{Plant, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The end of the year 9999, in milliseconds since 1970: the dates that are shown have four digits for it.
const LAST_TIME: u64 = 253_402_300_799_999;
/// Whole numbers are exact in JSON up to here, and there is always a next one.
const LAST_GENERATION: u64 = 1 << 53;

/// Counted up whenever [`Stored`] changes so that older files would be read wrongly, or not at all.
pub(super) const VERSION: u32 = 5;

/// Whose data a file holds, and what they were judged by: a file is used only where all of it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The tenant's name.
    pub tenant: String,
    /// Its OZmap.
    pub host: String,
    /// The SHA-256 of its key: another key may see other projects.
    pub key: [u8; 32],
    /// The rules that are applied before saving: ports are kept as counts, which these decide. Keeping every port would
    /// make the file several times as large, for settings that change once in years.
    pub rules: StoredRules,
}

/// A bit each: where it is 1, the rule isn't as it is by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRules(u16);

impl StoredRules {
    /// Of these settings. Homes and communities are in a file only where a rule asks for them.
    pub fn of(rules: &Rules) -> Self {
        let usual = ServiceConnectors::default();
        let kinds = ConnectorKind::ALL.map(|kind| rules.service_connectors.count(kind) != usual.count(kind));
        let [splitters, connectors, fusions, switches] = kinds;
        let others = [
            rules.blocked_ports_are_free,
            splitters,
            connectors,
            fusions,
            switches,
            rules.homes.ports_are_free,
            rules.homes.listed,
            rules.communities.listed,
            // What is only listed may never have been read.
            rules.communities.decide,
        ];
        Self((0..).zip(others).fold(0, |bits, (bit, differs)| bits | u16::from(differs) << bit))
    }
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Cut off, changed, or never one of ours.
    #[error("the file is damaged ({0})")]
    Damaged(&'static str),
    /// Of another version of the program.
    #[error("the file has format {0}, this program reads {VERSION}")]
    Version(u32),
    /// Of another tenant, OZmap or rule.
    #[error(
        "the file is of another tenant, OZmap host or key, or was written under other rules of which ports count, or of whether homes and communities are read ([viability])"
    )]
    Foreign,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) identity: Identity,
    pub(super) generation: u64,
    /// Milliseconds since 1970.
    pub(super) read_at: u64,
    pub(super) projects: Vec<StoredProject>,
    pub(super) boxes: Vec<StoredBox>,
    pub(super) unplaced: u64,
    pub(super) homes: Vec<StoredHome>,
    pub(super) communities: Vec<StoredCommunity>,
    pub(super) unread_communities: u64,
    pub(super) scopes: Vec<StoredScope>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredScope {
    /// SHA-256 of the key.
    key: [u8; 32],
    /// Milliseconds since 1970.
    given: u64,
    pub(super) projects: Vec<[u8; 12]>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredProject {
    id: [u8; 12],
    maximum_drop: StoredDrop,
}

#[derive(Serialize, Deserialize)]
enum StoredDrop {
    Unlimited,
    Metres(f64),
    Unknown,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredBox {
    id: [u8; 12],
    name: SmolStr,
    project: [u8; 12],
    pub(super) lat: f64,
    pub(super) lng: f64,
    stage: StoredStage,
    /// All, and free ones.
    pub(super) ports: Option<(u32, u32)>,
    evidence: StoredEvidence,
}

/// Its first two are stored as the flag was that older files have here, "all rows about it could be read".
#[derive(Serialize, Deserialize)]
pub(super) enum StoredEvidence {
    Partial,
    Whole,
    Unlisted,
}

#[derive(Serialize, Deserialize)]
pub(super) enum StoredStage {
    Draft,
    NotImplanted,
    Implanted,
}

fn milliseconds(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

fn time(milliseconds: u64) -> Result<SystemTime, Unfit> {
    let possible = Some(milliseconds).filter(|milliseconds| *milliseconds <= LAST_TIME);
    let time = possible.and_then(|milliseconds| UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)));
    time.ok_or(Unfit::Damaged("impossible time"))
}

impl Stored {
    pub(super) fn of(identity: &Identity, snapshot: &Snapshot, scopes: &[KnownScope]) -> Self {
        Self {
            identity: identity.clone(),
            generation: snapshot.generation(),
            read_at: milliseconds(snapshot.read_at()),
            projects: snapshot.projects().iter().map(StoredProject::of).collect(),
            boxes: snapshot.boxes().map(StoredBox::of).collect(),
            unplaced: snapshot.unplaced(),
            homes: snapshot.homes().map(StoredHome::of).collect(),
            communities: snapshot.communities().iter().map(StoredCommunity::of).collect(),
            unread_communities: snapshot.communities().unreadable(),
            scopes: scopes.iter().map(StoredScope::of).collect(),
        }
    }

    pub(super) fn into_parts(self) -> Result<(Snapshot, Vec<KnownScope>), Unfit> {
        let read_at = time(self.read_at)?;
        if !(1..=LAST_GENERATION).contains(&self.generation) {
            return Err(Unfit::Damaged("impossible number"));
        }
        let boxes: Option<Vec<_>> = self.boxes.into_iter().map(StoredBox::into_box).collect();
        let boxes = boxes.ok_or(Unfit::Damaged("impossible box"))?;
        if !boxes.is_sorted_by(|one, next| one.id < next.id) {
            return Err(Unfit::Damaged("boxes out of order"));
        }
        let projects: Option<_> = self.projects.into_iter().map(StoredProject::into_project).collect();
        let projects = projects.ok_or(Unfit::Damaged("impossible project"))?;
        let homes: Option<Vec<_>> = self.homes.into_iter().map(StoredHome::into_home).collect();
        let homes = homes.ok_or(Unfit::Damaged("impossible home"))?;
        if !homes.is_sorted_by(|one, next| one.id < next.id) {
            return Err(Unfit::Damaged("homes out of order"));
        }
        let communities: Option<_> =
            self.communities.into_iter().map(StoredCommunity::into_community).collect();
        let communities = communities.ok_or(Unfit::Damaged("impossible community"))?;
        let communities = Arc::new(Communities::new(communities, self.unread_communities));
        let scopes = self.scopes.into_iter().map(StoredScope::into_scope).collect::<Result<_, _>>()?;
        let plant = Plant { read_at, projects, boxes, unplaced: self.unplaced, homes, communities };
        Ok((Snapshot::build(self.generation, plant), scopes))
    }
}

impl StoredProject {
    fn of((id, maximum_drop): (&ObjectId, &MaximumDrop)) -> Self {
        let maximum_drop = match maximum_drop {
            MaximumDrop::Unlimited => StoredDrop::Unlimited,
            MaximumDrop::Metres(longest) => StoredDrop::Metres(longest.metres()),
            MaximumDrop::Unknown => StoredDrop::Unknown,
        };
        Self { id: id.to_bytes(), maximum_drop }
    }

    /// `None` for a length that none can have.
    fn into_project(self) -> Option<(ObjectId, MaximumDrop)> {
        let maximum_drop = match self.maximum_drop {
            StoredDrop::Unlimited => MaximumDrop::Unlimited,
            StoredDrop::Metres(longest) => MaximumDrop::Metres(Radius::new(longest)?),
            StoredDrop::Unknown => MaximumDrop::Unknown,
        };
        Some((ObjectId::from_bytes(self.id), maximum_drop))
    }
}

impl StoredScope {
    fn of(known: &KnownScope) -> Self {
        Self {
            key: known.key.0,
            given: milliseconds(known.given),
            projects: known.projects.iter().map(|project| project.to_bytes()).collect(),
        }
    }

    fn into_scope(self) -> Result<KnownScope, Unfit> {
        Ok(KnownScope {
            key: KeyDigest(self.key),
            given: time(self.given)?,
            projects: self.projects.into_iter().map(ObjectId::from_bytes).collect(),
        })
    }
}

impl StoredBox {
    pub(super) fn of(one: ServiceBox<&str>) -> Self {
        Self {
            id: one.id.to_bytes(),
            name: one.name.into(),
            project: one.project.to_bytes(),
            lat: one.position.lat(),
            lng: one.position.lng(),
            stage: match one.stage {
                Stage::Draft => StoredStage::Draft,
                Stage::NotImplanted => StoredStage::NotImplanted,
                Stage::Implanted => StoredStage::Implanted,
            },
            ports: one.ports.map(|ports| (ports.total, ports.free)),
            evidence: match one.evidence {
                Evidence::Whole => StoredEvidence::Whole,
                Evidence::Partial => StoredEvidence::Partial,
                Evidence::Unlisted => StoredEvidence::Unlisted,
            },
        }
    }

    /// `None` for what can't be: a position off Earth, more free ports than ports.
    fn into_box(self) -> Option<ServiceBox> {
        let possible = self.ports.is_none_or(|(total, free)| free <= total);
        Some(ServiceBox {
            id: ObjectId::from_bytes(self.id),
            name: self.name,
            project: ObjectId::from_bytes(self.project),
            position: Point::new(self.lat, self.lng).filter(|_| possible)?,
            stage: match self.stage {
                StoredStage::Draft => Stage::Draft,
                StoredStage::NotImplanted => Stage::NotImplanted,
                StoredStage::Implanted => Stage::Implanted,
            },
            ports: self.ports.map(|(total, free)| Ports { total, free }),
            evidence: match self.evidence {
                StoredEvidence::Whole => Evidence::Whole,
                StoredEvidence::Partial => Evidence::Partial,
                StoredEvidence::Unlisted => Evidence::Unlisted,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viability::communities::CommunityRules;
    use crate::viability::homes::HomeRules;
    use crate::viability::tests::rules;
    use std::collections::HashSet;

    #[test]
    fn no_two_sets_of_rules_that_matter_are_stored_alike() {
        let bit = |set: u16, bit: u16| set >> bit & 1 == 1;
        let sets = (0..1 << 9).filter_map(|set| {
            let kinds = ConnectorKind::ALL.into_iter().zip(0..).filter(|(_, at)| bit(set, *at));
            Some(Rules {
                service_connectors: ServiceConnectors::new(kinds.map(|(kind, _)| kind))?,
                blocked_ports_are_free: bit(set, 4),
                homes: HomeRules { listed: bit(set, 5), ports_are_free: bit(set, 6) },
                communities: CommunityRules { listed: bit(set, 7), decide: bit(set, 8) },
                ..rules()
            })
        });
        let stored: HashSet<_> =
            sets.map(|rules| postcard::to_stdvec(&StoredRules::of(&rules)).unwrap()).collect();
        assert_eq!(stored.len(), 15 * 32);
        assert!(stored.contains(&postcard::to_stdvec(&StoredRules::default()).unwrap()));
    }

    #[test]
    fn the_flag_of_older_files_is_read_as_what_it_said() {
        let read = |flag: bool| postcard::from_bytes(&postcard::to_stdvec(&flag).unwrap()).unwrap();
        assert!(matches!(read(true), StoredEvidence::Whole));
        assert!(matches!(read(false), StoredEvidence::Partial));
    }
}

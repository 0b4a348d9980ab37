//! The bytes of a snapshot file: magic, version, lengths, CRC, then postcard in zstd.
//!
//! A file is believed only as far as it has been checked: lengths against the file, the CRC over everything behind it
//! before anything is unpacked, then every value by the type that carries it.

use super::stored::{Identity, Stored, Unfit, VERSION};
use crate::tenant::access::KnownScope;
use crate::viability::snapshot::Snapshot;
use std::io::{self, BufReader, Read};

const MAGIC: [u8; 8] = *b"VIABSNAP";
/// Magic, version, length unpacked, length packed, CRC.
const HEAD: usize = 8 + 4 + 8 + 8 + 4;
const CRC_AT: usize = HEAD - 4;
/// Ten times Brazil. More is no snapshot of ours, whatever its CRC says.
const LONGEST: u64 = 2 << 30;
/// zstd packs 128 KiB into three bytes and one at the best (RFC 8878, 3.1.1.2): who says more of so short a file gets
/// no memory for it.
const DENSEST: u64 = (128 << 10) / 4;
/// An identity, which comes first of what is packed, is no longer: a host's name may have a few hundred bytes.
const LONGEST_IDENTITY: u64 = 4 << 10;
/// Fast, and a fifth of the size.
const LEVEL: i32 = 1;

/// The bytes of a file.
pub fn encode(identity: &Identity, snapshot: &Snapshot, scopes: &[KnownScope]) -> io::Result<Vec<u8>> {
    let stored = Stored::of(identity, snapshot, scopes);
    let plain = postcard::to_stdvec(&stored).map_err(io::Error::other)?;
    let packed = zstd::bulk::compress(&plain, LEVEL)?;
    Ok(framed(plain.len() as u64, &packed))
}

/// What a file holds behind its head, with the head that belongs to it.
pub fn framed(plain_length: u64, packed: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEAD + packed.len());
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend(plain_length.to_le_bytes());
    file.extend((packed.len() as u64).to_le_bytes());
    file.extend(checksum(&file, packed).to_le_bytes());
    file.extend(packed);
    file
}

/// The snapshot in a file, and the scopes of other keys.
pub fn decode(identity: &Identity, file: &[u8]) -> Result<(Snapshot, Vec<KnownScope>), Unfit> {
    let (head, packed) = file.split_at_checked(HEAD).ok_or(Unfit::Damaged("too short"))?;
    let number = |at: usize| {
        let bytes = head.get(at..at + 8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    if !head.starts_with(&MAGIC) {
        return Err(Unfit::Damaged("no snapshot"));
    }
    // The low half of the eight bytes behind the magic; the CRC can't be trusted to lie where it does in this version.
    let version = u32::try_from(number(8) & u64::from(u32::MAX)).unwrap_or_default();
    if version != VERSION {
        return Err(Unfit::Version(version));
    }
    let (plain_length, packed_length) = (number(12), number(20));
    if packed_length != packed.len() as u64 {
        return Err(Unfit::Damaged("cut off"));
    }
    let (covered, crc) = head.split_at(CRC_AT);
    if crc != checksum(covered, packed).to_le_bytes() {
        return Err(Unfit::Damaged("wrong CRC"));
    }
    if plain_length > LONGEST.min(packed_length.saturating_mul(DENSEST)) {
        return Err(Unfit::Damaged("too long"));
    }
    let capacity = usize::try_from(plain_length).map_err(|_too_long| Unfit::Damaged("too long"))?;
    let plain = zstd::bulk::decompress(packed, capacity).map_err(|_unread| Unfit::Damaged("not zstd"))?;
    if plain.len() != capacity {
        return Err(Unfit::Damaged("another length"));
    }
    let stored: Stored = postcard::from_bytes(&plain).map_err(|_unread| Unfit::Damaged("not postcard"))?;
    drop(plain);
    if stored.identity != *identity {
        return Err(Unfit::Foreign);
    }
    stored.into_parts()
}

/// Whose data a file of this version holds, by its first bytes; `None` where they don't tell. Nothing else is checked.
pub fn identity(file: impl Read) -> Option<Identity> {
    let mut file = BufReader::new(file);
    let mut head = [0; HEAD];
    file.read_exact(&mut head).ok()?;
    let version = head.strip_prefix(&MAGIC)?.first_chunk().copied().map(u32::from_le_bytes)?;
    let mut first = Vec::new();
    zstd::Decoder::with_buffer(file).ok()?.take(LONGEST_IDENTITY).read_to_end(&mut first).ok()?;
    let (identity, _rest) = postcard::take_from_bytes(&first).ok()?;
    (version == VERSION).then_some(identity)
}

fn checksum(head: &[u8], packed: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(head);
    crc.update(packed);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::super::stored::{StoredBox, StoredCommunity, StoredHome, StoredRules};
    use super::*;
    use crate::config::key::KeyDigest;
    use crate::viability::Rules;
    use crate::viability::communities::{Communities, Community, Outline};
    use crate::viability::geo::{Point, Radius};
    use crate::viability::homes::Home;
    use crate::viability::plant::{Evidence, MaximumDrop, ObjectId, ServiceBox, Stage};
    use crate::viability::ports::Ports;
    use crate::viability::snapshot::Plant;
    use crate::viability::tests::rules;
    use rand::{Rng, RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn identity() -> Identity {
        Identity {
            tenant: "demo".into(),
            host: "https://x/api/v2".into(),
            key: [7; 32],
            rules: StoredRules::default(),
        }
    }

    fn snapshot(boxes: usize, seed: u64) -> Snapshot {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut id = || {
            let mut bytes = [0; 12];
            dice.fill_bytes(&mut bytes);
            ObjectId::from_bytes(bytes)
        };
        let projects: Vec<_> = (0..4).map(|_| id()).collect();
        let ids: Vec<_> = (0..boxes).map(|_| id()).collect();
        let boxes = ids.into_iter().enumerate().map(|(n, id)| ServiceBox {
            id,
            name: format!("CTO \"{n}\" São José").into(),
            project: projects[n % 4],
            position: Point::new(dice.random_range(-90.0..=90.0), dice.random_range(-180.0..=180.0)).unwrap(),
            stage: [Stage::Draft, Stage::NotImplanted, Stage::Implanted][n % 3],
            ports: (n % 5 > 0).then(|| Ports { total: 16, free: dice.random_range(0..=16) }),
            evidence: match n % 11 {
                0 => Evidence::Partial,
                1 => Evidence::Unlisted,
                _ => Evidence::Whole,
            },
        });
        let read_at = UNIX_EPOCH + Duration::from_millis(1_750_000_000_123);
        let boxes: Vec<_> = boxes.collect();
        let home = |(near, project): (&ServiceBox, Option<ObjectId>)| Home {
            id: near.id,
            project,
            position: near.position,
            address: format!("Rua São João, {}", near.name).into(),
            observation: "".into(),
        };
        let homes = boxes.iter().zip([None, Some(projects[0])].into_iter().cycle()).map(home).collect();
        let corner = |lat, lng| Point::new(lat, lng).unwrap();
        let ring =
            vec![corner(-27.0, -48.0), corner(-27.0, -47.9), corner(-26.9, -47.9), corner(-27.0, -48.0)];
        let communities = projects.iter().map(|&id| {
            let outline = Outline::new(vec![vec![ring.clone(), ring.clone()], vec![ring.clone()]]);
            Community { id, name: "Jardins".into(), project: Some(id), outline }
        });
        let communities = Arc::new(Communities::new(communities.collect(), 2));
        let longest = MaximumDrop::Metres(Radius::new(250.5).unwrap());
        let drops = [longest, MaximumDrop::Unlimited, MaximumDrop::Unknown, longest];
        Snapshot::build(
            7,
            Plant {
                read_at,
                projects: projects.into_iter().zip(drops).collect(),
                boxes,
                unplaced: 3,
                homes,
                communities,
            },
        )
    }

    fn assert_same(one: &Snapshot, other: &Snapshot) {
        let boxes =
            |snapshot: &Snapshot| snapshot.boxes().map(|one| one.named(String::from)).collect::<Vec<_>>();
        assert_eq!(
            (one.generation(), one.read_at(), one.projects(), boxes(one), one.unplaced()),
            (other.generation(), other.read_at(), other.projects(), boxes(other), other.unplaced())
        );
        assert!(one.homes().eq(other.homes()) && one.communities().iter().eq(other.communities().iter()));
        assert_eq!(one.communities().unreadable(), other.communities().unreadable());
    }

    #[test]
    fn what_is_written_is_read() {
        for (boxes, seed) in [(0, 0), (1, 1), (3, 2), (2_000, 3)] {
            let written = snapshot(boxes, seed);
            let scopes = [KnownScope {
                key: KeyDigest([9; 32]),
                projects: written.projects().keys().copied().take(2).collect(),
                given: UNIX_EPOCH + Duration::from_secs(1_750_000_000),
            }];
            let file = encode(&identity(), &written, &scopes).unwrap();
            let (read, known) = decode(&identity(), &file).unwrap();
            assert_same(&read, &written);
            assert_eq!(known, scopes);
        }
    }

    #[test]
    fn r19_a_file_cut_off_anywhere_is_refused() {
        let file = encode(&identity(), &snapshot(20, 4), &[]).unwrap();
        for length in 0..file.len() {
            assert!(decode(&identity(), &file[..length]).is_err(), "cut at {length}");
        }
        let longer = [&file[..], &[0]].concat();
        assert!(decode(&identity(), &longer).is_err());
    }

    #[test]
    fn r19_ten_thousand_flipped_bits_are_noticed() {
        let file = encode(&identity(), &snapshot(200, 5), &[]).unwrap();
        let mut dice = ChaCha8Rng::seed_from_u64(6);
        for _ in 0..10_000 {
            let (byte, bit) = (dice.random_range(0..file.len()), dice.random_range(0..8));
            let mut flipped = file.clone();
            flipped[byte] ^= 1 << bit;
            assert!(decode(&identity(), &flipped).is_err(), "bit {bit} of byte {byte}");
        }
    }

    #[test]
    fn r19_what_has_a_right_crc_and_wrong_values_is_refused() {
        let forge = |change: fn(&mut Stored)| {
            let good = snapshot(3, 7);
            let boxes = good.boxes().map(StoredBox::of).collect();
            let mut stored = Stored {
                identity: identity(),
                generation: 1,
                read_at: 1,
                projects: Vec::new(),
                boxes,
                unplaced: 0,
                homes: good.homes().map(StoredHome::of).collect(),
                communities: good.communities().iter().map(StoredCommunity::of).collect(),
                unread_communities: 0,
                scopes: Vec::new(),
            };
            change(&mut stored);
            let plain = postcard::to_stdvec(&stored).unwrap();
            let packed = zstd::bulk::compress(&plain, LEVEL).unwrap();
            decode(&identity(), &framed(plain.len() as u64, &packed))
        };
        assert!(forge(|_| ()).is_ok());
        assert!(forge(|stored| stored.boxes[0].lat = f64::NAN).is_err());
        assert!(forge(|stored| stored.boxes[0].lng = 180.5).is_err());
        assert!(forge(|stored| stored.boxes[0].ports = Some((8, 9))).is_err());
        assert!(forge(|stored| stored.boxes.swap(0, 1)).is_err());
        assert!(forge(|stored| stored.homes.swap(0, 1)).is_err());
        assert!(forge(|stored| stored.homes[0].position.0 = 90.5).is_err());
        assert!(forge(|stored| stored.communities[0].polygons[0][0][0].1 = f64::INFINITY).is_err());
        assert!(forge(|stored| stored.generation = 0).is_err());
        assert!(forge(|stored| stored.generation = u64::MAX).is_err());
        assert!(forge(|stored| stored.identity.tenant = "other".into()).is_err());
        assert!(forge(|stored| stored.identity.host = "https://y/api/v2".into()).is_err());
        assert!(
            forge(|stored| stored.identity.rules =
                StoredRules::of(&Rules { blocked_ports_are_free: true, ..rules() }))
            .is_err()
        );
    }

    #[test]
    fn r19_a_time_that_no_date_can_tell_is_refused() {
        let at = |milliseconds| {
            let read_at = UNIX_EPOCH + Duration::from_millis(milliseconds);
            let plant = Plant::empty(read_at);
            decode(&identity(), &encode(&identity(), &Snapshot::build(1, plant), &[]).unwrap())
        };
        // The end of the year 9999.
        assert!(at(253_402_300_799_999).is_ok());
        assert!(at(253_402_300_800_000).is_err());
    }

    #[test]
    fn r19_a_file_that_says_another_length_than_it_unpacks_to_is_refused() {
        let empty = Plant::empty(UNIX_EPOCH);
        let plain = postcard::to_stdvec(&Stored::of(&identity(), &Snapshot::build(1, empty), &[])).unwrap();
        let packed = zstd::bulk::compress(&plain, LEVEL).unwrap();
        let length = plain.len() as u64;
        let fault =
            |length| decode(&identity(), &framed(length, &packed)).err().map(|unfit| unfit.to_string());
        assert_eq!(fault(length), None);
        assert!(fault(length - 1).is_some() && fault(length + 1).is_some());
        // Without room being made for it.
        assert_eq!(fault(LONGEST), Some("the file is damaged (too long)".to_owned()));
    }

    #[test]
    fn r30_a_time_to_come_is_kept_as_it_is() {
        let plant = Plant::empty(SystemTime::now() + Duration::from_hours(48));
        let file = encode(&identity(), &Snapshot::build(1, plant), &[]).unwrap();
        assert!(decode(&identity(), &file).unwrap().0.read_at() > SystemTime::now());
    }
}

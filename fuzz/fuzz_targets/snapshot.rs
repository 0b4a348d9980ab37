//! A snapshot file: bytes as they are, and bytes behind a head that is right, so that what lies behind the CRC is
//! reached. What is read is valid, and is written and read again as the same.
//!
//! The first letter of an input says what the rest is: `F` a file, `Z` eight bytes of the length unpacked and then what
//! is packed, `P` what is unpacked, `V` what is unpacked behind the identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::{Duration, UNIX_EPOCH};
use viability_proxy::refresh::store::format::{decode, encode, framed};
use viability_proxy::refresh::store::stored::{Identity, StoredRules};
use viability_proxy::tenant::access::KnownScope;
use viability_proxy::viability::geo::Point;
use viability_proxy::viability::snapshot::Snapshot;

/// The first second of the year 10000, which no time in RFC 3339 can say.
const BEYOND_DATES: Duration = Duration::from_secs(253_402_300_800);

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let identity = Identity {
        tenant: "demo".to_owned(),
        host: "https://x/api/v2".to_owned(),
        key: [7; 32],
        rules: StoredRules::default(),
    };
    let file = match kind {
        b'Z' => {
            let Some((length, packed)) = rest.split_first_chunk() else { return };
            framed(u64::from_le_bytes(*length), packed)
        }
        b'P' => packed(rest),
        b'V' => packed(&[&postcard::to_stdvec(&identity).expect("plain data"), rest].concat()),
        _ => rest.to_owned(),
    };
    let Ok((snapshot, scopes)) = decode(&identity, &file) else { return };
    is_valid(&snapshot);
    is_read_as_it_is_written(&identity, &snapshot, &scopes);
});

fn packed(plain: &[u8]) -> Vec<u8> {
    framed(plain.len() as u64, &zstd::bulk::compress(plain, 1).expect("it can be packed"))
}

fn is_valid(snapshot: &Snapshot) {
    assert!(snapshot.boxes().is_sorted_by(|one, next| one.id < next.id), "a box twice, or out of order");
    for one in snapshot.boxes() {
        assert_eq!(Point::new(one.position.lat(), one.position.lng()), Some(one.position));
        assert!(one.ports.is_none_or(|ports| ports.free <= ports.total), "{one:?}");
    }
    assert_eq!(snapshot.census().boxes(), snapshot.boxes().count() as u64);
    // What the next refresh, and whoever is told of this one, make of it.
    assert!(snapshot.generation().checked_add(1).is_some(), "the last number there is");
    assert!(snapshot.read_at() < UNIX_EPOCH + BEYOND_DATES, "{:?}", snapshot.read_at());
}

fn is_read_as_it_is_written(identity: &Identity, snapshot: &Snapshot, scopes: &[KnownScope]) {
    let file = encode(identity, snapshot, scopes).expect("it can be packed");
    let (again, its_scopes) = decode(identity, &file).expect("our own file");
    assert_eq!((again.generation(), again.read_at()), (snapshot.generation(), snapshot.read_at()));
    assert_eq!(again.projects(), snapshot.projects());
    assert!(again.boxes().eq(snapshot.boxes()));
    assert_eq!(again.unplaced(), snapshot.unplaced());
    assert_eq!(its_scopes, scopes);
}

//! What a cache of finished answers before the index would cost and save: why there is none. `cargo bench --bench cache`

#![expect(clippy::expect_used, reason = "a benchmark that can't be set up has to end")]

mod homes;
mod town;
mod usual;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use moka::sync::Cache;
use std::hint::black_box;
use viability_proxy::ozmap::wire::answer::render;
use viability_proxy::viability::plant::Scope;
use viability_proxy::viability::snapshot::Snapshot;
use viability_proxy::viability::{Query, evaluate};

/// Places that may be asked for, and how many of them the cache keeps.
const PLACES: usize = 200_000;
const KEPT: u64 = 10_000;
/// An answer is one piece.
const METRES: f64 = 150.0;

/// Of a query: the bits of its numbers.
type Key = [u64; 3];

fn key(query: &Query) -> Key {
    [query.center.lat(), query.center.lng(), query.radius.metres()].map(f64::to_bits)
}

/// `share` of a hundred queries ask for one of a few places that stay in the cache, the others for a new one each.
fn turn(queries: &[Query], share: usize) -> impl Iterator<Item = &Query> {
    let (few, many) = queries.split_at(1_000);
    let (mut hot, mut new) = (few.iter().cycle(), many.iter().cycle());
    (0..100).cycle().filter_map(move |number: usize| {
        // Spread evenly: 37 shares no factor with a hundred.
        if number * 37 % 100 < share { hot.next() } else { new.next() }
    })
}

fn caches(criterion: &mut Criterion) {
    for count in usual::sizes(&[1_000_000]) {
        let boxes = town::boxes(count, town::CITY);
        let queries = homes::queries(&boxes, METRES, PLACES);
        let (snapshot, rules) = (Snapshot::build(1, town::plant(boxes)), usual::rules());
        let answer = |query: &Query| {
            let mut pieces = render(&evaluate(&snapshot, query, &Scope::Everything, &rules));
            pieces.take().unwrap_or_default()
        };
        for share in [0, 50, 90, 99] {
            let at = format!("{share} of 100 asked before");
            let mut next = turn(&queries, share);
            criterion.bench_with_input(BenchmarkId::new("the index", &at), &(), |bencher, ()| {
                bencher.iter(|| black_box(answer(next.next().expect("it has no end"))));
            });
            let cache: Cache<Key, Bytes> = Cache::new(KEPT);
            let mut next = turn(&queries, share);
            criterion.bench_with_input(BenchmarkId::new("moka, then the index", &at), &(), |bencher, ()| {
                bencher.iter(|| {
                    let query = next.next().expect("it has no end");
                    black_box(cache.get_with(key(query), || answer(query)))
                });
            });
        }
    }
}

criterion_group!(benches, caches);
criterion_main!(benches);

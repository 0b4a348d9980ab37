//! One answer in process: the index, the rules, the text. `cargo bench --bench answer`

#![expect(clippy::expect_used, reason = "a benchmark that can't be set up has to end")]

mod homes;
mod town;
mod usual;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use viability_proxy::ozmap::wire::answer::render;
use viability_proxy::viability::evaluate;
use viability_proxy::viability::plant::Scope;
use viability_proxy::viability::snapshot::Snapshot;

/// Places asked for in turn: so many that their boxes don't stay in the processor's caches.
const PLACES: usize = 50_000;
/// Boxes on a square metre of a village.
const VILLAGE: f64 = town::CITY / 10.0;

fn answers(criterion: &mut Criterion) {
    for count in usual::sizes(&[1_000, 25_000, 300_000, 1_000_000, 5_000_000]) {
        for (name, density) in [("dense", town::CITY), ("sparse", VILLAGE)] {
            let boxes = town::boxes(count, density);
            let queries = [100.0, 150.0, 300.0, 1_000.0].map(|metres| homes::queries(&boxes, metres, PLACES));
            let (snapshot, rules) = (Snapshot::build(1, town::plant(boxes)), usual::rules());
            for queries in &queries {
                let at = format!("{count} boxes {}/{} m", name, queries[0].radius.metres());
                let mut turn = queries.iter().cycle();
                let mut next = move || turn.next().expect("it has no end");
                criterion.bench_with_input(BenchmarkId::new("evaluate", &at), &(), |bencher, ()| {
                    bencher.iter(|| {
                        black_box(evaluate(&snapshot, next(), &Scope::Everything, &rules).is_viable())
                    });
                });
                criterion.bench_with_input(
                    BenchmarkId::new("evaluate and render", &at),
                    &(),
                    |bencher, ()| {
                        bencher.iter(|| {
                            black_box(render(&evaluate(&snapshot, next(), &Scope::Everything, &rules)))
                        });
                    },
                );
            }
        }
    }
}

criterion_group!(benches, answers);
criterion_main!(benches);

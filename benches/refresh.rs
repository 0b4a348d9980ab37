//! What a refresh does beside waiting for OZmap, and a start from a file. `cargo bench --bench refresh`

#![expect(clippy::expect_used, reason = "a benchmark that can't be set up has to end")]

mod town;
mod usual;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::hint::black_box;
use viability_proxy::ozmap::assemble::amend::{ChangedDoubts, Faults, Known, amend};
use viability_proxy::ozmap::assemble::{Doubts, Unlisted, assemble};
use viability_proxy::ozmap::homes::VacantPorts;
use viability_proxy::ozmap::pages::Reading;
use viability_proxy::ozmap::splitters::{Detail, Splitters, all_ports};
use viability_proxy::ozmap::wire::decode_page;
use viability_proxy::ozmap::wire::rows::{BoxRow, Row, SplitterRow};
use viability_proxy::refresh::store::format::{decode, encode};
use viability_proxy::refresh::store::stored::{Identity, StoredRules};
use viability_proxy::viability::geo::Point;
use viability_proxy::viability::plant::ServiceBox;
use viability_proxy::viability::ports::Ports;
use viability_proxy::viability::snapshot::{Amendment, Snapshot};

/// Rows of a page, as many as are asked for.
const PAGE: usize = 1_000;

/// A page of OZmap's: the fields that are asked for, as they come.
fn page(rows: &[Value]) -> Vec<u8> {
    json!({ "total": rows.len(), "start": 0, "count": rows.len(), "limit": PAGE, "rows": rows })
        .to_string()
        .into_bytes()
}

fn box_row(one: &ServiceBox) -> Value {
    let (lat, lng) = (one.position.lat(), one.position.lng());
    json!({
        "id": one.id.to_string(), "name": one.name, "project": one.project.to_string(), "coords": [lng, lat],
        "lat": lat, "lng": lng, "draft": false, "implanted": true,
    })
}

fn splitter_row(one: &ServiceBox) -> Value {
    let ports = one.ports.unwrap_or_default();
    let output = |number: u32| if number < ports.free { Value::Null } else { json!(one.id.to_string()) };
    let outputs: Vec<_> = (0..ports.total).map(output).collect();
    let blocked: Vec<_> = (0..ports.total).map(|_| json!({ "blocked": false })).collect();
    json!({
        "id": one.id.to_string(), "parent": one.id.to_string(), "isDrop": true,
        "connectables": { "input": [one.id.to_string()], "output": outputs }, "ports": blocked,
    })
}

fn rows<R: Row>(pages: &[Vec<u8>]) -> Vec<R> {
    let decoded = pages.iter().map(|page| decode_page::<R>(page).expect("a page"));
    decoded.flat_map(|page| page.rows).map(|row| row.row.expect("a row")).collect()
}

fn reading<R: Row>(pages: &[Vec<u8>]) -> Reading<R> {
    Reading { rows: rows(pages), ..Reading::default() }
}

fn decoding(criterion: &mut Criterion) {
    let boxes = town::boxes(PAGE, town::CITY);
    let mut group = criterion.benchmark_group("decode a page");
    group.throughput(Throughput::Elements(PAGE as u64));
    let (of_boxes, of_splitters) = (
        page(&boxes.iter().map(box_row).collect::<Vec<_>>()),
        page(&boxes.iter().map(splitter_row).collect::<Vec<_>>()),
    );
    group.bench_function("boxes", |bencher| bencher.iter(|| black_box(decode_page::<BoxRow>(&of_boxes))));
    group.bench_function("splitters", |bencher| {
        bencher.iter(|| black_box(decode_page::<SplitterRow>(&of_splitters)));
    });
}

fn building(criterion: &mut Criterion) {
    for count in usual::sizes(&[25_000, 300_000, 1_000_000]) {
        let boxes = town::boxes(count, town::CITY);
        let pages = |row: fn(&ServiceBox) -> Value| -> Vec<_> {
            boxes.chunks(PAGE).map(|chunk| page(&chunk.iter().map(row).collect::<Vec<_>>())).collect()
        };
        let (of_boxes, of_splitters) = (pages(box_row), pages(splitter_row));
        let mut group = criterion.benchmark_group("refresh");
        group.sample_size(10).throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("assemble", count), |bencher| {
            let splitters = Splitters::of(&reading(&of_splitters), Detail::Counts);
            let (doubts, rules) = (Doubts::default(), usual::rules());
            let ports = || all_ports([&splitters], &VacantPorts::default(), &rules);
            bencher.iter_batched(
                || reading::<BoxRow>(&of_boxes),
                |boxes| assemble(boxes, &ports(), &doubts, None, Unlisted::Doubted).boxes,
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("build", count), |bencher| {
            bencher.iter_batched(
                || town::plant(boxes.clone()),
                |plant| Snapshot::build(1, plant),
                BatchSize::PerIteration,
            );
        });
        let identity = Identity {
            tenant: "demo".into(),
            host: "https://demo.example/api/v2".into(),
            key: [0; 32],
            rules: StoredRules::default(),
        };
        let snapshot = Snapshot::build(1, town::plant(boxes.clone()));
        let file = encode(&identity, &snapshot, &[]).expect("a file");
        group.bench_function(BenchmarkId::new("write a file", count), |bencher| {
            bencher.iter(|| encode(&identity, &snapshot, &[]).expect("a file"));
        });
        group.bench_function(BenchmarkId::new("start from a file", count), |bencher| {
            bencher.iter(|| decode(&identity, &file).expect("a sound file"));
        });
    }
}

/// How many changes come at once: those of half a minute in a country.
const CHANGES: usize = 1_000;

/// From pages of changed rows to a snapshot that could be published.
fn amending(criterion: &mut Criterion) {
    for count in usual::sizes(&[25_000, 300_000, 1_000_000]) {
        let boxes = town::boxes(count, town::CITY);
        let held = Snapshot::build(1, town::plant(boxes.clone()));
        let splitters = splitters_of(&boxes);
        let changed =
            || boxes.iter().filter(|one| one.free_ports() > 0).step_by((count / CHANGES / 2).max(1));
        let sold = changed().take(CHANGES).map(|one| {
            let ports = one.ports.map(|ports| Ports { free: ports.free - 1, ..ports });
            splitter_row(&ServiceBox { ports, ..one.clone() })
        });
        let sold = page(&sold.collect::<Vec<_>>());
        let moved = changed().take(CHANGES / 10).map(|one| {
            let north = Point::new(one.position.lat() + 1e-4, one.position.lng()).expect("a place in Brazil");
            box_row(&ServiceBox { position: north, ..one.clone() })
        });
        let (moved, none) = (page(&moved.collect::<Vec<_>>()), page(&[]));
        let mut group = criterion.benchmark_group("amend");
        group.sample_size(10).throughput(Throughput::Elements(CHANGES as u64));
        for (name, of_boxes) in [("sales", &none), ("sales, a tenth of them with moves", &moved)] {
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_batched_ref(
                    || splitters.clone(),
                    |splitters| amended(&held, splitters, of_boxes, &sold),
                    BatchSize::PerIteration,
                );
            });
        }
    }
}

fn splitters_of(boxes: &[ServiceBox]) -> Splitters {
    let pages = boxes.chunks(PAGE).map(|chunk| page(&chunk.iter().map(splitter_row).collect::<Vec<_>>()));
    Splitters::of(&reading(&pages.collect::<Vec<_>>()), Detail::Counts)
}

fn amended(held: &Snapshot, splitters: &mut Splitters, of_boxes: &[u8], of_splitters: &[u8]) -> Snapshot {
    let changed = reading::<SplitterRow>(&[of_splitters.to_vec()]);
    let concerned = splitters.amend(&changed.rows);
    let (doubts, rules) = (Doubts::default(), usual::rules());
    let vacant = VacantPorts::default();
    let known = Known { held, splitters: &[splitters], vacant: &vacant, doubts: &doubts, rules: &rules };
    let others = amend(
        known,
        reading(&[of_boxes.to_vec()]),
        &[Faults::of(&changed)],
        concerned,
        &mut ChangedDoubts::default(),
    );
    let projects = held.projects().clone();
    let amendment = Amendment {
        read_at: held.read_at(),
        projects,
        boxes: others.boxes,
        gone: others.gone,
        unplaced: 0,
        homes: Vec::new(),
        homes_gone: Vec::new(),
    };
    held.amended(2, amendment)
}

criterion_group!(benches, decoding, building, amending);
criterion_main!(benches);

//! A page of one of OZmap's lists, read as each of the five: what its rows hold is valid, and a row that can't be read
//! tells of itself what can be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use viability_proxy::ozmap::wire::answer::verdict;
use viability_proxy::ozmap::wire::place::Place;
use viability_proxy::ozmap::wire::rows::{About, BoxRow, ProjectRow, PropertyRow, Row, SplitterRow};
use viability_proxy::ozmap::wire::{Page, PageRow, decode_page, error_message};
use viability_proxy::viability::communities::Community;
use viability_proxy::viability::geo::Point;
use viability_proxy::viability::plant::ObjectId;

fuzz_target!(|body: &[u8]| {
    let boxes = read::<BoxRow>(body, |row| on_earth(row.position));
    let splitters = read::<SplitterRow>(body, |row| {
        assert!(row.serves_clients || row.outputs.total == 0, "{row:?}");
        assert!(row.outputs.total as usize <= body.len(), "more ports than bytes");
    });
    let projects = read::<ProjectRow>(body, |_row| ());
    let homes = read::<PropertyRow>(body, |row| {
        assert!(row.ports.len() <= body.len(), "more ports than bytes");
        row.to_home().into_iter().for_each(|home| on_earth(home.position));
    });
    let communities = read::<Community>(body, |row| {
        row.outline.polygons().into_iter().flatten().flatten().for_each(on_earth);
    });
    // Whether it is a page, and of how many rows, is no matter of what the rows are about.
    let counts = [counts(&boxes), counts(&splitters), counts(&projects), counts(&homes), counts(&communities)];
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    if let Some(page) = boxes {
        page.rows.iter().for_each(a_box_in_part);
    }
    // What a page that is none may be instead.
    let _verdict = verdict(body);
    let _message = error_message(body);
});

fn read<R: Row>(body: &[u8], is_valid: impl Fn(&R)) -> Option<Page<R>> {
    let page = decode_page::<R>(body).ok()?;
    assert!(page.rows.len() <= body.len(), "more rows than bytes");
    for PageRow { id, about, place, row } in &page.rows {
        if let Ok(row) = row {
            assert_eq!((*id, *about, *place), (Some(row.id()), About::Nothing, None));
            is_written_and_read_alike(row.id());
            is_valid(row);
        }
    }
    Some(page)
}

fn counts<R>(page: &Option<Page<R>>) -> Option<(u64, Option<u64>, Option<bool>, usize)> {
    page.as_ref().map(|page| (page.total, page.limit, page.has_more, page.rows.len()))
}

/// A box that can't be read is about itself, and where it says it is, it says so wholly.
fn a_box_in_part(row: &PageRow<BoxRow>) {
    if row.row.is_ok() {
        return;
    }
    assert_eq!(row.about, row.id.map_or(About::AnyBox, About::Box));
    if let Some(Place { id, position, .. }) = row.place {
        assert_eq!(row.id, Some(id));
        on_earth(position);
    }
}

fn on_earth(position: Point) {
    assert_eq!(Point::new(position.lat(), position.lng()), Some(position));
}

fn is_written_and_read_alike(id: ObjectId) {
    assert_eq!(ObjectId::parse(&id.to_string()), Some(id));
}

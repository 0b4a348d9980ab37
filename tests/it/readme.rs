//! What the README promises to tell in full.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use viability_proxy::tenant::DataState;
use viability_proxy::tenant::provenance::LiveReason;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The words in backticks of a text: those of `fwd=stale; detail=stale` each by itself.
fn words(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.flat_map(|quoted| quoted.split([' ', ';', '='])).collect()
}

#[test]
fn the_table_of_who_answers_has_every_word_of_detail() {
    let readme = file("README.md");
    let (_, behind) = readme.split_once("| who answers | when | `Cache-Status` |\n").unwrap();
    let (table, _) = behind.split_once("\n\n").unwrap();
    let told = words(table);
    let reasons = [
        LiveReason::Cold,
        LiveReason::Stale,
        LiveReason::Expired,
        LiveReason::NoCache,
        LiveReason::Radius,
        LiveReason::Scope,
        LiveReason::Unreadable,
    ];
    let code = file("src/server/reply.rs");
    let instead = code.split('"').filter(|literal| literal.starts_with("live-") && !literal.contains('{'));
    let local = ["index", "checked", "unchecked", DataState::Stale.as_str(), DataState::Expired.as_str()];
    let details: BTreeSet<_> =
        reasons.map(LiveReason::as_str).into_iter().chain(instead).chain(local).collect();
    assert_eq!(details.len(), 14, "{details:?}");
    assert_eq!(details.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new());
    // Of an answer that is remembered the reason why OZmap was asked for it: never that nothing remembered would do.
    for reason in reasons.into_iter().filter(|reason| *reason != LiveReason::NoCache) {
        let remembered = format!("live-{}", reason.as_str());
        assert!(told.contains(remembered.as_str()), "{remembered}");
    }
    assert!(!told.contains("live-no-cache"));
}

#[test]
fn the_readme_tells_what_becomes_of_old_data() {
    let readme = file("README.md");
    let told = words(&readme);
    for key in ["freshness.stale_after", "freshness.max_stale", "freshness.when_expired"] {
        assert!(told.contains(key), "{key}");
    }
}

//! What code knows and operators must be told, in both languages.

use super::markdown::{Page, words};
use super::{LANGUAGES, file, root};
use std::collections::BTreeSet;
use viability_proxy::tenant::DataState;
use viability_proxy::tenant::provenance::LiveReason;

#[test]
fn the_table_of_who_answers_has_every_word_of_detail() {
    let reasons = [
        LiveReason::Cold,
        LiveReason::Stale,
        LiveReason::Expired,
        LiveReason::NoCache,
        LiveReason::Radius,
        LiveReason::Scope,
        LiveReason::Unreadable,
        LiveReason::LastPorts,
    ];
    let code = file("src/server/reply.rs");
    let instead = code.split('"').filter(|literal| literal.starts_with("live-") && !literal.contains('{'));
    let local = ["index", "checked", "unchecked", DataState::Stale.as_str(), DataState::Expired.as_str()];
    let details: BTreeSet<_> =
        reasons.map(LiveReason::as_str).into_iter().chain(instead).chain(local).collect();
    assert_eq!(details.len(), 15, "{details:?}");
    for language in LANGUAGES {
        let page = file(&format!("docs/{language}/answers.md"));
        let (_, behind) = page.split_once("| `Cache-Status` |\n").unwrap();
        let (table, _) = behind.split_once("\n\n").unwrap();
        let told = words(table);
        assert_eq!(details.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "{language}");
        // Of an answer that is remembered the reason why OZmap was asked for it: never that nothing remembered would do.
        for reason in reasons.into_iter().filter(|reason| *reason != LiveReason::NoCache) {
            let remembered = format!("live-{}", reason.as_str());
            assert!(told.contains(remembered.as_str()), "{language}: {remembered}");
        }
        assert!(!told.contains("live-no-cache"), "{language}");
    }
}

#[test]
fn the_page_of_answers_tells_what_becomes_of_old_data() {
    for language in LANGUAGES {
        let page = file(&format!("docs/{language}/answers.md"));
        let told = words(&page);
        for key in ["freshness.stale_after", "freshness.max_stale", "freshness.when_expired"] {
            assert!(told.contains(key), "{language}: {key}");
        }
    }
}

/// Every word in quotes on the right of `=>` below this line of the code.
fn words_of_code(path: &str, from: &str) -> BTreeSet<String> {
    let code = file(path);
    let (_, behind) = code.split_once(from).unwrap_or_else(|| panic!("{path} has no {from}"));
    let (body, _) = behind.split_once("\n    }\n").unwrap();
    let arms = body.split("=> \"").skip(1).filter_map(|arm| arm.split('"').next());
    let words: BTreeSet<_> = arms.map(str::to_owned).collect();
    assert!(words.len() > 5, "{path}: {words:?}");
    words
}

#[test]
fn every_reason_to_turn_away_or_to_refuse_a_reading_is_told() {
    let refusals = words_of_code("src/server/rejection.rs", "fn as_str(self)");
    let objections = words_of_code("src/refresh/objections.rs", "fn as_str(&self)");
    for language in LANGUAGES {
        let page = file(&format!("docs/{language}/operating.md"));
        let told = words(&page);
        for word in refusals.iter().chain(&objections) {
            assert!(told.contains(word.as_str()), "{language}: {word}");
        }
    }
}

#[test]
fn every_route_of_operators_is_told() {
    let code = file("src/server/admin.rs");
    let literals = code.split('"').skip(1).step_by(2);
    let paths: BTreeSet<_> =
        literals.filter(|literal| literal.starts_with('/') && literal.len() > 1).collect();
    assert!(paths.len() > 12, "{paths:?}");
    for language in LANGUAGES {
        let page = file(&format!("docs/{language}/operating.md"));
        for path in &paths {
            assert!(page.contains(&format!(" {path}")), "{language}: {path}");
        }
    }
}

#[test]
fn the_readmes_are_short_and_have_the_two_commands() {
    for name in ["README.md", "README.pt-BR.md"] {
        let text = file(name);
        let lines = text.lines().count();
        assert!(lines <= 130, "{name} has {lines} lines");
        for command in ["cargo run --release -- demo", "cargo test --workspace"] {
            assert!(text.lines().any(|line| line == command), "{name}: {command}");
        }
        assert!(Page::read(&root().join(name)).links().iter().any(|link| link.starts_with("docs/")));
    }
}

//! `docs/robustness.md` names what shows each promise: all rows are there, and what it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every function and every script that shows a promise.
fn shown() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join("src"), root().join("tests/it")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
                found.extend(functions.map(ToOwned::to_owned));
            }
        }
    }
    for (folder, prefix) in [("tests/chaos", ""), (".ci", ".ci/")] {
        let scripts = fs::read_dir(root().join(folder)).unwrap();
        let names = scripts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        found.extend(names.map(|name| format!("{prefix}{name}")));
    }
    found
}

#[test]
fn every_row_of_failures_and_attacks_names_what_shows_it_and_that_exists() {
    let text = fs::read_to_string(root().join("docs/robustness.md")).unwrap();
    let shown = shown();
    let mut rows = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| R")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        rows.insert(cells[1].to_owned());
        let names: Vec<&str> = cells[4].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{line}");
        for name in names {
            assert!(shown.contains(name), "{}: there is no {name}", cells[1]);
        }
    }
    // R29 is about several instances, which don't exist.
    let expected: BTreeSet<_> = (1..=33).filter(|row| *row != 29).map(|row| format!("R{row}")).collect();
    assert_eq!(rows, expected);
}

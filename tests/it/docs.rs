//! The pages for operators: both languages have the same pages of the same structure, and every link leads somewhere.
//! Whether they read well only people can tell.

mod facts;
mod markdown;
mod reference;

use markdown::{Fence, Page};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `docs/`.
const LANGUAGES: [&str; 2] = ["en", "pt-BR"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The pages of a folder, by name.
fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pages = files.filter(|file| file.extension().is_some_and(|end| end == "md"));
    pages.map(|page| page.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Every page with its counterpart, English first.
fn pairs() -> Vec<[Page; 2]> {
    let pages = names(&root().join("docs/en"));
    let pages =
        pages.iter().map(|name| LANGUAGES.map(|language| root().join("docs").join(language).join(name)));
    let readmes = ["README.md", "README.pt-BR.md"].map(|name| root().join(name));
    pages.chain([readmes]).map(|paths| paths.map(|path| Page::read(&path))).collect()
}

#[test]
fn each_page_is_there_in_both_languages() {
    let [english, portuguese] = LANGUAGES.map(|language| names(&root().join("docs").join(language)));
    assert!(english.len() > 7, "{english:?}");
    assert_eq!(english, portuguese);
    for (language, names) in LANGUAGES.iter().zip([english, portuguese]) {
        let index = Page::read(&root().join("docs").join(language).join("README.md"));
        let linked: BTreeSet<_> = index.links().into_iter().collect();
        for name in names.iter().filter(|name| *name != "README.md") {
            assert!(linked.contains(name), "docs/{language}/README.md doesn't lead to {name}");
        }
    }
}

#[test]
fn headings_have_the_same_levels_in_the_same_order() {
    for [english, portuguese] in pairs() {
        let levels = |page: &Page| page.headings().iter().map(|one| one.level).collect::<Vec<_>>();
        let told = format!("{:#?}\n{:#?}", english.headings(), portuguese.headings());
        assert_eq!(levels(&english), levels(&portuguese), "{}: {told}", english.path.display());
    }
}

/// Commands without their comments, which are translated.
fn commands(fence: &Fence) -> Vec<&str> {
    let ends = |line: &str| if line.trim_start().starts_with('#') { Some(0) } else { line.find(" # ") };
    fence.lines.iter().map(|line| line[..ends(line).unwrap_or(line.len())].trim_end()).collect()
}

#[test]
fn fenced_blocks_are_the_same_in_both_languages_but_for_comments() {
    for [english, portuguese] in pairs() {
        let path = english.path.display();
        assert_eq!(english.fences.len(), portuguese.fences.len(), "{path}");
        for (one, other) in english.fences.iter().zip(&portuguese.fences) {
            assert_eq!(one.language, other.language, "{path}: {one:?}");
            // A drawing for people.
            if one.language != "text" {
                assert_eq!(commands(one), commands(other), "{path}");
            }
        }
    }
}

/// Everything in Markdown that people are led to.
fn all_pages() -> Vec<PathBuf> {
    let folders =
        ["", "docs", "docs/en", "docs/pt-BR", "grafana", "alerting"].map(|folder| root().join(folder));
    folders.iter().flat_map(|folder| names(folder).into_iter().map(move |name| folder.join(name))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    for path in all_pages() {
        let page = Page::read(&path);
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (target, anchor) =
                link.split_once('#').map_or((&*link, None), |(file, anchor)| (file, Some(anchor)));
            let target = match target {
                "" => path.clone(),
                target => path.parent().unwrap().join(target),
            };
            assert!(target.exists(), "{}: {link} leads nowhere", path.display());
            if let Some(anchor) = anchor {
                let anchors = Page::read(&target).anchors();
                assert!(anchors.contains(anchor), "{}: {link}; there are {anchors:#?}", path.display());
            }
        }
    }
    assert!(links > 50, "{links} links");
}

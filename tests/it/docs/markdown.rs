//! As much of Markdown as the pages use: headings, links, fenced blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A page, by lines: those of fenced blocks apart from the rest.
pub(super) struct Page {
    pub(super) path: PathBuf,
    prose: Vec<String>,
    pub(super) fences: Vec<Fence>,
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fence {
    /// The word behind the fence; empty without one.
    pub(super) language: String,
    pub(super) lines: Vec<String>,
}

/// A heading of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 is the page's own.
    pub(super) level: usize,
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (mut prose, mut fences) = (Vec::new(), Vec::new());
        let mut open: Option<Fence> = None;
        for line in text.lines() {
            match (line.trim_start().strip_prefix("```"), open.take()) {
                (Some(language), None) => {
                    open = Some(Fence { language: language.to_owned(), lines: Vec::new() });
                }
                (Some(_), Some(fence)) => fences.push(fence),
                (None, Some(mut fence)) => {
                    fence.lines.push(line.to_owned());
                    open = Some(fence);
                }
                (None, None) => prose.push(line.to_owned()),
            }
        }
        assert_eq!(open, None, "{}: a block is left open", path.display());
        Self { path: path.to_owned(), prose, fences }
    }

    pub(super) fn headings(&self) -> Vec<Heading> {
        let heading = |line: &String| {
            let text = line.trim_start_matches('#');
            let level = line.len() - text.len();
            let text = text.strip_prefix(' ').filter(|_| level > 0)?;
            Some(Heading { level, text: text.to_owned() })
        };
        self.prose.iter().filter_map(heading).collect()
    }

    /// What may stand behind `#` in a link to this page.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let anchor = |heading: Heading| {
            let slug = slug(&heading.text);
            let before = times.entry(slug.clone()).or_default();
            *before += 1;
            if *before == 1 { slug } else { format!("{slug}-{}", *before - 1) }
        };
        self.headings().into_iter().map(anchor).collect()
    }

    /// Where its links and pictures lead, as written.
    pub(super) fn links(&self) -> Vec<String> {
        let text = without_code(&self.prose.join("\n"));
        let ends = text.split("](").skip(1);
        ends.filter_map(|behind| behind.split_once(')')).map(|(target, _)| target.to_owned()).collect()
    }
}

/// Of a heading, as GitHub makes it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// What stands between backticks is no link.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect()
}

/// The words in backticks of a text: those of `fwd=stale; detail=stale` each by itself.
pub(super) fn words(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.flat_map(|quoted| quoted.split([' ', ';', '='])).collect()
}

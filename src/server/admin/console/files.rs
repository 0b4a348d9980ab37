//! The page's files, which the binary brings along.

/// A file of the page.
#[derive(Debug)]
pub(in super::super) struct File {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) content: &'static [u8],
}

/// Files below `console/`, which a browser finds under that path.
macro_rules! files {
    ($($file:literal,)*) => {
        &[$(File {
            path: concat!("/console/", $file),
            content_type: content_type($file),
            content: include_bytes!(concat!("../../../../console/", $file)),
        }),*]
    };
}

pub(super) const HTML: &str = "text/html; charset=utf-8";

const PAGE: File =
    File { path: "/", content_type: HTML, content: include_bytes!("../../../../console/index.html") };

const FILES: &[File] = files! {
    "css/box.css",
    "css/layout.css",
    "css/map.css",
    "css/parts.css",
    "css/query.css",
    "css/state.css",
    "css/theme.css",
    "css/told.css",
    "icon.svg",
    "js/address.js",
    "js/api.js",
    "js/coordinates.js",
    "js/data/boxes.js",
    "js/data/load.js",
    "js/data/operations.js",
    "js/data/queries.js",
    "js/dom.js",
    "js/i18n.js",
    "js/icons.js",
    "js/main.js",
    "js/map/asked.js",
    "js/map/base.js",
    "js/map/controls.js",
    "js/map/graticule.js",
    "js/map/map.js",
    "js/map/symbols.js",
    "js/map/tiles.js",
    "js/place.js",
    "js/store.js",
    "js/theme.js",
    "js/views/bar.js",
    "js/views/box-parts.js",
    "js/views/box.js",
    "js/views/checks.js",
    "js/views/comparison.js",
    "js/views/copy.js",
    "js/views/differences.js",
    "js/views/freshness.js",
    "js/views/panel.js",
    "js/views/parts.js",
    "js/views/query.js",
    "js/views/refresh.js",
    "js/views/runs.js",
    "js/views/sign-in.js",
    "js/views/state.js",
    "js/views/verdict.js",
    "js/words.js",
    "js/words/query.js",
    "js/words/service.js",
    "vendor/brazil.json",
    "vendor/leaflet.css",
    "vendor/leaflet.js",
};

const fn content_type(file: &str) -> &'static str {
    match file.as_bytes() {
        [.., b'.', b'j', b's'] => "text/javascript; charset=utf-8",
        [.., b'.', b'c', b's', b's'] => "text/css; charset=utf-8",
        [.., b'.', b's', b'v', b'g'] => "image/svg+xml",
        [.., b'.', b'j', b's', b'o', b'n'] => "application/json",
        _ => panic!("a file whose type nobody has told"),
    }
}

impl File {
    pub(in super::super) fn at(path: &str) -> Option<&'static Self> {
        if path == PAGE.path {
            return Some(&PAGE);
        }
        FILES.iter().find(|file| file.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::File;
    use std::fs;
    use std::path::{Path, PathBuf};

    #[test]
    fn every_file_of_the_page_is_brought_along() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
        let mut folders: Vec<PathBuf> = vec![root.clone()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                if path.is_dir() {
                    folders.push(path);
                } else if !["README.md", "LICENSE.txt", "index.html"].iter().any(|end| name.ends_with(end)) {
                    let file = File::at(&format!("/console/{name}"));
                    assert_eq!(
                        file.map(|file| file.content.to_vec()),
                        Some(fs::read(&path).unwrap()),
                        "{name}"
                    );
                    files += 1;
                }
            }
        }
        assert_eq!(files, super::FILES.len(), "each of them once");
    }
}

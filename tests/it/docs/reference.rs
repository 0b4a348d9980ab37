//! `docs/*/configuration.md`, made from the files of all keys: `config.toml`, and the same in Portuguese.
//!
//! `BLESS=1 cargo test --test it docs::` writes them.

use super::{file, root};
use std::env;
use std::fmt::Write as _;
use std::fs;

/// A language in which the reference is written, and its words.
struct Wording {
    language: &'static str,
    source: &'static str,
    title: &'static str,
    /// On what the third column says.
    columns_explained: &'static str,
    columns: &'static str,
    by_tenant: &'static str,
    for_all: &'static str,
    none: &'static str,
    reload: &'static str,
    restart: &'static str,
    certificate: &'static str,
    tenants: &'static str,
}

const ENGLISH: Wording = Wording {
    language: "en",
    source: "config.toml",
    title: "Configuration",
    columns_explained: "*In force* says what a changed value needs: *reload* (SIGHUP, `systemctl reload` or `POST /admin/reload`) or *restart*; see \
         [what changes while it runs](operating.md#changes-while-running). `viability-proxy check --config FILE` says whether a file is sound, \
         `viability-proxy config --config FILE` prints what is in force.",
    columns: "| key | default | in force | meaning |",
    by_tenant: "A tenant may have its own values, in",
    for_all: "The same for all tenants.",
    none: "none, such as",
    reload: "reload",
    restart: "restart",
    certificate: "restart; new contents of the file: within 5 s",
    tenants: "`[tenants.<name>]`",
};

const PORTUGUESE: Wording = Wording {
    language: "pt-BR",
    source: "docs/pt-BR/config.toml",
    title: "Configuração",
    columns_explained: "*Em vigor* diz o que um valor novo pede: *recarga* (SIGHUP, `systemctl reload` ou `POST /admin/reload`) ou *reinício*; veja \
         [o que muda sem parar](operating.md#mudanças-com-o-serviço-no-ar). `viability-proxy check --config ARQUIVO` diz se um arquivo está certo, \
         `viability-proxy config --config ARQUIVO` mostra o que está em vigor.",
    columns: "| chave | padrão | em vigor | significado |",
    by_tenant: "Um tenant pode ter valores próprios, em",
    for_all: "Igual para todos os tenants.",
    none: "nenhum; por exemplo",
    reload: "recarga",
    restart: "reinício",
    certificate: "reinício; conteúdo novo do arquivo: em até 5 s",
    tenants: "`[tenants.<nome>]`",
};

/// A file of all keys, as it is to be read.
#[derive(Debug, Default)]
struct AllKeys {
    /// Paragraphs at the top.
    head: Vec<String>,
    sections: Vec<Section>,
    /// What may stand below a tenant too, and an example.
    below_a_tenant: String,
    example: Vec<String>,
}

#[derive(Debug)]
struct Section {
    name: String,
    told: String,
    groups: Vec<Group>,
}

/// Keys that one sentence is about.
#[derive(Debug)]
struct Group {
    told: String,
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    name: String,
    value: String,
    has_default: bool,
}

/// A line of the file.
enum Line<'l> {
    Section(&'l str),
    Key { name: &'l str, value: &'l str, has_default: bool },
    Told(&'l str),
    Blank,
}

impl<'l> Line<'l> {
    fn of(line: &'l str) -> Self {
        let (bare, is_comment) = match line.strip_prefix('#') {
            Some(rest) => (rest.strip_prefix(' ').unwrap_or(rest), true),
            None => (line, false),
        };
        if line.is_empty() {
            return Self::Blank;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Self::Section(name);
        }
        let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match bare.split_once(" = ").filter(|(name, _)| is_name(name)) {
            Some((name, value)) => Self::Key { name, value, has_default: !is_comment },
            None => Self::Told(bare),
        }
    }

    /// What no language may change.
    fn skeleton(line: &str) -> Option<String> {
        match Line::of(line) {
            Line::Section(_) | Line::Key { .. } => Some(line.to_owned()),
            Line::Told(_) | Line::Blank => None,
        }
    }
}

impl AllKeys {
    fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let mut told = String::new();
        for line in text.lines() {
            match Line::of(line) {
                Line::Section(name) if name.matches('.').count() > 1 => {
                    if !told.is_empty() {
                        all.below_a_tenant = std::mem::take(&mut told);
                    }
                    all.example.push(format!("[{name}]"));
                }
                Line::Section(name) => {
                    let told = std::mem::take(&mut told);
                    all.sections.push(Section { name: name.to_owned(), told, groups: Vec::new() });
                }
                Line::Key { name, value, .. } if !all.example.is_empty() => {
                    all.example.push(format!("{name} = {value}"));
                }
                Line::Key { name, value, has_default } => {
                    let section = all.sections.last_mut().unwrap();
                    let key = Key { name: name.to_owned(), value: value.to_owned(), has_default };
                    match section.groups.last_mut().filter(|_| told.is_empty()) {
                        Some(group) => group.keys.push(key),
                        None => {
                            section.groups.push(Group { told: std::mem::take(&mut told), keys: vec![key] });
                        }
                    }
                }
                // Of the top.
                Line::Told("") | Line::Blank if all.sections.is_empty() && !told.is_empty() => {
                    all.head.push(std::mem::take(&mut told));
                }
                Line::Told(text) => {
                    let gap = if told.is_empty() { "" } else { " " };
                    told = [&told, gap, text].concat();
                }
                Line::Blank => {}
            }
        }
        all
    }

    fn page(&self, wording: &Wording) -> String {
        let mut page = format!(
            "<!-- Made from {} by `BLESS=1 cargo test --test it docs::`: change that file, not this one. -->\n\n# {}\n",
            wording.source, wording.title
        );
        // The first sentence says what the file is.
        for paragraph in self.head.iter().skip(1) {
            write!(page, "\n{paragraph}\n").unwrap();
        }
        write!(page, "\n{}\n", wording.columns_explained).unwrap();
        let (applied, overridable) = (applied(), overridable());
        for section in &self.sections {
            let is_tenant = section.name.starts_with("tenants.");
            let name = if is_tenant { wording.tenants.to_owned() } else { format!("`[{}]`", section.name) };
            write!(page, "\n## {name}\n").unwrap();
            if !section.told.is_empty() {
                write!(page, "\n{}\n", section.told).unwrap();
            }
            if overridable.contains(&section.name) {
                let own = wording.tenants.replace(">]", &format!(">.{}]", section.name));
                write!(page, "\n{} {own}.\n", wording.by_tenant).unwrap();
            } else if section.name == "tenant_defaults" {
                write!(page, "\n{} {}.\n", wording.by_tenant, wording.tenants).unwrap();
            } else if !is_tenant {
                write!(page, "\n{}\n", wording.for_all).unwrap();
            }
            write!(page, "\n{}\n|---|---|---|---|\n", wording.columns).unwrap();
            for group in &section.groups {
                page += &group.row(&section.name, wording, &applied);
            }
        }
        write!(page, "\n{}\n\n```toml\n{}\n```\n", self.below_a_tenant, self.example.join("\n")).unwrap();
        page
    }
}

impl Group {
    fn row(&self, section: &str, wording: &Wording, applied: &[String]) -> String {
        let cells = |cell: &dyn Fn(&Key) -> String| {
            let mut cells: Vec<_> = self.keys.iter().map(cell).collect();
            cells.dedup();
            cells.join("<br>")
        };
        let names = cells(&|key| format!("`{}`", key.name));
        let defaults = cells(&|key| {
            if key.has_default {
                format!("`{}`", key.value)
            } else {
                format!("{} `{}`", wording.none, key.value)
            }
        });
        let in_force = cells(&|key| {
            let needs = if applied.contains(&format!("{section}.{}", key.name)) {
                wording.reload
            } else if key.name.starts_with("tls_") {
                wording.certificate
            } else {
                wording.restart
            };
            needs.to_owned()
        });
        let told = self.told.replace('|', "\\|");
        format!("| {names} | {defaults} | {in_force} | {told} |\n")
    }
}

/// The keys that a reload takes into force.
fn applied() -> Vec<String> {
    let code = file("src/server/reload.rs");
    let (_, behind) = code.split_once("const APPLIED").unwrap();
    let (list, _) = behind.split_once("];").unwrap();
    let keys: Vec<_> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(keys.len() > 5, "{keys:?}");
    keys
}

/// The sections that a tenant may override.
fn overridable() -> Vec<String> {
    let code = file("src/config/sections.rs");
    let parts = code.split("part(reader, tenant, \"").skip(1);
    let names: Vec<_> = parts.filter_map(|part| part.split('"').next()).map(str::to_owned).collect();
    assert!(names.len() > 5, "{names:?}");
    names
}

#[test]
fn the_reference_says_what_the_files_of_all_keys_say() {
    for wording in [ENGLISH, PORTUGUESE] {
        let page = AllKeys::parse(&file(wording.source)).page(&wording);
        let path = format!("docs/{}/configuration.md", wording.language);
        if env::var_os("BLESS").is_some() {
            fs::write(root().join(&path), &page).unwrap();
        }
        let differs = file(&path) != page;
        assert!(!differs, "{path} is not what {} says: BLESS=1 cargo test --test it docs::", wording.source);
    }
}

#[test]
fn both_files_of_all_keys_have_the_same_keys_and_defaults_in_the_same_order() {
    let skeleton = |name: &str| file(name).lines().filter_map(Line::skeleton).collect::<Vec<_>>();
    let english = skeleton(ENGLISH.source);
    assert!(english.len() > 80, "{english:#?}");
    assert_eq!(english, skeleton(PORTUGUESE.source));
}

#[test]
fn every_key_is_told_by_a_sentence_and_every_section_that_a_tenant_may_override_is_named() {
    for wording in [ENGLISH, PORTUGUESE] {
        let all = AllKeys::parse(&file(wording.source));
        for group in all.sections.iter().flat_map(|section| &section.groups) {
            assert!(!group.told.is_empty(), "{}: {group:?}", wording.source);
        }
        for name in overridable() {
            let named = format!("[{name}]");
            assert!(all.below_a_tenant.contains(&named), "{}: {named}", wording.source);
        }
    }
}

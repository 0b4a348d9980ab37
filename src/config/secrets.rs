//! Secrets and certificates: a key names where they are, and no fault ever shows what they are.

use super::files;
use super::key::ApiKey;
use super::place::SecretPlace;
use super::reader::{Faulty, Section};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// A secret and where it was found.
type Placed<T> = (T, SecretPlace);

/// A file of PEM, by its marks.
pub(super) struct Pem {
    pub(super) path: PathBuf,
    text: SecretString,
}

impl Pem {
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.expose_secret().as_bytes()
    }
}

/// The tenant's OZmap key; it must have one.
pub(super) fn key(section: &mut Section<'_, '_>) -> Result<Placed<ApiKey>, Faulty> {
    let what = "key of OZmap, raw or \"Bearer <key>\"";
    match secret(section, "key", what, ApiKey::parse)? {
        Some(key) => Ok(key),
        None => Err(section.missing(
            "key_file",
            "is missing: expected key_file = \"/path/of/a/file\" or key_env = \"VARIABLE\" with the OzMap Key",
        )),
    }
}

/// The admin token, if there is one.
pub(super) fn token(section: &mut Section<'_, '_>) -> Result<Option<Placed<SecretString>>, Faulty> {
    secret(section, "token", "token without white space", |text| {
        text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| SecretString::from(text))
    })
}

/// A file of certificates: to trust, or to show.
pub(super) fn certificates(section: &mut Section<'_, '_>, key: &str) -> Result<Pem, Faulty> {
    let marks = |text: &str| text.contains("-----BEGIN CERTIFICATE-----");
    pem(section, key, ["certificates", "no certificate", "/etc/ssl/ca.pem"], marks)
}

/// A file with a private key, in any of the three forms.
pub(super) fn private_key(section: &mut Section<'_, '_>, key: &str) -> Result<Pem, Faulty> {
    let marks = |text: &str| text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----");
    pem(section, key, ["private key", "no private key", "/etc/ssl/key.pem"], marks)
}

fn pem(
    section: &mut Section<'_, '_>,
    key: &str,
    [what, none, example]: [&str; 3],
    marks: impl FnOnce(&str) -> bool,
) -> Result<Pem, Faulty> {
    let path = path(section, key, &format!("a file of PEM ({what}) such as \"{example}\""))?;
    let text = contents(section, key, &path, what)?;
    if marks(text.expose_secret()) {
        return Ok(Pem { path, text });
    }
    let text = format!("the file {} holds {none}: expected PEM", path.display());
    Err(section.fault_at(key, text))
}

/// `<name>_file` or `<name>_env`, one at most.
fn secret<T>(
    section: &mut Section<'_, '_>,
    name: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<Placed<T>>, Faulty> {
    let (file_key, env_key) = (format!("{name}_file"), format!("{name}_env"));
    let (in_file, in_env) = (section.find(&file_key).is_some(), section.find(&env_key).is_some());
    let (key, text, place) = match (in_file, in_env) {
        (false, false) => return Ok(None),
        (true, true) => {
            let text = format!("{file_key} and {env_key} are both given: remove one");
            return Err(section.contradiction(&file_key, &env_key, |_, _| text));
        }
        (true, false) => {
            let path =
                path(section, &file_key, "the path of a file such as \"/etc/viability-proxy/secret\"")?;
            let text = contents(section, &file_key, &path, name)?;
            (file_key, text, SecretPlace::File(path))
        }
        (false, true) => {
            let variable = variable(section, &env_key)?;
            section.reader.named.insert(variable.clone());
            let text = section.reader.env.get(&variable);
            let place = SecretPlace::Environment(variable);
            let Some(text) = text else {
                let text = format!("{place} is not set: set it to the {name}, or use {file_key}");
                return Err(section.fault_at(&env_key, text));
            };
            (env_key, SecretString::from(text.as_str()), place)
        }
    };
    let bare = text.expose_secret().trim();
    if bare.is_empty() {
        return Err(section.fault_at(&key, format!("{place} is empty: put the {name} there")));
    }
    match parse(bare) {
        Some(secret) => Ok(Some((secret, place))),
        None => Err(section.fault_at(&key, format!("{place} holds no {name}: expected one {what}"))),
    }
}

fn path(section: &mut Section<'_, '_>, key: &str, expected: &str) -> Result<PathBuf, Faulty> {
    let text = section.check(key, expected, |entry| {
        // Not shown: who mistakes the key's meaning writes the secret itself here.
        let text = entry.text().map(str::trim).filter(|text| !text.is_empty() && !looks_like_a_key(text));
        text.map(str::to_owned).ok_or_else(|| format!("expected {expected}, not what it should hold"))
    })?;
    Ok(section.reader.resolve(&text))
}

fn variable(section: &mut Section<'_, '_>, key: &str) -> Result<String, Faulty> {
    let expected = "the name of an environment variable such as \"OZMAP_KEY\"";
    section.check(key, expected, |entry| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let text = entry.text().filter(|text| text.chars().all(allowed) && !text.is_empty());
        let text = text.filter(|text| !looks_like_a_key(text));
        text.map(str::to_owned).ok_or_else(|| format!("expected {expected}, not what it should hold"))
    })
}

/// OZmap's keys are JSON Web Tokens, which start with `{"` in base 64.
fn looks_like_a_key(text: &str) -> bool {
    text.starts_with("eyJ") || text.to_ascii_lowercase().starts_with("bearer ")
}

fn contents(
    section: &mut Section<'_, '_>,
    key: &str,
    path: &Path,
    what: &str,
) -> Result<SecretString, Faulty> {
    files::read(path).map(SecretString::from).map_err(|error| {
        let remedy = format!("put the {what} there, readable by this process");
        section.fault_at(key, format!("can't read the file {} ({}): {remedy}", path.display(), error.kind()))
    })
}

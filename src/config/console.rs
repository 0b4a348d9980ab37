//! What the operators' page shows of a tenant, and how.

use super::reader::{Faulty, Section};
use url::{Origin, Url};

/// What the operators' page is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Console {
    /// In which times are shown.
    pub time_zone: TimeZone,
    /// What lies below the boxes; `None`: the outlines that the page brings along.
    pub map_tiles: Option<MapTiles>,
    /// Who is to be named for it.
    pub map_attribution: String,
}

/// A name of the IANA's time zone database: whether there is such a zone the browser knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(String);

impl TimeZone {
    /// `None` unless `text` can be such a name.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        ((1..=60).contains(&text.len()) && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where pictures of the ground are fetched, by the operator's browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapTiles {
    template: String,
    origin: Origin,
}

impl MapTiles {
    /// `None` unless `template` is an address by HTTP that holds `{z}`, `{x}` and `{y}` behind the host.
    pub fn parse(template: &str) -> Option<Self> {
        let url = Url::parse(template).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let open = url.username().is_empty() && url.password().is_none();
        let (host, behind_host) = template.split_once("://")?.1.split_once('/')?;
        // One host: what a page may fetch from is told by name.
        let open = open && !host.contains('{');
        let is_whole = ["{z}", "{x}", "{y}"].iter().all(|part| behind_host.contains(part));
        (open && is_whole).then(|| Self { template: template.to_owned(), origin: url.origin() })
    }

    /// The address with its places for numbers.
    pub fn as_str(&self) -> &str {
        &self.template
    }

    /// Scheme, host and port, as a page's rules of what it may fetch name them.
    pub fn origin(&self) -> String {
        self.origin.ascii_serialization()
    }
}

pub(super) fn console(mut section: Section<'_, '_>) -> Result<Console, Faulty> {
    let time_zone = section.read("time_zone", "a time zone such as \"America/Sao_Paulo\"", |entry| {
        TimeZone::parse(entry.text()?)
    });
    let map_tiles = section.optional("map_tiles", |section, key| {
        let expected = "an address of one host such as \"https://tiles.cliente.com.br/{z}/{x}/{y}.png\", without user and password";
        section.check(key, expected, |entry| {
            // The text is not shown, it may hold a password.
            entry.text().and_then(MapTiles::parse).ok_or_else(|| format!("expected {expected}"))
        })
    });
    let map_attribution =
        section.read("map_attribution", "a text", |entry| entry.text().map(|text| text.trim().to_owned()));
    Ok(Console { time_zone: time_zone?, map_tiles: map_tiles?, map_attribution: map_attribution? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_tiles_has_three_places_behind_its_host() {
        let tiles = MapTiles::parse("https://a.example:8443/s/{z}/{x}/{y}.png?k=1").unwrap();
        assert_eq!(tiles.origin(), "https://a.example:8443");
        for text in [
            "",
            "https://a.example/{z}/{x}.png",
            "https://{z}.{x}.example/{y}",
            "https://{s}.tile.example/{z}/{x}/{y}.png",
            "ftp://a.example/{z}/{x}/{y}",
            "https://me:secret@a.example/{z}/{x}/{y}",
            "/tiles/{z}/{x}/{y}",
        ] {
            assert_eq!(MapTiles::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_zone_is_a_name_and_nothing_else() {
        assert!(TimeZone::parse("America/Sao_Paulo").is_some());
        assert!(TimeZone::parse("Etc/GMT+3").is_some());
        for text in ["", "America/São_Paulo", "\"><script>", "a b"] {
            assert_eq!(TimeZone::parse(text), None, "{text}");
        }
    }
}

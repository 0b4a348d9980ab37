//! Origins of web pages: scheme, host and port as browsers write them.

use super::layers::Value;
use super::reader::{Faulty, Section};
use url::Url;

/// Where a web page came from, such as `https://vendas.cliente.com.br`: to the byte what a browser sends as `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// `None` unless `text` is such an origin, by HTTP or HTTPS, without path.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        (url.origin().ascii_serialization() == text).then(|| Self(text.to_owned()))
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A list of origins; empty where the key is absent.
pub(super) fn list(section: &mut Section<'_, '_>, key: &str) -> Result<Vec<WebOrigin>, Faulty> {
    let expected = "a list of origins as browsers send them, scheme, host and any port, such as [\"https://vendas.cliente.com.br\"]";
    section.read(key, expected, |entry| {
        let Value::List(items) = &entry.value else { return None };
        items
            .iter()
            .map(|item| if let Value::Text(text) = item { WebOrigin::parse(text) } else { None })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for text in ["https://vendas.cliente.com.br", "http://localhost:3000", "https://[::1]:8443"] {
            assert_eq!(WebOrigin::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "*",
            "null",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "a.example",
            "file:///",
        ] {
            assert_eq!(WebOrigin::parse(text), None, "{text}");
        }
    }
}

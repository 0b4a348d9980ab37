//! *`OzMap` Host*: where an OZmap answers.

use url::Url;

/// The address of an OZmap's API: http or https, ending in `/api/v2`, without credentials, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OzmapHost(Url);

impl OzmapHost {
    const API: &str = "/api/v2";

    /// Accepts the address with or without `/api/v2`, which OZmap's own tools store either way.
    pub fn parse(text: &str) -> Result<Self, OzmapHostError> {
        let mut url = Url::parse(text.trim()).map_err(|source| OzmapHostError::NotAnAddress { source })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OzmapHostError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OzmapHostError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(OzmapHostError::Query);
        }
        let path = url.path().trim_end_matches('/');
        let prefix = path.strip_suffix(Self::API).unwrap_or(path).trim_end_matches('/').to_owned();
        // Without this `.../api/v1` or the address of one route would become a prefix, and every call a 404.
        if prefix.split('/').any(|segment| segment.eq_ignore_ascii_case("api")) {
            return Err(OzmapHostError::OtherApi);
        }
        url.set_path(&format!("{prefix}{}", Self::API));
        Ok(Self(url))
    }

    /// The address, ending in `/api/v2`.
    pub fn base(&self) -> &Url {
        &self.0
    }
}

/// Why a text is no address of an OZmap. It never holds the text, which may hold credentials.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OzmapHostError {
    /// No absolute URL.
    #[error("not an address; {EXPECTED}")]
    NotAnAddress {
        /// What the URL parser says.
        source: url::ParseError,
    },
    /// Neither http nor https.
    #[error("neither http nor https; {EXPECTED}")]
    Scheme,
    /// A user or a password inside.
    #[error("a user or password in the address; {EXPECTED}, and the key in key_file or key_env")]
    Credentials,
    /// A query or a fragment.
    #[error("a query or fragment in the address; {EXPECTED}")]
    Query,
    /// A path with `api` that does not end in `/api/v2`.
    #[error("a path that does not end in /api/v2; {EXPECTED}")]
    OtherApi,
}

const EXPECTED: &str = "expected an address such as https://cliente.ozmap.com.br:9994/api/v2";

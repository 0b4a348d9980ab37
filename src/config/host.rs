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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base(text: &str) -> String {
        OzmapHost::parse(text).unwrap().base().to_string()
    }

    #[test]
    fn the_address_ends_in_api_v2_however_it_was_written() {
        for text in [
            "https://cliente.ozmap.com.br:9994/api/v2",
            "https://cliente.ozmap.com.br:9994/api/v2/",
            "https://cliente.ozmap.com.br:9994",
            " HTTPS://Cliente.OZmap.com.br:9994//\n",
        ] {
            assert_eq!(base(text), "https://cliente.ozmap.com.br:9994/api/v2", "{text:?}");
        }
        assert_eq!(base("http://10.0.0.1/ozmap/"), "http://10.0.0.1/ozmap/api/v2");
        assert_eq!(base("http://[::1]:80/a/b/api/v2"), "http://[::1]/a/b/api/v2");
    }

    #[test]
    fn what_is_no_address_of_an_ozmap_is_refused_with_an_example() {
        let cases = [
            ("", OzmapHostError::NotAnAddress { source: url::ParseError::RelativeUrlWithoutBase }),
            (
                "cliente.ozmap.com.br",
                OzmapHostError::NotAnAddress { source: url::ParseError::RelativeUrlWithoutBase },
            ),
            ("cliente.ozmap.com.br:9994", OzmapHostError::Scheme),
            ("file:///api/v2", OzmapHostError::Scheme),
            ("https://:secret@a.example", OzmapHostError::Credentials),
            ("https://user@a.example", OzmapHostError::Credentials),
            ("https://a.example/api/v2?", OzmapHostError::Query),
            ("https://a.example/#top", OzmapHostError::Query),
            ("https://a.example/api/v1", OzmapHostError::OtherApi),
            ("https://a.example/api", OzmapHostError::OtherApi),
            ("https://a.example/api/v2/boxes", OzmapHostError::OtherApi),
            ("https://a.example/api/v2/api/v2", OzmapHostError::OtherApi),
        ];
        for (text, error) in cases {
            assert_eq!(OzmapHost::parse(text), Err(error), "{text}");
        }
        assert!(
            OzmapHostError::Scheme.to_string().ends_with("such as https://cliente.ozmap.com.br:9994/api/v2")
        );
    }

    proptest! {
        #[test]
        fn a_normal_address_stays_as_it_is(host in "[a-z]{1,10}", port in 1_u16.., prefix in "(/[b-z0-9_-]{1,8}){0,3}", end in "(/api/v2)?/{0,2}") {
            let once = OzmapHost::parse(&format!("https://{host}:{port}{prefix}{end}")).unwrap();
            prop_assert_eq!(once.base().path(), format!("{}/api/v2", prefix));
            prop_assert_eq!(OzmapHost::parse(once.base().as_str()).unwrap(), once);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(https?://)?\\PC*") {
            if let Ok(host) = OzmapHost::parse(&text) {
                prop_assert!(host.base().path().ends_with("/api/v2"));
            }
        }
    }
}

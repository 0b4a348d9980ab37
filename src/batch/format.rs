//! The kinds of rows.

/// A kind of rows, in and out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table in text, the names of its columns in the first line.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// An array of JSON objects.
    Json,
}

impl Format {
    /// Every media type that is understood.
    pub const ACCEPTED: &str = "text/csv, application/x-ndjson, application/json";

    /// Of a media type, with its parameters; `None` for any other, and for text that isn't UTF-8.
    pub fn of(media_type: &str) -> Option<Self> {
        let mut parts = media_type.split(';').map(str::trim);
        let format = match parts.next()?.to_ascii_lowercase().as_str() {
            "text/csv" => Self::Csv,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines" => Self::Ndjson,
            "application/json" => Self::Json,
            _ => return None,
        };
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        let known = ["utf-8", "utf8", "us-ascii"];
        charset
            .is_none_or(|charset| known.iter().any(|one| charset.eq_ignore_ascii_case(one)))
            .then_some(format)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_media_type_and_only_as_utf_8() {
        for (media_type, format) in [
            ("text/csv", Some(Format::Csv)),
            ("Text/CSV; charset=UTF-8; header=present", Some(Format::Csv)),
            ("text/csv;charset=\"utf-8\"", Some(Format::Csv)),
            ("text/csv; charset=iso-8859-1", None),
            ("application/x-ndjson", Some(Format::Ndjson)),
            ("application/json", Some(Format::Json)),
            ("application/json5", None),
            ("application/x-www-form-urlencoded", None),
            ("", None),
        ] {
            assert_eq!(Format::of(media_type), format, "{media_type}");
        }
        for format in [Format::Csv, Format::Ndjson, Format::Json] {
            assert_eq!(Format::of(format.media_type()), Some(format));
        }
    }
}

//! What a list is asked for, in the query string or in the body of the GET.

use serde::Deserialize;
use serde_json::Value;

use super::filter::{self, Condition};
use crate::network::json::Fields;

/// Rows of a page when nothing is said.
const DEFAULT_LIMIT: usize = 25;

pub(crate) struct ListQuery {
    pub(crate) filter: Vec<Condition>,
    pub(crate) sort: Vec<SortKey>,
    pub(crate) fields: Fields,
    /// From 1.
    pub(crate) page: u64,
    /// The number of the first row, from 0, in place of a page: what `nextUrl` carries.
    pub(crate) start: Option<usize>,
    /// 0: everything.
    pub(crate) limit: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) property: String,
    pub(crate) direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

impl SortKey {
    pub(crate) fn is_id(&self) -> bool {
        matches!(self.property.as_str(), "id" | "_id")
    }
}

impl ListQuery {
    /// The error is for people.
    pub(crate) fn parse(query: &str, body: &[u8]) -> Result<Self, String> {
        let mut asked = Self {
            filter: Vec::new(),
            sort: Vec::new(),
            fields: Fields::default(),
            page: 1,
            start: None,
            limit: DEFAULT_LIMIT,
        };
        if !body.is_empty() {
            let body: Value =
                serde_json::from_slice(body).map_err(|error| format!("Invalid JSON body: {error}"))?;
            asked.take_filter(body.get("filter"))?;
            asked.take_sort(body.get("sort"))?;
        }
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "filter" => asked.take_filter(Some(&json("filter", &text)?))?,
                "sort" => asked.take_sort(Some(&json("sort", &text)?))?,
                "select" => asked.fields.selected = Some(words(&text)),
                "populate" => asked.fields.populated = words(&text),
                "page" => asked.page = text.parse().ok().filter(|&page| page > 0).ok_or("Invalid page")?,
                "start" => asked.start = Some(text.parse().or(Err("Invalid start"))?),
                "limit" => asked.limit = text.parse().or(Err("Invalid limit"))?,
                _ => {}
            }
        }
        Ok(asked)
    }

    /// The sort as a key of the memo; one by ascending ids is the list's own order.
    pub(crate) fn sort_text(&self, by_id: bool) -> String {
        if by_id { String::new() } else { format!("{:?}", self.sort) }
    }

    fn take_filter(&mut self, filter: Option<&Value>) -> Result<(), String> {
        if let Some(filter) = filter {
            self.filter.extend(filter::parse(filter)?);
        }
        Ok(())
    }

    fn take_sort(&mut self, sort: Option<&Value>) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Raw {
            property: String,
            direction: i8,
        }
        let Some(sort) = sort else { return Ok(()) };
        let raw: Vec<Raw> = Vec::deserialize(sort).map_err(|error| format!("Invalid sort: {error}"))?;
        self.sort.extend(raw.into_iter().map(|Raw { property, direction }| SortKey {
            property,
            direction: if direction < 0 { Direction::Descending } else { Direction::Ascending },
        }));
        Ok(())
    }
}

fn json(name: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("Invalid {name}: {error}"))
}

fn words(text: &str) -> Vec<String> {
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

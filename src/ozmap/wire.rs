//! OZmap's JSON, both ways: the only place that knows its field names.

pub mod answer;
mod connectables;
pub mod difference;
pub mod fault;
mod line;
pub mod pieces;
pub mod place;
pub mod recorded;
mod reference;
pub mod rows;
pub mod scramble;
pub mod shape;
pub mod time;

use crate::viability::Rules;
use crate::viability::plant::ObjectId;
use crate::viability::ports::ConnectorKind;
use fault::RowFault;
use place::Place;
use rows::{About, Row};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use time::OzmapTime;

/// The lists that a refresh or an access check reads, with what it asks of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `/boxes`, drafts included: an operator wants to be told of them.
    Boxes,
    /// What may have ports for clients, those that do ("atendimento") only: `/splitters` and the like.
    Connectors(ConnectorKind),
    /// `/projects`.
    Projects,
    /// `/properties`: homes, those with a client too.
    Properties,
    /// `/horizontal-condominiums`: gated communities.
    Communities,
}

impl List {
    /// Those that are read where these rules hold.
    pub fn read_by(rules: &Rules) -> Vec<Self> {
        let others =
            [(rules.homes.are_read(), Self::Properties), (rules.communities.are_read(), Self::Communities)];
        let others = others.into_iter().filter_map(|(is_read, list)| is_read.then_some(list));
        let connectors = rules.service_connectors.kinds().map(Self::Connectors);
        [Self::Projects, Self::Boxes].into_iter().chain(connectors).chain(others).collect()
    }

    /// The path below OZmap's host.
    pub fn path(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Connectors(ConnectorKind::Splitter) => "splitters",
            Self::Connectors(ConnectorKind::Connector) => "connectors",
            Self::Connectors(ConnectorKind::Fusion) => "fusions",
            Self::Connectors(ConnectorKind::Switch) => "switches",
            Self::Projects => "projects",
            Self::Properties => "properties",
            Self::Communities => "horizontal-condominiums",
        }
    }

    /// The fields to ask for. Without `coords` OZmap leaves `lat` and `lng` null.
    pub fn select(self) -> &'static str {
        match self {
            Self::Boxes => "id,name,project,coords,lat,lng,draft,implanted,updatedAt",
            Self::Connectors(_) => "id,parent,isDrop,connectables,ports,updatedAt",
            Self::Projects => "id,drop",
            Self::Properties => {
                "id,project,address,observation,coords,lat,lng,box,client,connections,updatedAt"
            }
            Self::Communities => "id,name,project,polygon",
        }
    }

    /// OZmap's `filter` for the rows of this list whose id lies in `range`; `None`: no filter is needed.
    pub fn filter(self, range: IdRange) -> Option<String> {
        let only_service = matches!(self, Self::Connectors(_)).then(|| condition("isDrop", "=", true));
        let conditions: Vec<_> = only_service.into_iter().chain(range.conditions()).collect();
        (!conditions.is_empty()).then(|| serde_json::Value::from(conditions).to_string())
    }

    /// OZmap's `filter` for rows that were changed since then, that moment included, and whose id lies in `range`.
    /// Connectors of every use: one that serves clients no more is a change, too.
    pub fn changed_filter(since: OzmapTime, range: IdRange) -> String {
        let since = condition("updatedAt", ">=", since.to_string());
        let conditions: Vec<_> = [since].into_iter().chain(range.conditions()).collect();
        serde_json::Value::from(conditions).to_string()
    }

    /// OZmap's `filter` for the service connectors that stand in one of these boxes.
    pub fn standing_in(boxes: &[ObjectId]) -> String {
        let boxes: Vec<_> = boxes.iter().map(ToString::to_string).collect();
        let conditions = vec![condition("isDrop", "=", true), condition("parent", "in", boxes)];
        serde_json::Value::from(conditions).to_string()
    }

    /// OZmap's `filter` for the homes that belong to one of these boxes.
    pub fn belonging_to(boxes: &[ObjectId]) -> String {
        let boxes: Vec<_> = boxes.iter().map(ToString::to_string).collect();
        serde_json::Value::from(vec![condition("box", "in", boxes)]).to_string()
    }

    /// OZmap's `sort` by id, oldest first: new rows come last and shift nobody.
    pub fn sort(self) -> &'static str {
        r#"[{"property":"id","direction":1}]"#
    }
}

fn condition(property: &str, operator: &str, value: impl Into<serde_json::Value>) -> serde_json::Value {
    json!({ "property": property, "operator": operator, "value": value.into() })
}

/// Rows with `after < id <= up_to`; an absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdRange {
    /// The id just before the first row.
    pub after: Option<ObjectId>,
    /// The last id.
    pub up_to: Option<ObjectId>,
}

impl IdRange {
    fn conditions(self) -> impl Iterator<Item = serde_json::Value> {
        let after = self.after.map(|id| condition("id", ">", id.to_string()));
        let up_to = self.up_to.map(|id| condition("id", "<=", id.to_string()));
        after.into_iter().chain(up_to)
    }

    /// Whether a row with this id belongs in.
    pub fn holds(self, id: ObjectId) -> bool {
        self.after.is_none_or(|after| id > after) && self.up_to.is_none_or(|up_to| id <= up_to)
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<R> {
    /// Rows that match the filter, on all pages together.
    pub total: u64,
    /// The page size that OZmap used, where it says so: it may be smaller than the one asked for.
    pub limit: Option<u64>,
    /// Whether OZmap says that more pages follow, where it says so.
    pub has_more: Option<bool>,
    /// The rows, each readable or not.
    pub rows: Vec<PageRow<R>>,
    /// OZmap's clock when it answered, which no page itself tells.
    pub date: Option<OzmapTime>,
}

impl<R> Page<R> {
    /// One without rows, of a list that is said to have some.
    pub fn empty(total: u64) -> Self {
        Self { total, limit: None, has_more: None, rows: Vec::new(), date: None }
    }
}

/// A row of a page, readable or not.
#[derive(Debug)]
pub struct PageRow<R> {
    /// Its id, which an unreadable row may have too: it tells where the page ends.
    pub id: Option<ObjectId>,
    /// The box that an unreadable row is about.
    pub about: About,
    /// Where an unreadable row says that a box is.
    pub place: Option<Place>,
    /// The row, or what is wrong with it.
    pub row: Result<R, RowFault>,
}

/// Reads a page. A row that can't be read is a fault in its place, not of the page.
pub fn decode_page<R: Row>(body: &[u8]) -> Result<Page<R>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        total: u64,
        limit: Option<u64>,
        #[serde(rename = "hasNextPage")]
        has_more: Option<bool>,
        #[serde(borrow)]
        rows: Vec<&'a RawValue>,
    }
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let rows = raw.rows.into_iter().map(|row| {
        let row = row.get();
        match R::decode(row) {
            Ok(read) => PageRow { id: Some(read.id()), about: About::Nothing, place: None, row: Ok(read) },
            Err(fault) => PageRow {
                id: rows::id_of(row),
                about: R::about(row),
                place: R::place_of(row),
                row: Err(fault),
            },
        }
    });
    let rows = rows.collect();
    Ok(Page { total: raw.total, limit: raw.limit, has_more: raw.has_more, rows, date: None })
}

/// The `message` of an OZmap error, if the body has one.
pub fn error_message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Raw {
        message: String,
    }
    serde_json::from_slice::<Raw>(body).ok().map(|raw| raw.message)
}

/// Whether a body is a page for people: no JSON begins so. What its `Content-Type` says isn't asked, for it may be wrong.
pub fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::rows::{BoxRow, ProjectRow, PropertyRow, SplitterRow};
    use super::*;
    use crate::viability::communities::Community;
    use proptest::prelude::*;

    #[test]
    fn a_filter_asks_for_the_list_and_the_range() {
        let id = |text| ObjectId::parse(text);
        let range = IdRange { after: id("5dc06d1275fc7d0006732521"), up_to: id("5dc06d1275fc7d00067325ff") };
        assert_eq!(List::Boxes.filter(IdRange::default()), None);
        let filter: serde_json::Value =
            serde_json::from_str(&List::Connectors(ConnectorKind::Splitter).filter(range).unwrap()).unwrap();
        assert_eq!(
            filter,
            json!([
                { "property": "isDrop", "operator": "=", "value": true },
                { "property": "id", "operator": ">", "value": "5dc06d1275fc7d0006732521" },
                { "property": "id", "operator": "<=", "value": "5dc06d1275fc7d00067325ff" },
            ])
        );
        assert!(range.holds(id("5dc06d1275fc7d00067325ff").unwrap()));
        assert!(!range.holds(id("5dc06d1275fc7d0006732521").unwrap()));
    }

    #[test]
    fn the_older_and_the_newer_form_of_a_page_are_read() {
        let older =
            br#"{"total":7,"count":1,"start":0,"limit":1,"rows":[{"id":"5d51a87046cbe700148328bf"}]}"#;
        let newer =
            br#"{"total":1,"rows":[{"id":"5d51a87046cbe700148328bf"}],"hasNextPage":false,"nextUrl":null}"#;
        let page = decode_page::<ProjectRow>(older).unwrap();
        assert_eq!((page.total, page.limit, page.rows.len()), (7, Some(1), 1));
        let page = decode_page::<ProjectRow>(newer).unwrap();
        assert_eq!((page.total, page.limit, page.rows.len()), (1, None, 1));
    }

    #[test]
    fn an_unreadable_row_does_not_spoil_its_page() {
        let body = br#"{"total":3,"rows":[{"id":7},"?",{"id":"5dc06d1275fc7d0006732521","name":"CTO","project":"5d51a87046cbe700148328bf","coords":[-48.5,-27.5]}]}"#;
        let page = decode_page::<BoxRow>(body).unwrap();
        assert_eq!(page.rows.iter().filter(|row| row.row.is_ok()).count(), 1);
    }

    const PAGE: &str = r#"{"total":3,"limit":2,"hasNextPage":true,"rows":[{"id":"5dc06d1275fc7d0006732521","name":"CTO \"3\"","project":{"id":"5d51a87046cbe700148328bf"},"coords":[-48.5,-27.5],"lat":-27.5,"lng":-48.5,"draft":false},{"id":"5dc06d1275fc7d0006732599","parent":"5dc06d1275fc7d0006732521","isDrop":true,"connectables":{"output":[null,"x"]},"ports":[{"blocked":true},{}],"client":null,"connections":[{"id":"5dc06d1275fc7d0006732521","port":1}],"polygon":{"coordinates":[[[-48.5,-27.5],[1,2],[3,4]]]}}]}"#;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn r03_no_bytes_make_the_page_parser_panic(
            changes in prop::collection::vec((0..PAGE.len(), prop_oneof![any::<u8>(), prop::sample::select(&br#"[]{}",:\-0e"#[..])]), 0..6),
            end in 0..=PAGE.len(),
        ) {
            let mut body = PAGE.as_bytes().to_vec();
            for (place, byte) in changes {
                body[place] = byte;
            }
            body.truncate(end.max(PAGE.len() / 2));
            let _readable = (decode_page::<BoxRow>(&body), decode_page::<SplitterRow>(&body), decode_page::<ProjectRow>(&body));
            let _more = (decode_page::<PropertyRow>(&body), decode_page::<Community>(&body));
        }
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for body in
            ["", "<html>", "[]", r#"{"rows":[]}"#, r#"{"total":1,"rows":{}}"#, r#"{"total":1,"rows":[{"#]
        {
            assert!(decode_page::<BoxRow>(body.as_bytes()).is_err(), "{body}");
        }
    }
}

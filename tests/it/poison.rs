//! Wrong answers of OZmap made up at random: the pages of its lists, spoiled on their way to the proxy.
//!
//! Left out is what could just as well be true of another network, for no reader can tell: a port that is taken or
//! not, a box that is a draft or not, one that stands elsewhere by every field, a splitter that stands in another box
//! or in a building, a row less in a list that counts one less.

pub(crate) mod spoiler;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::ops::Range;

pub(crate) const LISTS: [&str; 3] = ["/projects", "/boxes", "/splitters"];

/// What happens to some answers of one list.
#[derive(Clone, Debug)]
pub(crate) struct Poison {
    pub(crate) list: &'static str,
    /// Which answers, counted from the first.
    answers: Range<usize>,
    harm: Harm,
}

#[derive(Clone, Debug)]
pub(crate) enum Harm {
    /// To one row, wherever it is shown.
    Row(usize, RowHarm),
    /// To the row in this place of each page.
    EachPage(usize, RowHarm),
    EveryRow(RowHarm),
    Page(PageHarm),
}

#[derive(Clone, Debug)]
pub(crate) enum RowHarm {
    Gone,
    Twice,
    /// Shown, and once more with the id of another row.
    AlsoAs(usize),
    Instead(Value),
    /// A field with another value, or without one.
    Field(&'static str, Option<Value>),
    NewId,
    /// The id of another row.
    StolenId(usize),
    /// In `coords` only.
    CoordsSwapped,
    /// In every field that tells the place.
    PlaceSwapped,
    /// One more in `ports` than in `connectables.output`, or one less.
    UnevenPorts(bool),
}

#[derive(Clone, Debug)]
pub(crate) enum PageHarm {
    /// The body ends after this many thousandths of it.
    Cut(usize),
    Instead(&'static str),
    ContentType(&'static str),
    NoRows,
    /// The list's first page once more.
    FirstAgain,
    Backwards,
    /// A field of the page with another value, or without one.
    Field(&'static str, Option<Value>),
    TotalOff(i64),
}

/// Whether the proxy holds good data from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Warm,
    Cold,
}

/// One to three poisons that no true network explains.
pub(crate) fn poisons(memory: Memory) -> impl Strategy<Value = Vec<Poison>> {
    let one = poison().prop_filter("may be true", move |poison| !poison.may_be_true(memory));
    prop::collection::vec(one, 1..=3).prop_filter("may be true together", |poisons| {
        let any = |has: fn(&Poison) -> bool| poisons.iter().any(has);
        let places = poisons.iter().filter(|poison| poison.is_about_a_place()).count();
        let steals = poisons.iter().filter(|poison| poison.steals_an_id()).count();
        let makes_up_for_it = any(Poison::counts_too_few) || any(Poison::shows_too_many);
        !(any(Poison::shows_too_few) && makes_up_for_it) && places <= 1 && steals <= 1
    })
}

fn poison() -> impl Strategy<Value = Poison> {
    let answers =
        prop_oneof![Just(0..usize::MAX), (0..12_usize, 1..8_usize).prop_map(|(from, n)| from..from + n)];
    // Most of what can be wrong is wrong with boxes and splitters.
    let list =
        select(vec!["/projects", "/boxes", "/boxes", "/boxes", "/splitters", "/splitters", "/splitters"]);
    (list, answers).prop_flat_map(|(list, answers)| {
        harm(list).prop_map(move |harm| Poison { list, answers: answers.clone(), harm })
    })
}

fn harm(list: &'static str) -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => (0..1_000_usize, row_harm(list)).prop_map(|(row, harm)| Harm::Row(row, harm)),
        1 => (0..20_usize, row_harm(list)).prop_map(|(place, harm)| Harm::EachPage(place, harm)),
        1 => row_harm(list).prop_map(Harm::EveryRow),
        2 => page_harm().prop_map(Harm::Page),
    ]
}

fn row_harm(list: &str) -> impl Strategy<Value = RowHarm> {
    let fields: Vec<&'static str> = match list {
        "/projects" => vec!["id"],
        "/boxes" => vec!["id", "name", "project", "coords", "lat", "lng", "draft", "implanted"],
        _ => vec!["id", "parent", "isDrop", "connectables", "connectables.output", "ports"],
    };
    prop_oneof![
        6 => (select(fields), junk()).prop_map(|(name, value)| RowHarm::Field(name, value)),
        1 => junk().prop_map(|value| RowHarm::Instead(value.unwrap_or_default())),
        1 => Just(RowHarm::Gone),
        1 => Just(RowHarm::Twice),
        1 => Just(RowHarm::NewId),
        1 => (0..1_000_usize).prop_map(RowHarm::StolenId),
        1 => (0..1_000_usize).prop_map(RowHarm::AlsoAs),
        1 => Just(RowHarm::CoordsSwapped),
        1 => Just(RowHarm::PlaceSwapped),
        1 => any::<bool>().prop_map(RowHarm::UnevenPorts),
    ]
}

fn page_harm() -> impl Strategy<Value = PageHarm> {
    let bodies = vec![
        "",
        " ",
        "null",
        "[]",
        "{}",
        "<html><body>Manutenção</body></html>",
        r#"{"message":"ok"}"#,
        "\0\0",
    ];
    prop_oneof![
        (0..1_000_usize).prop_map(PageHarm::Cut),
        select(bodies).prop_map(PageHarm::Instead),
        select(vec!["text/html", "application/octet-stream", "image/png; charset=x"])
            .prop_map(PageHarm::ContentType),
        Just(PageHarm::NoRows),
        Just(PageHarm::FirstAgain),
        Just(PageHarm::Backwards),
        (select(vec!["total", "rows", "hasNextPage", "nextUrl", "limit"]), junk())
            .prop_map(|(name, value)| PageHarm::Field(name, value)),
        select(vec![-500, -3, -1, 1, 2, 500]).prop_map(PageHarm::TotalOff),
    ]
}

/// A value of any type, or none.
fn junk() -> impl Strategy<Value = Option<Value>> {
    let values = json!([
        null, true, false, 0, 1, -1, 7.5, 1e308, -1e308, 10_000_000_000_u64, "", "sim", "-27,57665", "17", [], [null],
        ["a", "b"], [999, 999], [-1e308, 1e308], [1, 2, 3], [[[]]], {}, {"id": 7}, {"id": "?"}, {"kind": "Box"}, {"output": []},
        // No JSON holds them as values; `to_text` writes them.
        "@NaN@", "@-Infinity@", "@1e999@", ["@1e999@", "@-1e999@"], "@half a character@"
    ]);
    let Value::Array(values) = values else { unreachable!() };
    select(values.into_iter().map(Some).chain([None]).collect::<Vec<_>>())
}

impl Poison {
    /// One that spoils every answer.
    pub(crate) fn always(list: &'static str, harm: Harm) -> Self {
        Self { list, answers: 0..usize::MAX, harm }
    }

    /// One that spoils some.
    pub(crate) fn during(answers: Range<usize>, list: &'static str, harm: Harm) -> Self {
        Self { list, answers, harm }
    }

    fn may_be_true(&self, memory: Memory) -> bool {
        let (row, every) = match &self.harm {
            Harm::Page(_) => return false,
            Harm::Row(_, row) | Harm::EachPage(_, row) => (row, false),
            Harm::EveryRow(row) => (row, true),
        };
        let missing = |value: &Option<Value>| value.as_ref().is_none_or(Value::is_null);
        match (self.list, row) {
            ("/boxes", RowHarm::Field("draft", value)) | ("/splitters", RowHarm::Field("isDrop", value)) => {
                missing(value) || value.as_ref().is_some_and(Value::is_boolean)
            }
            ("/splitters", RowHarm::Field("parent", value)) => missing(value),
            // Without any ports none is blocked.
            ("/splitters", RowHarm::Field("ports", value)) => missing(value) || *value == Some(json!([])),
            // One box here and none there may be true; the held data tell.
            ("/boxes", RowHarm::NewId) => memory == Memory::Cold,
            // A whole network elsewhere: only who knows where it was can tell.
            ("/boxes", RowHarm::PlaceSwapped) => {
                memory == Memory::Cold || !every || self.answers.end < usize::MAX
            }
            _ => false,
        }
    }

    fn is_about_a_place(&self) -> bool {
        match self.row_harm() {
            Some(RowHarm::Field(name, _)) => ["coords", "lat", "lng"].contains(name),
            Some(RowHarm::CoordsSwapped | RowHarm::PlaceSwapped) => true,
            _ => false,
        }
    }

    fn counts_too_few(&self) -> bool {
        match &self.harm {
            Harm::Page(PageHarm::TotalOff(off)) => *off < 0,
            Harm::Page(PageHarm::Field("total", _)) => true,
            _ => false,
        }
    }

    fn row_harm(&self) -> Option<&RowHarm> {
        match &self.harm {
            Harm::Page(_) => None,
            Harm::Row(_, row) | Harm::EachPage(_, row) | Harm::EveryRow(row) => Some(row),
        }
    }

    fn shows_too_many(&self) -> bool {
        matches!(self.row_harm(), Some(RowHarm::AlsoAs(_)))
    }

    fn steals_an_id(&self) -> bool {
        matches!(self.row_harm(), Some(RowHarm::AlsoAs(_) | RowHarm::StolenId(_)))
    }

    fn shows_too_few(&self) -> bool {
        match &self.harm {
            Harm::Page(harm) => {
                matches!(harm, PageHarm::NoRows | PageHarm::FirstAgain | PageHarm::Field("rows", _))
            }
            _ => matches!(self.row_harm(), Some(RowHarm::Gone | RowHarm::StolenId(_))),
        }
    }
}

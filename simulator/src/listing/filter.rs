//! OZmap's `filter`: an array of `{property, operator, value}`, all of which must hold.

use std::cmp::Ordering;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;

use crate::network::cell::Cell;
use crate::network::id::Id;
use crate::network::{Kind, Network, time};
use crate::oracle::distance::{distance_m, unit_vector};

/// MongoDB's sphere, on which `near` measures.
const EARTH_RADIUS_M: f64 = 6_378_100.0;

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    property: String,
    operator: Operator,
    value: Value,
    /// The value where it is an instant: every row's would have to be written out, to be compared as text.
    instant: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Like,
    Near,
    All,
    Exists,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "like" => Self::Like,
            "near" => Self::Near,
            "all" => Self::All,
            "exists" => Self::Exists,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "in" => Self::In,
            "notin" => Self::NotIn,
            _ => return None,
        })
    }
}

/// Rows whose ids lie beyond, or up to, an id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdBound {
    id: Id,
    operator: Operator,
}

impl IdBound {
    /// The slots inside.
    pub(crate) fn slots(self, network: &Network, kind: Kind) -> Range<usize> {
        let end = network.slots(kind);
        match self.operator {
            Operator::Greater => network.partition(kind, |id| id <= self.id)..end,
            Operator::GreaterOrEqual => network.partition(kind, |id| id < self.id)..end,
            Operator::Less => 0..network.partition(kind, |id| id < self.id),
            _ => 0..network.partition(kind, |id| id <= self.id),
        }
    }
}

/// Reads a filter; the error is for people.
pub(crate) fn parse(filter: &Value) -> Result<Vec<Condition>, String> {
    #[derive(Deserialize)]
    struct Raw {
        property: String,
        operator: String,
        #[serde(default)]
        value: Value,
    }
    let raw: Vec<Raw> = Vec::deserialize(filter).map_err(|error| format!("Invalid filter: {error}"))?;
    raw.into_iter()
        .map(|Raw { property, operator, value }| {
            let known = Operator::parse(&operator)
                .ok_or(format!("Invalid filter: operator {operator} is not known"))?;
            let instant = value.as_str().and_then(time::parse_iso);
            Ok(Condition { property, operator: known, value, instant })
        })
        .collect()
}

impl Condition {
    pub(crate) fn is_on_id(&self) -> bool {
        matches!(self.property.as_str(), "id" | "_id")
    }

    pub(crate) fn is_on_update(&self) -> bool {
        self.property == "updatedAt"
    }

    /// The condition as a bound on ids, if it is one.
    pub(crate) fn id_bound(&self) -> Option<IdBound> {
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let bounds = matches!(self.operator, Less | LessOrEqual | Greater | GreaterOrEqual);
        let id = Id::parse(self.value.as_str()?)?;
        (bounds && self.is_on_id()).then_some(IdBound { id, operator: self.operator })
    }

    pub(crate) fn holds(&self, network: &Network, kind: Kind, slot: usize) -> bool {
        let cell = network.cell(kind, slot, &self.property);
        let order = || match (&cell, self.instant) {
            (Cell::Date(own), Some(instant)) => Some(own.cmp(&instant)),
            _ => order(&cell, &self.value),
        };
        let ordered = |fits: fn(Ordering) -> bool| order().is_some_and(fits);
        match self.operator {
            Operator::Equal => equal(&cell, &self.value),
            Operator::NotEqual => !equal(&cell, &self.value),
            Operator::Like => like(&cell, &self.value),
            Operator::Near => near(&cell, &self.value),
            Operator::Exists => matches!(cell, Cell::Missing) != self.value.as_bool().unwrap_or(true),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::All => values(&self.value).iter().all(|value| equal(&cell, value)),
            Operator::In => values(&self.value).iter().any(|value| equal(&cell, value)),
            Operator::NotIn => !values(&self.value).iter().any(|value| equal(&cell, value)),
        }
    }
}

fn values(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn equal(cell: &Cell<'_>, value: &Value) -> bool {
    match cell {
        Cell::Missing | Cell::Null => value.is_null(),
        Cell::Bool(own) => value.as_bool() == Some(*own),
        _ => order(cell, value) == Some(Ordering::Equal),
    }
}

/// How the cell stands to the value; `None` where they can't be compared. Ids and dates compare as their texts.
fn order(cell: &Cell<'_>, value: &Value) -> Option<Ordering> {
    match cell {
        Cell::Number(own) => Some(own.total_cmp(&value.as_f64()?)),
        Cell::Text(own) => Some((**own).cmp(value.as_str()?)),
        Cell::Id(own) => Some(own.to_string().as_str().cmp(value.as_str()?)),
        Cell::Date(own) => Some(time::iso(*own).as_str().cmp(value.as_str()?)),
        _ => None,
    }
}

fn like(cell: &Cell<'_>, value: &Value) -> bool {
    let (Cell::Text(own), Some(part)) = (cell, value.as_str()) else { return false };
    own.to_lowercase().contains(&part.trim_matches('%').to_lowercase())
}

/// `{lat, lng, radius}`, the radius in metres.
fn near(cell: &Cell<'_>, value: &Value) -> bool {
    let number = |name: &str| value.get(name).and_then(Value::as_f64);
    let (Cell::Point { lat, lng }, Some(to_lat), Some(to_lng), Some(radius)) =
        (cell, number("lat"), number("lng"), number("radius"))
    else {
        return false;
    };
    distance_m(unit_vector(*lat, *lng), unit_vector(to_lat, to_lng), EARTH_RADIUS_M) <= radius
}

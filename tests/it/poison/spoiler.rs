//! Poisons at work.

use super::{Harm, PageHarm, Poison, RowHarm};
use serde_json::{Value, json};

/// Spoils the answers of one list, one after the other.
pub(crate) struct Spoiler {
    poisons: Vec<Poison>,
    /// The ids of the whole list, in order.
    ids: Vec<String>,
    answers: usize,
    first: Option<Value>,
}

impl Spoiler {
    pub(crate) fn new(poisons: Vec<Poison>, ids: Vec<String>) -> Self {
        Self { poisons, ids, answers: 0, first: None }
    }

    /// The answer, head and body, in place of one with this body.
    pub(crate) fn spoil(&mut self, body: &[u8]) -> Vec<u8> {
        let answer = self.answers;
        self.answers += 1;
        let mut page: Value = serde_json::from_slice(body).unwrap();
        let first = self.first.get_or_insert_with(|| page.clone()).clone();
        let (mut text, mut content_type) = (None, "application/json");
        for poison in self.poisons.iter().filter(|poison| poison.answers.contains(&answer)) {
            match &poison.harm {
                Harm::Page(PageHarm::Cut(part)) => {
                    let whole = to_text(&page);
                    text = Some(whole.as_bytes()[..whole.len() * part / 1_000].to_vec());
                }
                Harm::Page(PageHarm::Instead(body)) => text = Some(body.as_bytes().to_vec()),
                Harm::Page(PageHarm::ContentType(other)) => content_type = other,
                Harm::Page(harm) => spoil_page(&mut page, &first, harm),
                Harm::Row(..) | Harm::EachPage(..) | Harm::EveryRow(_) => {
                    self.spoil_rows(&mut page, poison);
                }
            }
        }
        let body = text.unwrap_or_else(|| to_text(&page).into_bytes());
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    }

    fn spoil_rows(&self, page: &mut Value, poison: &Poison) {
        let Some(rows) = page.get_mut("rows").and_then(Value::as_array_mut) else { return };
        let there = rows.len();
        let mut spoiled = Vec::new();
        for (place, row) in rows.drain(..).enumerate() {
            let harm = match &poison.harm {
                Harm::Row(number, harm) => {
                    (row["id"] == self.ids[number % self.ids.len()].as_str()).then_some(harm)
                }
                Harm::EachPage(number, harm) => (number % there == place).then_some(harm),
                Harm::EveryRow(harm) => Some(harm),
                Harm::Page(_) => None,
            };
            match harm {
                None => spoiled.push(row),
                Some(RowHarm::Gone) => {}
                Some(RowHarm::Twice) => spoiled.extend([row.clone(), row]),
                Some(RowHarm::Instead(value)) => spoiled.push(value.clone()),
                Some(RowHarm::AlsoAs(number)) => spoiled.extend([row.clone(), self.renamed(row, *number)]),
                Some(RowHarm::StolenId(number)) => spoiled.push(self.renamed(row, *number)),
                Some(harm) => spoiled.push(spoil_row(row, harm)),
            }
        }
        *rows = spoiled;
    }

    fn renamed(&self, row: Value, number: usize) -> Value {
        with_field(row, "id", Some(json!(self.ids[number % self.ids.len()])))
    }
}

fn spoil_page(page: &mut Value, first: &Value, harm: &PageHarm) {
    match harm {
        PageHarm::NoRows => page["rows"] = json!([]),
        PageHarm::FirstAgain => *page = first.clone(),
        PageHarm::Backwards => {
            if let Some(rows) = page.get_mut("rows").and_then(Value::as_array_mut) {
                rows.reverse();
            }
        }
        PageHarm::Field(name, value) => *page = with_field(page.take(), name, value.clone()),
        PageHarm::TotalOff(off) => {
            page["total"] = json!((page["total"].as_i64().unwrap_or_default() + off).max(0));
        }
        PageHarm::Cut(_) | PageHarm::Instead(_) | PageHarm::ContentType(_) => unreachable!("not of the rows"),
    }
}

fn spoil_row(mut row: Value, harm: &RowHarm) -> Value {
    match harm {
        RowHarm::Field(name, value) => with_field(row, name, value.clone()),
        RowHarm::NewId => {
            let id = row["id"].as_str().and_then(|id| id.get(4..)).map(|id| json!(format!("ffff{id}")));
            if id.is_some() { with_field(row, "id", id) } else { row }
        }
        RowHarm::CoordsSwapped | RowHarm::PlaceSwapped => {
            if let Some(coords) = row.get_mut("coords").and_then(Value::as_array_mut) {
                coords.reverse();
                if matches!(harm, RowHarm::PlaceSwapped) {
                    let lat = row["lat"].take();
                    row["lat"] = std::mem::replace(&mut row["lng"], lat);
                }
            }
            row
        }
        RowHarm::UnevenPorts(more) => {
            if let Some(ports) = row.get_mut("ports").and_then(Value::as_array_mut) {
                if *more { ports.push(json!({ "blocked": false })) } else { drop(ports.pop()) }
            }
            row
        }
        _ => unreachable!("not of one row"),
    }
}

/// `name` may lead into an object: "connectables.output".
fn with_field(mut object: Value, name: &str, value: Option<Value>) -> Value {
    if !object.is_object() {
        // Another poison was here before.
        return object;
    }
    let (name, value) = match name.split_once('.') {
        None => (name, value),
        Some((outer, inner)) => (outer, Some(with_field(object[outer].take(), inner, value))),
    };
    if let Some(fields) = object.as_object_mut() {
        match value {
            Some(value) => drop(fields.insert(name.to_owned(), value)),
            None => drop(fields.remove(name)),
        }
    }
    object
}

/// JSON, and what only looks like it: `"@NaN@"` is written as `NaN`.
fn to_text(page: &Value) -> String {
    let text = page.to_string().replace("@half a character@", "\\ud800");
    text.replace("\"@", "").replace("@\"", "")
}

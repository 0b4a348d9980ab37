//! What is said of a row.

use super::csv::Cells;
use super::fault::RowFault;
use crate::metrics::labels::RowResult;
use crate::tenant::memory::Judgement;
use crate::viability::Answer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The names of what is said of a row: of fields in JSON, of columns in a table.
pub const FIELDS: [&str; 11] = [
    "viable",
    "viable_reason",
    "box_id",
    "box_name",
    "box_distance_m",
    "box_free_ports",
    "boxes_offered",
    "boxes_refused",
    "nearest_refusal",
    "row_line",
    "row_error",
];

/// What is said of a row. Fields are `None` where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told<'a> {
    /// Whether the home can be connected; `None`: memory can't tell, or the row can't be read.
    pub viable: Option<bool>,
    /// Why memory can't tell, in the words of `Cache-Status`.
    pub viable_reason: Option<Cow<'a, str>>,
    /// The nearest box that is offered: its id,
    pub box_id: Option<Cow<'a, str>>,
    /// its name,
    pub box_name: Option<Cow<'a, str>>,
    /// how far away it is, in metres, to the hundredth,
    pub box_distance_m: Option<f64>,
    /// and how many of its ports are free.
    pub box_free_ports: Option<u32>,
    /// How many boxes an answer lists, up to `max_boxes`.
    pub boxes_offered: Option<usize>,
    /// How many it lists as refused, up to `max_boxes`.
    pub boxes_refused: Option<usize>,
    /// Why the nearest of these is.
    pub nearest_refusal: Option<Cow<'a, str>>,
    /// Where the row begins, as [`super::Row::line`] counts.
    pub row_line: u64,
    /// What is wrong with it.
    pub row_error: Option<Cow<'a, str>>,
}

impl<'a> Told<'a> {
    /// What memory says.
    pub fn judged(line: u64, judgement: &Judgement<'a>) -> Self {
        match judgement {
            Judgement::Said(answer) => Self::said(line, answer),
            Judgement::Unknown(reason) => {
                Self { viable_reason: Some(reason.as_str().into()), row_line: line, ..Self::default() }
            }
        }
    }

    fn said(line: u64, answer: &Answer<'a>) -> Self {
        let nearest = answer.boxes.first();
        Self {
            viable: Some(answer.is_viable()),
            viable_reason: None,
            box_id: nearest.map(|found| found.service_box.id.to_string().into()),
            box_name: nearest.map(|found| found.service_box.name.into()),
            box_distance_m: nearest.map(|found| (found.distance * 100.0).round() / 100.0),
            box_free_ports: nearest.map(|found| found.service_box.free_ports()),
            boxes_offered: Some(answer.boxes.len()),
            boxes_refused: Some(answer.refused.len()),
            nearest_refusal: answer.refused.first().map(|found| found.reason.as_str().into()),
            row_line: line,
            row_error: None,
        }
    }

    /// That a row can't be read.
    pub fn faulty(line: u64, fault: RowFault) -> Self {
        Self::error(line, fault.code())
    }

    /// That something is wrong, by its word.
    pub fn error(line: u64, code: &'static str) -> Self {
        Self { row_line: line, row_error: Some(code.into()), ..Self::default() }
    }

    /// How it is counted.
    pub fn result(&self) -> RowResult {
        match (self.viable, &self.row_error) {
            (_, Some(_)) => RowResult::Error,
            (Some(true), None) => RowResult::Viable,
            (Some(false), None) => RowResult::NotViable,
            (None, None) => RowResult::Unknown,
        }
    }

    /// Its fields, in the order of [`FIELDS`], as cells.
    pub fn write_cells(&self, cells: &mut Cells<'_>) {
        let number = |cells: &mut Cells<'_>, number: Option<f64>| match number {
            Some(number) => cells.number(number),
            None => cells.own(""),
        };
        cells.own(self.viable.map(|viable| if viable { "true" } else { "false" }).unwrap_or_default());
        cells.foreign(self.viable_reason.as_deref().unwrap_or_default());
        cells.foreign(self.box_id.as_deref().unwrap_or_default());
        cells.foreign(self.box_name.as_deref().unwrap_or_default());
        number(cells, self.box_distance_m);
        number(cells, self.box_free_ports.map(f64::from));
        number(cells, self.boxes_offered.map(|count| count as f64));
        number(cells, self.boxes_refused.map(|count| count as f64));
        cells.foreign(self.nearest_refusal.as_deref().unwrap_or_default());
        number(cells, Some(self.row_line as f64));
        cells.foreign(self.row_error.as_deref().unwrap_or_default());
    }

    /// Its fields as JSON, without the braces around them.
    pub(super) fn write_fields(&self, output: &mut Vec<u8>) {
        let start = output.len();
        // Plain values in plain fields can always be serialised, and memory can always be written to.
        let _written = serde_json::to_writer(&mut *output, self);
        if output.len() > start {
            output.remove(start);
            output.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_fields_are_those_in_json() {
        let json = serde_json::to_value(Told::default()).unwrap();
        let mut names = FIELDS;
        names.sort_unstable();
        assert!(json.as_object().unwrap().keys().map(String::as_str).eq(names));
    }
}

//! Differences that a hypothesis leaves, by kind, each with an example.

use super::evidence::Evidence;
use super::hypotheses::Hypothesis;
use crate::ozmap::wire::difference::{Difference, Side};
use std::collections::BTreeMap;
use std::fmt;

/// Differences of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The kind: a field, or a word of [`Difference::as_str`].
    pub kind: String,
    /// Points at which there is one.
    pub points: usize,
    /// One of them.
    pub example: String,
    /// The query that shows it.
    pub query: String,
}

/// A field that only one of both has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as OZmap calls it.
    pub field: String,
    /// Who has it.
    pub by: Side,
    /// In so many answers.
    pub points: usize,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, by, points } = self;
        write!(f, "only {by} has the field \"{field}\" (in {points} answers)")
    }
}

/// All that a hypothesis leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    pub(super) groups: Vec<Group>,
    pub(super) fields: Vec<Field>,
}

impl Left {
    pub(super) fn by(evidence: &mut Evidence, hypothesis: &Hypothesis) -> Self {
        let (mut groups, mut fields) = (BTreeMap::new(), BTreeMap::new());
        for point in 0..evidence.asked.len() {
            let differences = evidence.differences(point, hypothesis);
            let query = evidence.asked.get(point).map(|asked| asked.probe.query()).unwrap_or_default();
            let (only, others): (Vec<_>, Vec<_>) =
                differences.into_iter().partition(|one| matches!(one, Difference::OnlyField { .. }));
            for one in only {
                if let Difference::OnlyField { field, by } = one {
                    *fields.entry((field, by == Side::Here)).or_insert(0) += 1;
                }
            }
            let mut here: BTreeMap<String, &Difference> = BTreeMap::new();
            for one in &others {
                here.entry(kind(one)).or_insert(one);
            }
            for (kind, one) in here {
                let group = || Group {
                    kind: kind.clone(),
                    points: 0,
                    example: one.to_string(),
                    query: query.clone(),
                };
                groups.entry(kind.clone()).or_insert_with(group).points += 1;
            }
        }
        let side = |is_here| if is_here { Side::Here } else { Side::Ozmap };
        let fields =
            fields.into_iter().map(|((field, is_here), points)| Field { field, by: side(is_here), points });
        Self { groups: groups.into_values().collect(), fields: fields.collect() }
    }
}

fn kind(difference: &Difference) -> String {
    match difference {
        Difference::Field { field, .. } => field.clone(),
        other => other.as_str().to_owned(),
    }
}

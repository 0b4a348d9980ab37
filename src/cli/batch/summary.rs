//! What came of a table, for whoever asked.

use super::table::OwnRow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};
use viability_proxy::batch::campaign::{self, Home};
use viability_proxy::batch::told::Told;
use viability_proxy::metrics::labels::RowResult;

/// Rows that are named one by one.
const MOST_NAMED: usize = 20;

/// Rows by what was said of them.
pub(super) struct Summary {
    table: String,
    rows: u64,
    answered: u64,
    /// Of these, by an earlier run.
    earlier: u64,
    viable: u64,
    not_viable: u64,
    unknown: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    named: Vec<(u64, String)>,
    formulas: u64,
    first_formula: Option<u64>,
    age: Option<Duration>,
    homes: Vec<Home>,
}

impl Summary {
    /// Of a table with so many rows.
    pub(super) fn of(table: &Path, rows: u64) -> Self {
        Self {
            table: table.display().to_string(),
            rows,
            answered: 0,
            earlier: 0,
            viable: 0,
            not_viable: 0,
            unknown: BTreeMap::new(),
            errors: BTreeMap::new(),
            named: Vec::new(),
            formulas: 0,
            first_formula: None,
            age: None,
            homes: Vec::new(),
        }
    }

    /// What has been counted so far was answered by an earlier run.
    pub(super) fn go_on_from_here(&mut self) {
        self.earlier = self.answered;
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    /// A row was answered.
    pub(super) fn count(&mut self, row: &OwnRow, told: &Told<'_>) {
        self.answered += 1;
        if row.has_formula {
            self.formulas += 1;
            self.first_formula.get_or_insert(row.row.line);
        }
        if let Ok(asked) = row.row.asked {
            self.homes.push(Home { center: asked.center, result: told.result() });
        }
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        match told.result() {
            RowResult::Viable => self.viable += 1,
            RowResult::NotViable => self.not_viable += 1,
            RowResult::Unknown => *self.unknown.entry(word(told.viable_reason.as_deref())).or_default() += 1,
            RowResult::Error => {
                let error = word(told.row_error.as_deref());
                if self.named.len() < MOST_NAMED {
                    self.named.push((row.row.line, error.clone()));
                }
                *self.errors.entry(error).or_default() += 1;
            }
        }
    }

    /// How old the data were that some rows were answered from: the oldest count.
    pub(super) fn data_were(&mut self, age: Duration) {
        self.age = self.age.max(Some(age));
    }

    /// How far it has come, for who has to call again.
    pub(super) fn so_far(&self) -> String {
        format!("{} of {} rows are answered; call it again to go on", self.answered, self.rows)
    }

    /// What may not have been meant.
    pub(super) fn warning(&self) -> Option<String> {
        let line = self.first_formula?;
        Some(format!(
            "{} rows have cells that a spreadsheet computes (the first at line {line}); they are as they were in {}: \
             where it comes from somebody else, look at them before you open the result",
            self.formulas, self.table
        ))
    }

    /// The picture of it.
    pub(super) fn map(&self) -> String {
        let name = Path::new(&self.table).file_name().unwrap_or_default().to_string_lossy();
        campaign::page(&name, &self.homes, self.errors.values().sum(), SystemTime::now())
    }

    /// All of it.
    pub(super) fn text(&self, took: Duration) -> String {
        let asked = self.answered - self.earlier;
        let seconds = took.as_secs_f64();
        let mut text = format!(
            "{}: {} rows in {seconds:.1} s ({:.0} rows a second)\n",
            self.table,
            self.answered,
            asked as f64 / seconds.max(1e-3)
        );
        if self.earlier > 0 {
            let _written = writeln!(text, "  {} of them were answered by an earlier run", self.earlier);
        }
        let (unknown, errors): (u64, u64) = (self.unknown.values().sum(), self.errors.values().sum());
        self.line(&mut text, "viable", self.viable, &BTreeMap::new());
        self.line(&mut text, "not viable", self.not_viable, &BTreeMap::new());
        self.line(&mut text, "unknown", unknown, &self.unknown);
        self.line(&mut text, "errors", errors, &self.errors);
        for (line, error) in &self.named {
            let _written = writeln!(text, "  line {line}: {error}");
        }
        let more = errors.saturating_sub(self.named.len() as u64);
        if more > 0 {
            let _written = writeln!(text, "  and {more} more: see row_error in the result");
        }
        if let Some(age) = self.age {
            let _written = writeln!(text, "  answered from data read at OZmap {} s before", age.as_secs());
        }
        text
    }

    fn line(&self, text: &mut String, what: &str, count: u64, parts: &BTreeMap<String, u64>) {
        let share = count as f64 * 100.0 / self.answered.max(1) as f64;
        let parts: Vec<_> = parts.iter().map(|(word, count)| format!("{word} {count}")).collect();
        let line = format!("  {what:<11} {count:>9} {share:>5.1} %  {}", parts.join(", "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

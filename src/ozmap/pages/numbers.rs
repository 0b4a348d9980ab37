//! A list read by the numbers of its pages, without any filter, sweep after sweep.
//!
//! A row is lost when one on a page already read is deleted: that one is in this sweep and not in the next. So a sweep
//! that holds every row of the one before has lost none, unless both lost the same; and where many are lost, by
//! whatever cause, OZmap's count of the list gives it away.

use super::super::failure::CallError;
use super::super::wire::rows::Row;
use super::super::wire::{List, Page};
use super::{Filter, Found, Measured, PageSeen, Reader, Reading, Slice, Totals, count};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::pin::pin;

/// Sweeps before what the last two found is taken as the list.
const MAX_SWEEPS: usize = 5;
/// Pages in a row that bring nothing new before the list is taken to repeat itself; shifting rows make a few.
const MAX_REPEATS: u32 = 20;

/// The rows of one sweep, and OZmap's count of the list at its begin and end.
struct Sweep<R> {
    found: Found<R>,
    totals: Totals,
}

impl<R: Row> Sweep<R> {
    /// Whether rows are missing. A few may have been deleted meanwhile: then another sweep finds as many as are counted.
    fn is_short(&self) -> bool {
        self.totals.measure(self.found.count()) != Measured::Whole
    }

    /// Unreadable rows too: what they are about is in doubt only while they are there.
    fn holds_all_of(&self, other: &Self) -> bool {
        let holds = |id| self.found.rows.contains_key(id) || self.found.faulty.contains_key(id);
        let nameless = |sweep: &Self| sweep.found.nameless.values().sum::<u64>();
        other.found.rows.keys().chain(other.found.faulty.keys()).all(holds)
            && nameless(self) >= nameless(other)
    }

    /// Whether more sweeps would find no more.
    fn settles(&self, before: &Self) -> bool {
        // Short twice of the same rows: that is how it stays.
        let all = !self.is_short() || before.holds_all_of(self);
        all && self.holds_all_of(before) && !self.found.contradictory
    }

    /// With what is left of the sweep before where this one lacks it.
    fn finish(mut self, before: Option<Self>, tenant: &str, list: List) -> Result<Reading<R>, CallError> {
        let (read, total) = (self.found.count(), self.totals.most());
        if self.totals.measure(read) == Measured::Short {
            return Err(CallError::Incomplete { read, total });
        }
        if self.found.contradictory {
            return Err(CallError::Contradictory);
        }
        let lacking = self.totals.lacking(read);
        if lacking > 0 {
            // An OZmap that always counts a few too many would else never be read.
            tracing::warn!(tenant, list = list.path(), read, total, "OZmap counts rows that it doesn't show");
            self.found.unattributed += lacking;
        }
        if let Some(before) = before {
            self.found.fill_up_from(before.found);
        }
        Ok(self.found.finish(self.totals.after))
    }
}

impl<R: Row> Found<R> {
    /// Takes over the rows of an earlier sweep that this one lacks, and what they leave in doubt.
    fn fill_up_from(&mut self, before: Self) {
        for (id, row) in before.rows {
            if !self.faulty.contains_key(&id) {
                self.rows.entry(id).or_insert(row);
            }
        }
        for (id, fault) in before.faulty {
            if !self.rows.contains_key(&id) {
                self.faulty.entry(id).or_insert(fault);
            }
        }
        for (id, fault) in before.doubtful {
            self.doubtful.entry(id).or_insert(fault);
        }
    }
}

impl Reader<'_> {
    /// Fails when OZmap goes on counting more rows than it shows, or showing different ones as the same.
    pub(super) async fn by_numbers<R: Row>(&self) -> Result<Reading<R>, CallError> {
        let mut before = self.sweep::<R>().await?;
        for _ in 2..MAX_SWEEPS {
            let sweep = self.sweep::<R>().await?;
            if sweep.settles(&before) {
                return sweep.finish(None, self.client.tenant(), self.list);
            }
            before = sweep;
        }
        let last = self.sweep::<R>().await?;
        tracing::warn!(
            tenant = self.client.tenant(),
            list = self.list.path(),
            sweeps = MAX_SWEEPS,
            "rows kept shifting; taking every row of the last two sweeps, perhaps some just deleted among them"
        );
        last.finish(Some(before), self.client.tenant(), self.list)
    }

    async fn sweep<R: Row>(&self) -> Result<Sweep<R>, CallError> {
        let asked = self.page_size();
        let first = self.page::<R>(Slice { filter: Filter::Nothing, page: 1, limit: asked }).await?;
        (self.watch)(PageSeen { rows: count(&first.rows), total: Some(first.total) });
        // A page of another size than asked for means that OZmap has its own, whatever it says of that: the pages are
        // numbered by what it uses.
        let limit = if count(&first.rows) < first.total { count(&first.rows).max(1) } else { asked };
        let pages = first.total.div_ceil(limit);
        let mut totals = Totals { before: first.total, after: first.total };
        let mut found = Found::new();
        found.saw(first.date);
        found.take(first.rows);
        let rest = stream::iter(2..=pages)
            .map(|page| self.numbered::<R>(page, limit))
            .buffered(self.client.pages_at_once());
        let (mut rest, mut repeats) = (pin!(rest), 0);
        while let Some(page) = rest.try_next().await? {
            (self.watch)(PageSeen { rows: count(&page.rows), total: None });
            totals.after = page.total;
            let known = found.rows.len();
            found.take(page.rows);
            repeats = if found.rows.len() > known { 0 } else { repeats + 1 };
            if repeats > MAX_REPEATS {
                return Err(CallError::Repeating);
            }
        }
        // A total may be too small: the list ends where pages bring nothing new.
        for page in pages.max(1) + 1.. {
            let page = self.numbered::<R>(page, limit).await?;
            if !found.lacks_any_of(&page) {
                break;
            }
            (self.watch)(PageSeen { rows: count(&page.rows), total: None });
            found.take(page.rows);
            found.bounded()?;
        }
        Ok(Sweep { found, totals })
    }

    /// A page by its number. One that is empty though OZmap counts more rows is the end; the count decides whether
    /// that is believed.
    async fn numbered<R: Row>(&self, page: u64, limit: u64) -> Result<Page<R>, CallError> {
        match self.page::<R>(Slice { filter: Filter::Nothing, page, limit }).await {
            Err(CallError::EmptyPage { total }) => Ok(Page::empty(total)),
            other => other,
        }
    }
}

//! A list read by ranges of ids, sorted by id: each page starts behind the last row of the one before, whatever
//! happened in between, so that a row which exists throughout can't be missed. Some single rows, found by number, cut
//! the list into as many ranges as may be read at once.
//!
//! All of it rests on OZmap's filters. Where they are ignored the rows show it; where they are refused, or match
//! nothing, or fewer rows than they should, the count of the rows found does.

use super::super::failure::CallError;
use super::super::wire::rows::Row;
use super::super::wire::{IdRange, Page, PageRow};
use super::{Filter, Found, Measured, PageSeen, Reader, Reading, Slice, Totals, count};
use crate::viability::plant::ObjectId;
use futures_util::{StreamExt, TryStreamExt, stream};

/// Readings before one that misses a few rows of OZmap's count is taken: edits can explain it.
const READINGS: u32 = 3;

impl Reader<'_> {
    /// `None` when OZmap's answers show that ranges can't be relied on.
    pub(super) async fn by_ranges<R: Row>(&self) -> Result<Option<Reading<R>>, CallError> {
        for reading in 1..=READINGS {
            let Some((mut found, totals)) = self.all_ranges::<R>().await? else { return Ok(None) };
            let read = found.count();
            let is_last = reading == READINGS;
            match totals.measure(read) {
                Measured::Whole => return Ok(Some(found.finish(totals.after))),
                Measured::Nearly if !is_last => {}
                Measured::Short if !is_last && totals.have_moved() => {}
                Measured::Nearly if totals.have_moved() => {
                    tracing::warn!(
                        tenant = self.client.tenant(),
                        list = self.list.path(),
                        read,
                        total = totals.after,
                        "the list was edited each time it was read; until the next refresh OZmap is asked where rows that it \
                         counts and didn't show could change the answer"
                    );
                    found.unattributed += totals.lacking(read);
                    return Ok(Some(found.finish(totals.after)));
                }
                // Nobody edits, and rows are missing all the same.
                Measured::Nearly | Measured::Short => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What the ranges hold, and OZmap's count of the list before and after.
    async fn all_ranges<R: Row>(&self) -> Result<Option<(Found<R>, Totals)>, CallError> {
        let (whole, limit) = (Filter::Range(IdRange::default()), self.page_size());
        let first = self.filtered::<R>(Slice { filter: whole, page: 1, limit }).await?;
        let Some((first, last)) = first.and_then(|page| ordered(page, IdRange::default())) else {
            return Ok(None);
        };
        (self.watch)(PageSeen { rows: count(&first.rows), total: Some(first.total) });
        let (read, total) = (count(&first.rows), first.total);
        let (limit_in_force, has_more) = (first.limit.unwrap_or(limit).min(limit), first.has_more);
        let mut found = Found::new();
        found.saw(first.date);
        found.take(if read < total { up_to_last_id(first.rows) } else { first.rows });
        if read == 0 && self.list.filter(IdRange::default()).is_some() {
            // Perhaps there is none, perhaps the filter of the list matches nothing here.
            return Ok(None);
        }
        if read >= total {
            // The whole list, or a total of one page: a page behind it tells.
            let is_last = has_more == Some(false) && read < limit_in_force;
            let behind = Slice { filter: whole, page: 2, limit: read.max(1) };
            if is_last || read == 0 || self.ends_before::<R>(behind, &found).await? {
                return Ok(Some((found, Totals { before: total, after: total })));
            }
            return Ok(None);
        }
        // Rows remain, and none of this page tells where to go on.
        let Some(last) = last else { return Ok(None) };
        let ranges = self.cut::<R>(last, read, total).await?;
        let parts: Vec<_> = stream::iter(ranges)
            .map(|range| self.range::<R>(range, read))
            .buffer_unordered(self.client.pages_at_once())
            .try_collect()
            .await?;
        for part in parts {
            let Some(part) = part else { return Ok(None) };
            found = found.merge(part);
        }
        let after = self.total::<R>(whole).await?;
        Ok(Some((found, Totals { before: total, after })))
    }

    /// Whether a page tells of no row but those: who doesn't get it doesn't know.
    async fn ends_before<R: Row>(&self, slice: Slice, found: &Found<R>) -> Result<bool, CallError> {
        Ok(self.filtered::<R>(slice).await?.is_some_and(|page| !found.lacks_any_of(&page)))
    }

    /// Ranges of about equal size that together hold every id above `after`.
    async fn cut<R: Row>(&self, after: ObjectId, read: u64, total: u64) -> Result<Vec<IdRange>, CallError> {
        let left = total.saturating_sub(read);
        let parts = left.div_ceil(self.page_size()).min(self.client.pages_at_once() as u64);
        let filter = Filter::Range(IdRange::default());
        let scouts: Vec<Option<Page<R>>> = stream::iter(1..parts)
            .map(|part| self.filtered(Slice { filter, page: read + left * part / parts, limit: 1 }))
            .buffered(self.client.pages_at_once())
            .try_collect()
            .await?;
        // A scout may find nothing, or find an unreadable row: that only leaves a longer range.
        let found = |scout: &Option<Page<R>>| scout.as_ref()?.rows.first()?.id;
        let mut cuts: Vec<_> = scouts.iter().filter_map(found).filter(|&cut| cut > after).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let starts = std::iter::once(after).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().map(Some).chain([None]);
        Ok(starts.zip(ends).map(|(after, up_to)| IdRange { after: Some(after), up_to }).collect())
    }

    /// All rows of one range, page after page, until its last id or an empty page: not until OZmap's count is reached,
    /// which may be too small. The range without end also ends by a page that isn't `full`, so that nobody runs after
    /// rows that are added meanwhile.
    async fn range<R: Row>(&self, mut range: IdRange, full: u64) -> Result<Option<Found<R>>, CallError> {
        let mut found = Found::new();
        loop {
            let slice = Slice { filter: Filter::Range(range), page: 1, limit: self.page_size() };
            let Some(page) = self.filtered::<R>(slice).await? else { return Ok(None) };
            if page.rows.is_empty() {
                return Ok(Some(found));
            }
            let Some((page, last)) = ordered(page, range) else { return Ok(None) };
            (self.watch)(PageSeen { rows: count(&page.rows), total: None });
            let complete = count(&page.rows) >= page.total;
            let is_last = range.up_to.is_none() && count(&page.rows) < full;
            let ends = match last {
                Some(last) => is_last || range.up_to == Some(last),
                None if complete => true,
                // Rows remain, and none of this page tells where to go on.
                None => return Ok(None),
            };
            if ends {
                found.take(page.rows);
                return Ok(Some(found));
            }
            found.take(up_to_last_id(page.rows));
            found.bounded()?;
            range.after = last;
        }
    }

    /// A page of filtered rows; `None` when OZmap refuses the filter. An OZmap that says the list has rows and sends
    /// none has no more of them in this range, or doesn't filter: the count of the whole tells.
    pub(super) async fn filtered<R: Row>(&self, slice: Slice) -> Result<Option<Page<R>>, CallError> {
        let is_filtered = slice.filter(self.list).is_some();
        match self.page(slice).await {
            // They say how OZmap is, not what it makes of filters.
            Err(error @ CallError::Status { status: 429 | 502..=504, .. }) => Err(error),
            Err(CallError::Status { .. }) if is_filtered => Ok(None),
            Err(CallError::EmptyPage { total }) if is_filtered || slice.page > 1 => {
                Ok(Some(Page::empty(total)))
            }
            other => other.map(Some),
        }
    }
}

/// What the next page, which starts behind the last id, doesn't show again: rows that don't tell their id would else be
/// counted twice, and make up for others that are missing.
pub(super) fn up_to_last_id<R>(mut rows: Vec<PageRow<R>>) -> Vec<PageRow<R>> {
    rows.truncate(rows.iter().rposition(|row| row.id.is_some()).map_or(0, |last| last + 1));
    rows
}

/// The page and the last id on it; `None` when a row lies outside the range or out of order: then filter or sort were
/// ignored.
pub(super) fn ordered<R>(page: Page<R>, range: IdRange) -> Option<(Page<R>, Option<ObjectId>)> {
    let mut last = None;
    for id in page.rows.iter().filter_map(|row| row.id) {
        if !range.holds(id) || last.is_some_and(|before| id <= before) {
            return None;
        }
        last = Some(id);
    }
    Some((page, last))
}

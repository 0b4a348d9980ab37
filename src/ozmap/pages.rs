//! Reading a whole list, every row, while people edit it.
//!
//! Pages by number shift: a row deleted on page 1 pulls the first row of page 3 onto page 2, which may have been read
//! already. So a list is read by ranges of ids, sorted by id: each page starts behind the last row of the one before,
//! whatever happened in between, and a row that exists throughout can't be missed. Some single rows, found by number,
//! cut the list into as many ranges as may be read at once.
//!
//! An installation that doesn't honour filters on `id` is noticed by the rows it returns. There pages are read by
//! number, again and again until two sweeps in a row saw the same rows.

use super::Client;
use super::failure::CallError;
use super::wire::rows::{Row, RowFault};
use super::wire::{IdRange, List, Page, PageRow, decode_page};
use crate::config::key::ApiKey;
use crate::viability::plant::ObjectId;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

/// Tries at one page before the whole reading fails.
const ATTEMPTS: u32 = 3;
/// The pause after the first failed try; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Where OZmap asks for a longer pause the refresh ends, and waits by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Sweeps by number before what was found by any of them is taken as the list.
const MAX_SWEEPS: usize = 5;

/// A list that claims more rows is not a list of a provider's network.
const MAX_ROWS: u64 = 10_000_000;
/// Pages in a row that bring nothing new before the list is taken to repeat itself; shifting rows make a few.
const MAX_REPEATS: u32 = 20;

/// A whole list.
#[derive(Debug)]
pub struct Reading<R> {
    /// The rows in the order of their ids, each id once.
    pub rows: Vec<R>,
    /// Rows that could not be read, by reason.
    pub faults: BTreeMap<RowFault, u64>,
}

/// A page that arrived, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub struct PageSeen {
    /// Rows on it.
    pub rows: u64,
    /// Rows of the whole list, where this page tells.
    pub total: Option<u64>,
}

/// Reads every row of `R`'s list that `key` may see, telling `watch` of every page.
pub async fn read_all<R: Row>(
    client: &Client,
    key: &ApiKey,
    watch: &(dyn Fn(PageSeen) + Sync),
) -> Result<Reading<R>, CallError> {
    let reader = Reader { client, key, watch };
    if let Some(reading) = reader.by_ranges().await? {
        return Ok(reading);
    }
    tracing::warn!(
        tenant = client.tenant(),
        list = R::LIST.path(),
        "OZmap does not honour filters and sorting by id; reading pages by number until two sweeps agree"
    );
    reader.by_numbers().await
}

/// What is asked of a list at once.
#[derive(Clone, Copy)]
struct Slice {
    range: IdRange,
    page: u64,
    limit: u64,
}

impl Slice {
    fn to_query_string(self, list: List) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("page", &self.page.to_string());
        pairs.append_pair("limit", &self.limit.to_string());
        pairs.append_pair("select", list.select());
        pairs.append_pair("sort", list.sort());
        if let Some(filter) = list.filter(self.range) {
            pairs.append_pair("filter", &filter);
        }
        pairs.finish()
    }
}

/// The rows found so far, by id, and the faults.
struct Found<R> {
    rows: BTreeMap<ObjectId, R>,
    faults: BTreeMap<RowFault, u64>,
}

impl<R: Row> Found<R> {
    fn new() -> Self {
        Self { rows: BTreeMap::new(), faults: BTreeMap::new() }
    }

    fn take(&mut self, page: Vec<PageRow<R>>) {
        for PageRow { row, .. } in page {
            match row {
                Ok(row) => drop(self.rows.insert(row.id(), row)),
                Err(fault) => *self.faults.entry(fault).or_default() += 1,
            }
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self
    }

    fn finish(self) -> Reading<R> {
        Reading { rows: self.rows.into_values().collect(), faults: self.faults }
    }
}

struct Reader<'c> {
    client: &'c Client,
    key: &'c ApiKey,
    watch: &'c (dyn Fn(PageSeen) + Sync),
}

impl Reader<'_> {
    /// `None` when OZmap's answers show that it doesn't honour the ranges.
    async fn by_ranges<R: Row>(&self) -> Result<Option<Reading<R>>, CallError> {
        let limit = self.page_size();
        let first = self.page::<R>(Slice { range: IdRange::default(), page: 1, limit }).await?;
        let Some(last) = last_id(&first, IdRange::default()) else { return Ok(None) };
        (self.watch)(PageSeen { rows: count(&first.rows), total: Some(first.total) });
        let read = count(&first.rows);
        let total = first.total;
        let mut found = Found::new();
        found.take(first.rows);
        if read >= total {
            return Ok(Some(found.finish()));
        }
        let Some(cursor) = last.cursor else { return Ok(None) };
        let ranges = self.cut::<R>(cursor, read, total).await?;
        let parts: Vec<_> = stream::iter(ranges)
            .map(|range| self.range::<R>(range))
            .buffer_unordered(self.client.pages_at_once())
            .try_collect()
            .await?;
        for part in parts {
            let Some(part) = part else { return Ok(None) };
            found = found.merge(part);
        }
        Ok(Some(found.finish()))
    }

    /// Ranges of about equal size that together hold every id above `after`.
    async fn cut<R: Row>(&self, after: ObjectId, read: u64, total: u64) -> Result<Vec<IdRange>, CallError> {
        let pages = (total - read).div_ceil(self.page_size());
        let parts = pages.min(self.client.pages_at_once() as u64);
        let at = |part: u64| read + (total - read) * part / parts;
        let scouts: Vec<Page<R>> = stream::iter(1..parts)
            .map(|part| self.page(Slice { range: IdRange::default(), page: at(part), limit: 1 }))
            .buffered(self.client.pages_at_once())
            .try_collect()
            .await?;
        // A scout may find nothing, or find an unreadable row: that only leaves a longer range.
        let mut cuts: Vec<_> = scouts.iter().flat_map(|page| &page.rows).filter_map(|row| row.id).collect();
        cuts.retain(|&cut| cut > after);
        cuts.sort_unstable();
        cuts.dedup();
        let starts = std::iter::once(after).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().map(Some).chain([None]);
        Ok(starts.zip(ends).map(|(after, up_to)| IdRange { after: Some(after), up_to }).collect())
    }

    /// All rows of one range, page after page.
    async fn range<R: Row>(&self, mut range: IdRange) -> Result<Option<Found<R>>, CallError> {
        let mut found = Found::new();
        loop {
            let page = match self.page::<R>(Slice { range, page: 1, limit: self.page_size() }).await {
                Err(CallError::Status { status: 400, .. }) => return Ok(None),
                other => other?,
            };
            let Some(last) = last_id(&page, range) else { return Ok(None) };
            let rows = count(&page.rows);
            (self.watch)(PageSeen { rows, total: None });
            let complete = rows >= page.total;
            found.take(page.rows);
            match last.cursor {
                Some(cursor) if !complete => range.after = Some(cursor),
                // Rows remain, and none of this page tells where to go on.
                None if !complete => return Ok(None),
                _ => return Ok(Some(found)),
            }
        }
    }

    async fn by_numbers<R: Row>(&self) -> Result<Reading<R>, CallError> {
        let mut union = self.sweep::<R>().await?;
        let mut before: BTreeSet<_> = union.rows.keys().copied().collect();
        for _ in 1..MAX_SWEEPS {
            let sweep = self.sweep::<R>().await?;
            // A row is lost when one on a page already read is deleted: that one is in this sweep and not in the next.
            // So two sweeps of the same rows have lost none.
            if sweep.rows.keys().eq(&before) {
                return Ok(sweep.finish());
            }
            before = sweep.rows.keys().copied().collect();
            union.rows.extend(sweep.rows);
            // Those of the newest sweep: summing them would count a row once a sweep.
            union.faults = sweep.faults;
        }
        tracing::warn!(
            tenant = self.client.tenant(),
            list = R::LIST.path(),
            sweeps = MAX_SWEEPS,
            "rows kept shifting; taking every row that any sweep saw, deleted ones perhaps among them"
        );
        Ok(union.finish())
    }

    async fn sweep<R: Row>(&self) -> Result<Found<R>, CallError> {
        let range = IdRange::default();
        let first = self.page::<R>(Slice { range, page: 1, limit: self.page_size() }).await?;
        (self.watch)(PageSeen { rows: count(&first.rows), total: Some(first.total) });
        // A smaller page than asked for means that OZmap clamps the limit: the pages are numbered by what it uses.
        let limit = first.limit.unwrap_or(count(&first.rows)).clamp(1, self.page_size());
        let pages = first.total.div_ceil(limit);
        let mut found = Found::new();
        found.take(first.rows);
        let rest = stream::iter(2..=pages)
            .map(|page| self.page::<R>(Slice { range, page, limit }))
            .buffer_unordered(self.client.pages_at_once());
        let (mut rest, mut repeats) = (pin!(rest), 0);
        while let Some(page) = rest.try_next().await? {
            (self.watch)(PageSeen { rows: count(&page.rows), total: None });
            let known = found.rows.len();
            found.take(page.rows);
            repeats = if found.rows.len() > known { 0 } else { repeats + 1 };
            if repeats > MAX_REPEATS {
                return Err(CallError::Repeating);
            }
        }
        Ok(found)
    }

    /// One page, tried again when the failure may pass.
    async fn page<R: Row>(&self, slice: Slice) -> Result<Page<R>, CallError> {
        let mut pause = FIRST_PAUSE.mul_f64(0.5 + fastrand::f64());
        for _ in 1..ATTEMPTS {
            match self.try_page(slice).await {
                Err(error) if error.may_pass() => {
                    tracing::debug!(tenant = self.client.tenant(), list = R::LIST.path(), %error, "trying a page again");
                    let asked_for = error.retry_after().unwrap_or_default();
                    if asked_for > LONGEST_PAUSE {
                        return Err(error);
                    }
                    tokio::time::sleep(pause.max(asked_for)).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
        self.try_page(slice).await
    }

    async fn try_page<R: Row>(&self, slice: Slice) -> Result<Page<R>, CallError> {
        let body = self.client.list(R::LIST, self.key, &slice.to_query_string(R::LIST)).await?;
        // A page takes milliseconds to decode: not on a thread that answers queries.
        let decoded = tokio::task::spawn_blocking(move || decode_page::<R>(&body)).await;
        let page = match decoded {
            Ok(page) => page.map_err(|source| CallError::NotJson { source })?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        if page.total > MAX_ROWS {
            return Err(CallError::TooMany { total: page.total });
        }
        if page.rows.is_empty() && page.total > (slice.page - 1) * slice.limit {
            return Err(CallError::EmptyPage { total: page.total });
        }
        Ok(page)
    }

    fn page_size(&self) -> u64 {
        self.client.page_size()
    }
}

fn count<R>(rows: &[PageRow<R>]) -> u64 {
    rows.len() as u64
}

/// Where a page that honours its range ends.
struct Last {
    /// The last id; `None` for a page without any.
    cursor: Option<ObjectId>,
}

/// `None` when a row lies outside the range or out of order: then filter or sort were ignored.
fn last_id<R>(page: &Page<R>, range: IdRange) -> Option<Last> {
    let mut cursor = None;
    for id in page.rows.iter().filter_map(|row| row.id) {
        if !range.holds(id) || cursor.is_some_and(|before| id <= before) {
            return None;
        }
        cursor = Some(id);
    }
    Some(Last { cursor })
}

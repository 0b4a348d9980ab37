//! The rows of a list that were changed since a moment, by OZmap's clock.
//!
//! That it filters by `updatedAt` is an assumption, so every row that comes has to show it. What can't show it (rows that
//! were deleted, changes that don't touch the time) is for full readings to find.

use super::super::failure::CallError;
use super::super::wire::rows::Row;
use super::super::wire::time::OzmapTime;
use super::super::wire::{IdRange, List, PageRow};
use super::found::Found;
use super::ranges::{ordered, up_to_last_id};
use super::{Filter, PageSeen, Reader, Reading, Slice, Tries, count};
use crate::config::key::ApiKey;
use crate::ozmap::{Client, Lane};

/// Readings that are short of what OZmap counts before it is taken to count wrongly: rows may be deleted meanwhile.
const READINGS: u32 = 3;

/// What a list has become since a moment.
#[derive(Debug)]
pub enum Changes<R> {
    /// Every row changed since.
    Rows(Reading<R>),
    /// It can't be learned that way.
    Unfit(Unfit),
}

/// Why a list can't be read by its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Rows don't say when they were changed.
    #[error("its rows tell no updatedAt")]
    Untimed,
    /// OZmap answers such a filter with an error.
    #[error("it refuses filters on updatedAt")]
    Refused,
    /// Rows come that were changed before.
    #[error("it ignores filters on updatedAt")]
    Ignored,
    /// Not even the row comes that is known to have been changed.
    #[error("filters on updatedAt match nothing")]
    MatchesNothing,
    /// Fewer rows come than it counts, each time.
    #[error("it counts more rows changed than it shows")]
    Miscounted,
}

/// Reads the rows of a list that were changed since then, that moment included, telling `watch` of every page.
pub async fn read_changes<R: Row>(
    client: &Client,
    key: &ApiKey,
    list: List,
    since: OzmapTime,
    tries: Tries,
    watch: &(dyn Fn(PageSeen) + Sync),
) -> Result<Changes<R>, CallError> {
    Reader { client, lane: Lane::Refresh, key, list, tries, watch }.changes(since).await
}

/// One try.
enum Tried<R> {
    All(Found<R>),
    /// Less than OZmap counted.
    Short,
    Unfit(Unfit),
}

impl Reader<'_> {
    async fn changes<R: Row>(&self, since: OzmapTime) -> Result<Changes<R>, CallError> {
        for _ in 0..READINGS {
            match self.try_changes(since).await? {
                Tried::All(found) if found.count() == 0 && !self.shows_any::<R>().await? => {
                    return Ok(Changes::Unfit(Unfit::MatchesNothing));
                }
                Tried::All(found) => {
                    let counted = found.count();
                    return Ok(Changes::Rows(found.finish(counted)));
                }
                Tried::Unfit(why) => return Ok(Changes::Unfit(why)),
                Tried::Short => {}
            }
        }
        Ok(Changes::Unfit(Unfit::Miscounted))
    }

    /// Whether a row was ever changed: where the row that was changed last has been deleted, none comes behind it.
    async fn shows_any<R: Row>(&self) -> Result<bool, CallError> {
        let ever = Filter::Changed(OzmapTime::FIRST, IdRange::default());
        let page = self.filtered::<R>(Slice { filter: ever, page: 1, limit: 1 }).await?;
        Ok(page.is_some_and(|page| !page.rows.is_empty()))
    }

    /// Page after page, each beginning behind the last row of the one before: a row that is changed meanwhile stays
    /// among the changed ones, in its place.
    async fn try_changes<R: Row>(&self, since: OzmapTime) -> Result<Tried<R>, CallError> {
        let (mut range, mut found, mut total) = (IdRange::default(), Found::new(), None);
        loop {
            let slice = Slice { filter: Filter::Changed(since, range), page: 1, limit: self.page_size() };
            let Some(page) = self.filtered::<R>(slice).await? else {
                return Ok(Tried::Unfit(Unfit::Refused));
            };
            found.saw(page.date);
            if let Some(why) = unfit(&page.rows, since) {
                return Ok(Tried::Unfit(why));
            }
            let Some((page, last)) = ordered(page, range) else { return Ok(Tried::Unfit(Unfit::Ignored)) };
            let counted = *total.get_or_insert(page.total);
            (self.watch)(PageSeen { rows: count(&page.rows), total: Some(counted) });
            let limit = page.limit.unwrap_or(slice.limit).min(slice.limit);
            let is_last = page.has_more == Some(false) || count(&page.rows) < limit;
            // None of a full page tells where to go on: what is missing shows in the count.
            let (Some(last), false) = (last, is_last) else {
                found.take(page.rows);
                let read = found.count();
                return Ok(if read < counted { Tried::Short } else { Tried::All(found) });
            };
            found.take(up_to_last_id(page.rows));
            found.bounded()?;
            range.after = Some(last);
        }
    }
}

/// What rows show that should not be among these.
fn unfit<R: Row>(rows: &[PageRow<R>], since: OzmapTime) -> Option<Unfit> {
    rows.iter().filter_map(|row| row.row.as_ref().ok()).find_map(|row| match row.updated_at() {
        None => Some(Unfit::Untimed),
        Some(updated_at) if updated_at < since => Some(Unfit::Ignored),
        Some(_) => None,
    })
}

//! Reading a whole list, every row, while people edit it.
//!
//! Pages by number shift: a row deleted on page 1 pulls the first row of page 3 onto page 2, which may have been read
//! already. So a list is read by ranges of ids (`ranges`) where OZmap honours filters on ids, and by numbers (`numbers`),
//! sweep after sweep, where it doesn't. OZmap's own count of the list decides which: a reading that comes out short
//! of it is not believed.

mod changes;
mod found;
mod numbers;
mod ranges;
mod standing;

pub use changes::{Changes, Unfit, read_changes};
pub use standing::{read_belonging_to, read_standing_in};

use super::failure::CallError;
use super::wire::fault::RowFault;
use super::wire::place::Place;
use super::wire::rows::Row;
use super::wire::time::OzmapTime;
use super::wire::{IdRange, List, Page, PageRow, decode_page};
use super::{Client, Lane, ListPage};
use crate::config::key::ApiKey;
use crate::viability::plant::ObjectId;
use found::Found;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often one page is tried before the whole reading fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// As a failure that passes takes.
    Several,
    /// Once: OZmap didn't answer the last time either.
    One,
}

impl Tries {
    fn count(self) -> u32 {
        match self {
            Self::Several => 3,
            Self::One => 1,
        }
    }
}
/// The pause after the first failed try; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Where OZmap asks for a longer pause the refresh ends, and waits by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A list that claims more rows is not a list of a provider's network.
const MAX_ROWS: u64 = 10_000_000;

/// A whole list.
#[derive(Debug)]
pub struct Reading<R> {
    /// The rows in the order of their ids, each id once.
    pub rows: Vec<R>,
    /// Rows that could not be read, by reason.
    pub faults: BTreeMap<RowFault, u64>,
    /// The boxes (of a list of gated communities, the communities) that those rows were about, as far as they tell, and
    /// what was wrong.
    pub doubtful: BTreeMap<ObjectId, RowFault>,
    /// How many of those rows, and of those that OZmap counts and doesn't show, may be about any box.
    pub unattributed: u64,
    /// The ids of those rows, as far as they tell.
    pub unread: Vec<ObjectId>,
    /// Where those of them are whose place could be read, each id once.
    pub places: Vec<Place>,
    /// How many rows OZmap counted at the end.
    pub counted: u64,
    /// When it was read, by OZmap's clock.
    pub times: Times,
}

/// What a reading tells of OZmap's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it answered for the first time; `None` where its answers have no `Date`.
    pub begun: Option<OzmapTime>,
    /// When the row changed last was changed; `None` where rows don't tell.
    pub newest: Option<OzmapTime>,
}

impl<R> Default for Reading<R> {
    fn default() -> Self {
        let (faults, doubtful) = (BTreeMap::new(), BTreeMap::new());
        Self {
            rows: Vec::new(),
            faults,
            doubtful,
            unattributed: 0,
            unread: Vec::new(),
            places: Vec::new(),
            counted: 0,
            times: Times::default(),
        }
    }
}

impl<R> Reading<R> {
    /// Whether every row that OZmap counts was shown and could be read.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.unattributed == 0
    }
}

/// A page that arrived, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub struct PageSeen {
    /// Rows on it.
    pub rows: u64,
    /// Rows of the whole list, where this page tells.
    pub total: Option<u64>,
}

/// Reads every row of a list that `key` may see, telling `watch` of every page.
pub async fn read_all<R: Row>(
    client: &Client,
    key: &ApiKey,
    list: List,
    lane: Lane,
    watch: &(dyn Fn(PageSeen) + Sync),
) -> Result<Reading<R>, CallError> {
    let reader = Reader { client, lane, key, list, tries: Tries::Several, watch };
    if let Some(reading) = reader.by_ranges().await? {
        return Ok(reading);
    }
    tracing::warn!(
        tenant = client.tenant(),
        list = list.path(),
        "ranges of ids don't hold what OZmap counts, or it doesn't filter by id; reading this list's pages by number until two \
         sweeps agree"
    );
    reader.by_numbers().await
}

/// How many rows of a list OZmap says there are, of the kind that it is read for.
pub async fn count_rows<R: Row>(
    client: &Client,
    key: &ApiKey,
    list: List,
    tries: Tries,
) -> Result<u64, CallError> {
    let reader = Reader { client, lane: Lane::Refresh, key, list, tries, watch: &|_| {} };
    reader.total::<R>(Filter::Range(IdRange::default())).await
}

/// Which rows of a list are asked for.
#[derive(Clone, Copy)]
enum Filter {
    /// Those that the list is read for, in a range of ids.
    Range(IdRange),
    /// Those of them that were changed since then.
    Changed(OzmapTime, IdRange),
    /// Every row: what OZmap does with filters is unsure. Rows of other kinds are told apart by their own fields.
    Nothing,
}

/// What is asked of a list at once.
#[derive(Clone, Copy)]
struct Slice {
    filter: Filter,
    page: u64,
    limit: u64,
}

impl Slice {
    fn filter(self, list: List) -> Option<String> {
        match self.filter {
            Filter::Range(range) => list.filter(range),
            Filter::Changed(since, range) => Some(List::changed_filter(since, range)),
            Filter::Nothing => None,
        }
    }

    fn to_query_string(self, list: List) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("page", &self.page.to_string());
        pairs.append_pair("limit", &self.limit.to_string());
        pairs.append_pair("select", list.select());
        pairs.append_pair("sort", list.sort());
        if let Some(filter) = self.filter(list) {
            pairs.append_pair("filter", &filter);
        }
        pairs.finish()
    }
}

/// OZmap's counts of a list before and after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Totals {
    before: u64,
    after: u64,
}

/// How a reading compares with what OZmap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    /// All are there.
    Whole,
    /// A few less: rows that were deleted before they were read, or added behind what was read, can explain it. So can
    /// rows that are counted and never shown, which is why it isn't believed as long as another reading may tell.
    Nearly,
    /// Less than people at work can explain.
    Short,
}

impl Totals {
    /// Rows that may be missing. Of two counts the larger: whoever believes the smaller takes the end of a list that
    /// vanished meanwhile for deleted, and a row more for one that was never shown.
    fn lacking(self, found: u64) -> u64 {
        self.most().saturating_sub(found)
    }

    fn measure(self, found: u64) -> Measured {
        match self.lacking(found) {
            0 => Measured::Whole,
            missing if missing <= self.most() / 100 => Measured::Nearly,
            _ => Measured::Short,
        }
    }

    fn most(self) -> u64 {
        self.before.max(self.after)
    }

    /// Whether somebody edits the list.
    fn have_moved(self) -> bool {
        self.before != self.after
    }
}

struct Reader<'c> {
    client: &'c Client,
    lane: Lane,
    key: &'c ApiKey,
    list: List,
    tries: Tries,
    watch: &'c (dyn Fn(PageSeen) + Sync),
}

impl Reader<'_> {
    /// One page, tried again when the failure may pass.
    async fn page<R: Row>(&self, slice: Slice) -> Result<Page<R>, CallError> {
        let mut pause = FIRST_PAUSE.mul_f64(0.5 + fastrand::f64());
        for _ in 1..self.tries.count() {
            match self.try_page(slice).await {
                Err(error) if error.may_pass() => {
                    tracing::debug!(tenant = self.client.tenant(), list = self.list.path(), %error, "trying a page again");
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
        let ListPage { body, date } =
            self.client.list(self.list, self.key, &slice.to_query_string(self.list), self.lane).await?;
        // A page takes milliseconds to decode: not on a thread that answers queries.
        let decoded = tokio::task::spawn_blocking(move || decode_page::<R>(&body)).await;
        let mut page = match decoded {
            Ok(page) => page.map_err(|source| CallError::NotJson { source })?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        page.date = date;
        if page.total > MAX_ROWS {
            return Err(CallError::TooMany { total: page.total });
        }
        if page.rows.is_empty() && page.total > (slice.page - 1) * slice.limit {
            return Err(CallError::EmptyPage { total: page.total });
        }
        Ok(page)
    }

    /// How many rows OZmap says there are.
    async fn total<R: Row>(&self, filter: Filter) -> Result<u64, CallError> {
        Ok(self.page::<R>(Slice { filter, page: 1, limit: 1 }).await?.total)
    }

    fn page_size(&self) -> u64 {
        self.client.page_size()
    }
}

fn count<R>(rows: &[PageRow<R>]) -> u64 {
    rows.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_measured_by_the_larger_of_two_totals() {
        for (found, before, after, measured) in [
            (0, 0, 0, Measured::Whole),
            (1_003, 1_000, 1_003, Measured::Whole),
            (1_005, 1_003, 1_000, Measured::Whole),
            (1_000, 1_000, 1_001, Measured::Nearly),
            (990, 1_000, 1_000, Measured::Nearly),
            (989, 1_000, 1_000, Measured::Short),
            (500, 20_000, 0, Measured::Short),
            (500, 0, 20_000, Measured::Short),
            (9, 10, 10, Measured::Short),
        ] {
            let totals = Totals { before, after };
            assert_eq!(totals.measure(found), measured, "{found} of {totals:?}");
        }
    }
}

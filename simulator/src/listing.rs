//! The lists: filter, sort, select, pages.

pub(crate) mod filter;
pub(crate) mod memo;
pub(crate) mod query;

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use crate::keys::Scope;
use crate::network::cell::Cell;
use crate::network::{Kind, Network};
use crate::settings::{Clamping, IdFilters, Pagination, Settings, Totals, UpdateFilters};
use crate::state::State;
use filter::Condition;
use query::{Direction, ListQuery, SortKey};

/// A page, rendered.
pub(crate) struct Rendered {
    pub(crate) body: Vec<u8>,
    /// The first row's number in the whole list, from 0.
    pub(crate) start: usize,
    /// Rows on the page.
    pub(crate) count: usize,
}

/// The rows of one page, and the whole list they are cut from.
struct Cut {
    slots: Arc<Vec<u32>>,
    page: Range<usize>,
    total: Range<usize>,
}

/// Renders a page of the list as this key sees it. `next_url` makes the address of the page that starts with a row's number.
pub(crate) fn page(
    state: &State,
    kind: Kind,
    scope: &Arc<Scope>,
    query: &ListQuery,
    next_url: impl Fn(usize) -> String,
) -> Rendered {
    let network = state.network();
    let limit = match (query.limit, state.settings.max_limit) {
        (0, None) => usize::MAX,
        (0, Some(most)) => most,
        (limit, most) => limit.min(most.unwrap_or(usize::MAX)),
    };
    let cut = cut(state, &network, kind, scope, query, limit);
    let (start, count, total) = (cut.page.start - cut.total.start, cut.page.len(), cut.total.len());
    let read = state.next_read();
    // Where everything was asked for, the limit told is 0 as asked.
    let told = match state.settings.clamping {
        Clamping::Told if limit == usize::MAX => 0,
        Clamping::Told => limit,
        Clamping::Silent => query.limit,
    };
    let total = match state.settings.totals {
        Totals::OfFilter => total,
        Totals::OfPage => count,
        Totals::Capped(most) => total.min(most),
        Totals::OfList => visible(state, &network, kind, scope, &[], "", |_| ()).len(),
    };
    let mut body =
        format!(r#"{{"total":{total},"count":{count},"start":{start},"limit":{told},"rows":["#).into_bytes();
    for (place, slot) in cut.slots[cut.page.clone()].iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        network.render(&mut body, kind, *slot as usize, &query.fields, read);
    }
    body.push(b']');
    if state.settings.pagination == Pagination::Current {
        let more = cut.page.end < cut.total.end;
        let next =
            if more { serde_json::Value::from(next_url(start + count)) } else { serde_json::Value::Null };
        body.extend_from_slice(format!(r#","hasNextPage":{more},"nextUrl":{next}"#).as_bytes());
    }
    body.push(b'}');
    Rendered { body, start, count }
}

/// Rows keep the order of their ids, so that a range of ids is found by bisection and everything else is remembered.
fn cut(
    state: &State,
    network: &Network,
    kind: Kind,
    scope: &Arc<Scope>,
    query: &ListQuery,
    limit: usize,
) -> Cut {
    let honoured = state.settings.id_filters == IdFilters::Honoured;
    let updates_honoured = state.settings.update_filters == UpdateFilters::Honoured;
    let by_id = query.sort.iter().all(|key| key.is_id() && key.direction == Direction::Ascending);
    let mut conditions = query.filter.clone();
    let mut bounds = Vec::new();
    conditions.retain(|condition| {
        if condition.is_on_update() {
            return updates_honoured;
        }
        let Some(bound) = condition.id_bound() else { return honoured || !condition.is_on_id() };
        if by_id && honoured {
            bounds.push(bound);
        }
        honoured && !by_id
    });
    let slots = visible(state, network, kind, scope, &conditions, &query.sort_text(by_id), |slots| {
        if !by_id {
            slots.sort_by(|&a, &b| in_order(network, kind, &query.sort, a as usize, b as usize));
        }
    });
    let mut total = 0..slots.len();
    if matches_nothing(&state.settings, &query.filter) {
        total.end = 0;
    }
    for bound in bounds {
        let inside = bound.slots(network, kind);
        let position = |slot: usize| slots.partition_point(|&other| (other as usize) < slot);
        total.start = total.start.max(position(inside.start));
        total.end = total.end.min(position(inside.end));
    }
    total.end = total.end.max(total.start);
    let pages_before = usize::try_from(query.page.saturating_sub(1)).unwrap_or(usize::MAX);
    let before = query.start.unwrap_or_else(|| pages_before.saturating_mul(limit));
    let start = total.start.saturating_add(before).min(total.end);
    let page = start..start.saturating_add(limit).min(total.end);
    Cut { slots, page, total }
}

/// Whether this installation knows no row where a filter is on what it is on.
fn matches_nothing(settings: &Settings, filter: &[Condition]) -> bool {
    let on_ids = settings.id_filters == IdFilters::MatchNothing;
    let on_updates = settings.update_filters == UpdateFilters::MatchNothing;
    filter.iter().any(|one| on_ids && one.is_on_id() || on_updates && one.is_on_update())
}

/// The rows that this key sees and that meet the conditions, in the order that `sort` makes and `sorting` names.
fn visible(
    state: &State,
    network: &Network,
    kind: Kind,
    scope: &Arc<Scope>,
    conditions: &[Condition],
    sorting: &str,
    sort: impl FnOnce(&mut Vec<u32>),
) -> Arc<Vec<u32>> {
    state.memo().slots(network, kind, scope, conditions, sorting, || {
        let mut slots: Vec<u32> = (0..network.slots(kind))
            .filter(|&slot| network.project_at(kind, slot).is_some_and(|project| scope.sees(project)))
            .filter(|&slot| conditions.iter().all(|condition| condition.holds(network, kind, slot)))
            .filter_map(|slot| u32::try_from(slot).ok())
            .collect();
        sort(&mut slots);
        slots
    })
}

fn in_order(network: &Network, kind: Kind, sort: &[SortKey], a: usize, b: usize) -> Ordering {
    let keys = sort.iter().map(|key| {
        let order = compare(&network.cell(kind, a, &key.property), &network.cell(kind, b, &key.property));
        if key.direction == Direction::Descending { order.reverse() } else { order }
    });
    keys.fold(Ordering::Equal, Ordering::then).then(a.cmp(&b))
}

/// Rows without the property come first; values of different sorts keep their places.
fn compare(a: &Cell<'_>, b: &Cell<'_>) -> Ordering {
    let rank = |cell: &Cell<'_>| u8::from(!matches!(cell, Cell::Missing | Cell::Null));
    match (a, b) {
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Id(a), Cell::Id(b)) => a.cmp(b),
        (Cell::Date(a), Cell::Date(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

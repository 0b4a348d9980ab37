//! The service connectors that stand in some boxes, for somebody who waits.

use super::super::failure::CallError;
use super::super::wire::rows::{PropertyRow, Row, SplitterRow};
use super::super::wire::{List, decode_page};
use crate::config::key::ApiKey;
use crate::ozmap::{Client, Lane, ListPage};
use crate::viability::plant::ObjectId;
use crate::viability::ports::ConnectorKind;
use std::time::Duration;

/// Reads every service connector of a kind that stands in one of these boxes, in the order of their ids: one call, one try. What
/// isn't all of them, or can't be read, or stands elsewhere, is an error, for an answer will stand on it.
pub async fn read_standing_in(
    client: &Client,
    key: &ApiKey,
    kind: ConnectorKind,
    boxes: &[ObjectId],
    within: Duration,
) -> Result<Vec<SplitterRow>, CallError> {
    let is_sound =
        |row: &SplitterRow| row.serves_clients && row.parent.is_some_and(|parent| boxes.contains(&parent));
    let filter = List::standing_in(boxes);
    read_a_few(client, key, List::Connectors(kind), &filter, within, is_sound).await
}

/// Reads every home that belongs to one of these boxes, likewise.
pub async fn read_belonging_to(
    client: &Client,
    key: &ApiKey,
    boxes: &[ObjectId],
    within: Duration,
) -> Result<Vec<PropertyRow>, CallError> {
    let is_sound = |row: &PropertyRow| {
        // One with a client doesn't tell its box.
        let in_box = row.vacant.as_ref().and_then(|vacant| vacant.in_box);
        in_box.is_none_or(|id| boxes.contains(&id))
    };
    read_a_few(client, key, List::Properties, &List::belonging_to(boxes), within, is_sound).await
}

async fn read_a_few<R: Row>(
    client: &Client,
    key: &ApiKey,
    list: List,
    filter: &str,
    within: Duration,
    is_sound: impl Fn(&R) -> bool,
) -> Result<Vec<R>, CallError> {
    let query = query_for(list, filter, client.page_size());
    let ListPage { body, .. } = client.list_within(list, key, &query, Lane::Waiting, within).await?;
    // A page of a few rows: no work for another thread.
    let page = decode_page::<R>(&body).map_err(|source| CallError::NotJson { source })?;
    let total = page.total;
    let rows: Vec<_> = page.rows.into_iter().filter_map(|row| row.row.ok()).filter(is_sound).collect();
    let in_order = rows.is_sorted_by(|one, next| one.id() < next.id());
    if (rows.len() as u64) < total || !in_order {
        return Err(CallError::Incomplete { read: rows.len() as u64, total });
    }
    Ok(rows)
}

fn query_for(list: List, filter: &str, limit: u64) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("page", "1");
    pairs.append_pair("limit", &limit.to_string());
    pairs.append_pair("select", list.select());
    pairs.append_pair("sort", list.sort());
    pairs.append_pair("filter", filter);
    pairs.finish()
}

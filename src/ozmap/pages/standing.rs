//! The service connectors that stand in some boxes, for somebody who waits.

use super::super::failure::CallError;
use super::super::wire::rows::{Row, SplitterRow};
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
    let list = List::Connectors(kind);
    let query = query_for(list, boxes, client.page_size());
    let ListPage { body, .. } = client.list_within(list, key, &query, Lane::Waiting, within).await?;
    // A page of a few rows: no work for another thread.
    let page = decode_page::<SplitterRow>(&body).map_err(|source| CallError::NotJson { source })?;
    let total = page.total;
    let is_sound =
        |row: &SplitterRow| row.serves_clients && row.parent.is_some_and(|parent| boxes.contains(&parent));
    let rows: Vec<_> = page.rows.into_iter().filter_map(|row| row.row.ok()).filter(is_sound).collect();
    let in_order = rows.is_sorted_by(|one, next| one.id() < next.id());
    if (rows.len() as u64) < total || !in_order {
        return Err(CallError::Incomplete { read: rows.len() as u64, total });
    }
    Ok(rows)
}

fn query_for(list: List, boxes: &[ObjectId], limit: u64) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("page", "1");
    pairs.append_pair("limit", &limit.to_string());
    pairs.append_pair("select", list.select());
    pairs.append_pair("sort", list.sort());
    pairs.append_pair("filter", &List::standing_in(boxes));
    pairs.finish()
}

//! `GET /admin/tiles/<zoom>/<x>/<y>`: boxes as the console's map shows them.

use super::super::body::Body;
use super::super::{Service, reply};
use super::asked::{Asked, Unanswered, data_of};
use crate::tenant::{Data, unix_seconds};
use crate::viability::plant::{Refusal, ServiceBox};
use crate::viability::tiles::{Cluster, Shown, Tile};
use hyper::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

/// At most some hundred entries: single boxes, or clusters. 304 where the browser has it already.
pub(super) fn tile(
    service: &Service,
    path: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>, Unanswered> {
    let tile = parse(path).ok_or(Unanswered::NoTile)?;
    let tenant = Asked::parse(query, &["tenant"])?.tenant(service)?;
    let data = data_of(tenant)?;
    let tag = tag_of(&data);
    let is_held = tag.as_ref().is_some_and(|tag| tag_matches(headers, tag));
    let mut response = if is_held {
        reply::not_modified()
    } else {
        reply::json(StatusCode::OK, shown(&data, tile).to_string())
    };
    if let Some(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// Whether a browser has what is tagged so.
pub(super) fn tag_matches(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    asked.get(IF_NONE_MATCH) == Some(tag)
}

fn parse(path: &str) -> Option<Tile> {
    let mut numbers = path.split('/');
    let tile = Tile::new(
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
    );
    tile.filter(|_| numbers.next().is_none())
}

/// Of a snapshot: its number is counted anew where the process has begun without data on disk.
fn tag_of(data: &Data) -> Option<HeaderValue> {
    let (generation, read_at) = (data.snapshot.generation(), unix_seconds(data.snapshot.read_at()));
    HeaderValue::from_str(&format!("\"{generation}-{read_at}\"")).ok()
}

fn shown(data: &Data, tile: Tile) -> Value {
    let (boxes, clusters) = match tile.show(&data.snapshot) {
        Shown::Boxes(boxes) => (boxes.iter().map(box_json).collect(), Vec::new()),
        Shown::Clusters(clusters) => (Vec::new(), clusters.iter().map(cluster_json).collect::<Vec<_>>()),
    };
    json!({ "generation": data.snapshot.generation(), "boxes": Value::Array(boxes), "clusters": clusters })
}

fn box_json(one: &ServiceBox<&str>) -> Value {
    let state = one.refusal().map_or("sellable", Refusal::as_str);
    let total = one.ports.map_or(0, |ports| ports.total);
    let (lat, lng) = (one.position.lat(), one.position.lng());
    json!([one.id.to_string(), one.name, lat, lng, state, one.free_ports(), total])
}

fn cluster_json(cluster: &Cluster) -> Value {
    let Cluster { middle, boxes, sellable } = cluster;
    json!([middle.lat(), middle.lng(), boxes, sellable])
}

//! `/boxes`, `/splitters` and their like, and single rows of them.

use std::sync::Arc;

use bytes::Bytes;
use form_urlencoded::Serializer;

use super::answer::{Answer, message};
use crate::keys::Scope;
use crate::listing;
use crate::listing::filter::Condition;
use crate::listing::query::ListQuery;
use crate::network::Kind;
use crate::network::id::Id;
use crate::network::json::Fields;
use crate::settings::{IdFilters, UpdateFilters};
use crate::state::{PageEvent, State};

pub(super) fn page(
    state: &Arc<State>,
    kind: Kind,
    scope: &Arc<Scope>,
    query: &str,
    body: &Bytes,
    host: &str,
) -> Answer {
    let asked = match ListQuery::parse(query, body) {
        Ok(asked) => asked,
        Err(text) => return message(400, &text),
    };
    let ids_refused = state.settings.id_filters == IdFilters::Refused;
    let updates_refused = state.settings.update_filters == UpdateFilters::Refused;
    let refused = |one: &Condition| ids_refused && one.is_on_id() || updates_refused && one.is_on_update();
    if asked.filter.iter().any(refused) {
        return message(500, "Internal server error");
    }
    // The SDK overwrites `page` and `limit` of a nextUrl: what leads on has to be another parameter.
    let next_url = |start: usize| {
        let mut pairs = Serializer::new(String::new());
        let others =
            form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "page" && name != "start");
        pairs.extend_pairs(others).append_pair("start", &start.to_string());
        format!("http://{host}/api/v2/{}?{}", kind.path(), pairs.finish())
    };
    let rendered = listing::page(state, kind, scope, &asked, next_url);
    let hook = state.hook().clone();
    if let Some(hook) = hook {
        let event = PageEvent {
            operation: kind.path(),
            page: asked.page,
            start: rendered.start,
            count: rendered.count,
        };
        hook(&event);
    }
    Answer::json_bytes(200, rendered.body)
}

pub(super) fn row(state: &State, kind: Kind, scope: &Scope, id: &str) -> Answer {
    let network = state.network();
    let seen = Id::parse(id)
        .and_then(|id| network.find(kind, id))
        .filter(|&slot| network.project_at(kind, slot).is_some_and(|project| scope.sees(project)));
    let Some(slot) = seen else { return message(404, "Not found") };
    let mut body = Vec::new();
    network.render(&mut body, kind, slot, &Fields::default(), state.next_read());
    Answer::json_bytes(200, body)
}

//! Asking OZmap what no client may ask here: what it says where its rules can be told apart, and what time it is there.

use super::failure::CallError;
use super::wire::List;
use super::wire::time::OzmapTime;
use super::{Client, Lane, LiveAnswer, query_string};
use crate::config::key::ApiKey;
use crate::viability::geo::Point;
use std::time::Duration;

impl Client {
    /// A viability question of any radius, also of 0 metres: only what hangs exactly at `center` is near enough then.
    pub async fn probe(
        &self,
        key: &ApiKey,
        center: Point,
        metres: f64,
        within: Duration,
    ) -> Result<LiveAnswer, CallError> {
        self.answer(key, &query_string(center, Some(metres)), within).await
    }

    /// OZmap's clock, by an answer to this key; `None` where its answers don't tell.
    pub async fn clock(&self, key: &ApiKey) -> Result<Option<OzmapTime>, CallError> {
        Ok(self.list(List::Projects, key, "limit=1&page=1", Lane::Waiting).await?.date)
    }
}

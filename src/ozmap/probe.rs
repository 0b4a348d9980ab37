//! Asking OZmap what no client may ask here: what it says where its rules can be told apart.

use super::failure::CallError;
use super::{Client, LiveAnswer, query_string};
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
}

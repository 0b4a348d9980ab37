//! Asking OZmap at the chosen points: one call after the other, at a rate that it doesn't notice.

use super::points::Probe;
use super::watch::{Phase, Watch};
use crate::config::key::ApiKey;
use crate::ozmap::Client;
use crate::ozmap::failure::CallError;
use crate::ozmap::pages::{read_belonging_to, read_standing_in};
use crate::ozmap::wire::rows::{PropertyRow, SplitterRow};
use crate::ozmap::wire::shape::Shape;
use crate::viability::plant::ObjectId;
use crate::viability::ports::ConnectorKind;
use crate::wording::with_causes;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// After so many failures in a row OZmap is left alone.
const FAILURES_IN_A_ROW: u32 = 5;
/// Boxes whose connectors are read at once.
const BOXES_AT_ONCE: usize = 40;
/// Boxes whose homes are: some may have sixty.
const HOMES_OF_BOXES_AT_ONCE: usize = 8;

/// What came of a question.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// An answer.
    Answered(Bytes),
    /// OZmap refuses the question with this status.
    Refused(u16),
    /// It answered, but not this question: it took a radius of 0 for none.
    Misunderstood,
    /// None; why.
    Failed(String),
}

/// Asks one OZmap.
pub(super) struct Asker<'c> {
    client: &'c Client,
    key: &'c ApiKey,
    within: Duration,
    pace: Interval,
    failures: u32,
    /// Why OZmap isn't asked any more.
    pub(super) stopped: Option<String>,
}

impl<'c> Asker<'c> {
    pub(super) fn new(client: &'c Client, key: &'c ApiKey, per_second: f64, within: Duration) -> Self {
        let mut pace = interval(Duration::from_secs_f64(1.0 / per_second));
        // A slow answer doesn't make the next ones come faster.
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { client, key, within, pace, failures: 0, stopped: None }
    }

    /// Asks at these points; fewer replies than points if OZmap has to be left alone.
    pub(super) async fn ask(
        &mut self,
        phase: Phase,
        probes: impl ExactSizeIterator<Item = Probe>,
        watch: &dyn Watch,
    ) -> Vec<Reply> {
        let all = probes.len() as u64;
        let mut replies = Vec::with_capacity(probes.len());
        for probe in probes {
            let reply = tokio::select! {
                biased;
                () = watch.interrupted() => {
                    self.stopped = Some("interrupted".to_owned());
                    break;
                }
                reply = self.next(&probe) => reply,
            };
            let Some(reply) = reply else { break };
            replies.push(reply);
            watch.at(phase, replies.len() as u64, Some(all));
        }
        watch.ended(phase, replies.len() as u64);
        replies
    }

    /// `None`: it is asked no more.
    async fn next(&mut self, probe: &Probe) -> Option<Reply> {
        self.pace.tick().await;
        if self.stopped.is_some() { None } else { Some(self.reply(probe).await) }
    }

    async fn reply(&mut self, probe: &Probe) -> Reply {
        let answer = self.client.probe(self.key, probe.center, probe.metres(), self.within).await;
        match answer {
            Ok(answer) if answer.status == http::StatusCode::UNAUTHORIZED => {
                self.stop(&CallError::Unauthorized)
            }
            Ok(answer) => {
                self.failures = 0;
                if answer.viable.is_none() {
                    return Reply::Refused(answer.status.as_u16());
                }
                let farthest = Shape::of(&answer.body).map_or(0.0, |shape| shape.farthest);
                if probe.is_exact() && farthest > 0.0 {
                    return Reply::Misunderstood;
                }
                Reply::Answered(answer.body)
            }
            Err(error) => {
                self.failures += 1;
                if self.failures == FAILURES_IN_A_ROW {
                    self.stop(&error)
                } else {
                    Reply::Failed(told(&error))
                }
            }
        }
    }

    fn stop(&mut self, error: &CallError) -> Reply {
        let why = told(error);
        self.stopped = Some(why.clone());
        Reply::Failed(why)
    }

    /// The homes that belong to some boxes by now, in the order of their ids; `None` if they can't be read.
    pub(super) async fn read_homes(&mut self, boxes: &[ObjectId]) -> Option<Vec<PropertyRow>> {
        let mut rows = Vec::new();
        for boxes in boxes.chunks(HOMES_OF_BOXES_AT_ONCE) {
            self.pace.tick().await;
            rows.extend(read_belonging_to(self.client, self.key, boxes, self.within).await.ok()?);
        }
        rows.sort_by_key(|row: &PropertyRow| row.id);
        Some(rows)
    }

    /// What stands in some boxes by now, kind by kind; `None` if that can't be read.
    pub(super) async fn read_boxes(
        &mut self,
        kinds: &[ConnectorKind],
        boxes: &[ObjectId],
    ) -> Option<Vec<(ConnectorKind, Vec<SplitterRow>)>> {
        let mut all = Vec::new();
        for &kind in kinds {
            let mut rows = Vec::new();
            for boxes in boxes.chunks(BOXES_AT_ONCE) {
                self.pace.tick().await;
                rows.extend(read_standing_in(self.client, self.key, kind, boxes, self.within).await.ok()?);
            }
            rows.sort_by_key(|row: &SplitterRow| row.id);
            all.push((kind, rows));
        }
        Some(all)
    }
}

fn told(error: &CallError) -> String {
    with_causes(error)
}

//! Whether this proxy answers as one's own OZmap does: by which settings, and where not.
//!
//! OZmap's rules are published in part only. So OZmap is asked at points where hypotheses about them differ, and what it
//! says is compared with what this proxy would answer by each.

mod asking;
mod evidence;
pub mod fit;
pub mod hypotheses;
pub mod left;
pub mod points;
mod projection;
pub mod recording;
pub mod report;
pub mod survey;
pub mod verdict;
pub mod watch;

use crate::config::Tenant;
use crate::ozmap::Client;
use crate::ozmap::wire::difference::Difference;
use crate::ozmap::wire::shape::Shape;
use crate::viability::plant::ObjectId;
use asking::{Asker, Reply};
use bytes::Bytes;
use evidence::{Evidence, Unanswered};
use fit::{Fit, search};
use hypotheses::Hypothesis;
use left::{Field, Group, Left};
use points::{Choice, Probe, choose};
use std::collections::BTreeSet;
use survey::{Survey, Unread};
use verdict::{Grounds, Verdict};
use watch::{Phase, Watch};

/// Points that are asked again, at the most: sales come one by one, and where more differ, rules do.
const MOST_AGAIN: usize = 100;

/// How OZmap is to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where.
    pub choice: Choice,
    /// Questions a second.
    pub rate: f64,
}

/// A calibration that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// A list can't be read.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// Whoever watches wished it.
    #[error("interrupted before OZmap was asked")]
    Interrupted,
    /// There is nothing to ask about.
    #[error(
        "the key sees no box with a free port, so there is no point to ask about; give its user access to the projects concerned"
    )]
    NoPoint,
    /// OZmap answered nothing.
    #[error("OZmap answered none of {asked} questions: {why}")]
    NoAnswer {
        /// So many were asked.
        asked: usize,
        /// One reason.
        why: String,
    },
}

/// What has come of it.
pub struct Calibration {
    /// What was read last, around the points.
    pub near: Survey,
    /// What was read.
    pub read: Counts,
    /// The points that were answered.
    pub points: Vec<Judged>,
    /// By which settings.
    pub fit: Fit,
    /// What differs as configured.
    pub as_configured: Vec<Group>,
    /// What differs under the best hypothesis.
    pub left: Vec<Group>,
    /// Fields that only one of both has.
    pub fields: Vec<Field>,
    /// Questions without an answer.
    pub unanswered: Unanswered,
    /// Points at which the network had changed.
    pub changed: usize,
    /// Which points were chosen of all that would do.
    pub seed: u64,
    /// Whether to switch over.
    pub verdict: Verdict,
}

/// How much was read.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Boxes.
    pub boxes: usize,
    /// Projects that the key sees.
    pub projects: usize,
    /// Rows that could not be read.
    pub set_aside: u64,
}

/// A point that was answered.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The point.
    pub probe: Probe,
    /// What OZmap answered.
    pub answer: Bytes,
    /// Whether answers agree as configured.
    pub fits: bool,
    /// Whether they agree under the best hypothesis.
    pub fits_best: bool,
}

/// Reads the plant, asks OZmap and compares.
pub async fn run(
    client: &Client,
    tenant: &Tenant,
    plan: &Plan,
    watch: &dyn Watch,
) -> Result<Calibration, CalibrationError> {
    let whole = tokio::select! {
        whole = Survey::read(client, &tenant.key, &tenant.rules, watch) => whole?,
        () = watch.interrupted() => return Err(CalibrationError::Interrupted),
    };
    let read = Counts { boxes: whole.boxes(), projects: whole.projects.len(), set_aside: whole.set_aside };
    let probes = choose(&whole, &tenant.rules, plan.choice);
    if probes.is_empty() {
        return Err(CalibrationError::NoPoint);
    }
    let near = whole.around(&probes);
    drop(whole);
    let mut asker = Asker::new(client, &tenant.key, plan.rate, tenant.refresh.page_timeout);
    let replies = asker.ask(Phase::Asking, probes.iter().copied(), watch).await;
    let questions = replies.len();
    let mut evidence = Evidence::new(tenant.rules.clone(), near, &probes, replies);
    if evidence.asked.is_empty() {
        let why = evidence.unanswered.example.take().unwrap_or_default();
        return Err(CalibrationError::NoAnswer { asked: questions, why });
    }
    let configured = Hypothesis::configured(&tenant.rules);
    let mut fit = search(&mut evidence, &configured);
    let mut changed = 0;
    if let Some(again) = ask_again(&mut asker, &mut evidence, &fit, watch).await {
        fit = search(&mut evidence, &configured);
        let outcomes = evidence.outcomes(&fit.best);
        changed = again.iter().filter(|point| outcomes.get(**point) == Some(&0)).count();
    }
    let made = Made { read, changed, seed: plan.choice.seed, stopped: asker.stopped };
    Ok(conclude(evidence, fit, made))
}

/// Where answers still differ, somebody may have sold a port since. Returns the points that were asked again, if any.
async fn ask_again(
    asker: &mut Asker<'_>,
    evidence: &mut Evidence,
    fit: &Fit,
    watch: &dyn Watch,
) -> Option<Vec<usize>> {
    let (mut points, mut boxes) = (Vec::new(), BTreeSet::new());
    for point in 0..evidence.asked.len() {
        let differences = evidence.differences(point, &fit.best);
        let concerned = differences.iter().filter_map(Difference::which);
        let concerned: Vec<_> = concerned.filter_map(|which| ObjectId::parse(&which.id)).collect();
        if !concerned.is_empty() && points.len() < MOST_AGAIN {
            points.push(point);
            boxes.extend(concerned);
        }
    }
    if points.is_empty() || asker.stopped.is_some() {
        return None;
    }
    let (kinds, boxes): (Vec<_>, Vec<_>) = (evidence.survey().kinds().collect(), boxes.into_iter().collect());
    let read = asker.read_boxes(&kinds, &boxes).await?;
    let mut survey = evidence.survey().clone();
    for (kind, rows) in read {
        survey.correct(kind, &boxes, rows);
    }
    if survey.has_homes() {
        survey.correct_homes(asker.read_homes(&boxes).await?);
    }
    let probes: Vec<_> =
        points.iter().filter_map(|point| evidence.asked.get(*point)).map(|asked| asked.probe).collect();
    let replies = asker.ask(Phase::AskingAgain, probes.into_iter(), watch).await;
    let answers = points.iter().zip(replies).filter_map(|(point, reply)| match reply {
        Reply::Answered(body) => Some((*point, body)),
        Reply::Refused(_) | Reply::Misunderstood | Reply::Failed(_) => None,
    });
    evidence.renew(survey, answers);
    Some(points)
}

/// How it was made.
struct Made {
    read: Counts,
    changed: usize,
    seed: u64,
    stopped: Option<String>,
}

fn conclude(mut evidence: Evidence, fit: Fit, made: Made) -> Calibration {
    let Made { read, changed, seed, stopped } = made;
    let (of_configured, of_best) = (evidence.outcomes(&fit.configured), evidence.outcomes(&fit.best));
    let as_configured = Left::by(&mut evidence, &fit.configured).groups;
    let left = Left::by(&mut evidence, &fit.best);
    let judged = evidence.asked.iter().zip(of_configured.iter().zip(&of_best));
    let points: Vec<_> = judged
        .map(|(asked, (as_configured, at_best))| Judged {
            probe: asked.probe,
            answer: asked.body.clone(),
            fits: *as_configured == 0,
            fits_best: *at_best == 0,
        })
        .collect();
    let shapes = evidence.asked.iter().filter_map(|asked| Shape::of(&asked.body));
    let grounds = Grounds {
        fit: &fit,
        answered: points.len(),
        telling: shapes.filter(|shape| shape.longest() > 0).count(),
        differ: points.iter().filter(|point| !point.fits).count(),
        left: points.iter().filter(|point| !point.fits_best).count(),
        fields: &left.fields,
        unread: &evidence.survey().unread,
        unanswered: evidence.unanswered.count(),
        example: evidence.unanswered.example.as_deref(),
        stopped: stopped.as_deref(),
    };
    let verdict = grounds.judge();
    let (left, fields) = (left.groups, left.fields);
    let unanswered = evidence.unanswered.clone();
    let near = evidence.into_last_survey();
    Calibration { near, read, points, fit, as_configured, left, fields, unanswered, changed, seed, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ozmap::wire::rows::{BoxRow, SplitterRow};
    use crate::viability::geo::Point;
    use crate::viability::plant::{Evidence, ServiceBox, Stage};
    use crate::viability::ports::{ConnectorKind, Outputs, PortSet, Ports};
    pub(super) use crate::viability::tests::rules;

    pub(super) fn point(lat: f64, lng: f64) -> Point {
        Point::new(lat, lng).unwrap()
    }

    pub(super) fn id(number: usize) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    pub(super) fn service_box(number: usize, lat: f64, lng: f64) -> ServiceBox {
        ServiceBox {
            id: id(number),
            name: format!("CTO {number}").into(),
            project: id(900),
            position: point(lat, lng),
            stage: Stage::Implanted,
            ports: Some(Ports { total: 8, free: 3 }),
            evidence: Evidence::Whole,
        }
    }
    /// Two streets of boxes in a town, far from everything, every fifth of them full.
    pub(super) fn survey() -> Survey {
        let mut survey = Survey::default();
        let mut splitters = Vec::new();
        for number in 0..120 {
            let (street, along) = (number % 2, number / 2);
            let at = (-27.0 - along as f64 * 6.1e-4, -48.0 - street as f64 * 9.3e-4);
            let ServiceBox { id, name, project, position, stage, .. } = service_box(number, at.0, at.1);
            survey.boxes.push(BoxRow { id, name, project, position, stage, updated_at: None });
            let unconnected = if number % 5 == 0 { 0 } else { 3 };
            let outputs = Outputs { total: 8, unconnected, unconnected_and_blocked: 0 };
            let (id, parent, spliced) = (self::id(1_000 + number), Some(id), PortSet::default());
            splitters.push(SplitterRow {
                id,
                parent,
                serves_clients: true,
                outputs,
                spliced,
                updated_at: None,
            });
        }
        survey.connectors.insert(ConnectorKind::Splitter, splitters);
        survey
    }
}

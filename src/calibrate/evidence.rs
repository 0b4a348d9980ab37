//! What OZmap said where, and how much of it each hypothesis explains.

use super::asking::Reply;
use super::hypotheses::{Hypothesis, Known};
use super::points::Probe;
use super::projection;
use super::survey::Survey;
use crate::ozmap::wire::difference::{Difference, all_differences};
use crate::ozmap::wire::shape::Shape;
use crate::viability::Rules;
use crate::viability::homes::HomeRules;
use crate::viability::snapshot::Snapshot;
use bytes::Bytes;
use std::collections::HashMap;

/// A point with what OZmap answered there.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The point.
    pub probe: Probe,
    /// OZmap's answer.
    pub body: Bytes,
    /// Which survey is of the time of the answer.
    pub(super) survey: usize,
}

/// Points that OZmap was asked at and that tell nothing, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// It refused a radius of 0 metres, or took it for none: the edge of the radius can't be told.
    pub exact: usize,
    /// It refused the question otherwise.
    pub refused: usize,
    /// It didn't answer.
    pub failed: usize,
    /// One reason.
    pub example: Option<String>,
}

impl Unanswered {
    /// Those that should have been answered.
    pub fn count(&self) -> usize {
        self.refused + self.failed
    }
}

/// Every answer, with the plant as it was read.
pub(super) struct Evidence {
    configured: Rules,
    surveys: Vec<Survey>,
    pub(super) asked: Vec<Asked>,
    pub(super) unanswered: Unanswered,
    /// By survey, and by the rules that its ports are counted by.
    snapshots: Vec<(usize, Rules, Snapshot)>,
    /// How far each answer that was ever tried at a point is from OZmap's.
    compared: Vec<HashMap<Vec<u8>, usize>>,
    /// What came of hypotheses: a search comes back to most of them.
    judged: Vec<(Hypothesis, Vec<usize>)>,
}

impl Evidence {
    pub(super) fn new(configured: Rules, survey: Survey, probes: &[Probe], replies: Vec<Reply>) -> Self {
        let (mut asked, mut unanswered) = (Vec::new(), Unanswered::default());
        // An OZmap that takes a radius of 0 for none does so everywhere, also where that doesn't show.
        let misunderstands = replies.iter().any(|reply| matches!(reply, Reply::Misunderstood));
        for (&probe, reply) in probes.iter().zip(replies) {
            match reply {
                Reply::Misunderstood => unanswered.exact += 1,
                Reply::Answered(_) | Reply::Refused(_) if probe.is_exact() && misunderstands => {
                    unanswered.exact += 1;
                }
                Reply::Refused(_) if probe.is_exact() => unanswered.exact += 1,
                Reply::Answered(body) => asked.push((probe, body)),
                Reply::Refused(status) => {
                    unanswered.refused += 1;
                    unanswered.example.get_or_insert(format!("OZmap refuses {} ({status})", probe.query()));
                }
                Reply::Failed(why) => {
                    unanswered.failed += 1;
                    unanswered.example.get_or_insert(why);
                }
            }
        }
        Self { unanswered, ..Self::of(configured, survey, asked) }
    }

    /// Of answers that were given at these points, all when the plant was as surveyed.
    pub(super) fn of(configured: Rules, survey: Survey, answers: Vec<(Probe, Bytes)>) -> Self {
        let asked: Vec<_> =
            answers.into_iter().map(|(probe, body)| Asked { probe, body, survey: 0 }).collect();
        let compared = vec![HashMap::new(); asked.len()];
        let (unanswered, snapshots) = (Unanswered::default(), Vec::new());
        Self { configured, surveys: vec![survey], asked, unanswered, snapshots, compared, judged: Vec::new() }
    }

    /// What is known of this OZmap by now.
    pub(super) fn known(&mut self, configured: &Hypothesis) -> Known {
        let lengths = self.asked.iter().filter_map(|asked| Some(Shape::of(&asked.body)?.longest()));
        let longest = lengths.max().unwrap_or_default();
        let uncut = Hypothesis { max_boxes: None, ..configured.clone() };
        let ours =
            (0..self.asked.len()).filter_map(|point| Some(Shape::of(&self.answer(point, &uncut))?.longest()));
        let crowd = ours.max().unwrap_or_default();
        Known { configured: configured.clone(), traits: self.survey().traits(), longest, crowd }
    }

    /// The plant as it was read before OZmap was asked.
    pub(super) fn survey(&self) -> &Survey {
        // The first is there from the beginning.
        &self.surveys[0]
    }

    /// The plant as it was read last.
    pub(super) fn into_last_survey(mut self) -> Survey {
        self.surveys.pop().unwrap_or_default()
    }

    /// Takes over a later plant and what OZmap answered at some points by then.
    pub(super) fn renew(&mut self, survey: Survey, answers: impl IntoIterator<Item = (usize, Bytes)>) {
        let number = self.surveys.len();
        self.surveys.push(survey);
        self.judged.clear();
        for (point, body) in answers {
            if let (Some(asked), Some(compared)) = (self.asked.get_mut(point), self.compared.get_mut(point)) {
                (asked.body, asked.survey) = (body, number);
                compared.clear();
            }
        }
    }

    /// Differences at each point that a setting may explain: a field that one of both lacks is none.
    pub(super) fn outcomes(&mut self, hypothesis: &Hypothesis) -> Vec<usize> {
        if let Some((_, known)) = self.judged.iter().find(|(one, _)| one == hypothesis) {
            return known.clone();
        }
        let outcomes: Vec<_> = (0..self.asked.len()).map(|point| self.outcome(point, hypothesis)).collect();
        self.judged.push((hypothesis.clone(), outcomes.clone()));
        outcomes
    }

    fn outcome(&mut self, point: usize, hypothesis: &Hypothesis) -> usize {
        let ours = self.answer(point, hypothesis);
        let (Some(asked), Some(compared)) = (self.asked.get(point), self.compared.get_mut(point)) else {
            return 0;
        };
        if let Some(known) = compared.get(&ours) {
            return *known;
        }
        let all = all_differences(&ours, &asked.body);
        let differences = all.iter().filter(|one| !matches!(one, Difference::OnlyField { .. })).count();
        compared.insert(ours, differences);
        differences
    }

    /// All differences at a point.
    pub(super) fn differences(&mut self, point: usize, hypothesis: &Hypothesis) -> Vec<Difference> {
        let ours = self.answer(point, hypothesis);
        self.asked.get(point).map(|asked| all_differences(&ours, &asked.body)).unwrap_or_default()
    }

    /// What this proxy would answer at a point.
    pub(super) fn answer(&mut self, point: usize, hypothesis: &Hypothesis) -> Vec<u8> {
        let Some(Asked { probe, survey, .. }) = self.asked.get(point).cloned() else { return Vec::new() };
        let at = self.snapshot(survey, &hypothesis.rules);
        self.snapshots
            .get(at)
            .map(|(_, _, snapshot)| projection::answer(snapshot, &probe, hypothesis))
            .unwrap_or_default()
    }

    /// Where the snapshot by such rules is; it is built if there is none.
    fn snapshot(&mut self, survey: usize, rules: &Rules) -> usize {
        let rules = self.counting(rules);
        let is_it = |(of, by, _): &(usize, Rules, Snapshot)| *of == survey && *by == rules;
        self.snapshots.iter().position(is_it).unwrap_or_else(|| {
            let snapshot = self.surveys[survey].snapshot(&rules);
            self.snapshots.push((survey, rules, snapshot));
            self.snapshots.len() - 1
        })
    }

    /// The rules by which a snapshot is built, all others as configured: these are asked anew at each query.
    fn counting(&self, rules: &Rules) -> Rules {
        let Rules { service_connectors, blocked_ports_are_free, homes, .. } = rules.clone();
        Rules {
            service_connectors,
            blocked_ports_are_free,
            homes: HomeRules { listed: true, ..homes },
            ..self.configured.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::{point, rules, survey};
    use crate::viability::geo::Radius;

    fn evidence(replies: Vec<Reply>) -> Evidence {
        let radius = Radius::new(100.0).unwrap();
        let exact = Probe::exactly_at(point(-27.0, -48.0), radius);
        let probes = [exact, exact, Probe::around(point(-27.0, -48.0), radius)];
        Evidence::new(rules(), survey(), &probes, replies)
    }

    fn answered() -> Reply {
        Reply::Answered(Bytes::from_static(
            br#"{"viable":false,"boxes":[],"refused_boxes":[],"properties":[]}"#,
        ))
    }

    #[test]
    fn an_ozmap_that_takes_a_radius_of_0_for_none_or_refuses_it_tells_nothing_of_the_edge_and_is_not_blamed()
    {
        for other in [Reply::Misunderstood, Reply::Refused(400)] {
            let misunderstood = matches!(other, Reply::Misunderstood);
            let evidence = evidence(vec![answered(), other, answered()]);
            // Where it takes it for none, that doesn't show everywhere.
            let exact = if misunderstood { 2 } else { 1 };
            assert_eq!(evidence.unanswered, Unanswered { exact, ..Unanswered::default() });
            assert_eq!((evidence.asked.len(), evidence.unanswered.count()), (3 - exact, 0));
        }
    }

    #[test]
    fn other_questions_without_an_answer_count_and_have_a_reason() {
        let refused = evidence(vec![answered(), answered(), Reply::Refused(422)]).unanswered;
        assert_eq!((refused.refused, refused.count()), (1, 1));
        assert_eq!(refused.example.unwrap(), "OZmap refuses lat=-27&lng=-48&radius=100 (422)");
        let failed = evidence(vec![answered(), Reply::Failed("late".to_owned()), answered()]).unanswered;
        assert_eq!((failed.failed, failed.example.unwrap()), (1, "late".to_owned()));
    }

    #[test]
    fn a_point_that_was_asked_again_is_judged_by_what_was_read_again() {
        let mut evidence = evidence(vec![answered(), answered(), answered()]);
        let configured = Hypothesis::configured(&rules());
        let before = evidence.outcomes(&configured);
        assert!(before.iter().all(|differences| *differences > 0), "boxes hang there: {before:?}");
        evidence.renew(Survey::default(), [(2, evidence.asked[2].body.clone())]);
        let after = evidence.outcomes(&configured);
        assert_eq!(after, [before[0], before[1], 0], "none hangs there any more");
    }
}

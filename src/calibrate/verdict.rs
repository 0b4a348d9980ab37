//! Whether the proxy may stand in for this OZmap, and if not, why.

use super::fit::{Finding, Fit};
use super::left::Field;
use std::collections::BTreeMap;
use std::fmt;

/// Of a hundred questions so many may stay without an answer.
const UNANSWERED_PERCENT: usize = 5;
/// Answers that list a box, at the least: fewer tell too little.
const ENOUGH: usize = 10;

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Switch over.
    Safe,
    /// Nothing speaks against it, and not all was told.
    NotTold,
    /// Change settings first.
    SafeWithSettings,
    /// Don't.
    NotSafe,
}

impl Conclusion {
    /// The sentence for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe to switch",
            Self::NotTold => {
                "not known to be safe: nothing differs, and not every setting is told by these points"
            }
            Self::SafeWithSettings => "not safe to switch as configured; safe with these settings",
            Self::NotSafe => "not safe to switch",
        }
    }
}

/// Why it isn't safe as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Answers under the configured settings differ.
    Differs {
        /// At so many points.
        points: usize,
        /// Of so many that were answered.
        of: usize,
    },
    /// Under no settings do all agree.
    NothingFits {
        /// At so many points they still differ.
        points: usize,
    },
    /// OZmap does something that no setting makes the proxy do.
    NoSetting {
        /// What is otherwise.
        dimension: &'static str,
        /// How it is there.
        value: String,
    },
    /// Only one of both has a field.
    Field(Field),
    /// OZmap left too many questions without an answer.
    Unanswered {
        /// So many.
        points: usize,
        /// Of so many.
        of: usize,
        /// One reason.
        example: Option<String>,
    },
    /// What a list would tell is not known.
    Unread {
        /// Which.
        list: &'static str,
        /// Why.
        why: String,
    },
    /// OZmap wasn't asked to the end.
    Stopped {
        /// Why.
        why: String,
    },
    /// Values of a setting fit as well as the chosen one, though the plant has what they are about.
    Open {
        /// Which setting.
        dimension: &'static str,
        /// The chosen value.
        chosen: String,
        /// The others.
        others: Vec<String>,
    },
    /// The points say too little.
    TooLittle {
        /// So many answers list a box.
        points: usize,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { points, of } => {
                write!(f, "as configured, answers differ at {points} of {of} points")
            }
            Self::NothingFits { points } => {
                write!(
                    f,
                    "under the settings that fit best, answers still differ at {points} points; who edits the network meanwhile makes such, so ask again when it is quiet"
                )
            }
            Self::NoSetting { dimension, value } => {
                write!(
                    f,
                    "{dimension} is \"{value}\" at this OZmap, and no setting makes this proxy answer so"
                )
            }
            Self::Field(field) => write!(f, "{field}"),
            Self::Unanswered { points, of, example } => {
                write!(f, "OZmap gave no answer at {points} of {of} points")?;
                example.iter().try_for_each(|example| write!(f, " ({example})"))
            }
            Self::Unread { list, why } => write!(
                f,
                "the list {list} can't be read, so nobody knows whether it matters ({why}); let the key's user read it"
            ),
            Self::Stopped { why } => write!(f, "OZmap was not asked to the end: {why}"),
            Self::Open { dimension, chosen, others } => {
                let others = others.join(", ");
                write!(
                    f,
                    "{dimension} = {chosen} is not told apart from {others} by these points: ask at more (--points, --seed)"
                )
            }
            Self::TooLittle { points } => {
                write!(
                    f,
                    "only {points} answers list a box, which is too little to tell (expected at least {ENOUGH})"
                )
            }
        }
    }
}

/// What may be done, and what speaks against more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What may be done.
    pub conclusion: Conclusion,
    /// Empty if it is safe.
    pub reasons: Vec<Reason>,
}

/// What a verdict stands on.
pub(super) struct Grounds<'g> {
    pub(super) fit: &'g Fit,
    /// Points that were answered.
    pub(super) answered: usize,
    /// Points whose answers list a box.
    pub(super) telling: usize,
    /// Points at which answers differ as configured.
    pub(super) differ: usize,
    /// Points at which they differ under the best hypothesis.
    pub(super) left: usize,
    pub(super) fields: &'g [Field],
    /// Lists that can't be read, and why.
    pub(super) unread: &'g BTreeMap<&'static str, String>,
    pub(super) unanswered: usize,
    pub(super) example: Option<&'g str>,
    pub(super) stopped: Option<&'g str>,
}

impl Grounds<'_> {
    /// Safe is only what has been seen to be.
    pub(super) fn judge(&self) -> Verdict {
        let mut reasons = self.beyond_settings();
        let can_be_set = reasons.is_empty();
        if self.differ > 0 {
            reasons.insert(0, Reason::Differs { points: self.differ, of: self.answered });
        }
        let open: Vec<_> = self.fit.findings.iter().filter_map(open).collect();
        let conclusion = match (reasons.is_empty(), can_be_set, open.is_empty()) {
            (true, _, true) => Conclusion::Safe,
            (true, _, false) => Conclusion::NotTold,
            (false, true, _) => Conclusion::SafeWithSettings,
            (false, false, _) => Conclusion::NotSafe,
        };
        reasons.extend(open);
        Verdict { conclusion, reasons }
    }

    /// What no change of settings mends.
    fn beyond_settings(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if self.left > 0 {
            reasons.push(Reason::NothingFits { points: self.left });
        }
        let changed = self.fit.findings.iter().filter(|finding| finding.is_new());
        let unsettable = changed.filter(|finding| (finding.dimension.setting)(&self.fit.best).is_none());
        reasons.extend(unsettable.map(|finding| Reason::NoSetting {
            dimension: finding.dimension.name,
            value: finding.chosen.value.clone(),
        }));
        reasons.extend(self.fields.iter().cloned().map(Reason::Field));
        let of = self.answered + self.unanswered;
        if self.unanswered * 100 > of * UNANSWERED_PERCENT {
            let example = self.example.map(str::to_owned);
            reasons.push(Reason::Unanswered { points: self.unanswered, of, example });
        }
        reasons.extend(self.unread.iter().map(|(&list, why)| Reason::Unread { list, why: why.clone() }));
        if let Some(why) = self.stopped {
            reasons.push(Reason::Stopped { why: why.to_owned() });
        }
        if self.telling < ENOUGH {
            reasons.push(Reason::TooLittle { points: self.telling });
        }
        reasons
    }
}

fn open(finding: &Finding) -> Option<Reason> {
    let others = finding.configured.iter().chain(&finding.others).filter(|other| !other.is_told_apart);
    let others: Vec<_> = others.map(|other| other.value.clone()).collect();
    let (dimension, chosen) = (finding.dimension.name, finding.chosen.value.clone());
    (!others.is_empty()).then_some(Reason::Open { dimension, chosen, others })
}

/// Lines for the configuration, each once: those that make the proxy answer as the best hypothesis says.
pub fn settings(fit: &Fit) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in fit.findings.iter().filter(|finding| finding.is_new()) {
        let line = (finding.dimension.setting)(&fit.best);
        lines.extend(line.filter(|line| !lines.contains(line)));
    }
    lines
}

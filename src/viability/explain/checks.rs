//! Rules with what they were asked of, and what they said.

use super::super::Rules;
use super::super::communities::Nearby;
use super::super::geo::{Boundary, Point, Radius};
use super::super::plant::{Evidence, MaximumDrop, ObjectId, Refusal, ServiceBox, Stage};
use super::super::ports::Ports;

/// Why a box isn't offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Of the home and the box one is in a gated community that the other isn't in.
    OtherCommunity,
    /// The caller may not see its project.
    OutsideScope,
    /// It can't be sold.
    Refused(Refusal),
    /// There are as many nearer ones as are listed.
    BeyondMaximum,
}

impl Reason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherCommunity => "other_community",
            Self::OutsideScope => "outside_scope",
            Self::Refused(refusal) => refusal.as_str(),
            Self::BeyondMaximum => "beyond_maximum",
        }
    }
}

/// A rule that was asked, and what it said.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The rule, with what it was asked of.
    pub rule: Rule,
    /// Why the box isn't offered, if this rule is why.
    pub failed: Option<Reason>,
}

/// A rule of viability with its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The box lies within the radius.
    Distance {
        /// From the query's centre, in metres.
        metres: f64,
        /// What was asked for.
        radius: Radius,
        /// Whether a box at exactly the radius is in reach.
        boundary: Boundary,
    },
    /// Home and box are in one gated community, or each in none; asked where communities decide.
    Community {
        /// Those that contain the home.
        of_home: Vec<ObjectId>,
        /// Those that contain the box.
        of_box: Vec<ObjectId>,
    },
    /// The caller may see the box's project.
    Scope {
        /// The project.
        project: ObjectId,
    },
    /// All about the box could be read, or what could shows a free port.
    Evidence {
        /// How much could be read.
        evidence: Evidence,
    },
    /// The box is beyond planning.
    Stage {
        /// Planned, or in the field.
        stage: Stage,
    },
    /// A service splitter, or what else is set to count, stands in it.
    ServiceConnector {
        /// The ports of all of them.
        ports: Option<Ports>,
    },
    /// One of its ports is free.
    FreePort {
        /// Free, of all.
        ports: Ports,
        /// Whether blocked ones count.
        blocked_count: bool,
        /// Whether those of homes without client do.
        of_homes_count: bool,
    },
    /// The home is no farther away than the box's project allows; asked where that counts.
    MaximumDrop {
        /// From the query's centre, in metres.
        metres: f64,
        /// What is allowed.
        longest: MaximumDrop,
    },
    /// It is among the nearest of its list.
    MaximumOfBoxes {
        /// Its place in the list, from 1.
        place: usize,
        /// How many are listed.
        at_most: usize,
    },
}

impl Rule {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Distance { .. } => "distance",
            Self::Community { .. } => "community",
            Self::Scope { .. } => "scope",
            Self::Evidence { .. } => "evidence",
            Self::Stage { .. } => "stage",
            Self::ServiceConnector { .. } => "service_connector",
            Self::FreePort { .. } => "free_port",
            Self::MaximumDrop { .. } => "maximum_drop",
            Self::MaximumOfBoxes { .. } => "maximum_of_boxes",
        }
    }

    pub(super) fn passed(self) -> Check {
        Check { rule: self, failed: None }
    }

    /// `reason` counts where the rule isn't fulfilled.
    pub(super) fn checked(self, reason: Reason, is_fulfilled: bool) -> Check {
        Check { rule: self, failed: (!is_fulfilled).then_some(reason) }
    }
}

/// What doesn't depend on the home.
pub(super) fn of_box(service_box: &ServiceBox<&str>, rules: &Rules) -> impl Iterator<Item = Check> {
    let ServiceBox { stage, ports, evidence, .. } = *service_box;
    let refused = Reason::Refused;
    let is_planned = stage == Stage::Draft;
    let has_free = ports.is_some_and(|ports| ports.free > 0);
    let is_clear = evidence == Evidence::Whole || (has_free && !is_planned);
    let free_port = ports.map(|ports| {
        Rule::FreePort {
            ports,
            blocked_count: rules.blocked_ports_are_free,
            of_homes_count: rules.homes.ports_are_free,
        }
        .checked(refused(Refusal::NoFreePort), has_free)
    });
    [
        Rule::Evidence { evidence }.checked(refused(Refusal::Unreadable), is_clear),
        Rule::Stage { stage }.checked(refused(Refusal::Draft), !is_planned),
        Rule::ServiceConnector { ports }.checked(refused(Refusal::NoServiceConnector), ports.is_some()),
    ]
    .into_iter()
    .chain(free_port)
}

/// Whether home and box are on one ground.
pub(super) fn community(near: &Nearby<'_>, home: Point, service_box: &ServiceBox<&str>) -> Check {
    let around = |at| near.around(at).map(|community| community.id).collect::<Vec<_>>();
    let (of_home, of_box) = (around(home), around(service_box.position));
    let is_served = match of_home.as_slice() {
        [] => of_box.is_empty(),
        some => of_box.iter().any(|id| some.contains(id)),
    };
    Rule::Community { of_home, of_box }.checked(Reason::OtherCommunity, is_served)
}

//! The hypothesis that explains OZmap's answers best, found dimension by dimension.

use super::evidence::Evidence;
use super::hypotheses::{DIMENSIONS, Dimension, Hypothesis, Known};

/// Rounds through all dimensions; a search that went on longer would go in circles.
const MOST_ROUNDS: usize = 10;

/// The best hypothesis, and what each dimension has to do with it.
pub struct Fit {
    /// What the configuration says.
    pub configured: Hypothesis,
    /// What explains most.
    pub best: Hypothesis,
    /// Dimension by dimension, in the table's order.
    pub findings: Vec<Finding>,
}

/// What the answers tell of one dimension, all others being those of the best hypothesis.
pub struct Finding {
    /// Which.
    pub dimension: &'static Dimension,
    /// The value that fits best.
    pub chosen: Tried,
    /// The configured value, if it is another.
    pub configured: Option<Tried>,
    /// Every other value.
    pub others: Vec<Tried>,
}

impl Finding {
    /// Whether some other value is told apart from the chosen one.
    pub fn is_told(&self) -> bool {
        self.configured.iter().chain(&self.others).any(|other| other.is_told_apart)
    }

    /// Whether the configuration says something else.
    pub fn is_new(&self) -> bool {
        self.configured.is_some()
    }
}

/// A value and how well it fits.
pub struct Tried {
    /// The value.
    pub value: String,
    /// Points at which answers agree with OZmap's.
    pub fits: usize,
    /// Whether a point tells it from the chosen value.
    pub is_told_apart: bool,
}

/// How far a hypothesis is from what OZmap says: less is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    differences: usize,
    points: usize,
}

impl Distance {
    fn of(outcomes: &[usize]) -> Self {
        Self { differences: outcomes.iter().sum(), points: outcomes.iter().filter(|one| **one > 0).count() }
    }
}

/// Begins at the configured settings and takes, dimension by dimension, the value with the fewest differences, until no
/// change makes them fewer. Where values are equally good the configured one stays.
pub(super) fn search(evidence: &mut Evidence, configured: &Hypothesis) -> Fit {
    let known = evidence.known(configured);
    let mut best = configured.clone();
    for _ in 0..MOST_ROUNDS {
        let before = best.clone();
        for dimension in DIMENSIONS {
            best = best_of(evidence, dimension, &best, &known);
        }
        if best == before {
            break;
        }
    }
    let findings = DIMENSIONS.iter().map(|dimension| find(evidence, dimension, &best, &known)).collect();
    Fit { configured: configured.clone(), best, findings }
}

fn best_of(evidence: &mut Evidence, dimension: &Dimension, best: &Hypothesis, known: &Known) -> Hypothesis {
    let is_configured = |one: &Hypothesis| dimension.same(one, &known.configured);
    let mut least = Distance::of(&evidence.outcomes(best));
    let mut chosen = best.clone();
    // Of equals the first is taken: the configured value, if it isn't the one that would be left.
    for one in dimension.variants(best, known) {
        let distance = Distance::of(&evidence.outcomes(&one));
        let is_back = is_configured(&one) && !is_configured(&chosen);
        if distance < least || (distance == least && is_back) {
            (least, chosen) = (distance, one);
        }
    }
    chosen
}

fn find(evidence: &mut Evidence, dimension: &'static Dimension, best: &Hypothesis, known: &Known) -> Finding {
    let outcomes = evidence.outcomes(best);
    let mut others: Vec<Tried> = Vec::new();
    for one in dimension.variants(best, known).iter().filter(|one| !dimension.same(one, best)) {
        others.push(tried((dimension.value)(one), &evidence.outcomes(one), &outcomes));
    }
    let configured_value = (dimension.value)(&known.configured);
    let configured = others.iter().position(|other| other.value == configured_value);
    let configured = configured.map(|at| others.remove(at));
    let chosen = tried((dimension.value)(best), &outcomes, &outcomes);
    Finding { dimension, chosen, configured, others }
}

fn tried(value: String, outcomes: &[usize], chosen: &[usize]) -> Tried {
    let fits = outcomes.iter().filter(|differences| **differences == 0).count();
    Tried { value, fits, is_told_apart: outcomes != chosen }
}

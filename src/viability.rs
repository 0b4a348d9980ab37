//! The rules of viability, pure: no I/O, no clock, no async.

pub mod geo;

use geo::{Earth, Radius};
use std::num::NonZeroUsize;

/// OZmap's own settings for viability, mirrored.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The radius of a query that names none; without it such a query is OZmap's to answer.
    pub default_radius: Option<Radius>,
    /// Queries above it are OZmap's to answer.
    pub max_radius: Radius,
    /// The most boxes an answer lists, and the most refused ones, the nearest of each.
    pub max_boxes: NonZeroUsize,
    /// Whether a blocked port without fibre counts as free.
    pub blocked_ports_are_free: bool,
    /// The sphere on which distances are measured.
    pub earth: Earth,
}

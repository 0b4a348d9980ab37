//! What an installation of OZmap is like.

pub(crate) mod rules;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rules::OracleRules;

/// How large the simulated OZmap is and how it behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// Boxes in the generated network, 0 for none (one empty project stays). Default 2,000.
    pub boxes: usize,
    /// The same seed and size make the same network, byte for byte. Default 1.
    pub seed: u64,
    /// Waiting time before every answer. Default none.
    pub latency: Duration,
    /// Share (0 to 1) of the requests that are answered 503. Default 0.
    pub failure_rate: f64,
    /// The most rows of a page: larger limits, and 0, are clamped silently. Default: no maximum.
    pub max_limit: Option<usize>,
    /// Whether pages tell `hasNextPage` and `nextUrl`.
    pub pagination: Pagination,
    /// Whether pages tell that their limit was clamped.
    pub clamping: Clamping,
    /// Whether filters on `id` count.
    pub id_filters: IdFilters,
    /// Whether filters on `updatedAt` count.
    pub update_filters: UpdateFilters,
    /// Whether rows tell when they were changed.
    pub update_times: UpdateTimes,
    /// Whether a sale shows in the splitter's `updatedAt`.
    pub sales: Sales,
    /// What `total` counts.
    pub totals: Totals,
    /// The rules of the viability answer.
    pub rules: OracleRules,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            boxes: 2_000,
            seed: 1,
            latency: Duration::ZERO,
            failure_rate: 0.0,
            max_limit: None,
            pagination: Pagination::default(),
            clamping: Clamping::default(),
            id_filters: IdFilters::default(),
            update_filters: UpdateFilters::default(),
            update_times: UpdateTimes::default(),
            sales: Sales::default(),
            totals: Totals::default(),
            rules: OracleRules::default(),
        }
    }
}

/// Which fields a page of a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pagination {
    /// With `hasNextPage` and `nextUrl`, as since July 2025.
    #[default]
    Current,
    /// Without them, as in older installations.
    Legacy,
}

/// What becomes of filters on the property `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdFilters {
    /// They filter.
    #[default]
    Honoured,
    /// They are accepted and ignored: the list comes as if they were absent.
    Ignored,
    /// They are accepted and match no row.
    MatchNothing,
    /// They are answered 500.
    Refused,
}

/// What becomes of filters on the property `updatedAt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateFilters {
    /// They filter.
    #[default]
    Honoured,
    /// They are accepted and ignored: the list comes as if they were absent.
    Ignored,
    /// They are accepted and match no row.
    MatchNothing,
    /// They are answered 500.
    Refused,
}

/// Whether rows carry `updatedAt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateTimes {
    /// Every row does.
    #[default]
    Told,
    /// No row does, so that no time lies before or after it.
    Absent,
}

/// What a sale, or a port given back, does to the splitter's `updatedAt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sales {
    /// It is set.
    #[default]
    Touch,
    /// It stays as it was.
    Silent,
}

/// What a page says of a limit that was clamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clamping {
    /// The limit in force.
    #[default]
    Told,
    /// The limit asked for.
    Silent,
}

/// What the `total` of a page counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Totals {
    /// The rows that match the filter.
    #[default]
    OfFilter,
    /// Every row that the key sees, whatever the filter.
    OfList,
    /// The rows of the page.
    OfPage,
    /// The rows that match the filter, or this many if they are more.
    Capped(usize),
}

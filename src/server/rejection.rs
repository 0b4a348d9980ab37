//! What turns connections and requests away, as metrics name it.

use super::side::Side;
use crate::tenant::selection::NoTenant;

/// Why a connection or a request was turned away: the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rejection {
    /// `server.max_connections`, or the admin listener's own limit.
    MaxConnections,
    /// `server.max_connections_per_address`, or the admin listener's own limit.
    MaxConnectionsPerAddress,
    /// No TLS within `server.header_timeout`, or none that both sides speak.
    Handshake,
    /// `server.header_timeout`.
    HeaderTimeout,
    /// `server.write_timeout`.
    WriteTimeout,
    /// The body did not come in time.
    BodyTimeout,
    /// Not HTTP/1, or framed so that two readers might read it differently.
    Malformed,
    /// A head, an address or a body beyond its limit.
    TooLarge,
    /// Nothing tells which of several tenants is meant.
    NoTenant,
    /// The path names a tenant that isn't there, or that the `Host` rules out.
    UnknownTenant,
    /// `server.queue_timeout`.
    QueueTimeout,
    /// `server.max_in_flight`.
    MaxInFlight,
    /// `server.requests_per_second_per_key`.
    RateLimit,
    /// A tenant's `forwards_at_once`.
    ForwardsAtOnce,
    /// A tenant's `batch.at_once`.
    BatchesAtOnce,
    /// On the admin listener: a `Host` that isn't its own, or another site's page.
    Foreign,
    /// Too many wrong admin tokens from this address.
    LockedOut,
}

impl Rejection {
    /// How it is counted that no tenant was found; not at all where it isn't OZmap's API that was asked for.
    pub(super) fn of_no_tenant(reason: &NoTenant) -> Option<Self> {
        match reason {
            NoTenant::OtherPath => None,
            NoTenant::Unnamed => Some(Self::NoTenant),
            NoTenant::Unknown(_) | NoTenant::NotAName | NoTenant::OtherHost => Some(Self::UnknownTenant),
        }
    }

    /// Every one.
    pub(super) const ALL: [Self; 17] = [
        Self::MaxConnections,
        Self::MaxConnectionsPerAddress,
        Self::Handshake,
        Self::HeaderTimeout,
        Self::WriteTimeout,
        Self::BodyTimeout,
        Self::Malformed,
        Self::TooLarge,
        Self::NoTenant,
        Self::UnknownTenant,
        Self::QueueTimeout,
        Self::MaxInFlight,
        Self::RateLimit,
        Self::ForwardsAtOnce,
        Self::BatchesAtOnce,
        Self::Foreign,
        Self::LockedOut,
    ];

    /// The word for it in metrics and the log.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::MaxConnections => "max_connections",
            Self::MaxConnectionsPerAddress => "max_connections_per_address",
            Self::Handshake => "handshake",
            Self::HeaderTimeout => "header_timeout",
            Self::WriteTimeout => "write_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::NoTenant => "no_tenant",
            Self::UnknownTenant => "unknown_tenant",
            Self::QueueTimeout => "queue_timeout",
            Self::MaxInFlight => "max_in_flight",
            Self::RateLimit => "rate_limit",
            Self::ForwardsAtOnce => "forwards_at_once",
            Self::BatchesAtOnce => "batches_at_once",
            Self::Foreign => "foreign",
            Self::LockedOut => "locked_out",
        }
    }

    /// The setting to look at, where an operator's is what turned it away.
    pub(super) fn setting(self, side: Side) -> Option<&'static str> {
        match self {
            Self::MaxConnections | Self::MaxConnectionsPerAddress if side == Side::Admin => {
                Some("the admin listener's own, which is no setting")
            }
            Self::MaxConnections => Some("server.max_connections"),
            Self::MaxConnectionsPerAddress => Some("server.max_connections_per_address"),
            Self::NoTenant => Some("tenants.<name>.hosts"),
            Self::QueueTimeout => Some("server.queue_timeout"),
            Self::MaxInFlight => Some("server.max_in_flight"),
            Self::RateLimit => Some("server.requests_per_second_per_key"),
            Self::ForwardsAtOnce => Some("forwards_at_once"),
            Self::BatchesAtOnce => Some("batch.at_once"),
            Self::Handshake
            | Self::HeaderTimeout
            | Self::WriteTimeout
            | Self::BodyTimeout
            | Self::Malformed
            | Self::TooLarge
            | Self::UnknownTenant
            | Self::Foreign
            | Self::LockedOut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_of_clients_is_blamed_for_what_operators_are_refused() {
        for reason in [Rejection::MaxConnections, Rejection::MaxConnectionsPerAddress] {
            assert!(reason.setting(Side::Public).unwrap().starts_with("server.max_connections"));
            assert!(!reason.setting(Side::Admin).unwrap().contains("server."));
        }
    }
}

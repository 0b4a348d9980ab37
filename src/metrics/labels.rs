//! The labels of metrics whose values are a closed set, in the words that the log and the status pages use too.

/// Declares such sets: each value with its word.
macro_rules! labels {
    ($($(#[$about:meta])* $set:ident { $($(#[$what:meta])* $value:ident = $word:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $set {
            $($(#[$what])* $value,)+
        }

        impl $set {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// Which of them it is, from 0 on.
            pub fn place(self) -> usize {
                self as usize
            }

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }
    )+};
}

labels! {
    /// The routes of either listener.
    Route {
        /// A viability query.
        Viability = "viability",
        /// A browser asks whether a page may ask.
        Preflight = "preflight",
        /// Many homes at a stroke.
        Batch = "batch",
        /// Another path of OZmap's API.
        Forward = "forward",
        /// `/healthz`.
        Health = "healthz",
        /// `/readyz`.
        Ready = "readyz",
        /// `/metrics`.
        Metrics = "metrics",
        /// Below `/admin`.
        Admin = "admin",
        /// The operators' page.
        Console = "console",
        /// No route of ours.
        Unmatched = "unmatched",
    }

    /// The methods that are told apart.
    MethodName {
        /// `GET`.
        Get = "GET",
        /// `HEAD`.
        Head = "HEAD",
        /// `POST`.
        Post = "POST",
        /// `PUT`.
        Put = "PUT",
        /// `PATCH`.
        Patch = "PATCH",
        /// `DELETE`.
        Delete = "DELETE",
        /// `OPTIONS`.
        Options = "OPTIONS",
        /// Any other.
        Other = "other",
    }

    /// Who answered.
    Source {
        /// This process without any data: everything that is no viability query.
        Itself = "self",
        /// The snapshot.
        Index = "index",
        /// OZmap, a moment ago.
        Cache = "cache",
        /// OZmap, now.
        Live = "live",
        /// Nobody could.
        Nobody = "none",
    }

    /// What was said of a home.
    Verdict {
        /// It can be connected.
        Viable = "viable",
        /// It can't.
        NotViable = "not_viable",
        /// OZmap did not say, and why.
        Refused = "refused",
        /// Nobody could answer.
        Unanswered = "unanswered",
    }

    /// What OZmap said of last free ports that an answer stood on.
    Recheck {
        /// They are as they were held.
        Same = "same",
        /// They are not.
        Corrected = "corrected",
        /// Nothing in time.
        Unchecked = "unchecked",
    }

    /// What came of asking OZmap for a client that waits.
    LiveResult {
        /// OZmap's verdict.
        Answered = "answered",
        /// OZmap refuses this client or its question.
        Refused = "refused",
        /// No call was left in the budget.
        OutOfBudget = "out_of_budget",
        /// Too many wait for OZmap already.
        Crowded = "crowded",
        /// The breaker was open.
        Spared = "spared",
        /// OZmap took longer than the client waits.
        Late = "late",
        /// The call failed.
        Failed = "failed",
    }

    /// How a refresh ended, as far as it has to be told whether things go well.
    Ending {
        /// What was read was published.
        Ok = "ok",
        /// The guard refused what was read.
        Refused = "refused",
        /// The lists could not be read.
        Failed = "failed",
    }

    /// What was said of a row of a batch.
    RowResult {
        /// The home can be connected.
        Viable = "viable",
        /// It can't.
        NotViable = "not_viable",
        /// Memory can't tell.
        Unknown = "unknown",
        /// The row can't be read.
        Error = "error",
    }

    /// What the age of a tenant's data means.
    DataState {
        /// Nothing has been read yet.
        Absent = "absent",
        /// At most `freshness.stale_after` old.
        Fresh = "fresh",
        /// Older than that.
        Stale = "stale",
        /// Older than `freshness.max_stale`.
        Expired = "expired",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else one would be counted as another.
    #[test]
    fn each_label_has_a_place_of_its_own() {
        use MethodName::{Delete, Get, Head, Options, Other, Patch, Post, Put};
        use Route::{
            Admin, Batch, Console, Forward, Health, Metrics, Preflight, Ready, Unmatched, Viability,
        };
        let routes =
            [Viability, Preflight, Batch, Forward, Health, Ready, Metrics, Admin, Console, Unmatched];
        assert!(routes.map(Route::place).into_iter().eq(0..Route::COUNT));
        let methods = [Get, Head, Post, Put, Patch, Delete, Options, Other];
        assert!(methods.map(MethodName::place).into_iter().eq(0..MethodName::COUNT));
        let sources = [Source::Itself, Source::Index, Source::Cache, Source::Live, Source::Nobody];
        assert!(sources.map(Source::place).into_iter().eq(0..Source::COUNT));
        let states = [DataState::Absent, DataState::Fresh, DataState::Stale, DataState::Expired];
        assert!(states.map(DataState::place).into_iter().eq(0..DataState::COUNT));
        let verdicts = [Verdict::Viable, Verdict::NotViable, Verdict::Refused, Verdict::Unanswered];
        let rows = [RowResult::Viable, RowResult::NotViable, RowResult::Unknown, RowResult::Error];
        assert!(rows.map(RowResult::place).into_iter().eq(0..RowResult::COUNT));
        assert!(verdicts.map(Verdict::place).into_iter().eq(0..Verdict::COUNT));
    }
}

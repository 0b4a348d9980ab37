//! The tests of viability-proxy from outside. Start reading at [`harness`].

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on has failed")]

mod access;
mod aging;
mod answers;
mod between;
mod bombs;
mod certificates;
mod cli;
mod config;
mod dashboard;
mod elsewhere;
mod expiry;
mod failures;
mod forward;
mod framing;
mod harness;
mod herd;
mod interrupted;
mod lists;
mod operating;
mod operators;
mod orders;
mod overload;
mod parameters;
mod poison;
mod poisoned;
mod privacy;
mod process;
mod raw;
mod refresh;
mod reload;
mod restart;
mod robustness;
mod shared_folder;
mod slow_ozmap;
mod sources;
mod stored;
mod tenants;
mod tidy;
mod tls;
mod turned_away;
mod wrong_ozmap;

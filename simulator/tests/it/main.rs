//! The simulator from outside: its lists, keys, faults, controls, network and oracle.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on has failed")]

mod answers;
mod changes;
mod client;
mod connectors;
mod control;
mod edits;
mod ground;
mod homes;
mod lists;
mod network;
mod oracle;

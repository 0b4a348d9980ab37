//! The tests of viability-proxy from outside. Start reading at [`harness`].

mod access;
mod answers;
mod cli;
mod config;
mod forward;
mod harness;
mod operating;
mod refresh;
mod sources;
mod tenants;
mod tidy;

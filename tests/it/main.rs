//! The tests of viability-proxy from outside.

mod config;

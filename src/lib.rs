//! viability-proxy answers OZmap's fibre viability queries from memory, in OZmap's own format.

pub mod config;
pub mod viability;

//! viability-proxy

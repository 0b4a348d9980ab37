//! Stand-in for OZmap.

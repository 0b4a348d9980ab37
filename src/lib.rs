//! viability-proxy answers OZmap's fibre viability queries from memory, in OZmap's own format.
//!
//! Imports run down this list only: [`app`] wires everything, [`doctor`] tells whether everything around is as it
//! has to be, [`server`] speaks HTTP to clients and operators, [`coverage`] writes a network for maps of others,
//! [`calibrate`] tells whether the proxy answers as an OZmap does, [`refresh`] keeps the data current, [`batch`] reads
//! and writes the rows of many homes, [`tenant`] decides who answers, [`ozmap`] speaks to OZmap, [`config`] is what an
//! operator sets, [`picture`] draws places on pages, [`viability`] has the pure rules. [`metrics`] and [`wording`] lie
//! beside all of them and know none.

pub mod app;
pub mod batch;
pub mod calibrate;
pub mod canary;
pub mod config;
pub mod coverage;
pub mod doctor;
pub mod metrics;
pub mod ozmap;
pub mod picture;
pub mod refresh;
pub mod server;
pub mod tenant;
pub mod viability;
pub mod wording;

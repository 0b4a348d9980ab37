#![doc = "A stand-in for OZmap: a seeded fibre network behind OZmap's HTTP API, with faults on demand."]
//!
//! It shares no code with viability-proxy, so that a wrong belief about OZmap can not agree with itself.
//!
//! | module | what it holds |
//! |---|---|
//! | `settings` | what an installation is like: size, seed, habits, rules |
//! | `simulator` | [`Simulator`]: starts, stops and resumes the server |
//! | `control` | [`Control`]: everything a test may do to the network; its parts: `/_control/` over HTTP, churn |
//! | `faults` | [`Faults`]: latency, failures, cut bodies, hanging, fixed answers |
//! | `server` | sockets and connections |
//! | `api` | the routes below `/api/v2`, who may call them, how an answer is sent |
//! | `listing` | filter, sort, select and pages of the lists |
//! | `oracle` | the viability answer, by plain loops |
//! | `keys` | who sees which projects |
//! | `city` | the seeded network, looking like Brazil |
//! | `network` | rows in memory, their JSON, and edits |
//! | `state` | what all requests share |

mod api;
mod city;
mod control;
mod faults;
mod keys;
mod listing;
mod network;
mod oracle;
mod server;
mod settings;
mod simulator;
mod state;

pub use control::Control;
pub use control::churn::Churn;
pub use faults::{Fault, Faults};
pub use keys::{LOGIN, PASSWORD};
pub use network::edit::ControlError;
pub use network::edit::new::{
    NewBox, NewCondominium, NewPort, NewProperty, NewSplitter, Position, PropertyPort,
};
pub use network::rows::ConnectorKind;
pub use network::view::{BoxView, CondominiumView, Project, PropertyView, SplitterView};
pub use settings::rules::{Boundary, BoxOrder, OracleRules, RefusedBoxes, ServiceConnectors};
pub use settings::{Clamping, IdFilters, Pagination, Sales, Settings, Totals, UpdateFilters, UpdateTimes};
pub use simulator::Simulator;
pub use state::PageEvent;

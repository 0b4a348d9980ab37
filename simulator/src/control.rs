//! Everything that may be done to the network and asked of it, beside OZmap's API.

pub(crate) mod churn;
mod homes;
pub(crate) mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::faults::Faults;
use crate::network::edit::ControlError;
use crate::network::edit::new::NewBox;
use crate::network::view::{BoxView, Project, SplitterView};
use crate::oracle;
use crate::oracle::place::Place;
use crate::oracle::ports::Ports;
use crate::settings::rules::OracleRules;
use crate::state::{PageEvent, State};

/// A handle on a simulator; clones share it. The server need not be listening.
#[derive(Clone)]
pub struct Control {
    pub(crate) state: Arc<State>,
}

impl Control {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// A key that sees every project.
    pub fn full_key(&self) -> String {
        self.state.keys().full()
    }

    /// A key that sees the projects with these ids: always the same one for the same projects, unless it was revoked.
    pub fn key_for(&self, projects: &[String]) -> String {
        let network = self.state.network();
        let index = |id: &String| network.projects.iter().position(|row| row.id.to_string() == *id);
        let indexes =
            projects.iter().filter_map(index).filter_map(|index| u16::try_from(index).ok()).collect();
        drop(network);
        self.state.keys().limited(indexes)
    }

    /// Makes a key unknown.
    pub fn revoke(&self, key: &str) {
        self.state.keys().revoke(key);
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Lets time pass at once: later edits have later times, and answers a later `Date`.
    pub fn pass(&self, time: Duration) {
        self.state.network_mut().pass(i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2));
    }

    /// Requests since the start: `boxes`, `splitters`, `connectors`, `fusions`, `switches`, `projects`, `properties`,
    /// `horizontal-condominiums`, `viability`, `authenticated`, `login`, `other`, `all`.
    pub fn requests(&self, operation: &str) -> u64 {
        self.all_requests().get(operation).copied().unwrap_or_default()
    }

    pub(crate) fn all_requests(&self) -> BTreeMap<String, u64> {
        self.state.requests()
    }

    /// Calls `hook` after each page of a list was rendered, with no lock held; replaces the hook before. The simulator forgets it
    /// when it is dropped, so that a hook may hold a [`Control`].
    pub fn on_page(&self, hook: impl Fn(&PageEvent) + Send + Sync + 'static) {
        *self.state.hook() = Some(Arc::new(hook));
    }

    /// Every project.
    pub fn projects(&self) -> Vec<Project> {
        let network = self.state.network();
        network
            .projects
            .iter()
            .map(|row| Project { id: row.id.to_string(), name: row.name.clone() })
            .collect()
    }

    /// The id of a new project.
    pub fn add_project(&self, name: &str) -> String {
        let mut network = self.state.network_mut();
        let index = network.project_index(name);
        network.projects[usize::from(index)].id.to_string()
    }

    /// Sets `drop.maxSize` of the project with this id, in metres, or takes it away.
    pub fn set_maximum_drop(&self, id: &str, metres: Option<f64>) -> Result<(), ControlError> {
        self.state.network_mut().set_maximum_drop(id, metres)
    }

    /// Every box that is there, in the order of ids.
    pub fn boxes(&self) -> Vec<BoxView> {
        let network = self.state.network();
        let ports = Ports::under(&network, self.rules());
        let there = network.boxes.iter().filter(|row| !row.gone);
        there.map(|row| network.view(row, ports.free(row))).collect()
    }

    /// One box.
    pub fn box_named(&self, id: &str) -> Option<BoxView> {
        let network = self.state.network();
        let ports = Ports::under(&network, self.rules());
        network.box_named(id).map(|row| network.view(row, ports.free(row)))
    }

    /// Free service ports of a box; `None` when there is no such box.
    pub fn free_ports(&self, id: &str) -> Option<usize> {
        self.box_named(id).map(|seen| seen.free_ports)
    }

    /// Sells one port, the free ones first, then a home's without client if those count as free: the home gets a client.
    /// How many are left.
    pub fn sell_port(&self, id: &str) -> Result<usize, ControlError> {
        self.state.network_mut().sell_port(id, self.rules())?;
        self.left(id)
    }

    /// Gives one sold port back; how many are free now.
    pub fn free_port(&self, id: &str) -> Result<usize, ControlError> {
        self.state.network_mut().free_port(id, self.rules())?;
        self.left(id)
    }

    /// Sells every service port.
    pub fn sell_out(&self, id: &str) -> Result<(), ControlError> {
        self.state.network_mut().sell_out(id, self.rules())
    }

    /// Adds a box; its id.
    pub fn add_box(&self, new: NewBox) -> String {
        self.state.network_mut().add_box(new).to_string()
    }

    /// Moves a box; degrees.
    pub fn move_box(&self, id: &str, lat: f64, lng: f64) -> Result<(), ControlError> {
        self.state.network_mut().move_box(id, lat, lng)
    }

    /// Makes a box "Em projeto", or not.
    pub fn set_draft(&self, id: &str, draft: bool) -> Result<(), ControlError> {
        self.state.network_mut().set_draft(id, draft)
    }

    /// What a box holds that has ports.
    pub fn splitters_of(&self, id: &str) -> Vec<SplitterView> {
        let network = self.state.network();
        network.box_named(id).map(|row| network.view_contents(row)).unwrap_or_default()
    }

    /// Hangs a splitter, connector, fusion or switch into another box.
    pub fn move_splitter(&self, id: &str, to_box: &str) -> Result<(), ControlError> {
        self.state.network_mut().move_splitter(id, to_box)
    }

    /// Deletes a splitter, connector, fusion or switch.
    pub fn delete_splitter(&self, id: &str) -> Result<(), ControlError> {
        self.state.network_mut().delete_splitter(id)
    }

    /// Deletes a box and what is in it.
    pub fn delete_box(&self, id: &str) -> Result<(), ControlError> {
        self.state.network_mut().delete_box(id)
    }

    /// The viability answer that this key gets, without HTTP; `None` as radius takes the setting. Null for an unknown
    /// key or a place that is none.
    pub fn oracle(&self, key: &str, lat: f64, lng: f64, radius: Option<f64>) -> Value {
        let rules = self.rules();
        let scope = self.state.keys().scope(key);
        let place = Place::checked(lat, lng, radius.unwrap_or(rules.default_radius_m)).ok();
        scope.zip(place).map_or(Value::Null, |(scope, place)| {
            let answer = oracle::answer(&self.state.network(), &scope, rules, place);
            serde_json::to_value(&answer).unwrap_or_default()
        })
    }

    fn left(&self, id: &str) -> Result<usize, ControlError> {
        self.free_ports(id).ok_or_else(|| ControlError::UnknownBox(id.to_owned()))
    }

    fn rules(&self) -> &OracleRules {
        &self.state.settings.rules
    }
}

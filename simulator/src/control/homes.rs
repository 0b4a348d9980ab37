//! Homes and gated communities.

use super::Control;
use crate::network::edit::ControlError;
use crate::network::edit::new::{NewCondominium, NewProperty, Position};
use crate::network::view::{CondominiumView, PropertyView};

impl Control {
    /// Every home that is there, in the order of ids.
    pub fn properties(&self) -> Vec<PropertyView> {
        let network = self.state.network();
        let there = network.properties.iter().filter(|row| !row.gone);
        there.map(|row| network.view_property(row)).collect()
    }

    /// Adds a home; its id.
    pub fn add_property(&self, new: NewProperty) -> Result<String, ControlError> {
        self.state.network_mut().add_property(new).map(|id| id.to_string())
    }

    /// Gives a home a client, or takes the client away.
    pub fn set_client(&self, id: &str, has_client: bool) -> Result<(), ControlError> {
        self.state.network_mut().set_client(id, has_client)
    }

    /// Deletes a home; the port that served it keeps its fibre.
    pub fn delete_property(&self, id: &str) -> Result<(), ControlError> {
        self.state.network_mut().delete_property(id)
    }

    /// Every gated community that is there, in the order of ids.
    pub fn condominiums(&self) -> Vec<CondominiumView> {
        let network = self.state.network();
        let there = network.condominiums.iter().filter(|row| !row.gone);
        there.map(|row| network.view_condominium(row)).collect()
    }

    /// Adds a gated community; its id.
    pub fn add_condominium(&self, new: NewCondominium) -> String {
        self.state.network_mut().add_condominium(new).to_string()
    }

    /// Draws a gated community anew.
    pub fn move_condominium(&self, id: &str, corners: &[Position]) -> Result<(), ControlError> {
        self.state.network_mut().move_condominium(id, corners)
    }

    /// Deletes a gated community.
    pub fn delete_condominium(&self, id: &str) -> Result<(), ControlError> {
        self.state.network_mut().delete_condominium(id)
    }
}

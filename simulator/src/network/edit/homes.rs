//! Homes and gated communities come, change and go.

use super::ControlError;
use super::new::{NewCondominium, NewProperty, Position, PropertyPort};
use crate::network::id::Id;
use crate::network::rows::{Address, CondominiumRow, PropertyRow};
use crate::network::{Kind, Network};

impl Network {
    pub(crate) fn add_property(&mut self, new: NewProperty) -> Result<Id, ControlError> {
        let home = new.in_box.map(|id| self.box_slot(&id)).transpose()?;
        let connection = new.port.map(|wanted| self.port_for(home, &wanted)).transpose()?;
        let project = match home {
            Some(slot) => self.boxes[slot].project,
            None => new.project.map_or(0, |wanted| self.project_index(&wanted)),
        };
        if let Some((splitter, port)) = connection
            && self.splitters[splitter].used >> port & 1 == 0
        {
            self.connect(splitter, u32::from(port));
        }
        let updated_ms = self.touch();
        let id = self.ids.next();
        self.properties.push(PropertyRow {
            position: new.position.map(|Position { lat, lng }| (lat, lng)),
            updated_ms,
            id,
            in_box: home.and_then(|slot| u32::try_from(slot).ok()),
            connection: connection.and_then(|(slot, port)| Some((u32::try_from(slot).ok()?, port))),
            project,
            address: Address::Written(new.address.into_boxed_str()),
            has_client: new.has_client,
            observed: false,
            gone: false,
        });
        Ok(id)
    }

    /// The splitter's slot and the index of the port.
    fn port_for(&self, home: Option<usize>, wanted: &PropertyPort) -> Result<(usize, u8), ControlError> {
        let unknown = ControlError::UnknownPort(wanted.port);
        let splitter = match &wanted.splitter {
            Some(id) => Some(self.connector_slot(id)?),
            None => home.and_then(|slot| {
                self.contents(&self.boxes[slot]).find(|&inside| self.splitters[inside].is_drop)
            }),
        };
        let index = wanted.port.checked_sub(1).and_then(|index| u8::try_from(index).ok());
        let (Some(splitter), Some(index)) = (splitter, index) else { return Err(unknown) };
        if index < self.splitters[splitter].ports { Ok((splitter, index)) } else { Err(unknown) }
    }

    pub(crate) fn set_client(&mut self, id: &str, has_client: bool) -> Result<(), ControlError> {
        let slot = self.property_slot(id)?;
        let updated_ms = self.touch();
        let row = &mut self.properties[slot];
        (row.has_client, row.updated_ms) = (has_client, updated_ms);
        Ok(())
    }

    /// The home disappears; the port that served it keeps its fibre.
    pub(crate) fn delete_property(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.property_slot(id)?;
        self.touch();
        self.properties[slot].gone = true;
        Ok(())
    }

    pub(crate) fn add_condominium(&mut self, new: NewCondominium) -> Id {
        let project = new.project.map_or(0, |wanted| self.project_index(&wanted));
        let updated_ms = self.touch();
        let id = self.ids.next();
        let (name, ring) = (new.name, closed(&new.corners));
        self.condominiums.push(CondominiumRow { id, name, project, ring, updated_ms, gone: false });
        id
    }

    pub(crate) fn move_condominium(&mut self, id: &str, corners: &[Position]) -> Result<(), ControlError> {
        let slot = self.condominium_slot(id)?;
        let updated_ms = self.touch();
        let row = &mut self.condominiums[slot];
        (row.ring, row.updated_ms) = (closed(corners), updated_ms);
        Ok(())
    }

    pub(crate) fn delete_condominium(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.condominium_slot(id)?;
        self.touch();
        self.condominiums[slot].gone = true;
        Ok(())
    }

    fn property_slot(&self, id: &str) -> Result<usize, ControlError> {
        self.slot_of(Kind::Properties, id, ControlError::UnknownProperty)
    }

    fn condominium_slot(&self, id: &str) -> Result<usize, ControlError> {
        self.slot_of(Kind::Condominiums, id, ControlError::UnknownCondominium)
    }
}

/// The ring of these corners, whose last position is its first.
fn closed(corners: &[Position]) -> Vec<[f64; 2]> {
    let mut ring: Vec<_> = corners.iter().map(|corner| [corner.lng, corner.lat]).collect();
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    ring
}

//! Splitters and their like leave their box.

use super::ControlError;
use crate::network::id::Id;
use crate::network::rows::ParentKind;
use crate::network::{Kind, Network};

impl Network {
    pub(crate) fn delete_splitter(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.connector_slot(id)?;
        self.touch();
        self.splitters[slot].gone = true;
        Ok(())
    }

    /// Hangs it into another box, and so into that box's project.
    pub(crate) fn move_splitter(&mut self, id: &str, to: &str) -> Result<(), ControlError> {
        let (slot, home) = (self.connector_slot(id)?, self.box_slot(to)?);
        let updated_ms = self.touch();
        let (parent, project) = (self.boxes[home].id, self.boxes[home].project);
        if let Some(others) = self.apart.get_mut(&self.splitters[slot].parent) {
            others.retain(|&other| other != slot);
        }
        if !self.boxes[home].splitter_slots().contains(&slot) {
            self.apart.entry(parent).or_default().push(slot);
        }
        let row = &mut self.splitters[slot];
        (row.parent, row.parent_kind, row.project) = (parent, ParentKind::Box, project);
        row.updated_ms = updated_ms;
        Ok(())
    }

    /// The slot of what has ports, whichever list shows it.
    pub(super) fn connector_slot(&self, id: &str) -> Result<usize, ControlError> {
        let kinds = [Kind::Splitters, Kind::Connectors, Kind::Fusions, Kind::Switches];
        Id::parse(id)
            .and_then(|id| kinds.into_iter().find_map(|kind| self.find(kind, id)))
            .ok_or_else(|| ControlError::UnknownSplitter(id.to_owned()))
    }
}

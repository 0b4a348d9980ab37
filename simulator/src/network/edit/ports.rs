//! Selling ports, and giving them back.

use super::ControlError;
use crate::network::Network;
use crate::network::rows::SplitterRow;
use crate::settings::Sales;
use crate::settings::rules::OracleRules;

impl Network {
    /// Gives one free port a fibre: one that is blocked only if those count as free and no other is left. After them
    /// come the ports of homes without client, if those count as free: such a home gets a client.
    pub(crate) fn sell_port(&mut self, id: &str, rules: &OracleRules) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let open = self.service_port(slot, rules, |_, row| !row.used & !row.blocked).or_else(|| {
            rules.blocked_ports_are_free.then(|| self.service_port(slot, rules, |_, row| !row.used)).flatten()
        });
        if let Some((splitter, port)) = open {
            self.connect(splitter, port);
            return Ok(());
        }
        let vacant = self.vacant_ports(rules);
        let held = |at: usize| vacant.get(&at).copied().unwrap_or_default();
        let taken = self.service_port(slot, rules, |at, row| held(at) & !row.blocked);
        let (splitter, port) = taken.ok_or_else(|| ControlError::NoFreePort(id.to_owned()))?;
        self.inhabit(splitter, port);
        Ok(())
    }

    /// Takes the fibre from one sold port that is neither blocked nor counted as free.
    pub(crate) fn free_port(&mut self, id: &str, rules: &OracleRules) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let vacant = self.vacant_ports(rules);
        let held = |at: usize| vacant.get(&at).copied().unwrap_or_default();
        let sold = self.service_port(slot, rules, |at, row| row.used & !row.blocked & !held(at));
        let (splitter, port) = sold.ok_or_else(|| ControlError::NoSoldPort(id.to_owned()))?;
        self.disconnect(splitter, port);
        Ok(())
    }

    /// Gives every service port a fibre, the blocked ones too.
    pub(crate) fn sell_out(&mut self, id: &str, rules: &OracleRules) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        while let Some((splitter, port)) = self.service_port(slot, rules, |_, row| !row.used) {
            self.connect(splitter, port);
        }
        let vacant = self.vacant_ports(rules);
        let mut left: Vec<_> = self.contents(&self.boxes[slot]).collect();
        left.retain(|at| vacant.contains_key(at));
        for splitter in left {
            for port in 0..u32::from(self.splitters[splitter].ports) {
                self.inhabit(splitter, port);
            }
        }
        Ok(())
    }

    /// The first counted port of the box whose bit is set: the splitter's slot and the port.
    fn service_port(
        &self,
        slot: usize,
        rules: &OracleRules,
        wanted: impl Fn(usize, &SplitterRow) -> u64,
    ) -> Option<(usize, u32)> {
        self.contents(&self.boxes[slot]).find_map(|at| {
            let row = &self.splitters[at];
            let counts = row.is_drop && rules.service_connectors.counts(row.kind);
            let ports = if counts { wanted(at, row) & row.outputs() } else { 0 };
            (ports != 0).then(|| (at, ports.trailing_zeros()))
        })
    }

    pub(super) fn connect(&mut self, splitter: usize, port: u32) {
        self.sold(splitter).used |= 1 << port;
    }

    /// Homes that were served there are so no more: the next fibre is another's.
    fn disconnect(&mut self, splitter: usize, port: u32) {
        self.sold(splitter).used &= !(1 << port);
        self.at_port(splitter, port, |network, home| {
            network.properties[home].connection = None;
        });
    }

    /// The row, with the time of a sale on it.
    fn sold(&mut self, splitter: usize) -> &mut SplitterRow {
        let updated_ms = self.touch();
        let shows = self.sales == Sales::Touch;
        let row = &mut self.splitters[splitter];
        if shows {
            row.updated_ms = updated_ms;
        }
        row
    }

    /// Homes at the port get a client, those that have none.
    fn inhabit(&mut self, splitter: usize, port: u32) {
        self.at_port(splitter, port, |network, home| network.properties[home].has_client = true);
    }

    fn at_port(&mut self, splitter: usize, port: u32, edit: fn(&mut Self, usize)) {
        for home in 0..self.properties.len() {
            let row = &self.properties[home];
            let there =
                row.connection.is_some_and(|(at, index)| at as usize == splitter && u32::from(index) == port);
            if there && !row.gone {
                let updated_ms = self.touch();
                edit(self, home);
                self.properties[home].updated_ms = updated_ms;
            }
        }
    }
}

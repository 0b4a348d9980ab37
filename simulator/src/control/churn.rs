//! Edits that go on and on, as in a provider's day.

use std::time::Duration;

use serde::Deserialize;

use super::Control;
use crate::city::dice::Dice;
use crate::network::edit::NewBox;

/// How often edits are made.
const TICK: Duration = Duration::from_millis(50);

/// How much is edited; all zero ends it. As JSON every field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Ports sold a second.
    pub sells_per_second: f64,
    /// Boxes added a second.
    pub adds_per_second: f64,
    /// Boxes deleted a second.
    pub deletes_per_second: f64,
}

impl Churn {
    fn is_over(&self) -> bool {
        self.sells_per_second <= 0.0 && self.adds_per_second <= 0.0 && self.deletes_per_second <= 0.0
    }
}

impl Control {
    /// Keeps editing from now on, in place of any churn before; needs a tokio runtime.
    pub fn churn(&self, churn: Churn) {
        let mut running = self.state.churn();
        if let Some(before) = running.take() {
            before.abort();
        }
        if !churn.is_over() {
            *running = Some(tokio::spawn(keep_editing(self.clone(), churn)));
        }
    }

    fn any_box(&self, dice: &mut Dice) -> Option<(String, f64, f64)> {
        let network = self.state.network();
        // Deleted boxes keep their slots: a few tries find one that is there.
        (0..32).find_map(|_| {
            let row = network.boxes.get(dice.below(network.boxes.len()))?;
            (!row.gone).then(|| (row.id.to_string(), row.lat, row.lng))
        })
    }
}

async fn keep_editing(control: Control, churn: Churn) {
    let mut dice = Dice::new(control.state.settings.seed, 3);
    let mut ticks = tokio::time::interval(TICK);
    let (mut sells, mut adds, mut deletes) = (0.0, 0.0, 0.0);
    loop {
        ticks.tick().await;
        for (due, rate) in [
            (&mut sells, churn.sells_per_second),
            (&mut adds, churn.adds_per_second),
            (&mut deletes, churn.deletes_per_second),
        ] {
            *due += rate * TICK.as_secs_f64();
        }
        while sells >= 1.0 {
            sells -= 1.0;
            if let Some((id, ..)) = control.any_box(&mut dice) {
                // A full box sells nothing: that is life.
                let _left = control.sell_port(&id);
            }
        }
        while adds >= 1.0 {
            adds -= 1.0;
            if let Some((_, lat, lng)) = control.any_box(&mut dice) {
                control.add_box(NewBox { lat: lat + 0.000_4, lng, ..NewBox::default() });
            }
        }
        while deletes >= 1.0 {
            deletes -= 1.0;
            if let Some((id, ..)) = control.any_box(&mut dice) {
                // Another request may have deleted it meanwhile.
                let _gone = control.delete_box(&id);
            }
        }
    }
}

//! Edits that go on and on, as in a provider's day.

use std::time::Duration;

use serde::Deserialize;

use super::Control;
use crate::city::dice::Dice;
use crate::network::edit::new::NewBox;

/// How often edits are made.
const TICK: Duration = Duration::from_millis(50);

/// How much is edited; all zero ends it. As JSON every field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Ports sold a second.
    pub sells_per_second: f64,
    /// Sold ports given back a second.
    pub frees_per_second: f64,
    /// Boxes moved a second, by some metres.
    pub moves_per_second: f64,
    /// Boxes added a second.
    pub adds_per_second: f64,
    /// Boxes deleted a second.
    pub deletes_per_second: f64,
}

/// What happens to a box, or near it.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Sell,
    Free,
    Move,
    Add,
    Delete,
}

impl Churn {
    fn rates(&self) -> [(Edit, f64); 5] {
        [
            (Edit::Sell, self.sells_per_second),
            (Edit::Free, self.frees_per_second),
            (Edit::Move, self.moves_per_second),
            (Edit::Add, self.adds_per_second),
            (Edit::Delete, self.deletes_per_second),
        ]
    }

    fn is_over(&self) -> bool {
        self.rates().iter().all(|(_, rate)| *rate <= 0.0)
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

    /// Refusals are part of life: a full box sells nothing, an empty one gives nothing back, and another request may have
    /// deleted it meanwhile.
    fn edit_some_box(&self, edit: Edit, dice: &mut Dice) {
        let Some((id, lat, lng)) = self.any_box(dice) else { return };
        let _refused = match edit {
            Edit::Sell => self.sell_port(&id).map(drop),
            Edit::Free => self.free_port(&id).map(drop),
            Edit::Move => {
                let mut aside = || dice.between(-0.000_2, 0.000_2);
                self.move_box(&id, lat + aside(), lng + aside())
            }
            Edit::Add => {
                self.add_box(NewBox { lat: lat + 0.000_4, lng, ..NewBox::default() });
                Ok(())
            }
            Edit::Delete => self.delete_box(&id),
        };
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
    let mut due = churn.rates().map(|(edit, _)| (edit, 0.0));
    loop {
        ticks.tick().await;
        for ((edit, due), (_, rate)) in due.iter_mut().zip(churn.rates()) {
            *due += rate * TICK.as_secs_f64();
            while *due >= 1.0 {
                *due -= 1.0;
                control.edit_some_box(*edit, &mut dice);
            }
        }
    }
}

//! Changes read all day long, against a fresh reading.

use crate::changes::WHEN_TOLD;
use crate::harness::{Plan, World};
use ozmap_simulator::{Fault, NewBox, NewProperty, NewSplitter, Position, PropertyPort, Settings};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// A provider's day, and OZmap's: some edits, then a look.
struct Day {
    dice: ChaCha8Rng,
    world: World,
    config: &'static str,
    deletes: bool,
}

const HALF_AN_HOUR: Duration = Duration::from_mins(30);

/// Homes are read, and their ports count.
const WITH_HOMES: &str = "[tenants.demo.refresh]\nchanges = \"1h\"\nfallback = \"1h\"
    [tenants.demo.viability]\nproperty_ports_are_free = true\nlist_properties = true";

impl Day {
    async fn from(seed: u64) -> Self {
        let simulator = Settings { boxes: 400, seed, ..Settings::default() };
        let config = if seed.is_multiple_of(2) { WHEN_TOLD } else { WITH_HOMES };
        let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
        Self { dice: ChaCha8Rng::seed_from_u64(seed), world, config, deletes: true }
    }

    fn edit(&mut self) {
        let simulator = &self.world.simulator;
        let boxes = simulator.boxes();
        let Some(one) = boxes.choose(&mut self.dice) else { return };
        // A full box sells nothing, an empty one gives nothing back: that is life.
        let properties = simulator.properties();
        match self.dice.random_range(0..24) {
            0..8 => drop(simulator.sell_port(&one.id)),
            8..11 => drop(simulator.free_port(&one.id)),
            11..13 => drop(simulator.sell_out(&one.id)),
            13..15 => simulator.move_box(&one.id, one.lat + 0.01, one.lng).unwrap(),
            15..16 => simulator.set_draft(&one.id, !one.draft).unwrap(),
            16..19 => drop(simulator.add_box(NewBox {
                lat: one.lat,
                lng: one.lng + 0.000_1,
                project: Some(one.project.clone()),
                splitters: vec![NewSplitter::service(8, self.dice.random_range(0..9))],
                ..NewBox::default()
            })),
            19 | 22 if !self.deletes => {}
            19 => simulator.delete_box(&one.id).unwrap(),
            20..22 => {
                let Some(home) = properties.choose(&mut self.dice) else { return };
                simulator.set_client(&home.id, self.dice.random_bool(0.5)).unwrap();
            }
            22 => {
                let Some(home) = properties.choose(&mut self.dice) else { return };
                simulator.delete_property(&home.id).unwrap();
            }
            _ => drop(simulator.add_property(NewProperty {
                position: Some(Position { lat: one.lat, lng: one.lng }),
                in_box: Some(one.id.clone()),
                port: Some(PropertyPort::first(self.dice.random_range(1..9))),
                ..NewProperty::default()
            })),
        }
    }

    /// Half an hour of it, by OZmap's clock.
    async fn half_an_hour(&mut self) {
        let edits = self.dice.random_range(0..12);
        for _ in 0..edits {
            self.world.simulator.pass(HALF_AN_HOUR / (edits + 1));
            self.edit();
        }
        self.world.simulator.pass(HALF_AN_HOUR / (edits + 1));
        if self.dice.random_range(0..6) == 0 {
            let lists = ["/boxes", "/splitters", "/projects", "/properties"];
            let status = *[500, 503, 401].choose(&mut self.dice).unwrap();
            let list = *lists.choose(&mut self.dice).unwrap();
            self.world.simulator.faults().next(1, list, Fault::Failure { rate: 1.0, status });
        }
        // An outage is one, and over the next time.
        let _report = self.world.read_changes().await;
        self.world.simulator.faults().clear();
    }
}

#[tokio::test]
async fn after_a_day_of_edits_and_outages_the_boxes_are_those_of_a_fresh_reading() {
    for seed in 1..=6 {
        let mut day = Day::from(seed).await;
        for half_hour in 0..48 {
            day.half_an_hour().await;
            if half_hour % 12 == 11 {
                day.world.refresh_as_read().await;
            }
            if half_hour % 6 == 5 {
                // Twice: what splitters still stand in is doubted once.
                day.world.refresh_as_read().await;
            }
        }
        // Behind the last reading of all, changes alone have to do; no time tells of what is deleted.
        day.deletes = false;
        for _ in 0..6 {
            day.half_an_hour().await;
        }
        day.world.published_changes().await;
        let [held, fresh] = day.world.held_and_fresh(day.config).await;
        assert_eq!(held, fresh, "seed {seed}");
        assert_eq!(held.1.is_empty(), day.config == WHEN_TOLD);
    }
}

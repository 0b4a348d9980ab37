//! The seeded network: towns, streets, boxes, splitters, homes. The same seed and size make the same rows.

mod connectors;
pub(crate) mod dice;
mod names;
mod plant;
mod towns;

use crate::network::Network;
use crate::network::id::Id;
use crate::network::rows::{Address, BoxRow, CondominiumRow, ParentKind, ProjectRow, PropertyRow};
use dice::Dice;
use plant::Plan;
use towns::{Streets, Town, offset};

/// Homes, at most: they only make lists longer.
const MAX_PROPERTIES: usize = 100_000;
/// Gated communities, at most.
const MAX_CONDOMINIUMS: usize = 500;
/// How long a drop cable may be, project by project; the third says nothing of it.
const MAX_DROPS_M: [Option<f64>; 4] = [Some(200.0), Some(150.0), None, Some(300.0)];
/// Rows were last touched within so many milliseconds (about five years) after they were made.
const TOUCHED_WITHIN_MS: f64 = 1.5e11;

/// 2026-01-01: no row was touched then or later, however it was made.
const END_OF_HISTORY_MS: i64 = 1_767_225_600_000;

/// Builds the network.
pub(crate) fn build(boxes: usize, seed: u64) -> Network {
    let mut city = City { dice: Dice::new(seed, 0), network: Network::empty(seed) };
    let towns = towns::towns(boxes, &mut city.dice);
    city.projects(&towns);
    city.network.boxes.reserve_exact(boxes);
    city.network.splitters.reserve(boxes + boxes / 4);
    for (place, town) in towns.iter().enumerate() {
        city.town(place, town);
    }
    city.elsewhere();
    city.properties();
    city.condominiums();
    city.connectors(seed);
    city.lost_homes(seed);
    city.network.splitters.shrink_to_fit();
    city.network
}

struct City {
    dice: Dice,
    network: Network,
}

impl City {
    /// A time after the row was made.
    fn touched(&mut self, id: Id) -> i64 {
        Self::touched_by(&mut self.dice, id)
    }

    fn touched_by(dice: &mut Dice, id: Id) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "below 2^38")]
        let later = dice.between(0.0, TOUCHED_WITHIN_MS) as i64;
        let made = id.created_ms();
        (made + later).min(END_OF_HISTORY_MS - 1).max(made)
    }

    /// About one for two or three towns, and one where there is no town.
    fn projects(&mut self, towns: &[Town]) {
        let count = (towns.len() * 2).div_ceil(5).max(1);
        for place in 0..count {
            let id = self.network.ids.next();
            let updated_ms = self.touched(id);
            let centre = towns.get(place * 5 / 2);
            self.network.projects.push(ProjectRow {
                id,
                name: centre.map_or_else(|| "Rede".to_owned(), |town| format!("Rede {}", town.name)),
                parent: (place > 0 && place % 7 == 3).then_some(0),
                lat: centre.map_or(0.0, |town| town.lat),
                lng: centre.map_or(0.0, |town| town.lng),
                max_drop_m: MAX_DROPS_M[place % MAX_DROPS_M.len()],
                updated_ms,
            });
        }
    }

    fn town(&mut self, place: usize, town: &Town) {
        let count = self.network.projects.len();
        let own = (place * 2 / 5).min(count - 1);
        // Every third town, the largest first, is shared with the next project.
        let other = if place.is_multiple_of(3) { (own + 1) % count } else { own };
        let mut streets = Streets::of(town, &mut self.dice);
        let mut position = (town.lat, town.lng);
        for number in 0..town.boxes {
            // Now and then several boxes hang on one pole.
            if number == 0 || !self.dice.chance(0.006) {
                position = streets.next(&mut self.dice);
            }
            let project = if self.dice.chance(0.4) { other } else { own };
            let pop = number == 0 && town.boxes > 20;
            self.hang_box(number, position, u16::try_from(project).unwrap_or_default(), pop);
        }
    }

    fn hang_box(&mut self, number: usize, (lat, lng): (f64, f64), project: u16, pop: bool) {
        let id = self.network.ids.next();
        let draft = !pop && self.dice.chance(0.08);
        let implanted = !draft && self.dice.chance(0.9);
        let plans = if pop { Vec::new() } else { Plan::for_box(&mut self.dice) };
        let first = self.network.splitters.len();
        for plan in &plans {
            self.splitter(plan, id, ParentKind::Box, project, implanted);
        }
        let name = if pop { "POP Centro".to_owned() } else { names::box_name(number, &mut self.dice) };
        let updated_ms = self.touched(id);
        self.network.boxes.push(BoxRow {
            lat,
            lng,
            updated_ms,
            name: name.into_boxed_str(),
            id,
            first_splitter: u32::try_from(first).unwrap_or(u32::MAX),
            splitters: u8::try_from(plans.len()).unwrap_or(u8::MAX),
            box_type: (!pop).then(|| [0, 0, 1, 1, 1, 3, 2][self.dice.below(7)]),
            project,
            draft,
            implanted,
            certified: implanted && self.dice.chance(0.4),
            observed: self.dice.chance(0.3),
            gone: false,
        });
    }

    fn splitter(&mut self, plan: &Plan, parent: Id, parent_kind: ParentKind, project: u16, implanted: bool) {
        let id = self.network.ids.next();
        let updated_ms = self.touched(id);
        self.network.splitters.push(plan.row(id, parent, parent_kind, project, implanted, updated_ms));
    }

    /// Splitters in buildings and POPs, whose parents are no boxes.
    fn elsewhere(&mut self) {
        for _ in 0..self.network.boxes.len() / 50 {
            let parent = self.network.ids.next();
            let kind = if self.dice.chance(0.7) { ParentKind::Building } else { ParentKind::Pop };
            let neighbour = self.dice.below(self.network.boxes.len());
            let project = self.network.boxes[neighbour].project;
            for plan in Plan::for_box(&mut self.dice) {
                self.splitter(&plan, parent, kind, project, true);
            }
        }
    }

    fn properties(&mut self) {
        let count = (self.network.boxes.len() / 3).min(MAX_PROPERTIES);
        self.network.properties.reserve_exact(count);
        for _ in 0..count {
            let slot = self.dice.below(self.network.boxes.len());
            let home = &self.network.boxes[slot];
            let (centre, project) = ((home.lat, home.lng), home.project);
            let connection = plant::sold_port(&self.network, home, &mut self.dice);
            let (north, east) = (self.dice.between(-60.0, 60.0), self.dice.between(-60.0, 60.0));
            let (lat, lng) = offset(centre, north, east, 6);
            let id = self.network.ids.next();
            let updated_ms = self.touched(id);
            self.network.properties.push(PropertyRow {
                position: Some((lat, lng)),
                updated_ms,
                id,
                in_box: u32::try_from(slot).ok(),
                connection,
                project,
                address: Address::House(u16::try_from(self.dice.below(3_000) + 1).unwrap_or(1)),
                // Some homes hold a port and have no contract any more.
                has_client: connection.is_some() && self.dice.chance(0.9),
                observed: self.dice.chance(0.2),
                gone: false,
            });
        }
    }

    fn condominiums(&mut self) {
        let count = (self.network.boxes.len() / 400).min(MAX_CONDOMINIUMS);
        for number in 0..count {
            let inside = self.dice.below(self.network.boxes.len());
            let (centre, project) = (
                (self.network.boxes[inside].lat, self.network.boxes[inside].lng),
                self.network.boxes[inside].project,
            );
            let corner = |north, east| {
                let (lat, lng) = offset(centre, north, east, 7);
                [lng, lat]
            };
            let side = self.dice.between(50.0, 150.0);
            let first = corner(-side, -side);
            let ring = vec![first, corner(-side, side), corner(side, side), corner(side, -side), first];
            let id = self.network.ids.next();
            let updated_ms = self.touched(id);
            let name = format!("Condomínio Jardim \"Paraíso\" {}", number + 1);
            self.network.condominiums.push(CondominiumRow {
                id,
                name,
                project,
                ring,
                updated_ms,
                gone: false,
            });
        }
    }
}

//! Where the towns lie, how large they are, and where along their streets the boxes hang.

use std::f64::consts::FRAC_PI_2;

use super::dice::Dice;

/// Metres of a degree of latitude.
pub(crate) const DEGREE_M: f64 = 111_320.0;

/// Distance between parallel streets; with both directions of the grid a box stands for some 6,600 m².
const BLOCK_M: f64 = 220.0;

/// Places that exist, far from the sea and the borders unless they are large: name, latitude, longitude.
const PLACES: [(&str, f64, f64); 32] = [
    ("Florianópolis", -27.595, -48.548),
    ("Goiânia", -16.686, -49.264),
    ("São José do Rio Preto", -20.811, -49.376),
    ("Chapecó", -27.100, -52.615),
    ("Uberlândia", -18.918, -48.277),
    ("Montes Claros", -16.735, -43.861),
    ("Feira de Santana", -12.266, -38.966),
    ("Teresina", -5.089, -42.801),
    ("Imperatriz", -5.526, -47.476),
    ("Cascavel", -24.955, -53.455),
    ("Passo Fundo", -28.262, -52.406),
    ("Santa Maria", -29.684, -53.806),
    ("Campina Grande", -7.230, -35.881),
    ("Caruaru", -8.283, -35.976),
    ("Sobral", -3.688, -40.349),
    ("Palmas", -10.184, -48.333),
    ("Cuiabá", -15.601, -56.097),
    ("Campo Grande", -20.469, -54.620),
    ("Ji-Paraná", -10.880, -61.951),
    ("Rio Branco", -9.974, -67.807),
    ("Manaus", -3.119, -60.021),
    ("Santarém", -2.443, -54.708),
    ("Boa Vista", 2.823, -60.675),
    ("Juazeiro do Norte", -7.213, -39.315),
    ("Londrina", -23.310, -51.162),
    ("Bauru", -22.314, -49.060),
    ("Ribeirão Preto", -21.177, -47.810),
    ("Governador Valadares", -18.851, -41.949),
    ("Vitória da Conquista", -14.866, -40.839),
    ("Petrolina", -9.389, -40.502),
    ("Sinop", -11.864, -55.509),
    ("Lages", -27.816, -50.326),
];

#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) name: String,
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    pub(crate) boxes: usize,
}

/// Towns that hold `boxes` boxes together, the largest first; sizes follow a power law.
pub(crate) fn towns(boxes: usize, dice: &mut Dice) -> Vec<Town> {
    if boxes == 0 {
        return Vec::new();
    }
    let count = (boxes / 400).clamp(3, 900).min(boxes);
    let weight = |rank: usize| (rank as f64 + 1.0).powf(-0.85);
    let all: f64 = (0..count).map(weight).sum();
    let mut left = boxes;
    let mut towns = Vec::with_capacity(count);
    for rank in (0..count).rev() {
        let share = whole(boxes as f64 * weight(rank) / all).max(1);
        let size = if rank == 0 { left } else { share.min(left - rank) };
        left -= size;
        towns.push(place(rank, size, dice));
    }
    towns.reverse();
    towns
}

fn place(rank: usize, boxes: usize, dice: &mut Dice) -> Town {
    let (name, lat, lng) = PLACES[rank % PLACES.len()];
    let round = rank / PLACES.len();
    let (away_lat, away_lng) = if round == 0 { (0.0, 0.0) } else { (scatter(dice), scatter(dice)) };
    let name = if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) };
    Town { name, lat: lat + away_lat, lng: lng + away_lng, boxes }
}

/// Degrees, more likely small than large.
fn scatter(dice: &mut Dice) -> f64 {
    (dice.unit() + dice.unit() + dice.unit() - 1.5) * 1.6
}

/// Walks along the streets of a town and tells where the next box hangs.
pub(crate) struct Streets {
    origin: (f64, f64),
    turn: (f64, f64),
    length: f64,
    street: usize,
    along: f64,
}

impl Streets {
    pub(crate) fn of(town: &Town, dice: &mut Dice) -> Self {
        let angle = dice.between(0.0, FRAC_PI_2);
        let length = (town.boxes as f64 * 60.0 * BLOCK_M / 2.0).sqrt().max(BLOCK_M);
        Self { origin: (town.lat, town.lng), turn: angle.sin_cos(), length, street: 0, along: 0.0 }
    }

    /// Latitude and longitude, with 5, 6 or 7 decimals as people and devices write them.
    pub(crate) fn next(&mut self, dice: &mut Dice) -> (f64, f64) {
        self.along += dice.between(40.0, 80.0);
        if self.along > self.length {
            self.along = dice.between(0.0, 40.0);
            self.street += 1;
        }
        let across = (self.street / 2) as f64 * BLOCK_M + dice.between(-4.0, 4.0);
        // Streets of the two directions take turns.
        let (x, y) = if self.street.is_multiple_of(2) { (self.along, across) } else { (across, self.along) };
        self.turned(x - self.length / 2.0, y - self.length / 2.0, dice)
    }

    fn turned(&self, x: f64, y: f64, dice: &mut Dice) -> (f64, f64) {
        let (sin, cos) = self.turn;
        let places = [5, 6, 6, 7][dice.below(4)];
        offset(self.origin, x * sin + y * cos, x * cos - y * sin, places)
    }
}

/// The point so many metres north and east of another, rounded to `places` decimals.
pub(crate) fn offset((lat, lng): (f64, f64), north_m: f64, east_m: f64, places: i32) -> (f64, f64) {
    let scale = 10_f64.powi(places);
    let round = |degrees: f64| (degrees * scale).round() / scale;
    let degree_of_lng = DEGREE_M * lat.to_radians().cos();
    (round(lat + north_m / DEGREE_M), round(lng + east_m / degree_of_lng))
}

/// The whole part of a number that is no less than 0 and not huge.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass small positive numbers"
)]
fn whole(number: f64) -> usize {
    number as usize
}

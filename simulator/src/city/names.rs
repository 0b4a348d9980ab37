//! Names as people type them: mostly regular, sometimes with quotes, backslashes, accents or worse.

use super::dice::Dice;

const STREETS: [&str; 8] = [
    "São João",
    "XV de Novembro",
    "Água Verde",
    "Marechal Deodoro",
    "Conceição",
    "Getúlio Vargas",
    "N. Sra. Aparecida",
    "José Bonifácio",
];

/// The `place`-th box of a town. Towns number alike, so names repeat across projects.
pub(crate) fn box_name(place: usize, dice: &mut Dice) -> String {
    let street = STREETS[dice.below(STREETS.len())];
    let number = dice.below(99) + 1;
    match dice.below(1_000) {
        0..20 => format!("CTO \"{street}\" {number}"),
        20..40 => format!("Caixa d'Água {number}"),
        40..50 => format!("CTO\\{street}\\{number}"),
        50..55 => format!("  CTO {number}  "),
        55..58 => format!("CTO\t{number}\n"),
        58..62 => format!("CTO {street} <b>&amp;</b> {number}"),
        62..66 => format!("CTO 🏠 {number} – Ñandú"),
        66..68 => String::new(),
        68..168 => format!("CTO {street} {number}"),
        _ => format!("CTO {:02}-{:02}", place / 40 + 1, place % 40 + 1),
    }
}

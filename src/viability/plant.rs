//! The network as the rules see it: boxes, who may see them, and why one can't be sold.

use super::geo::{Point, Radius};
use super::ports::Ports;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};

/// An OZmap id: 12 bytes, written as 24 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 12]);

impl ObjectId {
    /// `None` unless `text` is exactly 24 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// Any twelve bytes are an id.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// Its twelve bytes.
    pub fn to_bytes(self) -> [u8; 12] {
        self.0
    }

    /// Its digits in ASCII, letters small.
    pub fn to_digits(self) -> [u8; 24] {
        let mut digits = [0; 24];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = DIGITS[usize::from(byte)];
        }
        digits
    }
}

/// The two digits of each byte.
const DIGITS: [[u8; 2]; 256] = {
    let one = b"0123456789abcdef";
    let mut all = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = [one[byte >> 4], one[byte & 15]];
        byte += 1;
    }
    all
};

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_digits().into_iter().try_for_each(|digit| f.write_char(digit.into()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// The boxes a caller may see, by their project.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// All that the tenant's own key sees.
    Everything,
    /// The boxes of these projects only.
    Projects(HashSet<ObjectId>),
    /// OZmap's word on it can't be relied on: nothing is shown from here, and nothing follows from that.
    Unsure,
}

impl Scope {
    /// Whether a box of `project` may be shown.
    pub fn holds(&self, project: ObjectId) -> bool {
        match self {
            Self::Everything => true,
            Self::Projects(projects) => projects.contains(&project),
            Self::Unsure => false,
        }
    }

    /// Whether something may be shown that belongs to this project, or doesn't tell to which.
    pub fn holds_any(&self, project: Option<ObjectId>) -> bool {
        project.map_or(*self == Self::Everything, |project| self.holds(project))
    }

    /// Whether a snapshot of these projects holds everything that the caller may see.
    pub fn lies_within(&self, known: &Projects) -> bool {
        match self {
            Self::Everything => true,
            Self::Projects(projects) => projects.iter().all(|project| known.contains_key(project)),
            Self::Unsure => false,
        }
    }

    /// How many projects it names.
    pub fn projects(&self) -> usize {
        match self {
            Self::Everything | Self::Unsure => 0,
            Self::Projects(projects) => projects.len(),
        }
    }
}

/// Projects, with what they set for their boxes.
pub type Projects = HashMap<ObjectId, MaximumDrop>;

/// How far from a project's boxes a client may be: OZmap's `drop.maxSize`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MaximumDrop {
    /// As far as the query reaches.
    Unlimited,
    /// So far, as the crow flies; a client at exactly this distance may be connected.
    Metres(Radius),
    /// Nobody could read it: OZmap itself has to say.
    #[default]
    Unknown,
}

/// Why a box can't be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// "Em projeto": never listed at all.
    Draft,
    /// No service splitter stands in it.
    NoServiceConnector,
    /// Every port of its service splitters is taken.
    NoFreePort,
    /// Rows about it could not be read, and what could shows no free port: OZmap itself has to say. Never listed.
    Unreadable,
    /// The home is farther away than its project allows.
    DropTooLong,
}

impl Refusal {
    /// Every refusal that a box has wherever the home may be.
    pub const OF_BOXES: [Self; 4] =
        [Self::Draft, Self::NoServiceConnector, Self::NoFreePort, Self::Unreadable];

    /// The word for it in answers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::NoServiceConnector => "no_service_connector",
            Self::NoFreePort => "no_free_port",
            Self::Unreadable => "unreadable",
            Self::DropTooLong => "drop_too_long",
        }
    }
}

/// Where a box stands in its provider's planning: only this much of it matters to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// "Em projeto".
    Draft,
    /// "Não implantada".
    NotImplanted,
    /// "Implantada" (`implanted`). Certification is a field of its own, which no rule asks for.
    Implanted,
}

/// Whether all that OZmap says of a box could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// All of it.
    Whole,
    /// A row about it could not: it may have more ports than these, or be no more what it was.
    Partial,
    /// It was listed before and is no more, though a splitter still stands in it.
    Unlisted,
}

/// One box (CTO), judged; with a name of its own, or of a snapshot (`ServiceBox<&str>`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceBox<Name = SmolStr> {
    /// OZmap's id.
    pub id: ObjectId,
    /// Its name, unique within a project only.
    pub name: Name,
    /// The project it belongs to.
    pub project: ObjectId,
    /// Where it hangs.
    pub position: Point,
    /// Planned, or in the field.
    pub stage: Stage,
    /// The ports of its service splitters; `None` when it holds none.
    pub ports: Option<Ports>,
    /// Whether all of that could be read.
    pub evidence: Evidence,
}

impl<Name> ServiceBox<Name> {
    /// The same with another name.
    pub fn named<Other>(self, name: impl FnOnce(Name) -> Other) -> ServiceBox<Other> {
        let Self { id, name: own, project, position, stage, ports, evidence } = self;
        ServiceBox { id, name: name(own), project, position, stage, ports, evidence }
    }

    /// Ports that can take a client: OZmap's `availability`.
    pub fn free_ports(&self) -> u32 {
        self.ports.map_or(0, |ports| ports.free)
    }

    /// Rules 1 and 2 (documented) and that a port must be free; `None`: it can be sold.
    pub fn refusal(&self) -> Option<Refusal> {
        match (self.stage, self.ports, self.evidence) {
            (Stage::Draft, _, Evidence::Whole) => Some(Refusal::Draft),
            (Stage::NotImplanted | Stage::Implanted, Some(Ports { free: 1.., .. }), _) => None,
            (_, _, Evidence::Partial | Evidence::Unlisted) => Some(Refusal::Unreadable),
            (_, None, Evidence::Whole) => Some(Refusal::NoServiceConnector),
            (_, Some(_), Evidence::Whole) => Some(Refusal::NoFreePort),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::service_box;
    use super::*;

    #[test]
    fn an_id_is_24_hexadecimal_digits() {
        let id = ObjectId::parse("5dc06d1275fc7d0006732521").unwrap();
        assert_eq!(id.to_string(), "5dc06d1275fc7d0006732521");
        assert_eq!(ObjectId::parse("5DC06D1275FC7D0006732521"), Some(id));
        for text in
            ["", "5dc06d1275fc7d000673252", "5dc06d1275fc7d00067325211", "5dc06d1275fc7d000673252g", "açaí"]
        {
            assert_eq!(ObjectId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_order_as_their_text_does() {
        let ids = ["00ffffffffffffffffffffff", "5dc06d1275fc7d0006732521", "a00000000000000000000000"];
        assert!(ids.map(|text| ObjectId::parse(text).unwrap()).is_sorted());
    }

    #[test]
    fn only_a_box_beyond_planning_with_a_free_service_port_can_be_sold() {
        let judge = |stage, ports: Option<(u32, u32)>| {
            let ports = ports.map(|(total, free)| Ports { total, free });
            ServiceBox { stage, ports, ..service_box(1, -27.0, -48.0) }.refusal()
        };
        assert_eq!(judge(Stage::Implanted, Some((8, 1))), None);
        assert_eq!(judge(Stage::NotImplanted, Some((8, 1))), None);
        assert_eq!(judge(Stage::Implanted, Some((8, 0))), Some(Refusal::NoFreePort));
        assert_eq!(judge(Stage::Implanted, Some((0, 0))), Some(Refusal::NoFreePort));
        assert_eq!(judge(Stage::Implanted, None), Some(Refusal::NoServiceConnector));
        assert_eq!(judge(Stage::Draft, Some((8, 8))), Some(Refusal::Draft));
    }

    #[test]
    fn a_box_that_is_read_in_part_can_be_sold_by_a_port_that_was_read_and_is_refused_by_nothing() {
        let judge = |stage, ports: Option<(u32, u32)>| {
            let ports = ports.map(|(total, free)| Ports { total, free });
            [Evidence::Partial, Evidence::Unlisted].map(|evidence| {
                ServiceBox { stage, ports, evidence, ..service_box(1, -27.0, -48.0) }.refusal()
            })
        };
        assert_eq!(judge(Stage::Implanted, Some((8, 1))), [None; 2]);
        for (stage, ports) in
            [(Stage::Implanted, None), (Stage::Implanted, Some((8, 0))), (Stage::Draft, Some((8, 8)))]
        {
            assert_eq!(judge(stage, ports), [Some(Refusal::Unreadable); 2]);
        }
    }
}

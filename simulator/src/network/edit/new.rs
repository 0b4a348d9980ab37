//! What can be added.

use serde::{Deserialize, Serialize};

use crate::network::rows::ConnectorKind;

/// A box to add. As JSON every field may be absent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewBox {
    /// Its name.
    pub name: String,
    /// id or name of a project; a new name makes a new project; `None` takes the first project.
    pub project: Option<String>,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// "Em projeto".
    pub draft: bool,
    /// Whether it stands in the street.
    pub implanted: bool,
    /// Default: one service splitter 1:8, all free.
    pub splitters: Vec<NewSplitter>,
}

impl Default for NewBox {
    fn default() -> Self {
        Self {
            name: "CTO nova".to_owned(),
            project: None,
            lat: -27.595,
            lng: -48.548,
            draft: false,
            implanted: true,
            splitters: vec![NewSplitter::service(8, 0)],
        }
    }
}

/// A splitter, connector, fusion or switch of a box to add.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSplitter {
    /// What it is; as JSON a splitter unless said otherwise.
    #[serde(default)]
    pub kind: ConnectorKind,
    /// Whether it serves homes ("atendimento").
    #[serde(default = "yes")]
    pub is_drop: bool,
    /// Its outputs; those beyond the 64th are dropped. Connectors and fusions know no blocked ones.
    pub ports: Vec<NewPort>,
}

/// An output of a splitter to add. As JSON every field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPort {
    /// Whether `connectables.output[i]` holds a fibre.
    pub used: bool,
    /// `ports[i].blocked`.
    pub blocked: bool,
}

fn yes() -> bool {
    true
}

impl NewSplitter {
    /// A service splitter with so many outputs, the first `used` of them sold.
    pub fn service(ports: usize, used: usize) -> Self {
        let ports = (0..ports).map(|port| NewPort { used: port < used, blocked: false }).collect();
        Self { kind: ConnectorKind::Splitter, is_drop: true, ports }
    }

    /// A splitter of the network itself (`isDrop` false), with all outputs null.
    pub fn network(ports: usize) -> Self {
        Self { kind: ConnectorKind::Splitter, is_drop: false, ports: vec![NewPort::default(); ports] }
    }

    /// The same ports in something else.
    #[must_use]
    pub fn of_kind(self, kind: ConnectorKind) -> Self {
        Self { kind, ..self }
    }
}

/// A home to add. As JSON every field may be absent.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewProperty {
    /// Where it stands; `None` where nobody knows.
    pub position: Option<Position>,
    /// Its address.
    pub address: String,
    /// Whether somebody lives there on contract.
    pub has_client: bool,
    /// id of its box, whose project it shares.
    #[serde(rename = "box")]
    pub in_box: Option<String>,
    /// id or name of its project where it has no box; `None` takes the first project.
    pub project: Option<String>,
    /// The port of its box that serves it, which holds a fibre from then on.
    pub port: Option<PropertyPort>,
}

/// A port that serves a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PropertyPort {
    /// id of the splitter; `None` takes the first for service in the box.
    pub splitter: Option<String>,
    /// From 1, as in `connections`.
    pub port: usize,
}

impl PropertyPort {
    /// The port of this number on the first service splitter of the box.
    pub fn first(port: usize) -> Self {
        Self { splitter: None, port }
    }

    /// The port of this number on this splitter.
    pub fn of(splitter: &str, port: usize) -> Self {
        Self { splitter: Some(splitter.to_owned()), port }
    }
}

/// A gated community to add. As JSON only the corners have to be there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCondominium {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// id or name of its project; `None` takes the first project.
    #[serde(default)]
    pub project: Option<String>,
    /// The corners, one after the other; the ring closes by itself.
    pub corners: Vec<Position>,
}

impl NewCondominium {
    /// A rectangle between two opposite corners.
    pub fn rectangle(one: Position, other: Position) -> Self {
        let corner = |lat, lng| Position { lat, lng };
        let corners = vec![one, corner(one.lat, other.lng), other, corner(other.lat, one.lng)];
        Self { name: "Condomínio novo".to_owned(), project: None, corners }
    }
}

/// Degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// To the north.
    pub lat: f64,
    /// To the east.
    pub lng: f64,
}

//! The rows of OZmap's lists: what of them matters, parsed once.

mod community;
mod property;

pub use property::{HeldPort, PropertyRow, Vacant};

use super::connectables::Connectables;
use super::fault::RowFault;
use super::place::{Place, RawPlace, coordinates, row_id};
use super::reference::Reference;
use super::time::{OzmapTime, time_of};
use crate::viability::geo::{Point, Radius};
use crate::viability::plant::{MaximumDrop, ObjectId, Stage};
use crate::viability::ports::{Outputs, Port, PortSet};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use smol_str::SmolStr;
use std::borrow::Cow;

/// A row that a list can be read as.
pub trait Row: Sized + PartialEq + Send + 'static {
    /// Parses one row's JSON.
    fn decode(json: &str) -> Result<Self, RowFault>;

    /// Its id, by which the list is sorted.
    fn id(&self) -> ObjectId;

    /// When it was changed last, where it tells.
    fn updated_at(&self) -> Option<OzmapTime> {
        None
    }

    /// Which box a row is about that could not be decoded.
    fn about(json: &str) -> About;

    /// Where such a row says that a box is.
    fn place_of(_json: &str) -> Option<Place> {
        None
    }
}

/// Which box a row is about that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// None: no answer depends on what it says.
    Nothing,
    /// This one; in a list of gated communities, this community.
    Box(ObjectId),
    /// Any: so much of it could not be read either.
    AnyBox,
}

impl About {
    /// What a reference names that says whom an unreadable row is about.
    fn by(reference: Result<Reference, RowFault>) -> Self {
        match reference {
            Ok(Reference::To(id)) => Self::Box(id),
            Ok(Reference::Absent | Reference::Unreadable) | Err(_) => Self::AnyBox,
        }
    }
}

/// A project that the key may see.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectRow {
    /// Its id.
    pub id: ObjectId,
    /// What it allows: none where the field is missing or null. What is no length leaves the row readable, since who may
    /// see the project doesn't depend on it.
    pub maximum_drop: MaximumDrop,
}

impl Row for ProjectRow {
    fn decode(json: &str) -> Result<Self, RowFault> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
            /// Any value, since none of it makes the row unreadable.
            drop: Option<Value>,
        }
        let raw: Raw<'_> = parse(json)?;
        Ok(Self { id: row_id(raw.id.as_deref())?, maximum_drop: maximum_drop(raw.drop.as_ref()) })
    }

    fn id(&self) -> ObjectId {
        self.id
    }

    fn about(_json: &str) -> About {
        About::Nothing
    }
}

/// Of a project's `drop`.
fn maximum_drop(drop: Option<&Value>) -> MaximumDrop {
    let Some(drop) = drop else { return MaximumDrop::Unlimited };
    let Value::Object(drop) = drop else { return MaximumDrop::Unknown };
    match drop.get("maxSize") {
        None | Some(Value::Null) => MaximumDrop::Unlimited,
        Some(longest) => {
            longest.as_f64().and_then(Radius::new).map_or(MaximumDrop::Unknown, MaximumDrop::Metres)
        }
    }
}

/// A box, not yet judged.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxRow {
    /// Its id.
    pub id: ObjectId,
    /// Its name; OZmap allows none.
    pub name: SmolStr,
    /// Its project.
    pub project: ObjectId,
    /// Where it hangs.
    pub position: Point,
    /// Draft, or in the field.
    pub stage: Stage,
    /// When it was changed last, where it tells.
    pub updated_at: Option<OzmapTime>,
}

impl Row for BoxRow {
    fn decode(json: &str) -> Result<Self, RowFault> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
            #[serde(default)]
            project: Reference,
            #[serde(default, deserialize_with = "coordinates")]
            coords: Option<(f64, f64)>,
            lat: Option<f64>,
            lng: Option<f64>,
            #[serde(borrow)]
            name: Option<Cow<'a, str>>,
            draft: Option<bool>,
            implanted: Option<bool>,
            #[serde(borrow, rename = "updatedAt")]
            updated_at: Option<&'a RawValue>,
        }
        let raw: Raw<'_> = parse(json)?;
        let updated_at = time_of(raw.updated_at);
        let Raw { id, project, coords, lat, lng, .. } = raw;
        let Place { id, project, position } = RawPlace { id, project, coords, lat, lng }.read()?;
        let name = raw.name.unwrap_or_default().into();
        let stage = match (raw.draft, raw.implanted) {
            (Some(true), _) => Stage::Draft,
            (_, Some(true)) => Stage::Implanted,
            _ => Stage::NotImplanted,
        };
        Ok(Self { id, name, project, position, stage, updated_at })
    }

    fn id(&self) -> ObjectId {
        self.id
    }

    fn updated_at(&self) -> Option<OzmapTime> {
        self.updated_at
    }

    fn about(json: &str) -> About {
        id_of(json).map_or(About::AnyBox, About::Box)
    }

    fn place_of(json: &str) -> Option<Place> {
        parse::<RawPlace<'_>>(json).ok()?.read().ok()
    }
}

/// A splitter, or whatever else clients may be spliced to, and its outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitterRow {
    /// Its id.
    pub id: ObjectId,
    /// The box, building or POP it stands in, if any.
    pub parent: Option<ObjectId>,
    /// "Atendimento": clients are spliced to it (`isDrop`).
    pub serves_clients: bool,
    /// Its outputs; none are read of a splitter that doesn't serve clients.
    pub outputs: Outputs,
    /// Those of them that have a fibre and aren't blocked: free if it only leads to a home without client.
    pub spliced: PortSet,
    /// When it was changed last, where it tells.
    pub updated_at: Option<OzmapTime>,
}

impl Row for SplitterRow {
    fn decode(json: &str) -> Result<Self, RowFault> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
            #[serde(default)]
            parent: Reference,
            #[serde(rename = "isDrop")]
            is_drop: Option<bool>,
            connectables: Option<Connectables>,
            ports: Option<Vec<RawPort>>,
            #[serde(borrow, rename = "updatedAt")]
            updated_at: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct RawPort {
            blocked: Option<bool>,
        }
        let raw: Raw<'_> = parse(json)?;
        let (id, parent) = (row_id(raw.id.as_deref())?, raw.parent.id());
        let updated_at = time_of(raw.updated_at);
        if raw.is_drop != Some(true) {
            let (outputs, spliced) = (Outputs::default(), PortSet::default());
            return Ok(Self { id, parent, serves_clients: false, outputs, spliced, updated_at });
        }
        if raw.parent == Reference::Unreadable {
            return Err(RowFault::BadParent);
        }
        let outputs =
            raw.connectables.and_then(|connectables| connectables.outputs).ok_or(RowFault::NoOutputs)?;
        let ports = raw.ports.unwrap_or_default();
        // Both lists are numbered alike. Where one is longer nobody can tell which is right, and a guess would make
        // a free port of a taken one or hide a free one. Without any `ports` no port is blocked.
        if !ports.is_empty() && ports.len() != outputs.len() {
            return Err(RowFault::PortsDisagree);
        }
        let blocked = ports.iter().map(|port| port.blocked == Some(true)).chain(std::iter::repeat(false));
        let ports = outputs.iter().zip(blocked).map(|(&connected, blocked)| Port { connected, blocked });
        let is_spliced = |(number, port): (u32, Port)| (port.connected && !port.blocked).then_some(number);
        let spliced = (1..).zip(ports.clone()).filter_map(is_spliced).collect();
        Ok(Self { id, parent, serves_clients: true, outputs: ports.collect(), spliced, updated_at })
    }

    fn id(&self) -> ObjectId {
        self.id
    }

    fn updated_at(&self) -> Option<OzmapTime> {
        self.updated_at
    }

    fn about(json: &str) -> About {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(rename = "isDrop")]
            is_drop: Option<serde_json::Value>,
        }
        #[derive(Deserialize)]
        struct Stand {
            #[serde(default)]
            parent: Reference,
        }
        if parse::<Kind>(json).is_ok_and(|kind| kind.is_drop == Some(serde_json::Value::Bool(false))) {
            return About::Nothing;
        }
        match parse::<Stand>(json).map(|stand| stand.parent) {
            // It says that it stands in nothing, if it says anything.
            Ok(Reference::Absent) if id_of(json).is_some() => About::Nothing,
            parent => About::by(parent),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, RowFault> {
    // serde takes a list for the fields in their order.
    if !json.starts_with('{') {
        return Err(RowFault::Malformed);
    }
    // What serde would say of it tells nobody anything the raw row doesn't: the fault's kind is what is counted.
    serde_json::from_str(json).or(Err(RowFault::Malformed))
}

/// The id of a row that is otherwise unreadable.
pub(super) fn id_of(json: &str) -> Option<ObjectId> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    parse::<Raw<'_>>(json).ok().and_then(|raw| ObjectId::parse(&raw.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: &str = r#"{"id":"5dc06d1275fc7d0006732521","kind":"Box","name":"CTO \"São João\" 3","project":"5d51a87046cbe700148328bf","coords":[-48.52722,-27.57665],"lat":-27.57665,"lng":-48.52722,"implanted":true,"draft":false,"boxType":null}"#;

    #[test]
    fn a_projects_maximum_drop_is_a_length_or_none_and_whatever_else_it_is_the_row_is_read() {
        let read = |drop: &str| {
            let json = format!(r#"{{"id":"5d51a87046cbe700148328bf"{drop}}}"#);
            ProjectRow::decode(&json).unwrap().maximum_drop
        };
        for none in ["", r#","drop":null"#, r#","drop":{}"#, r#","drop":{"maxSize":null}"#] {
            assert_eq!(read(none), MaximumDrop::Unlimited, "{none}");
        }
        assert_eq!(read(r#","drop":{"maxSize":300.5}"#), MaximumDrop::Metres(Radius::new(300.5).unwrap()));
        for unclear in ["300", "[]", r#"{"maxSize":"300"}"#, r#"{"maxSize":-1}"#, r#"{"maxSize":0}"#] {
            assert_eq!(read(&format!(r#","drop":{unclear}"#)), MaximumDrop::Unknown, "{unclear}");
        }
    }

    #[test]
    fn coords_are_longitude_first() {
        let row = BoxRow::decode(BOX).unwrap();
        assert_eq!((row.position.lat(), row.position.lng()), (-27.57665, -48.52722));
        assert_eq!((&*row.name, row.stage), ("CTO \"São João\" 3", Stage::Implanted));
    }

    #[test]
    fn a_populated_project_is_read_as_its_id() {
        let populated = BOX.replace(
            r#""5d51a87046cbe700148328bf""#,
            r#"{"kind":"Project","id":"5d51a87046cbe700148328bf","name":"Centro","tags":[{"id":"x"}]}"#,
        );
        assert_eq!(BoxRow::decode(&populated).unwrap().project, BoxRow::decode(BOX).unwrap().project);
    }

    #[test]
    fn a_draft_is_a_draft_even_if_implanted_is_set() {
        assert_eq!(
            BoxRow::decode(&BOX.replace(r#""draft":false"#, r#""draft":true"#)).unwrap().stage,
            Stage::Draft
        );
    }

    #[test]
    fn each_fault_of_a_box_has_its_name() {
        let cases = [
            (
                r#""coords":[-48.52722,-27.57665],"lat":-27.57665,"lng":-48.52722"#,
                r#""coords":null"#,
                RowFault::NoPosition,
            ),
            (
                r#""coords":[-48.52722,-27.57665],"lat":-27.57665,"lng":-48.52722"#,
                r#""coords":[],"lat":null"#,
                RowFault::NoPosition,
            ),
            (
                r#""coords":[-48.52722,-27.57665],"lat":-27.57665,"lng":-48.52722"#,
                r#""coords":[null,null]"#,
                RowFault::NoPosition,
            ),
            (
                r#""coords":[-48.52722,-27.57665],"lat":-27.57665,"lng":-48.52722"#,
                r#""coords":null,"lat":-27.57665"#,
                RowFault::BadPosition,
            ),
            ("[-48.52722,-27.57665]", "[-48.52722,null]", RowFault::Malformed),
            ("[-48.52722,-27.57665]", "[-48.52722,-127.5]", RowFault::BadPosition),
            ("[-48.52722,-27.57665]", "[-27.57665,-48.52722]", RowFault::PositionsDisagree),
            ("[-48.52722,-27.57665]", r#"["-48,5","-27,5"]"#, RowFault::Malformed),
            ("5dc06d1275fc7d0006732521", "17", RowFault::BadId),
            (r#""5d51a87046cbe700148328bf""#, "null", RowFault::BadProject),
            (r#""draft":false"#, r#""draft":"no""#, RowFault::Malformed),
        ];
        for (good, bad, fault) in cases {
            assert_eq!(BoxRow::decode(&BOX.replace(good, bad)).unwrap_err(), fault, "{bad}");
        }
    }

    #[test]
    fn a_bad_row_still_tells_where_its_box_is_if_that_can_be_read() {
        let good = BoxRow::decode(BOX).unwrap();
        let place = Place { id: good.id, project: good.project, position: good.position };
        let bad = BOX.replace(r#""draft":false"#, r#""draft":"no""#);
        assert_eq!(BoxRow::place_of(&bad), Some(place));
        assert_eq!(BoxRow::place_of(&BOX.replace("-27.57665", "\"south\"")), None);
    }

    #[test]
    fn ports_pair_outputs_with_blocks() {
        let row = SplitterRow::decode(
            r#"{"id":"5dc06d1275fc7d0006732599","parent":{"id":"5dc06d1275fc7d0006732521","kind":"Box"},"isDrop":true,
                "connectables":{"input":["a"],"output":[null,"5dc06d1275fc7d0006732500",null,null]},
                "ports":[{"blocked":true,"tags":[],"id":"x"},{"blocked":false},{"id":"y"},{"blocked":null}]}"#,
        )
        .unwrap();
        assert_eq!(row.outputs, Outputs { total: 4, unconnected: 3, unconnected_and_blocked: 1 });
        assert_eq!(row.parent, ObjectId::parse("5dc06d1275fc7d0006732521"));
        let silent = SplitterRow::decode(r#"{"id":"5dc06d1275fc7d0006732599","parent":null,"isDrop":true}"#);
        assert_eq!(silent.unwrap_err(), RowFault::NoOutputs);
    }

    #[test]
    fn outputs_and_ports_of_different_number_are_a_fault_that_tells_its_box() {
        let row = |is_drop, outputs: &str, ports: &str| {
            format!(
                r#"{{"id":"5dc06d1275fc7d0006732599","parent":"5dc06d1275fc7d0006732521","isDrop":{is_drop},
                "connectables":{{"output":{outputs}}},"ports":{ports}}}"#
            )
        };
        for (outputs, ports) in [("[]", "[{}]"), ("[null,null]", "[{}]"), ("[null]", "[{},{}]")] {
            let row = row(true, outputs, ports);
            assert_eq!(SplitterRow::decode(&row).unwrap_err(), RowFault::PortsDisagree, "{row}");
            assert_eq!(
                SplitterRow::about(&row),
                About::Box(ObjectId::parse("5dc06d1275fc7d0006732521").unwrap())
            );
        }
        for ports in ["[]", "null"] {
            assert_eq!(SplitterRow::decode(&row(true, "[null,null]", ports)).unwrap().outputs.total, 2);
        }
        let lost = row(true, "[null]", "[]").replace("5dc06d1275fc7d0006732521", "abc");
        assert_eq!(SplitterRow::decode(&lost).unwrap_err(), RowFault::BadParent);
        assert_eq!(SplitterRow::about(&lost), About::AnyBox);
        for nothing in ["{}", "[null]", "null"] {
            assert_eq!(SplitterRow::about(nothing), About::AnyBox);
        }
        assert_eq!(SplitterRow::about(&lost.replace("\"abc\"", "null")), About::Nothing);
        // As its reading has it: one that doesn't mention a parent stands in nothing.
        assert_eq!(SplitterRow::about(&lost.replace("\"parent\":\"abc\",", "")), About::Nothing);
        // What serves no client needs no ports, and says nothing of its box.
        assert!(SplitterRow::decode(&row(false, "null", "[{}]")).unwrap().outputs == Outputs::default());
        assert_eq!(SplitterRow::about(&row(false, "[]", "[{}]")), About::Nothing);
    }
}

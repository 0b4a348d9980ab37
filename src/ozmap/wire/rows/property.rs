//! Homes: OZmap's properties.

use super::super::fault::RowFault;
use super::super::place::{RawPlace, coordinates, row_id};
use super::super::reference::Reference;
use super::super::time::{OzmapTime, time_of};
use super::{About, Row, parse};
use crate::viability::geo::Point;
use crate::viability::homes::Home;
use crate::viability::plant::ObjectId;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smol_str::SmolStr;
use std::borrow::Cow;

/// A home that a fibre may lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyRow {
    /// Its id.
    pub id: ObjectId,
    /// What is known of it as a home without client; `None`: somebody lives there on contract.
    pub vacant: Option<Vacant>,
    /// The ports that lead to it.
    pub ports: Vec<HeldPort>,
    /// When it was changed last, where it tells.
    pub updated_at: Option<OzmapTime>,
}

/// A home without client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vacant {
    /// Its project, where it tells.
    pub project: Option<ObjectId>,
    /// Where it stands, if anybody knows.
    pub position: Option<Point>,
    /// For people.
    pub address: SmolStr,
    /// For people.
    pub observation: SmolStr,
    /// The box that it belongs to, if any.
    pub in_box: Option<ObjectId>,
    /// Why it can't be listed, although it says where it is and to whom it belongs.
    pub unlisted: Option<RowFault>,
}

/// A port of a splitter, or of another connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeldPort {
    /// The splitter.
    pub splitter: ObjectId,
    /// Counted from 1.
    pub number: u32,
}

impl PropertyRow {
    /// As answers list it; `None` where it is not to be listed.
    pub fn to_home(&self) -> Option<Home> {
        let vacant = self.vacant.as_ref().filter(|vacant| vacant.unlisted.is_none());
        let Vacant { project, position, ref address, ref observation, .. } = *vacant?;
        let (address, observation) = (address.clone(), observation.clone());
        Some(Home { id: self.id, project, position: position?, address, observation })
    }

    /// Why it can't be listed, although it says where it is and to whom it belongs.
    pub fn unlisted(&self) -> Option<RowFault> {
        self.vacant.as_ref().and_then(|vacant| vacant.unlisted)
    }
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "client")]
    client: Client,
    #[serde(default)]
    project: Reference,
    #[serde(rename = "box", default)]
    in_box: Reference,
    #[serde(default, deserialize_with = "coordinates")]
    coords: Option<(f64, f64)>,
    lat: Option<f64>,
    lng: Option<f64>,
    #[serde(borrow)]
    address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    observation: Option<Cow<'a, str>>,
    connections: Option<Vec<RawConnection>>,
    #[serde(borrow, rename = "updatedAt")]
    updated_at: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawConnection {
    #[serde(default)]
    id: Reference,
    port: Option<u32>,
}

/// Whether somebody lives there on contract.
#[derive(Clone, Copy, Default)]
enum Client {
    /// The row says nothing of it.
    #[default]
    Untold,
    Nobody,
    Somebody,
}

fn client<'de, D: Deserializer<'de>>(json: D) -> Result<Client, D::Error> {
    let client: Option<IgnoredAny> = Deserialize::deserialize(json)?;
    Ok(client.map_or(Client::Nobody, |_| Client::Somebody))
}

impl Raw<'_> {
    /// Verdicts depend on its ports, and on nothing of this.
    fn vacant(&self) -> Vacant {
        let place =
            RawPlace { id: None, project: self.project, coords: self.coords, lat: self.lat, lng: self.lng };
        let (position, unlisted) = match place.position() {
            Ok(position) => (Some(position), None),
            Err(RowFault::NoPosition) => (None, None),
            Err(fault) => (None, Some(fault)),
        };
        let bad_project = (self.project == Reference::Unreadable).then_some(RowFault::BadProject);
        Vacant {
            project: self.project.id(),
            position,
            address: self.address.as_deref().unwrap_or_default().into(),
            observation: self.observation.as_deref().unwrap_or_default().into(),
            in_box: self.in_box.id(),
            unlisted: unlisted.or(bad_project),
        }
    }

    fn ports(&self) -> Result<Vec<HeldPort>, RowFault> {
        let connections = self.connections.as_deref().unwrap_or_default();
        let ports = connections.iter().map(|connection| {
            let (splitter, number) =
                connection.id.id().zip(connection.port).ok_or(RowFault::BadConnection)?;
            Ok(HeldPort { splitter, number })
        });
        ports.collect()
    }
}

impl Row for PropertyRow {
    fn decode(json: &str) -> Result<Self, RowFault> {
        let raw: Raw<'_> = parse(json)?;
        let id = row_id(raw.id.as_deref())?;
        let vacant = match raw.client {
            // Whoever takes it for none sells the ports of everybody.
            Client::Untold => return Err(RowFault::NoClient),
            Client::Nobody => Some(raw.vacant()),
            Client::Somebody => None,
        };
        Ok(Self { id, vacant, ports: raw.ports()?, updated_at: time_of(raw.updated_at) })
    }

    fn id(&self) -> ObjectId {
        self.id
    }

    fn updated_at(&self) -> Option<OzmapTime> {
        self.updated_at
    }

    /// The box whose ports it may hold, or have held.
    fn about(json: &str) -> About {
        #[derive(Deserialize)]
        struct Stand {
            #[serde(rename = "box", default)]
            in_box: Reference,
        }
        #[derive(Deserialize)]
        struct Connected {
            connections: Option<Vec<IgnoredAny>>,
        }
        let is_connected = |connected: Connected| connected.connections.is_none_or(|all| !all.is_empty());
        if !parse::<Connected>(json).map_or(true, is_connected) {
            return About::Nothing;
        }
        About::by(parse::<Stand>(json).map(|stand| stand.in_box))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = r#"{"id":"6168210a1692a900135b628d","address":"Rua São João, 7","coords":[-48.5,-27.5],"lat":-27.5,"lng":-48.5,"box":"5dc06d1275fc7d0006732521","client":null,"connections":[{"id":"5dc06d1275fc7d0006732599","port":3,"fiber":"x"}],"observation":"dog","project":"5d51a87046cbe700148328bf","updatedAt":"2025-07-01T12:00:00.000Z"}"#;

    fn id(text: &str) -> ObjectId {
        ObjectId::parse(text).unwrap()
    }

    #[test]
    fn a_home_without_client_tells_where_it_is_and_which_ports_it_holds() {
        let row = PropertyRow::decode(HOME).unwrap();
        let home = row.to_home().unwrap();
        assert_eq!((&*home.address, &*home.observation), ("Rua São João, 7", "dog"));
        assert_eq!(
            (home.position, home.project),
            (Point::new(-27.5, -48.5).unwrap(), Some(id("5d51a87046cbe700148328bf")))
        );
        let port = HeldPort { splitter: id("5dc06d1275fc7d0006732599"), number: 3 };
        assert_eq!((row.ports.as_slice(), row.unlisted()), (&[port][..], None));
        let nowhere = HOME.replace(
            r#""coords":[-48.5,-27.5],"lat":-27.5,"lng":-48.5"#,
            r#""coords":null,"lat":null,"lng":null"#,
        );
        let nowhere = PropertyRow::decode(&nowhere).unwrap();
        assert_eq!(
            (nowhere.to_home(), nowhere.unlisted(), nowhere.ports.as_slice()),
            (None, None, &[port][..])
        );
        let plain = r#"{"id":"6168210a1692a900135b628d","client":null}"#;
        assert_eq!(PropertyRow::decode(plain).unwrap().ports, []);
    }

    #[test]
    fn one_with_a_client_is_no_home_to_be_connected_and_holds_its_port() {
        for client in [r#""6168210a1692a900135b6299""#, r#"{"id":"6168210a1692a900135b6299","name":"A"}"#] {
            let row =
                PropertyRow::decode(&HOME.replace(r#""client":null"#, &format!(r#""client":{client}"#)))
                    .unwrap();
            assert_eq!((row.to_home(), row.vacant.is_none(), row.ports.len()), (None, true, 1));
        }
    }

    #[test]
    fn each_fault_of_a_home_has_its_name_and_concerns_its_box() {
        for (good, bad, fault) in [
            (r#""client":null,"#, "", RowFault::NoClient),
            ("6168210a1692a900135b628d", "17", RowFault::BadId),
            (r#""port":3,"#, "", RowFault::BadConnection),
            ("5dc06d1275fc7d0006732599", "17", RowFault::BadConnection),
            (r#""port":3"#, r#""port":-3"#, RowFault::Malformed),
        ] {
            let row = HOME.replace(good, bad);
            assert_eq!(PropertyRow::decode(&row).unwrap_err(), fault, "{bad}");
            assert_eq!(PropertyRow::about(&row), About::Box(id("5dc06d1275fc7d0006732521")), "{bad}");
        }
        for (good, bad, fault) in [
            ("5d51a87046cbe700148328bf", "17", RowFault::BadProject),
            ("[-48.5,-27.5]", "[-48.5,-97.5]", RowFault::BadPosition),
            ("[-48.5,-27.5]", "[-27.5,-48.5]", RowFault::PositionsDisagree),
        ] {
            let row = PropertyRow::decode(&HOME.replace(good, bad)).unwrap();
            assert_eq!((row.to_home(), row.unlisted(), row.ports.len()), (None, Some(fault), 1), "{bad}");
        }
        assert_eq!(PropertyRow::about("[]"), About::AnyBox);
        assert_eq!(PropertyRow::about(r#"{"box":null}"#), About::AnyBox);
        assert_eq!(PropertyRow::about(r#"{"box":null,"connections":[]}"#), About::Nothing);
    }
}

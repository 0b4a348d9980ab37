//! Rows as OZmap would give them, written again from what was read of them: only what the rules ask for is left.

use super::rows::{BoxRow, HeldPort, ProjectRow, PropertyRow, SplitterRow};
use super::scramble::Scramble;
use crate::viability::communities::{Community, Ring};
use crate::viability::geo::Point;
use crate::viability::plant::{MaximumDrop, Stage};
use crate::viability::ports::{ConnectorKind, Outputs, Port};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A list as a single page, a row a line.
pub fn page(rows: impl IntoIterator<Item = Value>) -> String {
    let rows: Vec<_> = rows.into_iter().map(|row| row.to_string()).collect();
    format!("{{\"total\":{},\"rows\":[\n{}\n]}}\n", rows.len(), rows.join(",\n"))
}

/// A project.
pub fn project(row: &ProjectRow) -> Value {
    let drop = match row.maximum_drop {
        MaximumDrop::Unlimited => Value::Null,
        MaximumDrop::Metres(longest) => json!({ "maxSize": longest.metres() }),
        // Anything that is no length.
        MaximumDrop::Unknown => json!(false),
    };
    json!({ "id": row.id.to_string(), "drop": drop })
}

/// A box, under another name and at another place.
pub fn service_box(row: &BoxRow, scramble: &mut Scramble) -> Value {
    let at = scramble.point(row.position);
    json!({
        "id": row.id.to_string(),
        "name": scramble.name("CTO", &row.name),
        "project": row.project.to_string(),
        "coords": [at.lng(), at.lat()],
        "lat": at.lat(),
        "lng": at.lng(),
        "draft": row.stage == Stage::Draft,
        "implanted": row.stage == Stage::Implanted,
    })
}

/// A connector of any kind: a port that may lead to a home keeps its number, the others their sort.
pub fn connector(kind: ConnectorKind, row: &SplitterRow) -> Value {
    let Outputs { total, unconnected, unconnected_and_blocked } = row.outputs;
    let spliced: BTreeSet<u32> = row.spliced.numbers().collect();
    let mut others = 0;
    let ports = (1..=total).map(|number| {
        if spliced.contains(&number) {
            return Port { connected: true, blocked: false };
        }
        others += 1;
        // First those without fibre, blocked ones before the free; what is left has one and is blocked.
        let connected = others > unconnected;
        Port { connected, blocked: connected || others <= unconnected_and_blocked }
    });
    let ports: Vec<_> = ports.collect();
    let outputs: Vec<_> =
        ports.iter().map(|port| if port.connected { json!("x") } else { Value::Null }).collect();
    // Without any, none is blocked.
    let any_blocked = ports.iter().any(|port| port.blocked);
    let ports: Vec<_> =
        ports.iter().filter(|_| any_blocked).map(|port| json!({ "blocked": port.blocked })).collect();
    let connectables = match kind {
        ConnectorKind::Splitter | ConnectorKind::Switch => json!({ "output": outputs }),
        ConnectorKind::Connector | ConnectorKind::Fusion => json!(outputs),
    };
    json!({
        "id": row.id.to_string(),
        "parent": row.parent.map(|parent| parent.to_string()),
        "isDrop": row.serves_clients,
        "connectables": connectables,
        "ports": ports,
    })
}

/// A home, under another address and at another place.
pub fn home(row: &PropertyRow, scramble: &mut Scramble) -> Value {
    let connections: Vec<_> = row
        .ports
        .iter()
        .map(|HeldPort { splitter, number }| json!({ "id": splitter.to_string(), "port": number }))
        .collect();
    let Some(vacant) = &row.vacant else {
        return json!({ "id": row.id.to_string(), "client": "x", "connections": connections });
    };
    let at = vacant.position.map(|position| scramble.point(position));
    json!({
        "id": row.id.to_string(),
        "client": null,
        "project": vacant.project.map(|project| project.to_string()),
        "box": vacant.in_box.map(|id| id.to_string()),
        "coords": at.map(|at| [at.lng(), at.lat()]),
        "address": scramble.name("Rua", &vacant.address),
        "observation": scramble.name("Observação", &vacant.observation),
        "connections": connections,
    })
}

/// A gated community, under another name and at another place.
pub fn community(row: &Community, scramble: &mut Scramble) -> Value {
    let polygons = row.outline.polygons();
    let corner = |at: &Point| {
        let at = scramble.point(*at);
        [at.lng(), at.lat()]
    };
    let ring = |ring: &Ring| ring.iter().map(corner).collect::<Vec<_>>();
    let polygon = |rings: &Vec<Ring>| rings.iter().map(ring).collect::<Vec<_>>();
    let coordinates: Vec<_> = polygons.iter().map(polygon).collect();
    json!({
        "id": row.id.to_string(),
        "name": scramble.name("Condomínio", &row.name),
        "project": row.project.map(|project| project.to_string()),
        "polygon": { "type": "MultiPolygon", "coordinates": coordinates },
    })
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Row, Vacant};
    use super::*;
    use crate::viability::communities::Outline;
    use crate::viability::geo::Radius;
    use crate::viability::plant::ObjectId;

    #[test]
    fn what_is_written_is_read_as_what_it_was() {
        let id = |number: u32| ObjectId::parse(&format!("{number:024x}")).unwrap();
        for maximum_drop in
            [MaximumDrop::Unlimited, MaximumDrop::Unknown, MaximumDrop::Metres(Radius::new(150.5).unwrap())]
        {
            let row = ProjectRow { id: id(1), maximum_drop };
            assert_eq!(ProjectRow::decode(&project(&row).to_string()).unwrap(), row);
        }
        for stage in [Stage::Draft, Stage::NotImplanted, Stage::Implanted] {
            let position = Point::new(-27.5, -48.123_456_7).unwrap();
            let row =
                BoxRow { id: id(2), name: "CTO 1".into(), project: id(1), position, stage, updated_at: None };
            let written = service_box(&row, &mut Scramble::new(0, false)).to_string();
            assert_eq!(BoxRow::decode(&written).unwrap(), row);
        }
        for kind in ConnectorKind::ALL {
            for (unconnected_and_blocked, spliced) in [(0, vec![2, 5, 8]), (2, vec![1, 3]), (1, vec![])] {
                let outputs = Outputs { total: 8, unconnected: 5, unconnected_and_blocked };
                let (parent, serves_clients, spliced) = (Some(id(2)), true, spliced.into_iter().collect());
                let row =
                    SplitterRow { id: id(3), parent, serves_clients, outputs, spliced, updated_at: None };
                assert_eq!(SplitterRow::decode(&connector(kind, &row).to_string()).unwrap(), row);
            }
        }
        let corner = |lat, lng| Point::new(lat, lng).unwrap();
        let vacant = Vacant {
            project: Some(id(1)),
            position: Some(corner(-27.5, -48.5)),
            address: "Rua 1".into(),
            observation: "Observação 2".into(),
            in_box: Some(id(2)),
            unlisted: None,
        };
        let nowhere = Vacant { project: None, position: None, in_box: None, ..vacant.clone() };
        for vacant in [Some(vacant), Some(nowhere), None] {
            let ports = vec![HeldPort { splitter: id(3), number: 4 }];
            let row = PropertyRow { id: id(4), vacant, ports, updated_at: None };
            let written = home(&row, &mut Scramble::new(0, false)).to_string();
            assert_eq!(PropertyRow::decode(&written).unwrap(), row);
        }
        let ring =
            vec![corner(-27.0, -48.0), corner(-27.0, -47.9), corner(-26.9, -47.9), corner(-27.0, -48.0)];
        let outline = Outline::new(vec![vec![ring.clone(), ring.clone()], vec![ring]]);
        let row = Community { id: id(5), name: "Condomínio 1".into(), project: Some(id(1)), outline };
        let written = community(&row, &mut Scramble::new(0, false)).to_string();
        assert_eq!(Community::decode(&written).unwrap(), row);
    }
}

//! From rows to judged boxes.

use super::wire::rows::{BoxRow, SplitterRow};
use crate::viability::Rules;
use crate::viability::plant::{ObjectId, Ports, ServiceBox};
use std::collections::HashMap;

/// Joins boxes with the service splitters that stand in them and counts their ports.
///
/// Splitters for other things than clients are passed over even if OZmap's filter let them through, and so are those
/// whose parent is no box (a building or a POP).
pub fn boxes(rows: Vec<BoxRow>, splitters: &[SplitterRow], rules: &Rules) -> Vec<ServiceBox> {
    let mut ports_by_parent: HashMap<ObjectId, Ports> = HashMap::with_capacity(splitters.len());
    for splitter in splitters.iter().filter(|splitter| splitter.serves_clients) {
        if let Some(parent) = splitter.parent {
            let ports = Ports::count(splitter.ports.iter().copied(), rules);
            ports_by_parent.entry(parent).or_default().add(ports);
        }
    }
    rows.into_iter()
        .map(|row| ServiceBox {
            id: row.id,
            name: row.name,
            project: row.project,
            position: row.position,
            stage: row.stage,
            ports: ports_by_parent.get(&row.id).copied(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::wire::rows::Row;
    use super::*;
    use crate::viability::geo::{Earth, Radius};
    use std::num::NonZeroUsize;

    fn splitter(number: u32, parent: &str, is_drop: bool, outputs: &str) -> SplitterRow {
        SplitterRow::decode(&format!(
            r#"{{"id":"{number:024x}","parent":{parent},"isDrop":{is_drop},"connectables":{{"output":{outputs}}},"ports":[]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_box_has_the_ports_of_all_its_service_splitters_and_of_no_other() {
        let home = format!("\"{:024x}\"", 1);
        let rules = Rules {
            default_radius: None,
            max_radius: Radius::new(2_000.0).unwrap(),
            max_boxes: NonZeroUsize::MIN,
            blocked_ports_are_free: false,
            earth: Earth::new(6_378_100.0).unwrap(),
        };
        let rows = (1..=2).map(|n| {
            let row =
                format!(r#"{{"id":"{n:024x}","name":"b","project":"{:024x}","coords":[-48.5,-27.5]}}"#, 9);
            BoxRow::decode(&row).unwrap()
        });
        let splitters = [
            splitter(10, &home, true, r#"[null,"f"]"#),
            splitter(11, &home, true, "[null,null]"),
            splitter(12, &home, false, "[null]"),
            splitter(13, "null", true, "[null]"),
            splitter(14, &format!("\"{:024x}\"", 77), true, "[null]"),
        ];
        let boxes = boxes(rows.collect(), &splitters, &rules);
        assert_eq!(boxes[0].ports, Some(Ports { total: 4, free: 3 }));
        assert_eq!(boxes[1].ports, None);
    }
}

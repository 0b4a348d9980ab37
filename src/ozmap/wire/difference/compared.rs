//! Comparing two answers as they were written.

use super::{Difference, Side, Which};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Differences that are told of one pair of answers.
const MOST: usize = 20;
/// Metres: one way to round or the other.
const ROUNDING_METRES: f64 = 0.011;
/// Degrees (a tenth of a millimetre): one way to write a number or the other.
const ROUNDING_DEGREES: f64 = 1e-9;

/// The first differences, those that matter most before the others; none where the answers say the same.
pub fn differences(here: &[u8], at_ozmap: &[u8]) -> Vec<Difference> {
    let mut found = all_differences(here, at_ozmap);
    found.truncate(MOST);
    found
}

/// Every one of them, for whoever counts.
pub fn all_differences(here: &[u8], at_ozmap: &[u8]) -> Vec<Difference> {
    let Some((here, at_ozmap)) = Answer::read(here).zip(Answer::read(at_ozmap)) else {
        return vec![Difference::Unreadable];
    };
    let mut found = Vec::new();
    if here.viable != at_ozmap.viable {
        found.push(Difference::Verdict { viable_at_ozmap: at_ozmap.viable });
    }
    offered(&here, &at_ozmap, &mut found);
    for list in [OFFERED, REFUSED] {
        fields(here.list(list), at_ozmap.list(list), &mut found);
    }
    refused(&here, &at_ozmap, &mut found);
    order(&here, &at_ozmap, &mut found);
    homes(&here, &at_ozmap, &mut found);
    only_fields(&here.keys(), &at_ozmap.keys(), &mut found);
    found
}

const OFFERED: &str = "boxes";
const REFUSED: &str = "refused_boxes";
const HOMES: &str = "properties";

/// A viability answer as it was written.
struct Answer {
    viable: bool,
    whole: Map<String, Value>,
}

impl Answer {
    /// `None` for what is none.
    fn read(body: &[u8]) -> Option<Self> {
        let Value::Object(whole) = serde_json::from_slice(body).ok()? else { return None };
        Some(Self { viable: whole.get("viable")?.as_bool()?, whole })
    }

    fn list(&self, name: &str) -> &[Value] {
        self.whole.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Boxes by their id.
    fn by_id(&self, list: &str) -> BTreeMap<&str, &Value> {
        self.list(list).iter().filter_map(|item| Some((id_of(item)?, item))).collect()
    }

    /// The fields of the answer and of its boxes.
    fn keys(&self) -> Keys {
        let of_boxes = [OFFERED, REFUSED].into_iter().flat_map(|list| self.list(list));
        let of_boxes = of_boxes.filter_map(Value::as_object).flat_map(Map::keys).cloned();
        Keys {
            answer: self.whole.keys().cloned().collect(),
            boxes: of_boxes.collect(),
            has_boxes: [OFFERED, REFUSED].into_iter().any(|list| !self.list(list).is_empty()),
        }
    }
}

struct Keys {
    answer: BTreeSet<String>,
    boxes: BTreeSet<String>,
    has_boxes: bool,
}

fn id_of(item: &Value) -> Option<&str> {
    item.get("id")?.as_str()
}

fn which(item: &Value) -> Which {
    let text = |field: &str| item.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    Which { id: text("id"), name: text("name") }
}

fn reason(item: &Value) -> String {
    item.get("reason").and_then(Value::as_str).unwrap_or("no reason given").to_owned()
}

fn offered(here: &Answer, at_ozmap: &Answer, found: &mut Vec<Difference>) {
    let (ours, theirs) = (here.by_id(OFFERED), at_ozmap.by_id(OFFERED));
    let (our_refused, their_refused) = (here.by_id(REFUSED), at_ozmap.by_id(REFUSED));
    found.extend(theirs.iter().filter(|(id, _)| !ours.contains_key(*id)).map(|(id, item)| {
        Difference::OfferedByOzmap {
            which: which(item),
            refused_here: our_refused.get(id).copied().map(reason),
        }
    }));
    found.extend(ours.iter().filter(|(id, _)| !theirs.contains_key(*id)).map(|(id, item)| {
        Difference::OfferedHere {
            which: which(item),
            refused_by_ozmap: their_refused.get(id).copied().map(reason),
        }
    }));
}

fn refused(here: &Answer, at_ozmap: &Answer, found: &mut Vec<Difference>) {
    for (one, other, by) in [(here, at_ozmap, Side::Here), (at_ozmap, here, Side::Ozmap)] {
        let (offered, refused) = (other.by_id(OFFERED), other.by_id(REFUSED));
        let only = one.by_id(REFUSED).into_iter().filter(|(id, _)| {
            // One that the other offers has been told of.
            !refused.contains_key(id) && !offered.contains_key(id)
        });
        found.extend(only.map(|(_, item)| Difference::RefusedByOne { which: which(item), by }));
    }
}

fn fields(here: &[Value], at_ozmap: &[Value], found: &mut Vec<Difference>) {
    let theirs: BTreeMap<_, _> = at_ozmap.iter().filter_map(|item| Some((id_of(item)?, item))).collect();
    for ours in here {
        let (Some(theirs), Some(fields)) = (id_of(ours).and_then(|id| theirs.get(id)), ours.as_object())
        else {
            continue;
        };
        for (field, value) in fields {
            let Some(other) = theirs.get(field).filter(|other| !are_same(field, value, other)) else {
                continue;
            };
            let (here, at_ozmap) = (value.clone(), other.clone());
            found.push(Difference::Field { which: which(ours), field: field.clone(), here, at_ozmap });
        }
    }
}

fn are_same(field: &str, one: &Value, other: &Value) -> bool {
    let within = match field {
        "distance" => ROUNDING_METRES,
        "lat" | "lng" => ROUNDING_DEGREES,
        _ => return one == other,
    };
    let numbers = one.as_f64().zip(other.as_f64());
    numbers.map_or(one == other, |(one, other)| (one - other).abs() <= within)
}

fn order(here: &Answer, at_ozmap: &Answer, found: &mut Vec<Difference>) {
    if ranking(here, at_ozmap) != ranking(at_ozmap, here) {
        found.push(Difference::Order);
    }
}

/// The boxes that both offer, as one of them orders them. Of boxes at different places that it shows at one distance nobody
/// can tell which is nearer, and formulas for distances disagree about it: they are told in an order of their own.
fn ranking<'a>(answer: &'a Answer, other: &Answer) -> Vec<&'a str> {
    let both = other.by_id(OFFERED);
    let listed = answer.list(OFFERED).iter().filter_map(|item| Some((id_of(item)?, item)));
    let mut listed: Vec<_> = listed.filter(|(id, _)| both.contains_key(id)).collect();
    let number = |item: &Value, field: &str| item.get(field).and_then(Value::as_f64).unwrap_or_default();
    let place = |item: &Value| [number(item, "lat"), number(item, "lng")];
    let are_level = |one: &Value, next: &Value| {
        (number(one, "distance") - number(next, "distance")).abs() <= ROUNDING_METRES
    };
    for at_one_distance in listed.chunk_by_mut(|(_, one), (_, next)| are_level(one, next)) {
        at_one_distance.sort_by(|(_, one), (_, other)| {
            let ([lat, lng], [other_lat, other_lng]) = (place(one), place(other));
            lat.total_cmp(&other_lat).then(lng.total_cmp(&other_lng))
        });
    }
    listed.into_iter().map(|(id, _)| id).collect()
}

fn homes(here: &Answer, at_ozmap: &Answer, found: &mut Vec<Difference>) {
    let (ours, theirs) = (here.by_id(HOMES), at_ozmap.by_id(HOMES));
    for (one, other, by) in [(&ours, &theirs, Side::Here), (&theirs, &ours, Side::Ozmap)] {
        let only = one.keys().filter(|id| !other.contains_key(*id));
        found.extend(only.map(|&id| Difference::Home { id: id.to_owned(), by }));
    }
}

fn only_fields(here: &Keys, at_ozmap: &Keys, found: &mut Vec<Difference>) {
    let mut only = |one: &BTreeSet<String>, other: &BTreeSet<String>, by| {
        let fields = one.difference(other).map(|field| Difference::OnlyField { field: field.clone(), by });
        found.extend(fields);
    };
    only(&here.answer, &at_ozmap.answer, Side::Here);
    only(&at_ozmap.answer, &here.answer, Side::Ozmap);
    // Of no box nobody tells a field.
    if here.has_boxes && at_ozmap.has_boxes {
        // Only a refused box has a reason, and one of both may have none.
        let without_reason = |keys: &BTreeSet<String>| -> BTreeSet<String> {
            keys.iter().filter(|key| *key != "reason").cloned().collect()
        };
        let (ours, theirs) = (without_reason(&here.boxes), without_reason(&at_ozmap.boxes));
        only(&ours, &theirs, Side::Here);
        only(&theirs, &ours, Side::Ozmap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(id: &str, distance: f64) -> Value {
        json!({ "distance": distance, "name": "CTO", "id": id, "project": "p", "lat": -27.5, "lng": -48.5,
                "implanted": true, "availability": 3, "horizontal_condos": [] })
    }

    fn refused(id: &str) -> Value {
        let mut item = item(id, 90.0);
        (item["availability"], item["reason"]) = (json!(0), json!("no_free_port"));
        item
    }

    fn answer() -> Value {
        json!({ "viable": true, "boxes": [item("a", 10.0), item("b", 20.0)], "refused_boxes": [refused("c")], "properties": [{ "id": "h" }] })
    }

    fn told(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut theirs = answer();
        change(&mut theirs);
        let found = differences(answer().to_string().as_bytes(), theirs.to_string().as_bytes());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn answers_that_say_the_same_differ_in_nothing() {
        assert_eq!(told(|_| {}), Vec::<String>::new());
        // Written otherwise.
        assert_eq!(told(|theirs| theirs["boxes"][0]["distance"] = json!(10.01)), Vec::<String>::new());
        assert_eq!(
            told(|theirs| theirs["boxes"][0]["lat"] = json!(-27.500_000_000_01)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_difference_is_found_by_itself() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 13] = [
            (|theirs| *theirs = json!([]), "what OZmap answered is no viability answer"),
            (|theirs| theirs["viable"] = json!(false), "OZmap says not viable, this proxy viable"),
            (
                |theirs| theirs["boxes"].as_array_mut().unwrap().push(item("d", 30.0)),
                "OZmap offers box CTO (d), this proxy has it not in reach",
            ),
            (
                |theirs| {
                    let _gone = theirs["boxes"].as_array_mut().unwrap().pop();
                },
                "this proxy offers box CTO (b), OZmap doesn't list it",
            ),
            (
                |theirs| theirs["boxes"][0]["availability"] = json!(2),
                "availability of box CTO (a) is 3 here and 2 at OZmap",
            ),
            (
                |theirs| theirs["boxes"][1]["distance"] = json!(20.02),
                "distance of box CTO (b) is 20.0 here and 20.02 at OZmap",
            ),
            (
                |theirs| theirs["refused_boxes"][0]["reason"] = json!("draft"),
                "reason of box CTO (c) is \"no_free_port\" here and \"draft\" at OZmap",
            ),
            (|theirs| theirs["refused_boxes"] = json!([]), "only this proxy lists box CTO (c) as refused"),
            (|theirs| theirs["boxes"].as_array_mut().unwrap().swap(0, 1), "the boxes stand in another order"),
            (|theirs| theirs["boxes"][0]["olt"] = json!("OLT-1"), "only OZmap has the field olt"),
            (|theirs| theirs["cost"] = json!(1), "only OZmap has the field cost"),
            (|theirs| theirs["properties"] = json!([]), "only this proxy lists the home h"),
            (
                |theirs| {
                    let _gone = theirs.as_object_mut().unwrap().remove("properties");
                },
                "only this proxy lists the home h",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(told(change).first().map(String::as_str), Some(expected));
        }
    }

    #[test]
    fn a_box_that_one_offers_and_the_other_refuses_is_told_once_with_the_reason() {
        let theirs_sold_out = |theirs: &mut Value| {
            theirs["boxes"] = json!([item("a", 10.0)]);
            theirs["refused_boxes"] = json!([refused("b"), refused("c")]);
        };
        assert_eq!(told(theirs_sold_out), ["this proxy offers box CTO (b), OZmap refuses it (no_free_port)"]);
        let theirs_free = |theirs: &mut Value| {
            theirs["boxes"].as_array_mut().unwrap().push(item("c", 90.0));
            theirs["refused_boxes"] = json!([]);
        };
        assert_eq!(told(theirs_free), ["OZmap offers box CTO (c), this proxy refuses it (no_free_port)"]);
    }

    #[test]
    fn boxes_at_one_distance_stand_in_either_order_unless_they_hang_at_one_place() {
        let told = |lat: f64| {
            let mut ours = answer();
            (ours["boxes"][1]["distance"], ours["boxes"][1]["lat"]) = (json!(10.0), json!(lat));
            let mut theirs = ours.clone();
            theirs["boxes"].as_array_mut().unwrap().swap(0, 1);
            differences(ours.to_string().as_bytes(), theirs.to_string().as_bytes())
        };
        assert_eq!(told(-27.6), []);
        assert_eq!(told(-27.5), [Difference::Order]);
    }

    #[test]
    fn an_answer_of_many_differences_is_told_by_the_first() {
        let many =
            |theirs: &mut Value| theirs["boxes"] = (0..100).map(|n| item(&format!("x{n}"), 1.0)).collect();
        assert_eq!(told(many).len(), MOST);
    }
}

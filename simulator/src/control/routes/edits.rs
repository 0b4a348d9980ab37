//! The routes that look at single rows and edit them.

use serde::Deserialize;
use serde_json::json;

use super::{done, parse};
use crate::api::answer::{Answer, message};
use crate::control::Control;
use crate::network::edit::ControlError;
use crate::network::edit::new::Position;

pub(super) fn route(
    control: &Control,
    method: &str,
    segments: &[&str],
    body: &[u8],
) -> Result<Answer, Answer> {
    match (method, segments) {
        ("GET", ["boxes", id, "splitters"]) => {
            Ok(Answer::json(200, &json!({ "splitters": control.splitters_of(id) })))
        }
        (method, ["boxes", id, rest @ ..]) => edit_box(control, method, id, rest, body),
        ("POST", ["properties"]) => {
            let id = control.add_property(parse(body)?).map_err(refused)?;
            Ok(Answer::json(200, &json!({ "id": id })))
        }
        ("POST", ["condominiums"]) => {
            let id = control.add_condominium(parse(body)?);
            Ok(Answer::json(200, &json!({ "id": id })))
        }
        (method, [list, id, rest @ ..]) => {
            edit_row(control, method, (list, id), rest, body)?;
            Ok(done())
        }
        _ => Err(unknown()),
    }
}

fn edit_box(control: &Control, method: &str, id: &str, rest: &[&str], body: &[u8]) -> Result<Answer, Answer> {
    match (method, rest) {
        ("GET", []) => {}
        ("POST", ["sell"]) => drop(control.sell_port(id).map_err(refused)?),
        ("POST", ["free"]) => drop(control.free_port(id).map_err(refused)?),
        ("POST", ["sell-out"]) => control.sell_out(id).map_err(refused)?,
        ("POST", ["move"]) => {
            let to: Position = parse(body)?;
            control.move_box(id, to.lat, to.lng).map_err(refused)?;
        }
        ("POST", ["draft"]) => control.set_draft(id, parse::<Draft>(body)?.draft).map_err(refused)?,
        ("DELETE", []) => {
            control.delete_box(id).map_err(refused)?;
            return Ok(done());
        }
        _ => return Err(unknown()),
    }
    match control.box_named(id) {
        Some(seen) => Ok(Answer::json(200, &json!(seen))),
        None => Err(message(404, "no such box")),
    }
}

fn edit_row(
    control: &Control,
    method: &str,
    (list, id): (&str, &str),
    rest: &[&str],
    body: &[u8],
) -> Result<(), Answer> {
    let edited = match (method, list, rest) {
        ("POST", "splitters", ["move"]) => control.move_splitter(id, &parse::<Home>(body)?.id),
        ("DELETE", "splitters", []) => control.delete_splitter(id),
        ("POST", "projects", ["drop"]) => control.set_maximum_drop(id, parse::<MaximumDrop>(body)?.max_size),
        ("POST", "properties", ["client"]) => control.set_client(id, parse::<Client>(body)?.has_client),
        ("DELETE", "properties", []) => control.delete_property(id),
        ("POST", "condominiums", ["move"]) => control.move_condominium(id, &parse::<Ring>(body)?.corners),
        ("DELETE", "condominiums", []) => control.delete_condominium(id),
        _ => return Err(unknown()),
    };
    edited.map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn refused(error: ControlError) -> Answer {
    message(409, &error.to_string())
}

fn unknown() -> Answer {
    message(404, "no such control route; see GET /_control")
}

#[derive(Deserialize)]
struct Draft {
    draft: bool,
}

#[derive(Deserialize)]
struct Home {
    #[serde(rename = "box")]
    id: String,
}

#[derive(Deserialize)]
struct MaximumDrop {
    #[serde(rename = "maxSize")]
    max_size: Option<f64>,
}

#[derive(Deserialize)]
struct Client {
    has_client: bool,
}

#[derive(Deserialize)]
struct Ring {
    corners: Vec<Position>,
}

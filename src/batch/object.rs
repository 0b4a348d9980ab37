//! A row that is a JSON object.

use super::asked::Asked;
use super::fault::{Problem, RowFault};
use super::told::{FIELDS, Told};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// What the object in this text asks.
pub(super) fn asked(text: &[u8]) -> Result<Asked, RowFault> {
    let Fields(fields) = Fields::read(text)?;
    let value = |name: &str, fault: fn(Problem) -> RowFault| {
        let mut found = fields.iter().filter(|(key, _)| key.0 == name);
        match (found.next(), found.next()) {
            (None, _) => Ok(Cow::Borrowed("")),
            (Some((_, value)), None) => Ok(number_in(value)),
            (Some(_), Some(_)) => Err(fault(Problem::Repeated)),
        }
    };
    let (lat, lng) = (value("lat", RowFault::Lat)?, value("lng", RowFault::Lng)?);
    Asked::read(&lat, &lng, &value("radius", RowFault::Radius)?)
}

/// Writes the object in this text with its answer; of what is no object the answer alone.
pub(super) fn write(text: &[u8], told: &Told<'_>, output: &mut Vec<u8>) {
    output.push(b'{');
    if let Ok(Fields(fields)) = Fields::read(text) {
        // What an earlier answer filled is made anew.
        for (key, value) in fields.iter().filter(|(key, _)| !FIELDS.contains(&key.0.as_ref())) {
            // A string can always be serialised, and memory can always be written to.
            let _written = serde_json::to_writer(&mut *output, &key.0);
            output.push(b':');
            output.extend_from_slice(value.get().as_bytes());
            output.push(b',');
        }
    }
    told.write_fields(output);
    output.push(b'}');
}

/// A number as it is written, also if it is written as a string; nothing for null.
fn number_in(value: &RawValue) -> Cow<'_, str> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'n') => "".into(),
        Some(b'"') => serde_json::from_str::<String>(text).map_or_else(|_| text.into(), Cow::Owned),
        _ => text.into(),
    }
}

/// An object's fields in their order, values as they are written.
struct Fields<'t>(Vec<(Key<'t>, &'t RawValue)>);

#[derive(serde::Deserialize)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

impl<'t> Fields<'t> {
    fn read(text: &'t [u8]) -> Result<Self, RowFault> {
        let text = str::from_utf8(text).or(Err(RowFault::NotText))?;
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => RowFault::NotAnObject,
            _ => RowFault::Json,
        })
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

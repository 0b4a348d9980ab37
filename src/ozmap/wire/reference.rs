//! Rows that name other rows.

use crate::viability::plant::ObjectId;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use std::borrow::Cow;
use std::fmt;

/// `project`, `parent` and the like: an id, or the whole object where OZmap populated it.
#[derive(Debug, Default)]
pub(super) struct Reference(pub(super) Option<ObjectId>);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrObject;
        impl<'de> Visitor<'de> for IdOrObject {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object with an id")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reference, E> {
                Ok(Reference(ObjectId::parse(text)))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Reference, E> {
                Ok(Reference(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
                let mut found = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key == "id" {
                        found = ObjectId::parse(&map.next_value::<Cow<'de, str>>()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Reference(found))
            }
        }
        deserializer.deserialize_any(IdOrObject)
    }
}

//! Rows that name other rows.

use crate::viability::plant::ObjectId;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use std::borrow::Cow;
use std::fmt;

/// `project`, `parent` and the like: an id, or the whole object where OZmap populated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reference {
    /// It names none.
    #[default]
    Absent,
    /// It names this one.
    To(ObjectId),
    /// It names one in a way that can't be read.
    Unreadable,
}

impl Reference {
    /// The id, where there is a readable one.
    pub(super) fn id(self) -> Option<ObjectId> {
        match self {
            Self::To(id) => Some(id),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl From<Option<ObjectId>> for Reference {
    fn from(read: Option<ObjectId>) -> Self {
        read.map_or(Self::Unreadable, Self::To)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrObject;
        impl<'de> Visitor<'de> for IdOrObject {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object with an id")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reference, E> {
                Ok(ObjectId::parse(text).into())
            }

            fn visit_unit<E: de::Error>(self) -> Result<Reference, E> {
                Ok(Reference::Absent)
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
                Ok(found.into())
            }
        }
        deserializer.deserialize_any(IdOrObject)
    }
}

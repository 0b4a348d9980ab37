//! What is spliced to a connector, port by port.

use serde::Deserialize;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A splitter and a switch tell inputs and outputs apart (`{"input": [...], "output": [...]}`, documented), a connector and a
/// fusion have one list of ports (assumed).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Connectables {
    /// Whether each output has a fibre; `None` where outputs aren't told.
    pub(super) outputs: Option<Vec<bool>>,
}

impl<'de> Deserialize<'de> for Connectables {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Connectables;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ports, or inputs and outputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ports: A) -> Result<Connectables, A::Error> {
        let mut outputs = Vec::new();
        while let Some(fibre) = ports.next_element::<Option<IgnoredAny>>()? {
            outputs.push(fibre.is_some());
        }
        Ok(Connectables { outputs: Some(outputs) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Connectables, A::Error> {
        let mut told = None;
        while let Some(field) = fields.next_key::<Field>()? {
            match field {
                Field::Output if told.is_some() => return Err(A::Error::duplicate_field("output")),
                Field::Output => told = Some(fields.next_value::<Option<Vec<Option<IgnoredAny>>>>()?),
                Field::Other => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        let outputs = told.flatten().map(|fibres| fibres.iter().map(Option::is_some).collect());
        Ok(Connectables { outputs })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Output,
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_form_tells_the_outputs() {
        let outputs = |json: &str| serde_json::from_str::<Connectables>(json).unwrap().outputs;
        assert_eq!(outputs(r#"{"input":["a"],"output":[null,"b"]}"#), Some(vec![false, true]));
        assert_eq!(outputs(r#"[null,"b",{"id":"c"}]"#), Some(vec![false, true, true]));
        assert_eq!(outputs(r#"{"input":["a"]}"#), None);
        assert_eq!(outputs(r#"{"output":null}"#), None);
        for bad in [r#"{"output":[],"output":[]}"#, "7", r#"{"output":{}}"#] {
            assert!(serde_json::from_str::<Connectables>(bad).is_err(), "{bad}");
        }
    }
}

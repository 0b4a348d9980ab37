//! Host names as they come in a request's `Host`.

use super::layers::Value;
use super::reader::{Faulty, Section};
use url::Host;

/// A list of names without scheme and port, lower case; empty where the key is absent.
pub(super) fn list(section: &mut Section<'_, '_>, key: &str, example: &str) -> Result<Vec<String>, Faulty> {
    let Some(found) = section.find(key) else { return Ok(Vec::new()) };
    let items = match &found.entry.value {
        Value::List(items) => items.as_slice(),
        _ => &[Value::Other],
    };
    if let Some(names) = items.iter().map(name).collect() {
        return Ok(names);
    }
    let expected = format!("a list of host names without scheme and port, such as [\"{example}\"]");
    let text = format!("expected {expected}, got {}", found.entry.written);
    Err(section.fault(found, text))
}

fn name(item: &Value) -> Option<String> {
    let Value::Text(text) = item else { return None };
    // Parsed as a browser would, then compared: what the parser had to change can't come in a `Host` header.
    let host = text.to_ascii_lowercase();
    let parsed = Host::parse(&host).ok()?;
    (parsed.to_string() == host && !host.contains("..") && !host.ends_with('.')).then_some(host)
}

//! A calibration to be kept: what was read and what OZmap answered, without what tells whose network it is.
//!
//! A recording is a folder: the lists (`boxes.json`, `splitters.json`, ...) as OZmap gives them, and `queries.json` with the
//! settings that fit, the questions and OZmap's answers. It can be replayed without OZmap.

use super::Calibration;
use super::evidence::Evidence;
use super::hypotheses::{DIMENSIONS, Hypothesis};
use super::points::Probe;
use super::survey::Survey;
use crate::ozmap::wire::difference::Difference;
use crate::ozmap::wire::recorded;
use crate::ozmap::wire::rows::Row;
use crate::ozmap::wire::scramble::Scramble;
use crate::ozmap::wire::{List, decode_page};
use crate::viability::Rules;
use crate::viability::communities::Communities;
use crate::viability::geo::{Point, Radius};
use crate::viability::ports::ConnectorKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

const QUERIES: &str = "queries.json";
/// Ten-millionths of a degree: half way round the Earth, beyond which a place would be known again.
const FARTHEST: i32 = 1_800_000_000;
/// Metres, for questions of a radius of 0.
const SEARCHED: f64 = 1.0;

/// A recording that can't be written or replayed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A file or folder.
    #[error("{} can't be used", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} is not the JSON of a recording", path.display())]
    NotJson {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A row, a setting or a question that this version doesn't understand.
    #[error("{}: {what} can't be read; record it anew", path.display())]
    Unknown {
        /// In which file.
        path: PathBuf,
        /// What.
        what: String,
    },
}

/// `queries.json`.
#[derive(Serialize, Deserialize)]
struct Queries {
    /// By the name of the dimension.
    settings: BTreeMap<String, String>,
    queries: Vec<Recorded>,
}

#[derive(Serialize, Deserialize)]
struct Recorded {
    lat: f64,
    lng: f64,
    radius: f64,
    answer: Value,
    /// Words for what differs under these settings, and did when it was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    differences: Vec<String>,
}

/// A recorded question, asked again of the recorded plant.
pub struct Replayed {
    /// The question.
    pub query: String,
    /// What differed when it was recorded, in words, each once.
    pub expected: Vec<String>,
    /// What differs now.
    pub differences: Vec<Difference>,
}

impl Replayed {
    /// What differs now, in words, each once.
    pub fn words(&self) -> Vec<String> {
        words(&self.differences)
    }
}

fn words(differences: &[Difference]) -> Vec<String> {
    let mut words: Vec<_> = differences.iter().map(|one| one.as_str().to_owned()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Writes a recording into a folder.
pub fn write(calibration: &Calibration, folder: &Path) -> Result<(), RecordingError> {
    let mut scramble = Scramble::new(fastrand::i32(0..FARTHEST), fastrand::bool());
    for (list, page) in lists(&calibration.near, &mut scramble) {
        write_file(&folder.join(file_of(list)), &page)?;
    }
    let best = &calibration.fit.best;
    let settings = DIMENSIONS.iter().map(|one| (one.name.to_owned(), (one.value)(best)));
    let recorded = calibration.points.iter().filter_map(|point| {
        let center = scramble.point(point.probe.center);
        let answer = scramble.answer(&point.answer)?;
        let (lat, lng, radius) = (center.lat(), center.lng(), point.probe.metres());
        Some(Recorded { lat, lng, radius, answer, differences: Vec::new() })
    });
    let mut queries = Queries { settings: settings.collect(), queries: recorded.collect() };
    write_queries(folder, &queries)?;
    // What is known to differ is told by the recording itself, as whoever replays it will see it.
    let replayed = replay(folder, &calibration.fit.configured.rules)?;
    for (recorded, replayed) in queries.queries.iter_mut().zip(replayed) {
        recorded.differences = replayed.words();
    }
    write_queries(folder, &queries)
}

fn lists(near: &Survey, scramble: &mut Scramble) -> Vec<(List, String)> {
    let boxes: Vec<_> = near.boxes.iter().map(|row| recorded::service_box(row, scramble)).collect();
    let connectors = near.connectors.iter().map(|(&kind, rows)| {
        let rows = rows.iter().map(|row| recorded::connector(kind, row));
        (List::Connectors(kind), recorded::page(rows))
    });
    let projects = recorded::page(near.projects.iter().map(recorded::project));
    let mut lists: Vec<_> =
        connectors.chain([(List::Projects, projects), (List::Boxes, recorded::page(boxes))]).collect();
    if let Some(rows) = &near.homes {
        let homes: Vec<_> = rows.iter().map(|row| recorded::home(row, scramble)).collect();
        lists.push((List::Properties, recorded::page(homes)));
    }
    if let Some(communities) = &near.communities {
        let rows: Vec<_> = communities.iter().map(|row| recorded::community(row, scramble)).collect();
        lists.push((List::Communities, recorded::page(rows)));
    }
    lists
}

fn file_of(list: List) -> String {
    format!("{}.json", list.path())
}

fn write_queries(folder: &Path, queries: &Queries) -> Result<(), RecordingError> {
    let path = folder.join(QUERIES);
    let fault = |source| RecordingError::NotJson { path: path.clone(), source };
    let settings = serde_json::to_string(&queries.settings).map_err(fault)?;
    let lines: Result<Vec<_>, _> = queries.queries.iter().map(serde_json::to_string).collect();
    let lines = lines.map_err(fault)?.join(",\n");
    write_file(&path, &format!("{{\"settings\":{settings},\n\"queries\":[\n{lines}\n]}}\n"))
}

fn write_file(path: &Path, text: &str) -> Result<(), RecordingError> {
    fs::write(path, text).map_err(|source| RecordingError::Io { path: path.to_owned(), source })
}

/// Answers every recorded question from the recorded plant by the recorded settings, and compares. `base` are the rules that no
/// setting of the recording tells.
pub fn replay(folder: &Path, base: &Rules) -> Result<Vec<Replayed>, RecordingError> {
    let survey = read_survey(folder)?;
    let path = folder.join(QUERIES);
    let text = read_file(&path)?;
    let not_json = |source| RecordingError::NotJson { path: path.clone(), source };
    let Queries { settings, queries } = serde_json::from_slice(&text).map_err(not_json)?;
    let unknown = |what: String| RecordingError::Unknown { path: path.clone(), what };
    let hypothesis = hypothesis_of(&settings, base).map_err(unknown)?;
    let mut answers = Vec::new();
    for Recorded { lat, lng, radius, answer, .. } in &queries {
        let probe =
            probe(*lat, *lng, *radius).ok_or_else(|| unknown(format!("a question at {lat},{lng}")))?;
        answers.push((probe, answer.to_string().into()));
    }
    let mut evidence = Evidence::of(base.clone(), survey, answers);
    let replayed = queries.into_iter().enumerate().map(|(point, recorded)| {
        let query = format!("lat={}&lng={}&radius={}", recorded.lat, recorded.lng, recorded.radius);
        let differences = evidence.differences(point, &hypothesis);
        Replayed { query, expected: recorded.differences, differences }
    });
    Ok(replayed.collect())
}

/// Settings may hang together, as the kinds of connectors do, of which one has to count: what can't be set yet waits.
fn hypothesis_of(settings: &BTreeMap<String, String>, base: &Rules) -> Result<Hypothesis, String> {
    let mut hypothesis = Hypothesis::configured(base);
    let mut waiting: Vec<_> = settings.iter().collect();
    while let Some((name, value)) = waiting.first() {
        let before = waiting.len();
        let fault = format!("the setting {name} = {value}");
        waiting.retain(|(name, value)| {
            let dimension = DIMENSIONS.iter().find(|one| one.name == *name);
            let with = dimension.and_then(|dimension| (dimension.with)(&hypothesis, value));
            let is_set = with.is_some();
            hypothesis = with.unwrap_or_else(|| hypothesis.clone());
            !is_set
        });
        if waiting.len() == before {
            return Err(fault);
        }
    }
    Ok(hypothesis)
}

fn probe(lat: f64, lng: f64, metres: f64) -> Option<Probe> {
    let center = Point::new(lat, lng)?;
    if metres == 0.0 {
        return Some(Probe::exactly_at(center, Radius::new(SEARCHED)?));
    }
    Some(Probe::around(center, Radius::new(metres)?))
}

fn read_survey(folder: &Path) -> Result<Survey, RecordingError> {
    let mut survey = Survey::default();
    survey.boxes = read_list(folder, List::Boxes)?;
    survey.projects = read_list(folder, List::Projects)?;
    let is_recorded = |list| folder.join(file_of(list)).exists();
    for kind in ConnectorKind::ALL {
        let list = List::Connectors(kind);
        if is_recorded(list) {
            survey.connectors.insert(kind, read_list(folder, list)?);
        }
    }
    if is_recorded(List::Properties) {
        survey.homes = Some(read_list(folder, List::Properties)?);
    }
    if is_recorded(List::Communities) {
        let communities = Communities::new(read_list(folder, List::Communities)?, 0);
        survey.communities = Some(Arc::new(communities));
    }
    Ok(survey)
}

fn read_list<R: Row>(folder: &Path, list: List) -> Result<Vec<R>, RecordingError> {
    let path = folder.join(file_of(list));
    let page = decode_page::<R>(&read_file(&path)?);
    let page = page.map_err(|source| RecordingError::NotJson { path: path.clone(), source })?;
    let rows: Result<Vec<_>, _> = page.rows.into_iter().map(|row| row.row).collect();
    rows.map_err(|fault| RecordingError::Unknown { path, what: format!("a row ({})", fault.as_str()) })
}

fn read_file(path: &Path) -> Result<Vec<u8>, RecordingError> {
    fs::read(path).map_err(|source| RecordingError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::rules;

    fn settings(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn settings_that_hang_together_are_read_in_any_order() {
        let only_switches =
            [("service_connectors: splitter", "false"), ("service_connectors: switch", "true")];
        let read = hypothesis_of(&settings(&only_switches), &rules()).unwrap();
        let kinds: Vec<_> = read.rules.service_connectors.kinds().collect();
        assert_eq!(kinds, [ConnectorKind::Switch]);
        for unknown in
            [("earth_radius_m", "7"), ("gravity", "9.81"), ("service_connectors: splitter", "false")]
        {
            let fault = hypothesis_of(&settings(&[unknown]), &rules()).unwrap_err();
            assert_eq!(fault, format!("the setting {} = {}", unknown.0, unknown.1));
        }
    }
}

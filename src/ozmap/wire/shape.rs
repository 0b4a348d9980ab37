//! What can be told of an answer without knowing what it should be.

use serde::Deserialize;

/// How much a viability answer lists.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    /// Boxes that it offers.
    pub offered: usize,
    /// Boxes that it refuses.
    pub refused: usize,
    /// Metres to the farthest of both, as far as it tells.
    pub farthest: f64,
}

impl Shape {
    /// Of an answer as it was written; `None` for what is none.
    pub fn of(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            boxes: Vec<Item>,
            #[serde(default)]
            refused_boxes: Vec<Item>,
        }
        #[derive(Deserialize)]
        struct Item {
            distance: Option<f64>,
        }
        let Raw { boxes, refused_boxes } = serde_json::from_slice(body).ok()?;
        let distances = boxes.iter().chain(&refused_boxes).filter_map(|item| item.distance);
        let farthest = distances.fold(0.0, f64::max);
        Some(Self { offered: boxes.len(), refused: refused_boxes.len(), farthest })
    }

    /// The length of the longer list.
    pub fn longest(self) -> usize {
        self.offered.max(self.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_how_much_it_lists_and_how_far_that_is() {
        let body =
            br#"{"viable":true,"boxes":[{"distance":1.5,"id":"a"}],"refused_boxes":[{"distance":7},{}]}"#;
        assert_eq!(Shape::of(body), Some(Shape { offered: 1, refused: 2, farthest: 7.0 }));
        assert_eq!(Shape::of(br#"{"viable":false}"#), Some(Shape::default()));
        assert_eq!(Shape::of(b"<html>"), None);
    }
}

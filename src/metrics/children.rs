//! Metrics that are found by their labels without a lock.

use std::sync::OnceLock;

/// The children of a metric by the places of their labels, each looked up once: that takes a lock, which all processors
/// share, and a hash of the labels.
pub(super) struct Children<M>(Box<[OnceLock<M>]>);

impl<M> Children<M> {
    /// So many, none of them known yet.
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).map(|_| OnceLock::new()).collect())
    }

    /// Uses the child at this place; one beyond the last is looked up each time.
    pub(super) fn with(&self, place: usize, look_up: impl FnOnce() -> M, make_use: impl FnOnce(&M)) {
        match self.0.get(place) {
            Some(child) => make_use(child.get_or_init(look_up)),
            None => make_use(&look_up()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_child_is_looked_up_once_and_one_beyond_the_last_each_time() {
        let (children, looked_up) = (Children::new(2), Cell::new(0));
        let mut use_child = |place: usize| {
            let look_up = || {
                looked_up.set(looked_up.get() + 1);
                place
            };
            children.with(place, look_up, |child| assert_eq!(*child, place));
            looked_up.get()
        };
        assert_eq!([0, 1, 0, 1, 2, 2].map(&mut use_child), [1, 2, 2, 2, 3, 4]);
    }
}

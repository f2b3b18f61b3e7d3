//! From the parser's places to bytes.

use std::cell::Cell;

use saphyr_parser::Marker;

/// The parser speaks in places of characters, and counts some comments in bytes; only line and column
/// within the line are dependable. This finds their byte.
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    starts: Vec<usize>,
    /// Line, column and byte of the last answer: markers come in order, so a long line is walked once.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let breaks = (0..bytes.len()).filter(|&i| {
            bytes[i] == b'\n' || (bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
        });
        Self {
            text,
            starts: std::iter::once(0).chain(breaks.map(|i| i + 1)).collect(),
            last: Cell::new((0, 0, 0)),
        }
    }

    pub(super) fn offset(&self, marker: &Marker) -> usize {
        let Some(&start) = self.starts.get(marker.line().saturating_sub(1)) else {
            return self.text.len();
        };
        let end = self
            .starts
            .get(marker.line())
            .copied()
            .unwrap_or(self.text.len());
        let (line, column, at) = self.last.get();
        let (column, at) = if line == marker.line() && column <= marker.col() {
            (column, at)
        } else {
            (0, start)
        };
        let rest = &self.text[at..end];
        let at = at
            + rest
                .char_indices()
                .nth(marker.col() - column)
                .map_or(rest.len(), |(byte, _)| byte);
        self.last.set((marker.line(), marker.col(), at));
        at
    }
}

//! The series of one query: what blocks hold of them, and what the head holds, packed as it lies there.
//!
//! Whoever evaluates looks at one series after the other. Unpacked one at a time they fit into the processor's cache,
//! where ten thousand of them together are tens of megabytes.

use std::cell::RefCell;

use promise::signal::Matcher;
use promql::{Samples, SeriesRef, SeriesSource, Unpack};

use super::{codec::Decoder, read::in_order, series::Snapshot};
use crate::{Labels, Sample, Series};

/// Some series in the order of labels, each once.
pub(super) struct Packed {
    all: Vec<Piece>,
    decoder: RefCell<Decoder>,
}

/// What is known of one series.
pub(super) struct Piece {
    /// What was unpacked, in the order of time.
    read: Series,
    /// Floats in `[from, to]` that come after, or were told after, the others.
    head: Option<(Snapshot, (i64, i64))>,
}

impl From<Series> for Piece {
    fn from(read: Series) -> Self {
        Self { read, head: None }
    }
}

impl Piece {
    /// A series of the head; one with late samples or histograms is put in order at once.
    pub fn of_head(snapshot: Snapshot, range: (i64, i64), decoder: &mut Decoder) -> Self {
        let is_plain = snapshot.is_plain();
        let labels = snapshot.labels.clone();
        let mut piece = Self {
            read: Series::new(labels, Vec::new()),
            head: Some((snapshot, range)),
        };
        if !is_plain {
            piece.unpack(decoder);
        }
        piece
    }

    fn labels(&self) -> &Labels {
        &self.read.labels
    }

    fn unpack(&mut self, decoder: &mut Decoder) {
        if let Some((snapshot, range)) = self.head.take() {
            let (samples, histograms) = snapshot.read(range, decoder);
            self.read.samples.extend(samples);
            self.read.histograms.extend(histograms);
        }
    }

    /// Adds a later piece of the same series.
    fn join(&mut self, mut next: Self, decoder: &mut Decoder) {
        // Floats give way to nothing, but histograms do to floats at the same instant.
        let stays_packed =
            self.head.is_none() && next.read.is_empty() && self.read.histograms.is_empty();
        if stays_packed {
            self.head = next.head;
            return;
        }
        self.unpack(decoder);
        next.unpack(decoder);
        self.read.samples.extend(next.read.samples);
        self.read.histograms.extend(next.read.histograms);
    }

    /// The whole series.
    pub fn into_series(mut self, decoder: &mut Decoder) -> Series {
        self.unpack(decoder);
        in_order(&mut self.read.samples, &mut self.read.histograms);
        self.read
    }
}

/// Lists in the order of labels as one. What comes first tells the older samples, or told them first.
pub(super) fn merged(mut lists: Vec<Vec<Piece>>, decoder: &mut Decoder) -> Vec<Piece> {
    lists.retain(|list| !list.is_empty());
    if lists.len() <= 1 {
        return lists.pop().unwrap_or_default();
    }
    let mut all: Vec<Piece> = lists.into_iter().flatten().collect();
    // A stable sort finds the runs that the lists are and merges them.
    all.sort_by(|a, b| a.labels().cmp(b.labels()));
    let mut out: Vec<Piece> = Vec::with_capacity(all.len());
    for next in all {
        match out.last_mut() {
            Some(last) if last.labels() == next.labels() => last.join(next, decoder),
            _ => out.push(next),
        }
    }
    for piece in &mut out {
        in_order(&mut piece.read.samples, &mut piece.read.histograms);
    }
    out
}

impl Packed {
    pub fn new(all: Vec<Piece>) -> Self {
        Self {
            all,
            decoder: RefCell::default(),
        }
    }
}

impl SeriesSource for Packed {
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>> {
        let accepted = |piece: &&Piece| {
            let accepts = |m: &Matcher| m.accepts(piece.labels().get(&m.name));
            matchers.iter().all(accepts)
        };
        let found = self.all.iter().enumerate();
        found
            .filter(|(_, piece)| accepted(piece))
            .map(|(place, piece)| SeriesRef {
                labels: piece.labels().clone(),
                samples: match piece.head {
                    Some(_) => Samples::Packed(self, place),
                    None => Samples::Plain(&piece.read.samples),
                },
                histograms: &piece.read.histograms,
            })
            .collect()
    }
}

impl Unpack for Packed {
    fn unpack(&self, place: usize) -> Vec<Sample> {
        let Some(piece) = self.all.get(place) else {
            return Vec::new();
        };
        let mut samples = match &piece.head {
            Some((snapshot, range)) => snapshot.read(*range, &mut self.decoder.borrow_mut()).0,
            None => Vec::new(),
        };
        if !piece.read.samples.is_empty() {
            samples.splice(..0, piece.read.samples.iter().copied());
            in_order(&mut samples, &mut Vec::new());
        }
        samples
    }
}

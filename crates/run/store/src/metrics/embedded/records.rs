//! What stands in a frame of the log. A frame is one request: it is there whole or not at all.
//!
//! An append names the series that the segment does not know yet, then tells samples, histograms and exemplars
//! by their ids. Times are told as the difference to the sample before, which in a round is nothing.

use std::sync::Arc;

use promise::Timestamp;

use super::codec::histogram;
use crate::{
    Exemplar, Histogram, Labels, Metadata,
    wire::{Reader, put_float, put_signed, put_text, put_varint},
};

const APPEND: u8 = 1;
const METADATA: u8 = 2;

/// Builds the frame of an append.
#[derive(Default)]
pub(super) struct AppendRecord {
    names: Part,
    runs: Part,
    histograms: Part,
    exemplars: Part,
    /// What the next number is told as the difference to.
    id: i64,
    at: i64,
}

#[derive(Default)]
struct Part {
    n: u64,
    bytes: Vec<u8>,
}

impl AppendRecord {
    pub fn name(&mut self, id: u32, labels: &Labels) {
        self.names.n += 1;
        put_varint(&mut self.names.bytes, u64::from(id));
        put_text(&mut self.names.bytes, labels.encoded());
    }

    pub fn run(&mut self, id: u32, samples: &[(i64, f64)]) {
        self.runs.n += 1;
        let id = i64::from(id);
        put_signed(
            &mut self.runs.bytes,
            id - std::mem::replace(&mut self.id, id),
        );
        put_varint(&mut self.runs.bytes, samples.len() as u64);
        for (at, value) in samples {
            put_signed(&mut self.runs.bytes, at.wrapping_sub(self.at));
            put_float(&mut self.runs.bytes, *value);
            self.at = *at;
        }
    }

    pub fn histogram(&mut self, id: u32, at: i64, value: &Histogram) {
        self.histograms.n += 1;
        put_varint(&mut self.histograms.bytes, u64::from(id));
        put_signed(&mut self.histograms.bytes, at);
        histogram::put(value, &mut self.histograms.bytes);
    }

    pub fn exemplar(&mut self, id: u32, exemplar: &Exemplar) {
        self.exemplars.n += 1;
        put_varint(&mut self.exemplars.bytes, u64::from(id));
        put_exemplar(exemplar, &mut self.exemplars.bytes);
    }

    /// `None` where nothing was told.
    pub fn finish(self) -> Option<Vec<u8>> {
        let parts = [self.names, self.runs, self.histograms, self.exemplars];
        if parts[1..].iter().all(|part| part.n == 0) {
            return None;
        }
        let mut out = Vec::with_capacity(parts.iter().map(|part| part.bytes.len() + 5).sum());
        out.push(APPEND);
        for part in parts {
            put_varint(&mut out, part.n);
            out.extend_from_slice(&part.bytes);
        }
        Some(out)
    }
}

pub(super) fn metadata(all: &[Metadata]) -> Vec<u8> {
    let mut out = vec![METADATA];
    put_metadata(all.iter(), &mut out);
    out
}

pub(super) fn put_metadata<'m>(
    all: impl ExactSizeIterator<Item = &'m Metadata>,
    out: &mut Vec<u8>,
) {
    put_varint(out, all.len() as u64);
    for one in all {
        for text in [&one.metric, &one.kind, &one.help, &one.unit] {
            put_text(out, text);
        }
    }
}

pub(super) fn read_metadata(reader: &mut Reader<'_>) -> Option<Vec<Metadata>> {
    let mut all = Vec::new();
    for _ in 0..reader.varint()? {
        let mut text = || reader.text().map(str::to_owned);
        all.push(Metadata {
            metric: text()?,
            kind: text()?,
            help: text()?,
            unit: text()?,
        });
    }
    Some(all)
}

pub(super) fn put_exemplar(exemplar: &Exemplar, out: &mut Vec<u8>) {
    put_signed(out, exemplar.at.as_millis());
    put_float(out, exemplar.value);
    put_text(out, exemplar.labels.encoded());
}

pub(super) fn read_exemplar(reader: &mut Reader<'_>) -> Option<Exemplar> {
    let at = Timestamp::from_millis(reader.signed()?);
    let value = reader.float()?;
    Some(Exemplar {
        at,
        value,
        labels: Labels::decode(reader.text()?)?,
    })
}

/// Whoever a frame is told to again, after an opening.
pub(super) trait Heard {
    fn name(&mut self, id: u32, labels: Labels);
    fn sample(&mut self, id: u32, at: i64, value: f64) -> Option<()>;
    fn histogram(&mut self, id: u32, at: i64, value: Arc<Histogram>) -> Option<()>;
    fn exemplar(&mut self, id: u32, exemplar: Exemplar) -> Option<()>;
    fn metadata(&mut self, all: Vec<Metadata>);
}

/// Tells a frame. `None` where it is not what the writer writes.
pub(super) fn tell(payload: &[u8], heard: &mut impl Heard) -> Option<()> {
    let mut reader = Reader::new(payload);
    match reader.byte()? {
        APPEND => tell_append(&mut reader, heard)?,
        METADATA => heard.metadata(read_metadata(&mut reader)?),
        _ => return None,
    }
    reader.is_empty().then_some(())
}

fn tell_append(reader: &mut Reader<'_>, heard: &mut impl Heard) -> Option<()> {
    let id = |reader: &mut Reader<'_>| u32::try_from(reader.varint()?).ok();
    for _ in 0..reader.varint()? {
        heard.name(id(reader)?, Labels::decode(reader.text()?)?);
    }
    let (mut run, mut at) = (0i64, 0i64);
    for _ in 0..reader.varint()? {
        run = run.wrapping_add(reader.signed()?);
        let id = u32::try_from(run).ok()?;
        for _ in 0..reader.varint()? {
            at = at.wrapping_add(reader.signed()?);
            heard.sample(id, at, reader.float()?)?;
        }
    }
    for _ in 0..reader.varint()? {
        let (id, at) = (id(reader)?, reader.signed()?);
        heard.histogram(id, at, histogram::read(reader)?.into())?;
    }
    for _ in 0..reader.varint()? {
        heard.exemplar(id(reader)?, read_exemplar(reader)?)?;
    }
    Some(())
}

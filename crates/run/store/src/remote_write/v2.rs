//! `io.prometheus.write.v2.Request`: `symbols = 4`, `timeseries = 5`.

use std::collections::HashMap;

use promql::{Exemplar, Labels, Series};

use super::{
    Error, histogram,
    read::{Budget, Described, Entry, LabelPairs, Seed, exemplar, kind, kind_number, sample},
};
use crate::{
    metrics::Metadata,
    protobuf::{Field, Reader, Writer},
};

/// The texts that a message names by their places.
#[derive(Debug, PartialEq)]
pub struct Symbols<'m> {
    texts: Vec<&'m str>,
    hashes: Vec<u128>,
}

impl<'m> Symbols<'m> {
    fn read(bytes: &'m [u8], seed: Seed, budget: &mut Budget) -> Result<Self, Error> {
        let (mut texts, mut hashes) = (Vec::new(), Vec::new());
        for field in Reader::new(bytes) {
            let field = field?;
            if field.number == 4 {
                budget.take(1)?;
                let text = field.text()?;
                hashes.push(seed.hash(text.as_bytes()));
                texts.push(text);
            }
        }
        Ok(Self { texts, hashes })
    }

    fn text(&self, place: u64) -> Result<&'m str, Error> {
        let found = usize::try_from(place)
            .ok()
            .and_then(|place| self.texts.get(place));
        found.copied().ok_or(Error::NoSymbol(place))
    }

    /// Of texts, not of places: the same series has other places in the next message.
    pub(super) fn hash(&self, seed: Seed, places: &[u32]) -> u128 {
        let mut bytes = Vec::with_capacity(places.len() * 16);
        for place in places {
            let hash = self.hashes.get(*place as usize).copied();
            bytes.extend(hash.unwrap_or_default().to_le_bytes());
        }
        seed.hash(&bytes)
    }

    pub(super) fn pairs(&self, places: &[u32]) -> Result<Vec<(&str, &str)>, Error> {
        let (pairs, rest) = places.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::OddLabels);
        }
        let text = |place: u32| self.text(place.into());
        pairs
            .iter()
            .map(|[name, value]| Ok((text(*name)?, text(*value)?)))
            .collect()
    }
}

pub(super) fn read(
    bytes: &[u8],
    seed: Seed,
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut budget = Budget::new();
    // The order of fields is free, so the table is read before what refers to it.
    let table = Symbols::read(bytes, seed, &mut budget)?;
    for field in Reader::new(bytes) {
        let field = field?;
        if field.number == 5 {
            each(&mut entry(field.message()?, &table, &mut budget)?)?;
        }
    }
    Ok(())
}

/// `TimeSeries`: `labels_refs = 1`, `samples = 2`, `histograms = 3`, `exemplars = 4`, `metadata = 5`.
fn entry<'m>(
    message: Reader<'m>,
    table: &'m Symbols<'m>,
    budget: &mut Budget,
) -> Result<Entry<'m>, Error> {
    let mut places = Vec::new();
    let (mut samples, mut histograms, mut exemplars) = (Vec::new(), Vec::new(), Vec::new());
    let mut about = None;
    budget.take(1)?;
    for field in message {
        let field = field?;
        match field.number {
            1 => field.varints(&mut places, place)?,
            2 => {
                budget.take(1)?;
                samples.push(sample(&field)?);
            }
            3 => {
                budget.take(1)?;
                histograms.push(histogram::read(&field, budget)?);
            }
            4 => {
                budget.take(1)?;
                exemplars.push(exemplar_of(&field, table)?);
            }
            5 => about = described(&field, table)?,
            _ => {}
        }
    }
    if places.len() > PLACES_MAX {
        return Err(Error::TooMany {
            what: "labels in one series",
            limit: PLACES_MAX / 2,
        });
    }
    // Whoever knows the series by its hash never looks at the texts, so their places are looked at here.
    if let Some(missing) = places.iter().find(|at| **at as usize >= table.texts.len()) {
        return Err(Error::NoSymbol((*missing).into()));
    }
    Ok(Entry {
        labels: LabelPairs::Symbols { table, places },
        samples,
        histograms,
        exemplars,
        about,
    })
}

/// Names and values of one series: far above what any receiver takes, and far below what would cost memory.
const PLACES_MAX: usize = 4_096;

/// A place beyond 32 bits is in no table, and neither is the last of them.
fn place(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn exemplar_of(field: &Field<'_>, table: &Symbols<'_>) -> Result<Exemplar, Error> {
    let mut places = Vec::new();
    let (at, value) = exemplar(field.message()?, |field| {
        Ok(field.varints(&mut places, place)?)
    })?;
    Ok(Exemplar {
        labels: Labels::new(table.pairs(&places)?),
        at,
        value,
    })
}

/// `Metadata`: `type = 1`, `help_ref = 3`, `unit_ref = 4`. `None` where it says nothing.
fn described<'m>(field: &Field<'_>, table: &Symbols<'m>) -> Result<Option<Described<'m>>, Error> {
    let (mut number, mut help, mut unit) = (0, "", "");
    for part in field.message()? {
        let part = part?;
        match part.number {
            1 => number = part.uint()?,
            3 => help = table.text(part.uint()?)?,
            4 => unit = table.text(part.uint()?)?,
            _ => {}
        }
    }
    let is_empty = number == 0 && help.is_empty() && unit.is_empty();
    Ok((!is_empty).then_some(Described {
        metric: None,
        kind: kind(number),
        help,
        unit,
    }))
}

pub(super) fn write(series: &[Series], about: &[Metadata]) -> Vec<u8> {
    let mut table = Table::default();
    // The specification wants the empty text first, for what is left out.
    table.place("");
    let about: HashMap<&str, &Metadata> = about.iter().map(|one| (&*one.metric, one)).collect();
    let mut entries = Writer::default();
    for one in series {
        entries.message(5, |out| entry_of(out, one, &about, &mut table));
    }
    let mut out = Writer::default();
    for text in table.texts {
        out.text(4, text);
    }
    let mut bytes = out.into_bytes();
    bytes.extend(entries.into_bytes());
    bytes
}

fn entry_of<'s>(
    out: &mut Writer,
    one: &'s Series,
    about: &HashMap<&str, &'s Metadata>,
    table: &mut Table<'s>,
) {
    out.varints(1, table.places(&one.labels));
    for sample in &one.samples {
        out.message(2, |out| {
            out.double(1, sample.value).int(2, sample.at.as_millis());
        });
    }
    for sample in &one.histograms {
        out.message(3, |out| histogram::write(out, sample));
    }
    for exemplar in &one.exemplars {
        out.message(4, |out| {
            out.varints(1, table.places(&exemplar.labels))
                .double(2, exemplar.value)
                .int(3, exemplar.at.as_millis());
        });
    }
    if let Some(about) = about_of(one.labels.metric(), about) {
        out.message(5, |out| {
            out.uint(1, kind_number(&about.kind))
                .uint(3, table.place(&about.help))
                .uint(4, table.place(&about.unit));
        });
    }
}

/// A series of a classic histogram or a summary bears its family's name and one of these.
const ENDINGS: [&str; 5] = ["_bucket", "_count", "_sum", "_total", "_info"];

fn about_of<'a>(metric: &str, about: &HashMap<&str, &'a Metadata>) -> Option<&'a Metadata> {
    let mut families = ENDINGS.iter().filter_map(|end| metric.strip_suffix(end));
    about
        .get(metric)
        .copied()
        .or_else(|| families.find_map(|family| about.get(family).copied()))
}

/// Texts that are being given places.
#[derive(Default)]
struct Table<'s> {
    texts: Vec<&'s str>,
    known: HashMap<&'s str, u64>,
}

impl<'s> Table<'s> {
    fn place(&mut self, text: &'s str) -> u64 {
        *self.known.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() as u64 - 1
        })
    }

    fn places(&mut self, labels: &'s Labels) -> Vec<u64> {
        let mut places = Vec::new();
        for (name, value) in labels {
            places.push(self.place(name));
            places.push(self.place(value));
        }
        places
    }
}

//! `prometheus.WriteRequest`: `timeseries = 1`, `metadata = 3`.

use std::borrow::Cow;

use promql::{Exemplar, Labels, Sample, Series};

use super::{
    Error, histogram,
    read::{Budget, Described, Entry, LabelPairs, exemplar, kind, kind_number, sample},
};
use crate::{
    metrics::Metadata,
    protobuf::{Field, Reader, Writer},
};

pub(super) fn read(
    bytes: &[u8],
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), Error>,
    about: &mut dyn FnMut(Described<'_>),
) -> Result<(), Error> {
    let mut budget = Budget::new();
    // One list for the samples of all series, one after the other: most have one sample.
    let mut room = Vec::new();
    for field in Reader::new(bytes) {
        let field = field?;
        match field.number {
            1 => {
                let mut entry = entry(field.bytes()?, &mut budget, false, room)?;
                each(&mut entry)?;
                room = entry.samples;
                room.clear();
            }
            3 => {
                budget.take(1)?;
                about(described(&field)?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// `prometheus.TimeSeries`: `labels = 1`, `samples = 2`, `exemplars = 3`, `histograms = 4`.
/// A histogram that is wrong is left out if `is_lenient`. `samples` is empty and takes them.
fn entry<'m>(
    bytes: &'m [u8],
    budget: &mut Budget,
    is_lenient: bool,
    mut samples: Vec<Sample>,
) -> Result<Entry<'m>, Error> {
    let (labels, rest) = bytes.split_at(labels_end(bytes));
    let mut labels = Cow::Borrowed(labels);
    let (mut histograms, mut exemplars) = (Vec::new(), Vec::new());
    budget.take(1)?;
    for field in Reader::new(rest) {
        let field = field?;
        budget.take(1)?;
        match field.number {
            // Nobody writes labels after samples, but somebody may.
            1 => append_label(labels.to_mut(), field.bytes()?),
            2 => samples.push(sample(&field)?),
            3 => exemplars.push(exemplar_of(&field, budget)?),
            4 => match histogram::read(&field, budget) {
                Ok(sample) => histograms.push(sample),
                Err(Error::Histogram(_)) if is_lenient => {}
                Err(error) => return Err(error),
            },
            _ => {}
        }
    }
    Ok(Entry {
        labels: LabelPairs::Spelled(labels),
        samples,
        histograms,
        exemplars,
        about: None,
    })
}

/// A label is field 1 and a message: this byte begins each.
const LABEL: u8 = 1 << 3 | 2;

/// Where the labels at the beginning end. Each is stepped over by its length alone.
fn labels_end(bytes: &[u8]) -> usize {
    let mut end = 0;
    while bytes.get(end) == Some(&LABEL) {
        let Some(&len) = bytes.get(end + 1) else {
            break;
        };
        let next = if len < 0x80 {
            end + 2 + usize::from(len)
        } else {
            let mut reader = Reader::new(&bytes[end + 1..]);
            let before = reader.len();
            let Ok(len) = reader.varint() else { break };
            let Ok(len) = usize::try_from(len) else { break };
            (end + 1 + before - reader.len()).saturating_add(len)
        };
        // What is cut off is told of by whoever reads the rest.
        if next > bytes.len() {
            break;
        }
        end = next;
    }
    end
}

fn append_label(labels: &mut Vec<u8>, label: &[u8]) {
    let mut writer = Writer::from(std::mem::take(labels));
    writer.bytes(1, label);
    *labels = writer.into_bytes();
}

/// Names and values of labels that follow each other.
pub(super) fn pairs(labels: &[u8]) -> Result<Vec<(&str, &str)>, Error> {
    let mut pairs = Vec::new();
    for field in Reader::new(labels) {
        let (mut name, mut value) = ("", "");
        for part in field?.message()? {
            let part = part?;
            match part.number {
                1 => name = part.text()?,
                2 => value = part.text()?,
                _ => {}
            }
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn exemplar_of(field: &Field<'_>, budget: &mut Budget) -> Result<Exemplar, Error> {
    let mut labels = Vec::new();
    let (at, value) = exemplar(field.message()?, |field| {
        budget.take(1)?;
        append_label(&mut labels, field.bytes()?);
        Ok(())
    })?;
    Ok(Exemplar {
        labels: Labels::new(pairs(&labels)?),
        at,
        value,
    })
}

/// `prometheus.MetricMetadata`: `type = 1`, `metric_family_name = 2`, `help = 4`, `unit = 5`.
fn described<'m>(field: &Field<'m>) -> Result<Described<'m>, Error> {
    let mut about = Described {
        metric: Some(""),
        kind: kind(0),
        help: "",
        unit: "",
    };
    for part in field.message()? {
        let part = part?;
        match part.number {
            1 => about.kind = kind(part.uint()?),
            2 => about.metric = Some(part.text()?),
            4 => about.help = part.text()?,
            5 => about.unit = part.text()?,
            _ => {}
        }
    }
    Ok(about)
}

/// The one series of a `prometheus.TimeSeries`, as remote read answers with it. Prometheus 3.5 leaves out the
/// bounds of histograms that list theirs; without them they mean nothing and are left out.
pub(crate) fn series(bytes: &[u8]) -> Result<Series, Error> {
    let entry = entry(bytes, &mut Budget::new(), true, Vec::new())?;
    Ok(Series {
        labels: entry.labels.labels()?,
        samples: entry.samples,
        histograms: entry.histograms,
        exemplars: entry.exemplars,
    })
}

pub(super) fn write(series: &[Series], about: &[Metadata]) -> Vec<u8> {
    let mut out = Writer::default();
    for one in series {
        out.message(1, |entry| {
            labels(entry, &one.labels);
            for sample in &one.samples {
                entry.message(2, |out| {
                    out.double(1, sample.value).int(2, sample.at.as_millis());
                });
            }
            for exemplar in &one.exemplars {
                entry.message(3, |out| {
                    labels(out, &exemplar.labels);
                    out.double(2, exemplar.value)
                        .int(3, exemplar.at.as_millis());
                });
            }
            for sample in &one.histograms {
                entry.message(4, |out| histogram::write(out, sample));
            }
        });
    }
    for one in about {
        out.message(3, |out| {
            out.uint(1, kind_number(&one.kind))
                .text(2, &one.metric)
                .text(4, &one.help)
                .text(5, &one.unit);
        });
    }
    out.into_bytes()
}

fn labels(out: &mut Writer, labels: &Labels) {
    for (name, value) in labels {
        out.message(1, |out| {
            out.text(1, name).text(2, value);
        });
    }
}

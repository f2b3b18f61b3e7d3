//! An answer is read, in whichever format it came, into what is remembered of its target.

use crate::{
    memory::{Heard, Hearing},
    parse::{
        Format, Limits, Lines, ParseError,
        protobuf::{self, Value},
    },
    trouble::Trouble,
};

pub(super) fn answer(
    body: &[u8],
    content_type: &str,
    limits: &Limits,
    classic: bool,
    hearing: Hearing<'_>,
) -> Result<Heard, Trouble> {
    match Format::of(content_type) {
        Format::Protobuf => messages(body, limits, classic, hearing),
        format => text(body, format, limits, hearing),
    }
}

fn text(
    body: &[u8],
    format: Format,
    limits: &Limits,
    mut hearing: Hearing<'_>,
) -> Result<Heard, Trouble> {
    let mut lines = Lines::new(body, format)?;
    while let Some(line) = lines.next()? {
        // Most lines are a series that was there before, and its value.
        if let Some((series, value)) = line.halves()
            && let Some(place) = hearing.find(series.as_bytes())
        {
            hearing.sample(place, Value::Float(value), None, &[])?;
            continue;
        }
        let exposed = line.read(limits)?;
        let key = exposed.series.as_bytes();
        let place = match hearing.find(key) {
            Some(place) => place,
            None => hearing.add(key, &exposed.labels()),
        };
        let exemplars = exposed.exemplar.as_slice();
        hearing.sample(place, Value::Float(exposed.value), exposed.at, exemplars)?;
    }
    Ok(hearing.finish(&lines.metadata))
}

fn messages(
    body: &[u8],
    limits: &Limits,
    classic: bool,
    mut hearing: Hearing<'_>,
) -> Result<Heard, Trouble> {
    let metadata = protobuf::families(body, classic, &mut |sample| {
        let place = match hearing.find(sample.key) {
            Some(place) => place,
            None => hearing.add(sample.key, &sample.labels(limits)?),
        };
        hearing.sample(place, sample.value, sample.at, &sample.exemplars)
    })?;
    Ok(hearing.finish(&metadata))
}

impl From<ParseError> for Trouble {
    fn from(error: ParseError) -> Self {
        if error.is_limit {
            Self::refused(error.say())
        } else {
            Self::failed(error.say())
        }
    }
}

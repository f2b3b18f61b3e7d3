//! What a question comes to: how many records along the time, the newest of them, and which fields these have.

use std::collections::BTreeMap;

use ::promise::{LogQuery, Timestamp};
use serde_json::{Map, Value};
use store::{
    LogStore, Record,
    logs::{Scan, Search},
};

use crate::mask::Mask;

/// Bars of the histogram: a few pixels each on a phone.
pub(super) const BARS: usize = 60;
/// Records that are shown.
pub(super) const SHOWN_MAX: usize = 100;
/// Newest records from which fields are told.
pub(super) const SAMPLED_MAX: usize = 500;
/// Records that one page counts; beyond it the histogram ends, and says so.
const COUNTED_MAX: u64 = 50_000_000;
const FIELDS_MAX: usize = 40;
const VALUES_MAX: usize = 5;
/// A longer value is no category.
const VALUE_CHARS_MAX: usize = 80;

pub(super) struct Found {
    pub bars: Vec<u64>,
    pub total: u64,
    /// There were more than are counted.
    pub is_cut: bool,
    /// Newest first.
    pub records: Vec<Record>,
    pub fields: Vec<Field>,
    pub sampled: usize,
}

/// A field of the newest records.
pub(super) struct Field {
    pub name: String,
    pub records: usize,
    /// The commonest, with how many records have each; none of a masked field.
    pub values: Vec<(String, usize)>,
    pub is_masked: bool,
}

pub(super) async fn find(
    logs: &dyn LogStore,
    query: &LogQuery,
    (from, to): (Timestamp, Timestamp),
    mask: &Mask,
) -> Result<Found, store::Error> {
    let mut records = newest(logs, query, (from, to)).await?;
    let fields = fields(&records, mask);
    let sampled = records.len();
    records.truncate(SHOWN_MAX);
    let scan = Scan {
        query: query.clone(),
        from,
        to,
        columns: Vec::new(),
    };
    let mut found = Found {
        bars: vec![0; BARS],
        total: 0,
        is_cut: false,
        records,
        fields,
        sampled,
    };
    let mut batches = logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        for at in &batch?.at {
            if let Some(bar) = bar(*at, from, to).and_then(|bar| found.bars.get_mut(bar)) {
                *bar += 1;
                found.total += 1;
            }
        }
        if found.total >= COUNTED_MAX {
            found.is_cut = true;
            break;
        }
    }
    Ok(found)
}

/// The fields alone.
pub(super) async fn fields_of(
    logs: &dyn LogStore,
    query: &LogQuery,
    times: (Timestamp, Timestamp),
    mask: &Mask,
) -> Result<Vec<Field>, store::Error> {
    Ok(fields(&newest(logs, query, times).await?, mask))
}

async fn newest(
    logs: &dyn LogStore,
    query: &LogQuery,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Record>, store::Error> {
    let search = Search {
        query: query.clone(),
        from,
        to,
        newest_first: true,
        after: None,
        limit: SAMPLED_MAX,
    };
    logs.search(&search).await
}

fn bar(at: Timestamp, from: Timestamp, to: Timestamp) -> Option<usize> {
    bar_of(at, (from, to), BARS)
}

/// In which of so many bars an instant of `(from, to]` lies.
pub(super) fn bar_of(
    at: Timestamp,
    (from, to): (Timestamp, Timestamp),
    bars: usize,
) -> Option<usize> {
    let span = u128::try_from(to.as_millis() - from.as_millis())
        .ok()?
        .max(1);
    let place = u128::try_from(at.as_millis() - from.as_millis() - 1).ok()?;
    let bar = usize::try_from(place * bars as u128 / span).ok();
    bar.filter(|bar| *bar < bars)
}

fn fields(records: &[Record], mask: &Mask) -> Vec<Field> {
    let mut seen: BTreeMap<String, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for record in records {
        let mut add = |name: &str, value: &Value| {
            let (records, values) = seen.entry(name.to_owned()).or_default();
            *records += 1;
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if !mask.hides(name) && text.chars().count() <= VALUE_CHARS_MAX {
                *values.entry(text).or_default() += 1;
            }
        };
        add("stream", &Value::from(record.stream.as_str()));
        each(&record.fields, "", &mut add);
    }
    let mut fields: Vec<Field> = seen
        .into_iter()
        .map(|(name, (records, values))| {
            let mut values: Vec<_> = values.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            // Where each value is another one they say nothing.
            let is_telling = values
                .first()
                .is_some_and(|(_, most)| *most > 1 || records == 1);
            values.truncate(if is_telling { VALUES_MAX } else { 0 });
            Field {
                is_masked: mask.hides(&name),
                name,
                records,
                values,
            }
        })
        .collect();
    fields.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.name.cmp(&b.name)));
    fields.truncate(FIELDS_MAX);
    fields
}

/// Each plain value with the full name of its field. JSON that was parsed is at most 128 levels deep.
pub(super) fn each(object: &Map<String, Value>, prefix: &str, give: &mut dyn FnMut(&str, &Value)) {
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => each(inner, &format!("{name}."), give),
            Value::Null => {}
            value => give(&name, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_divide_the_time_evenly_and_their_ends_belong_to_them() {
        let at = Timestamp::from_millis;
        // A minute each: (0, 60 s] is the first of sixty in an hour.
        let (from, to) = (at(0), at(3_600_000));
        assert_eq!(bar(at(1), from, to), Some(0));
        assert_eq!(bar(at(60_000), from, to), Some(0));
        assert_eq!(bar(at(60_001), from, to), Some(1));
        assert_eq!(bar(to, from, to), Some(59));
        assert_eq!(bar(from, from, to), None);
    }
}

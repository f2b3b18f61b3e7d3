//! Buckets: records in groups, each with its count and what is asked of it further.

use std::collections::{HashMap, hash_map::Entry};

use promise::{Timestamp, signal::log_query::Pattern};
use serde_json::{Map, Value, json};

use super::{
    BUCKETS_MAX, Field, Kind, Node, State, Walk, collect, finish,
    interval::Interval,
    key::{Key, keys},
    metric::{instant, number},
    order::Order,
    states,
};
use crate::{date::Zone, error::Error};

#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub field: Field,
    pub size: usize,
    pub min_count: u64,
    pub order: Vec<Order>,
    pub include: Option<Choice>,
    pub exclude: Option<Choice>,
}

/// Which keys of a `terms` are wanted.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    Any(Vec<String>),
    Like(Pattern),
}

#[derive(Debug, Clone)]
pub(super) struct Fill {
    pub min_count: u64,
    /// Buckets that are shown though they are empty: from, to.
    pub extended: (Option<f64>, Option<f64>),
    pub hard: (Option<f64>, Option<f64>),
    pub keyed: bool,
    pub descends: bool,
    /// How keys of time are written.
    pub format: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct RangeOf {
    pub key: Option<String>,
    pub from: Option<f64>,
    pub to: Option<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct Composite {
    pub sources: Vec<(String, Field, Option<Interval>, bool)>,
    pub size: usize,
    pub after: Option<Vec<Value>>,
}

#[derive(Debug)]
struct Bucket {
    count: u64,
    subs: Vec<State>,
}

#[derive(Debug)]
pub(super) struct Buckets {
    all: HashMap<Key, Bucket>,
}

impl Buckets {
    pub fn new(kind: &Kind, subs: &[Node]) -> Self {
        let mut all = HashMap::new();
        // What is named in the request is told even when it stays empty.
        let named = match kind {
            Kind::Range { ranges, .. } => ranges.len(),
            Kind::Filters { filters, other, .. } => filters.len() + usize::from(other.is_some()),
            Kind::Filter(_) | Kind::Global | Kind::Missing(_) => 1,
            _ => 0,
        };
        for place in 0..named {
            all.insert(
                Key::Place(place),
                Bucket {
                    count: 0,
                    subs: states(subs),
                },
            );
        }
        Self { all }
    }

    pub fn add(&mut self, kind: &Kind, subs: &[Node], walk: &mut Walk<'_>) -> Result<(), Error> {
        for key in keys(kind, walk) {
            let bucket = self.bucket(key, subs, walk.buckets)?;
            bucket.count += 1;
            collect(subs, &mut bucket.subs, walk)?;
        }
        Ok(())
    }

    /// Counts records of one bucket of which nothing else is asked.
    pub fn count(&mut self, key: Key, records: u64, made: &mut usize) -> Result<(), Error> {
        self.bucket(key, &[], made)?.count += records;
        Ok(())
    }

    fn bucket(&mut self, key: Key, subs: &[Node], made: &mut usize) -> Result<&mut Bucket, Error> {
        match self.all.entry(key) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                *made += 1;
                if *made > BUCKETS_MAX {
                    return Err(Error::TooMany(format!(
                        "Trying to create too many buckets. Must be less than or equal to: [{BUCKETS_MAX}]. Narrow the query or use a composite aggregation."
                    )));
                }
                Ok(place.insert(Bucket {
                    count: 0,
                    subs: states(subs),
                }))
            }
        }
    }

    pub fn finish(self, kind: &Kind, subs: &[Node], zone: &Zone) -> Result<Value, Error> {
        match kind {
            Kind::Terms(terms) => self.terms(terms, subs, zone),
            Kind::Histogram {
                field,
                interval,
                fill,
            } => self.histogram(field, interval, fill, subs, zone),
            Kind::Range {
                ranges,
                is_date,
                keyed,
                ..
            } => {
                let entries = self.places(ranges.len(), subs, zone)?;
                let shown = ranges
                    .iter()
                    .zip(entries)
                    .map(|(range, bucket)| range.show(bucket, *is_date))
                    .collect();
                Ok(listed(shown, *keyed))
            }
            Kind::Filters {
                filters,
                other,
                keyed,
            } => {
                let names = filters.iter().map(|(name, _)| name).chain(other);
                let entries =
                    self.places(filters.len() + usize::from(other.is_some()), subs, zone)?;
                let shown: Vec<(String, Value)> = names
                    .cloned()
                    .zip(entries.into_iter().map(Value::Object))
                    .collect();
                Ok(if *keyed {
                    json!({ "buckets": Map::from_iter(shown) })
                } else {
                    json!({ "buckets": shown.into_iter().map(|(_, bucket)| bucket).collect::<Vec<_>>() })
                })
            }
            Kind::Composite(composite) => self.composite(composite, subs, zone),
            _ => Ok(Value::Object(self.places(1, subs, zone)?.swap_remove(0))),
        }
    }

    /// The buckets that are known by their place.
    fn places(
        mut self,
        count: usize,
        subs: &[Node],
        zone: &Zone,
    ) -> Result<Vec<Map<String, Value>>, Error> {
        let each = (0..count).map(|place| {
            let bucket = self.all.remove(&Key::Place(place));
            bucket
                .unwrap_or(Bucket {
                    count: 0,
                    subs: states(subs),
                })
                .show(subs, zone)
        });
        each.collect()
    }

    fn terms(self, terms: &Terms, subs: &[Node], zone: &Zone) -> Result<Value, Error> {
        let mut shown = Vec::with_capacity(self.all.len());
        for (key, bucket) in self.all {
            if bucket.count < terms.min_count {
                continue;
            }
            let mut entry = key.show(&terms.field);
            entry.extend(bucket.show(subs, zone)?);
            shown.push(Value::Object(entry));
        }
        shown.sort_by(|a, b| Order::compare(&terms.order, a, b));
        let rest: u64 = shown
            .iter()
            .skip(terms.size)
            .filter_map(|bucket| bucket["doc_count"].as_u64())
            .sum();
        shown.truncate(terms.size);
        Ok(
            json!({ "doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": shown }),
        )
    }

    fn histogram(
        mut self,
        field: &Field,
        interval: &Interval,
        fill: &Fill,
        subs: &[Node],
        zone: &Zone,
    ) -> Result<Value, Error> {
        let mut begins: Vec<f64> = self.all.keys().filter_map(Key::number).collect();
        if fill.min_count == 0 {
            let ends = [fill.extended.0, fill.extended.1]
                .into_iter()
                .flatten()
                .filter_map(|end| interval.floor(end));
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for begin in begins.iter().copied().chain(ends) {
                (low, high) = (low.min(begin), high.max(begin));
            }
            begins.clear();
            let mut at = low;
            while at <= high {
                begins.push(at);
                if begins.len() > BUCKETS_MAX {
                    return Err(Error::TooMany(format!(
                        "Trying to create too many buckets. Must be less than or equal to: [{BUCKETS_MAX}]. Choose a longer interval."
                    )));
                }
                match interval.next(at) {
                    Some(next) if next > at => at = next,
                    _ => break,
                }
            }
        }
        begins.sort_by(f64::total_cmp);
        if fill.descends {
            begins.reverse();
        }
        let mut shown = Vec::new();
        for begin in begins {
            let bucket = self.all.remove(&Key::of(begin)).unwrap_or_else(|| Bucket {
                count: 0,
                subs: states(subs),
            });
            if bucket.count < fill.min_count {
                continue;
            }
            let mut entry = Map::new();
            let mut name = begin.to_string();
            if field.is_date {
                name = written(
                    begin,
                    fill.format.as_deref(),
                    interval.zone().unwrap_or(zone),
                );
                entry.insert("key_as_string".to_owned(), name.clone().into());
                #[allow(clippy::cast_possible_truncation)]
                entry.insert("key".to_owned(), (begin as i64).into());
            } else {
                entry.insert("key".to_owned(), number(begin));
            }
            entry.extend(bucket.show(subs, zone)?);
            shown.push((name, Value::Object(entry)));
        }
        Ok(listed(shown, fill.keyed))
    }

    fn composite(self, composite: &Composite, subs: &[Node], zone: &Zone) -> Result<Value, Error> {
        let show = |key: &Key| -> Vec<Value> {
            let Key::Many(parts) = key else {
                return Vec::new();
            };
            let each = composite.sources.iter().zip(parts);
            each.map(|((_, field, ..), part)| {
                part.as_ref()
                    .map_or(Value::Null, |part| part.show(field)["key"].clone())
            })
            .collect()
        };
        let compare =
            |a: &[Value], b: &[Value]| {
                let each = composite.sources.iter().zip(a.iter().zip(b)).map(
                    |((.., descends), (a, b))| {
                        let order = Order::compare(&[], &json!({ "key": a }), &json!({ "key": b }));
                        if *descends { order.reverse() } else { order }
                    },
                );
                each.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            };
        let mut all: Vec<(Vec<Value>, Bucket)> = self
            .all
            .into_iter()
            .map(|(key, bucket)| (show(&key), bucket))
            .collect();
        if let Some(after) = &composite.after {
            all.retain(|(key, _)| compare(key, after).is_gt());
        }
        all.sort_by(|(a, _), (b, _)| compare(a, b));
        all.truncate(composite.size);
        let named = |key: Vec<Value>| -> Map<String, Value> {
            composite
                .sources
                .iter()
                .map(|(name, ..)| name.clone())
                .zip(key)
                .collect()
        };
        let mut shown = Vec::new();
        for (key, bucket) in all {
            let mut entry = Map::from_iter([("key".to_owned(), Value::Object(named(key)))]);
            entry.extend(bucket.show(subs, zone)?);
            shown.push(Value::Object(entry));
        }
        let after = shown.last().map(|last| last["key"].clone());
        let mut answer = json!({ "buckets": shown });
        if let (Some(after), Value::Object(answer)) = (after, &mut answer) {
            answer.insert("after_key".to_owned(), after);
        }
        Ok(answer)
    }
}

impl Bucket {
    fn show(self, subs: &[Node], zone: &Zone) -> Result<Map<String, Value>, Error> {
        let mut entry = Map::from_iter([("doc_count".to_owned(), self.count.into())]);
        entry.extend(finish(subs, self.subs, zone)?);
        Ok(entry)
    }
}

impl RangeOf {
    fn show(&self, bucket: Map<String, Value>, is_date: bool) -> (String, Value) {
        let written = |end: f64| if is_date { instant(end) } else { shown(end) };
        let name = self.key.clone().unwrap_or_else(|| {
            let side = |end: Option<f64>| end.map_or("*".to_owned(), written);
            format!("{}-{}", side(self.from), side(self.to))
        });
        let mut entry = Map::from_iter([("key".to_owned(), name.clone().into())]);
        for (what, end) in [("from", self.from), ("to", self.to)] {
            if let Some(end) = end {
                entry.insert(what.to_owned(), number(end));
                if is_date {
                    entry.insert(format!("{what}_as_string"), instant(end).into());
                }
            }
        }
        entry.extend(bucket);
        (name, Value::Object(entry))
    }

    pub fn holds(&self, n: f64) -> bool {
        self.from.is_none_or(|from| n >= from) && self.to.is_none_or(|to| n < to)
    }
}

/// As a key writes a number: always with a fraction.
fn shown(n: f64) -> String {
    if n.fract() == 0.0 {
        format!("{n:.1}")
    } else {
        n.to_string()
    }
}

/// As a list, or as an object by the buckets' names.
fn listed(shown: Vec<(String, Value)>, keyed: bool) -> Value {
    if keyed {
        json!({ "buckets": Map::from_iter(shown) })
    } else {
        json!({ "buckets": shown.into_iter().map(|(_, bucket)| bucket).collect::<Vec<_>>() })
    }
}

#[allow(clippy::cast_possible_truncation)]
fn written(millis: f64, format: Option<&str>, zone: &Zone) -> String {
    let at = Timestamp::from_millis(millis as i64).to_zoned(&zone.0);
    let pattern = match format {
        Some("epoch_millis") => return (millis as i64).to_string(),
        Some("epoch_second") => return (millis as i64 / 1000).to_string(),
        Some(format) if format.contains("yyyy") || format.contains("HH") => {
            let pairs = [
                ("yyyy", "%Y"),
                ("MM", "%m"),
                ("dd", "%d"),
                ("HH", "%H"),
                ("mm", "%M"),
                ("SSS", "%3f"),
                ("ss", "%S"),
                ("'", ""),
            ];
            pairs
                .iter()
                .fold(format.replace('%', "%%"), |text, (from, to)| {
                    text.replace(from, to)
                })
        }
        _ if at.offset().seconds() == 0 => return instant(millis),
        _ => "%Y-%m-%dT%H:%M:%S.%3f%:z".to_owned(),
    };
    at.strftime(&pattern).to_string()
}

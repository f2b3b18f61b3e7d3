//! From the request's JSON to the tree of aggregations.

use promise::signal::log_query::{Pattern, regex};
use serde_json::{Map, Value};

use super::{
    Aggregations, Field, Kind, Node,
    bucket::{Choice, Composite, Fill, RangeOf, Terms},
    interval::{Interval, duration},
    metric::{Ask, Figure},
    order::Order,
};
use crate::{
    date::{self, Zone},
    dsl::Reader,
    error::{Error, illegal, parsing},
    mapping,
    request::{SourceFilter, whole},
    sort::Sort,
};

/// Aggregations within each other, and of one request.
const DEPTH_MAX: usize = 8;
const NODES_MAX: usize = 256;
/// Figures a single `percentiles` may ask for, ranges of a `range`, filters of a `filters`.
const PARTS_MAX: usize = 1_024;

impl Aggregations {
    /// Reads `aggs`.
    pub fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut count = 0;
        level(value, reader, 0, &mut count).map(Self)
    }
}

fn level(
    value: &Value,
    reader: &mut Reader<'_>,
    depth: usize,
    count: &mut usize,
) -> Result<Vec<Node>, Error> {
    let object = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Object(object) => object,
        _ => return parsing("Expected [START_OBJECT] under [aggs]"),
    };
    *count += object.len();
    if depth >= DEPTH_MAX || *count > NODES_MAX {
        return illegal(format!(
            "aggregations go beyond {DEPTH_MAX} levels or {NODES_MAX} in all"
        ));
    }
    let mut nodes = Vec::new();
    for (name, body) in object {
        let Some(body) = body.as_object() else {
            return parsing(format!("Expected [START_OBJECT] under [{name}]"));
        };
        let (mut kind, mut subs, mut meta) = (None, Vec::new(), None);
        for (key, value) in body {
            match key.as_str() {
                "aggs" | "aggregations" => subs = level(value, reader, depth + 1, count)?,
                "meta" => meta = Some(value.clone()),
                key if kind.is_some() => {
                    return parsing(format!(
                        "Found two aggregation type definitions in [{name}]: [{key}]"
                    ));
                }
                key => kind = Some(one(key, value, reader)?),
            }
        }
        let Some(kind) = kind else {
            return parsing(format!("Missing definition for aggregation [{name}]"));
        };
        if !subs.is_empty() && matches!(kind, Kind::Metric(_) | Kind::TopHits { .. }) {
            return illegal(format!(
                "Aggregator [{name}] cannot accept sub-aggregations"
            ));
        }
        nodes.push(Node {
            name: name.clone(),
            kind,
            subs,
            meta,
        });
    }
    Ok(nodes)
}

fn one(name: &str, body: &Value, reader: &mut Reader<'_>) -> Result<Kind, Error> {
    let empty = Map::new();
    let Some(options) = body.as_object().or(body.is_null().then_some(&empty)) else {
        return parsing(format!("[{name}] aggregation malformed"));
    };
    let field = |reader: &Reader<'_>| field(name, options, reader);
    let metric = |figure, reader: &Reader<'_>| {
        Ok(Kind::Metric(Ask {
            figure,
            field: field(reader)?,
        }))
    };
    let keyed = |default| {
        options
            .get("keyed")
            .and_then(Value::as_bool)
            .unwrap_or(default)
    };
    match name {
        "min" => metric(Figure::Min, reader),
        "max" => metric(Figure::Max, reader),
        "avg" => metric(Figure::Avg, reader),
        "sum" => metric(Figure::Sum, reader),
        "value_count" => metric(Figure::ValueCount, reader),
        "cardinality" => metric(Figure::Cardinality, reader),
        "stats" => metric(Figure::Stats, reader),
        "extended_stats" => {
            let sigma = options.get("sigma").and_then(Value::as_f64).unwrap_or(2.0);
            metric(Figure::ExtendedStats { sigma }, reader)
        }
        "percentiles" => {
            let percents = match options.get("percents") {
                Some(percents) => numbers("percents", percents)?,
                None => vec![1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0],
            };
            if percents.iter().any(|p| !(0.0..=100.0).contains(p)) {
                return illegal("percent must be in [0,100]");
            }
            metric(
                Figure::Percentiles {
                    percents,
                    keyed: keyed(true),
                },
                reader,
            )
        }
        "percentile_ranks" => {
            let values = numbers("values", options.get("values").unwrap_or(&Value::Null))?;
            metric(
                Figure::PercentileRanks {
                    values,
                    keyed: keyed(true),
                },
                reader,
            )
        }
        "terms" => terms(options, field(reader)?),
        "histogram" => {
            let Some(width) = options
                .get("interval")
                .and_then(Value::as_f64)
                .filter(|width| *width > 0.0)
            else {
                return illegal("[interval] must be >0 for histogram aggregation");
            };
            let offset = options.get("offset").and_then(Value::as_f64).unwrap_or(0.0);
            let interval = Interval::Number { width, offset };
            Ok(Kind::Histogram {
                field: field(reader)?,
                interval,
                fill: fill(options, reader, false)?,
            })
        }
        "date_histogram" => {
            let field = Field {
                is_date: true,
                ..field(reader)?
            };
            Ok(Kind::Histogram {
                field,
                interval: date_interval(options)?,
                fill: fill(options, reader, true)?,
            })
        }
        "range" | "date_range" => {
            let is_date = name == "date_range";
            let field = Field {
                is_date,
                ..field(reader)?
            };
            Ok(Kind::Range {
                field,
                ranges: ranges(options, reader, is_date)?,
                is_date,
                keyed: keyed(false),
            })
        }
        "filter" => Ok(Kind::Filter(reader.query(body)?.expr().clone())),
        "filters" => filters(options, reader),
        "global" => Ok(Kind::Global),
        "missing" => Ok(Kind::Missing(field(reader)?)),
        "composite" => composite(options, reader),
        "top_hits" => Ok(Kind::TopHits {
            sort: options
                .get("sort")
                .map_or(Ok(Sort::default()), |sort| Sort::read(sort, reader.mapping))?,
            from: options.get("from").and_then(whole).unwrap_or(0),
            size: options.get("size").and_then(whole).unwrap_or(3).min(100),
            source: SourceFilter::read(options.get("_source").unwrap_or(&Value::Null)),
        }),
        _ => parsing(format!("Unknown aggregation type [{name}]")),
    }
}

fn field(name: &str, options: &Map<String, Value>, reader: &Reader<'_>) -> Result<Field, Error> {
    if options.contains_key("script") {
        return illegal(format!("[{name}] scripts are not supported"));
    }
    let Some(field) = options.get("field").and_then(Value::as_str) else {
        return illegal(format!(
            "Required one of fields [field, script], but none were specified for [{name}]"
        ));
    };
    let mapped = reader.mapping.field(field);
    let is = |kind| mapped.is_some_and(|field| field.kind == kind);
    Ok(Field {
        name: reader.mapping.stored_name(field).to_owned(),
        is_date: is(mapping::Kind::Date) || field == "@timestamp",
        is_words: mapped.is_some_and(|field| field.kind == mapping::Kind::Text && field.fielddata),
        lowers: mapped.is_some_and(|field| field.lowers),
        missing: options
            .get("missing")
            .filter(|missing| !missing.is_null())
            .cloned(),
    })
}

fn numbers(name: &str, value: &Value) -> Result<Vec<f64>, Error> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    let all: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
    match all {
        Some(all) if !all.is_empty() && all.len() <= PARTS_MAX => Ok(all),
        _ => illegal(format!(
            "[{name}] must be a list of numbers, of at most {PARTS_MAX}"
        )),
    }
}

fn terms(options: &Map<String, Value>, field: Field) -> Result<Kind, Error> {
    let choice = |key: &str| -> Result<Option<Choice>, Error> {
        match options.get(key) {
            None => Ok(None),
            Some(Value::String(pattern)) => match regex(pattern, false) {
                Ok(pattern) => Ok(Some(Choice::Like(Pattern::Regex(pattern)))),
                Err(why) => illegal(format!("[{key}] {}", why.en)),
            },
            Some(Value::Array(items)) => Ok(Some(Choice::Any(
                items
                    .iter()
                    .map(|item| {
                        item.as_str()
                            .map_or_else(|| item.to_string(), str::to_owned)
                    })
                    .collect(),
            ))),
            Some(_) => illegal(format!("[{key}] must be a pattern or a list of values")),
        }
    };
    let size = options.get("size").and_then(whole).unwrap_or(10);
    if size == 0 {
        return illegal("[size] must be greater than 0. Found [0] in [terms]");
    }
    Ok(Kind::Terms(Terms {
        size,
        min_count: options
            .get("min_doc_count")
            .and_then(Value::as_u64)
            .unwrap_or(1)
            .max(1),
        order: Order::read(options.get("order").unwrap_or(&Value::Null))?,
        include: choice("include")?,
        exclude: choice("exclude")?,
        field,
    }))
}

fn date_interval(options: &Map<String, Value>) -> Result<Interval, Error> {
    let zone = match options.get("time_zone").and_then(Value::as_str) {
        Some(name) => date::time_zone(name)?,
        None => Zone::default(),
    };
    let offset = match options.get("offset") {
        None => 0,
        Some(offset) => match offset.as_i64().or_else(|| duration(offset.as_str()?)) {
            Some(offset) => offset,
            None => {
                return illegal(format!(
                    "failed to parse [offset] with value [{offset}] as a time value"
                ));
            }
        },
    };
    let text = |key: &str| {
        options.get(key).and_then(|value| {
            value
                .as_str()
                .map(str::to_owned)
                .or_else(|| Some(format!("{}ms", value.as_u64()?)))
        })
    };
    match (
        text("fixed_interval"),
        text("calendar_interval"),
        text("interval"),
    ) {
        (Some(fixed), None, None) => Interval::fixed(&fixed, offset, zone),
        (None, Some(calendar), None) => Interval::calendar(&calendar, offset, zone),
        (None, None, Some(either)) => Interval::calendar(&either, offset, zone.clone())
            .or_else(|_| Interval::fixed(&either, offset, zone)),
        _ => illegal(
            "Required one of fields [interval, calendar_interval, fixed_interval], and only one",
        ),
    }
}

fn fill(options: &Map<String, Value>, reader: &Reader<'_>, is_date: bool) -> Result<Fill, Error> {
    let format = options
        .get("format")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let end = |key: &str, side: &str| {
        let value = options.get(key)?.get(side)?;
        value
            .as_f64()
            .or_else(|| instant(value.as_str()?, format.as_deref(), reader).filter(|_| is_date))
    };
    let order = options
        .get("order")
        .and_then(|order| order.get("_key"))
        .and_then(Value::as_str);
    Ok(Fill {
        min_count: options
            .get("min_doc_count")
            .and_then(Value::as_u64)
            .unwrap_or(0),
        extended: (end("extended_bounds", "min"), end("extended_bounds", "max")),
        hard: (end("hard_bounds", "min"), end("hard_bounds", "max")),
        keyed: options.get("keyed") == Some(&Value::Bool(true)),
        descends: order == Some("desc"),
        format,
    })
}

#[allow(clippy::cast_precision_loss)]
fn instant(text: &str, format: Option<&str>, reader: &Reader<'_>) -> Option<f64> {
    let at = date::instant(text, format, reader.now, &reader.zone, false)
        .or_else(|| date::instant(text, None, reader.now, &reader.zone, false));
    at.map(|at| at.as_millis() as f64)
}

fn ranges(
    options: &Map<String, Value>,
    reader: &Reader<'_>,
    is_date: bool,
) -> Result<Vec<RangeOf>, Error> {
    let items = options
        .get("ranges")
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty() && items.len() <= PARTS_MAX);
    let Some(items) = items else {
        return illegal(format!(
            "[ranges] must be a list of 1 to {PARTS_MAX} ranges"
        ));
    };
    let format = options.get("format").and_then(Value::as_str);
    let end = |range: &Value, side: &str| -> Result<Option<f64>, Error> {
        match range.get(side) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_date => match instant(text, format, reader) {
                Some(at) => Ok(Some(at)),
                None => parsing(format!("failed to parse date field [{text}]")),
            },
            Some(value) => match value.as_f64().or_else(|| value.as_str()?.parse().ok()) {
                Some(n) => Ok(Some(n)),
                None => parsing(format!("[range] cannot read the end [{value}]")),
            },
        }
    };
    items
        .iter()
        .map(|range| {
            let key = range.get("key").and_then(Value::as_str).map(str::to_owned);
            Ok(RangeOf {
                key,
                from: end(range, "from")?,
                to: end(range, "to")?,
            })
        })
        .collect()
}

fn filters(options: &Map<String, Value>, reader: &mut Reader<'_>) -> Result<Kind, Error> {
    let mut filters = Vec::new();
    let keyed = match options.get("filters") {
        Some(Value::Object(named)) if named.len() <= PARTS_MAX => {
            for (name, query) in named {
                filters.push((name.clone(), reader.query(query)?.expr().clone()));
            }
            true
        }
        Some(Value::Array(items)) if items.len() <= PARTS_MAX => {
            for query in items {
                filters.push((String::new(), reader.query(query)?.expr().clone()));
            }
            false
        }
        _ => {
            return parsing(format!(
                "[filters] must be an object or a list of at most {PARTS_MAX} queries"
            ));
        }
    };
    let other_key = options
        .get("other_bucket_key")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let other = other_key.or_else(|| {
        (options.get("other_bucket") == Some(&Value::Bool(true))).then(|| "_other_".to_owned())
    });
    Ok(Kind::Filters {
        filters,
        other,
        keyed,
    })
}

fn composite(options: &Map<String, Value>, reader: &mut Reader<'_>) -> Result<Kind, Error> {
    let Some(items) = options
        .get("sources")
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty() && items.len() <= 16)
    else {
        return illegal("Composite [sources] must be a list of 1 to 16 sources");
    };
    let mut sources = Vec::new();
    for item in items {
        let named = item.as_object().and_then(|object| object.iter().next());
        let Some((name, (kind, body))) =
            named.and_then(|(name, body)| Some((name, body.as_object()?.iter().next()?)))
        else {
            return parsing("[composite] malformed source");
        };
        let empty = Map::new();
        let inner = body.as_object().unwrap_or(&empty);
        let mut of = field(kind, inner, reader)?;
        let interval = match kind.as_str() {
            "terms" => None,
            "histogram" => match inner
                .get("interval")
                .and_then(Value::as_f64)
                .filter(|width| *width > 0.0)
            {
                Some(width) => Some(Interval::Number { width, offset: 0.0 }),
                None => return illegal("[interval] must be >0 for histogram source"),
            },
            "date_histogram" => {
                of.is_date = true;
                Some(date_interval(inner)?)
            }
            other => return parsing(format!("invalid source type [{other}]")),
        };
        let descends = inner.get("order").and_then(Value::as_str) == Some("desc");
        sources.push((name.clone(), of, interval, descends));
    }
    let after = match options.get("after").and_then(Value::as_object) {
        None => None,
        Some(after) => match sources
            .iter()
            .map(|(name, ..)| after.get(name).cloned())
            .collect()
        {
            Some(after) => Some(after),
            None => return illegal("[after] has not a value for each of the sources"),
        },
    };
    let size = options
        .get("size")
        .and_then(whole)
        .unwrap_or(10)
        .min(super::BUCKETS_MAX);
    Ok(Kind::Composite(Composite {
        sources,
        size,
        after,
    }))
}

//! Rules of ElastAlert2, as they are: a rule file's YAML becomes a rule, or it is said what in it cannot be meant here.

use std::time::Duration;

use promise::{
    LogQuery, Say, Timestamp,
    document::{Mistake, Node, Span, Value, parse_yaml},
    say,
};
use search::{Mapping, Reader};

use super::{json, number, scalar, stretch, text, texts, truth};
use crate::log_rule::{Direction, Kind, LogRule, Metric};

/// ElastAlert's own `buffer_time` where a rule says nothing.
const BUFFER: Duration = Duration::from_secs(15 * 60);

/// Reads one rule file.
pub fn read(yaml: &str) -> Result<LogRule, Vec<Mistake>> {
    let (node, mistakes) = parse_yaml(yaml);
    let node = node.filter(|_| mistakes.is_empty()).ok_or(mistakes)?;
    rule(&node).map_err(|mistake| vec![*mistake])
}

fn wrong(at: Span, say: Say) -> Box<Mistake> {
    Box::new(Mistake::new("elastalert", at, say))
}

fn rule(node: &Node) -> Result<LogRule, Box<Mistake>> {
    let Some(name) = text(node.get("name")) else {
        return Err(wrong(
            node.span.clone(),
            say!("`name` is missing", "`name` がありません"),
        ));
    };
    let Some(kind) = text(node.get("type")) else {
        return Err(wrong(
            node.span.clone(),
            say!("`type` is missing", "`type` がありません"),
        ));
    };
    let by = texts(node.get("query_key"));
    if by.len() > 1 && kind != "new_term" && kind != "change" {
        let place = node
            .get("query_key")
            .map_or(node.span.clone(), |node| node.span.clone());
        return Err(wrong(
            place,
            say!(
                "a query_key of several fields is not supported",
                "複数の項目の query_key には対応していません"
            ),
        ));
    }
    Ok(LogRule {
        name: name.to_owned(),
        query: filter(node, "filter")?,
        by: if kind == "new_term" {
            None
        } else {
            by.first().map(|field| plain(field))
        },
        kind: kind_of(node, kind)?,
    })
}

/// A text is grouped by as a whole here, so the part that says so is not needed.
fn plain(field: &str) -> String {
    field.strip_suffix(".keyword").unwrap_or(field).to_owned()
}

/// A list of queries of Elasticsearch, all of which must match.
fn filter(node: &Node, name: &str) -> Result<LogQuery, Box<Mistake>> {
    let Some(node) = node.get(name) else {
        return Ok(LogQuery::all());
    };
    let items = match &node.value {
        Value::List(items) => items.iter().map(json).collect(),
        _ => vec![json(node)],
    };
    let mapping = Mapping::default();
    // `now` in a filter would mean another time at each poll; a rule that streams has none.
    let mut reader = Reader::new(&mapping, Timestamp::EPOCH);
    let query = serde_json::json!({ "bool": { "must": items } });
    reader
        .query(&query)
        .map_err(|error| wrong(node.span.clone(), say!("{error}", "{error}")))
}

fn kind_of(node: &Node, kind: &str) -> Result<Kind, Box<Mistake>> {
    let missing = |name: &str| {
        wrong(
            node.span.clone(),
            say!(
                "`{name}` is missing, which a rule of type {kind} needs",
                "種類 {kind} のルールに必要な `{name}` がありません"
            ),
        )
    };
    let over = || stretch(node.get("timeframe")).ok_or_else(|| missing("timeframe"));
    let field = |name: &str| text(node.get(name)).map(plain).ok_or_else(|| missing(name));
    let values = |name: &str| -> Result<_, Box<Mistake>> {
        let all = texts(node.get(name));
        match all.iter().find(|value| value.starts_with("!file")) {
            Some(_) => Err(wrong(
                node.span.clone(),
                say!(
                    "`!file` is not read: write the values into the rule",
                    "`!file` は読みません。値をルールに書いてください"
                ),
            )),
            None => Ok(all.iter().map(|value| scalar(value)).collect()),
        }
    };
    let whole = |name: &str| number(node.get(name)).filter(|n| *n >= 0.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = |name: &str| whole(name).map(|n| n as u64);
    let direction = || match text(node.get("spike_type")) {
        Some("up") => Ok(Direction::Up),
        Some("down") => Ok(Direction::Down),
        Some("both") => Ok(Direction::Both),
        _ => Err(missing("spike_type")),
    };
    let metric = || match text(node.get("metric_agg_type")) {
        Some("min") => Ok(Metric::Min),
        Some("max") => Ok(Metric::Max),
        Some("avg") => Ok(Metric::Avg),
        Some("sum") => Ok(Metric::Sum),
        Some("cardinality") => Ok(Metric::Cardinality),
        Some("value_count") => Ok(Metric::ValueCount),
        Some("percentiles") => whole("percentile_range")
            .map(Metric::Percentile)
            .ok_or_else(|| missing("percentile_range")),
        _ => Err(missing("metric_agg_type")),
    };
    let every = || {
        stretch(node.get("bucket_interval"))
            .or_else(|| stretch(node.get("buffer_time")))
            .unwrap_or(BUFFER)
            .max(Duration::from_secs(1))
    };
    let bounded = |most: &str, least: &str| match (number(node.get(most)), number(node.get(least)))
    {
        (None, None) => Err(missing(most)),
        bounds => Ok(bounds),
    };
    Ok(match kind {
        "any" => Kind::Any,
        "blacklist" => Kind::Blacklist {
            field: field("compare_key")?,
            values: values("blacklist")?,
        },
        "whitelist" => Kind::Whitelist {
            field: field("compare_key")?,
            values: values("whitelist")?,
            ignore_null: truth(node.get("ignore_null")),
        },
        "change" => {
            let fields: Vec<String> = texts(node.get("compare_key"))
                .iter()
                .map(|field| plain(field))
                .collect();
            if fields.is_empty() {
                return Err(missing("compare_key"));
            }
            Kind::Change {
                fields,
                ignore_null: truth(node.get("ignore_null")),
                within: stretch(node.get("timeframe")),
            }
        }
        "frequency" => Kind::Frequency {
            count: count("num_events").ok_or_else(|| missing("num_events"))?,
            over: over()?,
        },
        "spike" => Kind::Spike {
            height: whole("spike_height")
                .filter(|h| *h > 0.0)
                .ok_or_else(|| missing("spike_height"))?,
            direction: direction()?,
            over: over()?,
            least_now: whole("threshold_cur").unwrap_or(0.0),
            least_before: whole("threshold_ref").unwrap_or(0.0),
            value: text(node.get("field_value")).map(plain),
            on_new_groups: truth(node.get("alert_on_new_data")),
        },
        "flatline" => Kind::Flatline {
            least: count("threshold").ok_or_else(|| missing("threshold"))?,
            over: over()?,
            forgets: truth(node.get("forget_keys")),
        },
        "new_term" => {
            let given = node.get("fields").or_else(|| node.get("query_key"));
            let fields: Vec<Vec<String>> = match given.map(|node| &node.value) {
                Some(Value::List(items)) => items
                    .iter()
                    .map(|item| texts(Some(item)).iter().map(|field| plain(field)).collect())
                    .collect(),
                Some(Value::Scalar(one)) => vec![vec![plain(one)]],
                _ => return Err(missing("fields")),
            };
            Kind::NewTerm {
                fields,
                on_missing: truth(node.get("alert_on_missing_field")),
                learn: Duration::ZERO,
            }
        }
        "cardinality" => {
            let (most, least) = (count("max_cardinality"), count("min_cardinality"));
            if most.is_none() && least.is_none() {
                return Err(missing("max_cardinality"));
            }
            Kind::Cardinality {
                field: field("cardinality_field")?,
                most,
                least,
                over: over()?,
            }
        }
        "metric_aggregation" => {
            let (most, least) = bounded("max_threshold", "min_threshold")?;
            Kind::MetricAggregation {
                metric: metric()?,
                field: field("metric_agg_key")?,
                every: every(),
                most,
                least,
            }
        }
        "spike_aggregation" => Kind::SpikeAggregation {
            metric: metric()?,
            field: field("metric_agg_key")?,
            every: every(),
            height: whole("spike_height")
                .filter(|h| *h > 0.0)
                .ok_or_else(|| missing("spike_height"))?,
            direction: direction()?,
            over: over()?,
            least_now: whole("threshold_cur").unwrap_or(0.0),
            least_before: whole("threshold_ref").unwrap_or(0.0),
        },
        "percentage_match" => {
            let (most, least) = bounded("max_percentage", "min_percentage")?;
            if node.get("match_bucket_filter").is_none() {
                return Err(missing("match_bucket_filter"));
            }
            Kind::PercentageMatch {
                matching: filter(node, "match_bucket_filter")?,
                every: every(),
                most,
                least,
                denominator: count("min_denominator").unwrap_or(0),
            }
        }
        other => {
            let place = node
                .get("type")
                .map_or(node.span.clone(), |node| node.span.clone());
            return Err(wrong(
                place,
                say!(
                    "the type `{other}` is not supported",
                    "種類 `{other}` には対応していません"
                ),
            ));
        }
    })
}

//! About the whole: the banner, health, nodes, statistics, and `_cat`.

use axum::http::StatusCode;
use promise::{LogQuery, signal::log_query::Glob};
use serde_json::{Map, Value, json};
use store::logs::Search;

use super::{
    Ask,
    catalog::{Catalog, key, kind},
    expression::resolve,
    problem::{Answer, Problem},
    read::{Over, walk},
};

/// The version whose API is spoken; clients choose their manner by it.
const VERSION: &str = "8.17.0";
/// Records of an index whose size is weighed for its statistics.
const WEIGHED_MAX: usize = 1_000;

pub(super) fn banner(ask: &Ask) -> Answer {
    let ours = ask.room.desk.status.version().version;
    json!({
        "name": "tegata", "cluster_name": "tegata", "cluster_uuid": "tegata",
        "version": {
            "number": VERSION, "build_flavor": "default", "build_type": "tar", "build_hash": format!("tegata-{ours}"),
            "build_date": "2024-12-11T12:08:05.663969764Z", "build_snapshot": false, "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    })
    .into()
}

pub(super) fn acknowledged() -> Answer {
    json!({ "acknowledged": true, "shards_acknowledged": true }).into()
}

/// What is acknowledged is durable and searchable at once, so there is nothing to do.
pub(super) fn refreshed() -> Answer {
    json!({ "_shards": { "total": 1, "successful": 1, "failed": 0 } }).into()
}

pub(super) fn nodes(ask: &Ask) -> Answer {
    let host = ask.room.desk.status.runtime().host;
    json!({
        "_nodes": { "total": 1, "successful": 1, "failed": 0 }, "cluster_name": "tegata",
        "nodes": { "tegata": { "name": "tegata", "host": host, "version": VERSION, "roles": ["data", "ingest", "master"], "plugins": [], "modules": [], "ingest": { "processors": [] } } },
    })
    .into()
}

/// `basic`, which needs no key and switches nothing on.
pub(super) fn license(ask: &Ask) -> Answer {
    let license = json!({ "status": "active", "uid": "tegata", "type": "basic", "mode": "basic", "issue_date_in_millis": 0, "max_nodes": 1, "issued_to": "tegata", "issuer": "tegata" });
    if ask.parts.first().is_some_and(|part| part == "_license") {
        return json!({ "license": license }).into();
    }
    let feature = json!({ "available": false, "enabled": false });
    let features: Map<String, Value> = [
        "ilm",
        "security",
        "ml",
        "monitoring",
        "watcher",
        "rollup",
        "graph",
    ]
    .into_iter()
    .map(|name| (name.to_owned(), feature.clone()))
    .collect();
    json!({ "build": { "hash": "tegata", "date": "2024-12-11T12:08:05.663Z" }, "license": license, "features": features, "tagline": "You know, for X" }).into()
}

pub(super) async fn cluster(ask: &Ask, rest: &[&str]) -> Result<Answer, Problem> {
    match (ask.method.as_str(), rest) {
        ("GET", ["health"]) => health(ask, "_all").await,
        ("GET", ["health", index]) => health(ask, index).await,
        ("GET", ["settings"]) => {
            let catalog = Catalog::of(&ask.room).await?;
            let set = catalog.document("cluster", "settings").cloned().unwrap_or_else(|| json!({}));
            Ok(json!({ "persistent": {}, "transient": set }).into())
        }
        ("PUT", ["settings"]) => {
            let body = ask.json()?;
            let mut set = Map::new();
            for group in ["persistent", "transient"] {
                for (name, value) in body[group].as_object().into_iter().flatten() {
                    if name != "action.auto_create_index" {
                        return Err(Problem::illegal(format!("{group} setting [{name}], not recognized")));
                    }
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    set.insert(name.clone(), text.into());
                }
            }
            Catalog::change(&ask.room, vec![(key("cluster", "settings"), Some(Value::Object(set)))]).await?;
            Ok(json!({ "acknowledged": true, "persistent": body["persistent"], "transient": body["transient"] }).into())
        }
        ("GET", ["state", ..]) => {
            Ok(json!({ "cluster_name": "tegata", "cluster_uuid": "tegata", "version": 1, "master_node": "tegata", "nodes": { "tegata": { "name": "tegata" } }, "metadata": { "indices": {}, "templates": {} } }).into())
        }
        ("GET", ["stats"]) => {
            let indices = resolve(ask, "_all").await?;
            let count = count(ask, &indices).await?;
            Ok(json!({ "cluster_name": "tegata", "status": "green", "indices": { "count": indices.len(), "docs": { "count": count } }, "nodes": { "count": { "total": 1 }, "versions": [VERSION] } }).into())
        }
        ("GET", ["pending_tasks"]) => Ok(json!({ "tasks": [] }).into()),
        _ => Err(Problem::no_handler(&ask.parts, ask.method.as_str())),
    }
}

async fn health(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let indices = resolve(ask, index).await?;
    let shards = indices.len();
    Ok(json!({
        "cluster_name": "tegata", "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1,
        "active_primary_shards": shards, "active_shards": shards, "relocating_shards": 0, "initializing_shards": 0,
        "unassigned_shards": 0, "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
    })
    .into())
}

async fn count(ask: &Ask, indices: &[String]) -> Result<u64, Problem> {
    let over = Over::new(&LogQuery::all(), indices);
    Ok(ask
        .room
        .desk
        .logs
        .count(&over.query, over.from, over.to)
        .await?)
}

/// The size of an index's records as JSON, from the first of them: the store packs all of them together.
async fn bytes(ask: &Ask, index: &str, count: u64) -> Result<u64, Problem> {
    let (mut weighed, mut bytes) = (0_u64, 0_u64);
    let over = Over::new(&LogQuery::all(), &[index.to_owned()]);
    walk(ask, &over, false, Search::LIMIT_MAX, |record| {
        weighed += 1;
        bytes += serde_json::to_vec(&record.fields).map_or(0, |json| json.len() as u64);
        Ok(weighed < WEIGHED_MAX as u64)
    })
    .await?;
    Ok((bytes * count).checked_div(weighed).unwrap_or(0))
}

pub(super) async fn stats(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let indices = resolve(ask, index).await?;
    let shape = |docs: u64, bytes: u64, segments: usize| json!({ "docs": { "count": docs, "deleted": 0 }, "store": { "size_in_bytes": bytes, "total_data_set_size_in_bytes": bytes }, "segments": { "count": segments } });
    let (mut all, mut shown) = ((0, 0), Map::new());
    for name in &indices {
        let docs = count(ask, std::slice::from_ref(name)).await?;
        let size = bytes(ask, name, docs).await?;
        all = (all.0 + docs, all.1 + size);
        let one = shape(docs, size, 1);
        shown.insert(name.clone(), json!({ "uuid": name, "health": "green", "status": "open", "primaries": one, "total": one }));
    }
    let total = shape(all.0, all.1, indices.len());
    Ok(json!({ "_shards": { "total": indices.len(), "successful": indices.len(), "failed": 0 }, "_all": { "primaries": total, "total": total }, "indices": shown }).into())
}

/// Tables: as text in columns, or as JSON.
pub(super) async fn cat(ask: &Ask, rest: &[&str]) -> Result<Answer, Problem> {
    // What else Elasticsearch's tables take (`b`, unknown names) is refused as it refuses it.
    let known = [
        "format",
        "h",
        "s",
        "v",
        "health",
        "bytes",
        "time",
        "help",
        "pri",
        "expand_wildcards",
        "local",
        "master_timeout",
        "include_unloaded_segments",
        "pretty",
        "human",
        "error_trace",
        "filter_path",
        "level",
        "ts",
    ];
    if let Some((name, _)) = ask
        .query
        .iter()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        return Err(Problem::illegal(format!(
            "request [/_cat/{}] contains unrecognized parameter: [{name}]",
            rest.join("/")
        )));
    }
    let rows: Vec<Vec<(&'static str, String)>> = match rest {
        [] => return Ok(Answer::Text("=^.^=\n/_cat/indices\n/_cat/health\n/_cat/nodes\n/_cat/count\n/_cat/aliases\n/_cat/templates\n/_cat/shards\n/_cat/allocation\n/_cat/master\n/_cat/plugins\n".to_owned())),
        ["indices"] => indices(ask, "_all").await?,
        ["indices", names] => indices(ask, names).await?,
        ["health"] => vec![vec![("cluster", "tegata".to_owned()), ("status", "green".to_owned()), ("node.total", "1".to_owned()), ("node.data", "1".to_owned())]],
        ["nodes"] => vec![vec![("ip", "127.0.0.1".to_owned()), ("node.role", "dim".to_owned()), ("master", "*".to_owned()), ("name", "tegata".to_owned()), ("version", VERSION.to_owned())]],
        ["master"] => vec![vec![("id", "tegata".to_owned()), ("host", "127.0.0.1".to_owned()), ("node", "tegata".to_owned())]],
        ["count"] | ["count", _] => {
            let indices = resolve(ask, rest.get(1).unwrap_or(&"_all")).await?;
            let now = ask.room.desk.clock.now();
            vec![vec![("epoch", (now.as_millis() / 1000).to_string()), ("timestamp", now.to_string()), ("count", count(ask, &indices).await?.to_string())]]
        }
        ["aliases"] | ["aliases", _] => {
            let catalog = Catalog::of(&ask.room).await?;
            let rows = catalog.documents(kind::ALIASES).flat_map(|(index, aliases)| {
                let names = aliases.as_object().into_iter().flat_map(Map::keys);
                names.map(move |alias| vec![("alias", alias.clone()), ("index", index.to_owned())]).collect::<Vec<_>>()
            });
            rows.collect()
        }
        ["templates"] | ["templates", _] => {
            let catalog = Catalog::of(&ask.room).await?;
            let glob = Glob::parse(rest.get(1).unwrap_or(&"*"));
            let all = ["_template", "_index_template"].into_iter().flat_map(|kind| catalog.documents(kind).map(|(name, body)| (name.to_owned(), body["index_patterns"].to_string())).collect::<Vec<_>>());
            all.filter(|(name, _)| glob.accepts(name)).map(|(name, patterns)| vec![("name", name), ("index_patterns", patterns)]).collect()
        }
        ["shards" | "allocation" | "plugins" | "tasks" | "pending_tasks" | "segments" | "recovery" | "thread_pool", ..] => Vec::new(),
        _ => return Err(Problem::no_handler(&ask.parts, ask.method.as_str())),
    };
    table(ask, rows)
}

async fn indices(ask: &Ask, names: &str) -> Result<Vec<Vec<(&'static str, String)>>, Problem> {
    let mut rows = Vec::new();
    if ask.param("health").is_some_and(|health| health != "green") {
        return Ok(rows);
    }
    for name in resolve(ask, names).await? {
        let docs = count(ask, std::slice::from_ref(&name)).await?;
        let size = human(bytes(ask, &name, docs).await?);
        rows.push(vec![
            ("health", "green".to_owned()),
            ("status", "open".to_owned()),
            ("index", name.clone()),
            ("uuid", name),
            ("pri", "1".to_owned()),
            ("rep", "0".to_owned()),
            ("docs.count", docs.to_string()),
            ("docs.deleted", "0".to_owned()),
            ("store.size", size.clone()),
            ("pri.store.size", size.clone()),
            ("dataset.size", size),
        ]);
    }
    Ok(rows)
}

#[allow(clippy::cast_precision_loss)]
fn human(bytes: u64) -> String {
    let units = ["b", "kb", "mb", "gb", "tb"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes}b")
    } else {
        format!("{size:.1}{}", units[unit])
    }
}

fn table(ask: &Ask, rows: Vec<Vec<(&'static str, String)>>) -> Result<Answer, Problem> {
    let chosen: Option<Vec<&str>> = ask.param("h").map(|names| names.split(',').collect());
    let rows: Vec<Vec<(&str, String)>> = rows
        .into_iter()
        .map(|row| match &chosen {
            None => row,
            Some(names) => names
                .iter()
                .filter_map(|name| row.iter().find(|(known, _)| known == name).cloned())
                .collect(),
        })
        .collect();
    if ask.param("format") == Some("json") {
        let objects = rows.into_iter().map(|row| {
            Value::Object(
                row.into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect(),
            )
        });
        return Ok(Answer::Json(StatusCode::OK, objects.collect()));
    }
    let mut lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|(_, value)| value.clone()).collect())
        .collect();
    if let (true, Some(first)) = (ask.is_set("v"), rows.first()) {
        lines.insert(
            0,
            first.iter().map(|(name, _)| (*name).to_owned()).collect(),
        );
    }
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(String::len)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(cells.join(" ").trim_end());
        text.push('\n');
    }
    Ok(Answer::Text(text))
}

//! Elasticsearch's API under `/elastic`, and at the root for clients that cannot be told a path: whatever ships logs
//! to Elasticsearch ships them here, and whatever searches them there searches them here.
//!
//! An index is a stream. It is taken where the spec has a log source with `post: true` for it; its mapping, made here
//! or by a template, says how its fields are read. Records are redacted before they rest and never change: a second
//! write of the same `_id` is told as a conflict or as nothing new, and updates are refused.
//!
//! One file for each family of endpoints; `dispatch` below knows them by their paths.

mod bulk;
mod caps;
mod catalog;
mod cluster;
mod expansion;
mod expression;
mod index;
mod problem;
mod read;
mod scroll;
mod search;
mod sums;
mod template;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

pub(crate) use catalog::Shelf;
use problem::{Answer, Problem};

use super::{clear, packed::gunzip};
use crate::{
    access::Who,
    door::Asked,
    mask::Mask,
    reply::{Shared, read_query},
};

/// The largest body, before and after unpacking; Elasticsearch takes 100 MB, of which shippers use a tenth.
const BODY_MAX: usize = 16 << 20;

/// One request.
struct Ask {
    room: Shared,
    who: Who,
    method: Method,
    uri: Uri,
    /// Why personal fields are to be seen in clear, or records to be deleted.
    said: Option<Asked>,
    parts: Vec<String>,
    query: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A switch: `?name`, `?name=true`.
    fn is_set(&self, name: &str) -> bool {
        matches!(self.param(name), Some("" | "true"))
    }

    /// The body as JSON; nothing is `null`.
    fn json(&self) -> Result<Value, Problem> {
        if self.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::parsing(format!("the body is not JSON: {error}")))
    }
}

/// Whether a path is of this API though it does not stand under `/elastic`: its own endpoints begin with `_`.
pub(crate) fn is_meant(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('_'))
}

/// Answers any path of the API.
pub(crate) async fn answer(State(room): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let path = path.strip_prefix("/elastic").unwrap_or(path);
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(unescape)
        .collect();
    let is_cat = path.starts_with("/_cat");
    let answered = match unpacked(&head.headers, body).await {
        Err(problem) => Err(problem),
        Ok(body) => {
            let query = read_query(head.uri.query().unwrap_or_default());
            // Every request passes the door, which says who it is; what did not is nobody's.
            let who = head.extensions.get::<Who>().cloned();
            let who = who.unwrap_or_else(Who::nobody);
            let ask = Ask {
                said: clear::asked(&head.headers, &who),
                room,
                who,
                method: head.method,
                uri: head.uri,
                parts,
                query,
                body,
            };
            masked(ask).await
        }
    };
    let mut response = match answered {
        Ok(answer) => answer.into_response(),
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    // Clients refuse to talk to anything that does not say so.
    headers.insert(
        "x-elastic-product",
        HeaderValue::from_static("Elasticsearch"),
    );
    // A client that asked for a compatible form wants to read that it got one.
    let compatible = head.headers.get(header::ACCEPT).filter(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.starts_with("application/vnd.elasticsearch+json"))
    });
    if let (Some(compatible), false) = (compatible, is_cat) {
        headers.insert(header::CONTENT_TYPE, compatible.clone());
    }
    response
}

/// The answer, in which personal fields are masked unless it was said why they are looked at.
async fn masked(ask: Ask) -> Result<Answer, Problem> {
    let shows = |part: &String| SHOWING.contains(&part.as_str());
    if !ask.parts.iter().any(shows) {
        return dispatch(ask).await;
    }
    let what = || {
        let body = String::from_utf8_lossy(&ask.body);
        format!("{} {} {body}", ask.method, ask.uri)
    };
    let mask = clear::mask(&ask.room.desk, &ask.who, ask.said.as_ref(), what).await?;
    veiled(&ask, &mask)?;
    let mut answer = dispatch(ask).await?;
    if let Answer::Json(_, body) = &mut answer {
        mask.veil(body);
    }
    Ok(answer)
}

/// What stands in the path of an answer with records in it.
const SHOWING: [&str; 6] = ["_search", "_msearch", "_mget", "_doc", "_source", "scroll"];

/// Whoever may not see personal fields may not group or sort by them, either.
fn veiled(ask: &Ask, mask: &Mask) -> Result<(), Problem> {
    if !ask.parts.iter().any(|part| part.contains("search")) {
        return Ok(());
    }
    let by_address = ask.param("sort").unwrap_or_default().split(',');
    let mut by_address = by_address.map(|part| part.split(':').next().unwrap_or(part));
    let bodies = ask.body.split(|byte| *byte == b'\n');
    let whole = serde_json::from_slice::<Value>(&ask.body).ok();
    let lines = bodies.filter_map(|line| serde_json::from_slice(line).ok());
    // One body, or a line for each search of several.
    let bodies: Vec<Value> = whole.map_or_else(|| lines.collect(), |whole| vec![whole]);
    let field = by_address.find(|field| mask.hides(field));
    let field = field.or_else(|| bodies.iter().find_map(|body| mask.asked_for(body)));
    match field {
        None => Ok(()),
        Some(field) => Err(Problem::illegal(format!(
            "[{field}] is personal: only who may see it in clear, and says why (X-Tegata-Reason), may group or sort by it"
        ))),
    }
}

/// A path's segment, of which `+` is a letter.
fn unescape(part: &str) -> String {
    let pairs = read_query(
        &part
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D"),
    );
    pairs
        .into_iter()
        .next()
        .map(|(name, _)| name)
        .unwrap_or_default()
}

async fn unpacked(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let Ok(bytes) = to_bytes(body, BODY_MAX).await else {
        return Err(Problem::too_large(BODY_MAX));
    };
    let packing = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    match packing {
        None | Some("" | "identity") => Ok(bytes.into()),
        Some("gzip") => match gunzip(&bytes, BODY_MAX) {
            Ok(plain) => plain.ok_or_else(|| Problem::too_large(BODY_MAX)),
            Err(error) => Err(Problem::parsing(format!("the body is not gzip: {error}"))),
        },
        Some(other) => Err(Problem::illegal(format!(
            "Content-Encoding [{other}] is not supported"
        ))),
    }
}

async fn dispatch(ask: Ask) -> Result<Answer, Problem> {
    let parts: Vec<&str> = ask.parts.iter().map(String::as_str).collect();
    let method = ask.method.as_str();
    let reads = matches!(method, "GET" | "HEAD" | "POST");
    let writes = matches!(method, "PUT" | "POST");
    match parts.as_slice() {
        [] if reads => Ok(cluster::banner(&ask)),
        ["_bulk"] if writes => bulk::many(&ask, None).await,
        [index, "_bulk"] if writes => bulk::many(&ask, Some(index)).await,
        [index, "_doc"] if writes => bulk::one(&ask, index, None, false).await,
        [index, "_doc", id] if writes => bulk::one(&ask, index, Some(id), false).await,
        [index, "_create", id] if writes => bulk::one(&ask, index, Some(id), true).await,
        [index, "_doc" | "_source", id] if reads => {
            read::get(&ask, index, id, parts[1] == "_source").await
        }
        [index, "_doc" | "_update", id] => bulk::refused(&ask, index, id),
        ["_mget"] | [_, "_mget"] if reads => read::many(&ask).await,
        ["_search"] if reads => search::search(&ask, "_all").await,
        [index, "_search"] if reads => search::search(&ask, index).await,
        ["_msearch"] if reads => search::many(&ask, None).await,
        [index, "_msearch"] if reads => search::many(&ask, Some(index)).await,
        [index, "_delete_by_query"] if method == "POST" => bulk::delete(&ask, index).await,
        ["_count"] if reads => search::count(&ask, "_all").await,
        [index, "_count"] if reads => search::count(&ask, index).await,
        ["_search", "scroll"] | ["_search", "scroll", _] if reads => scroll::next(&ask).await,
        ["_search", "scroll"] | ["_search", "scroll", _] => Ok(scroll::end()),
        [index, "_pit"] if method == "POST" => scroll::open(&ask, index).await,
        ["_pit"] if method == "DELETE" => Ok(scroll::end()),
        ["_field_caps"] if reads => caps::fields(&ask, "_all").await,
        [index, "_field_caps"] if reads => caps::fields(&ask, index).await,
        ["_resolve", "index", names] if reads => caps::resolve(&ask, names).await,
        ["_validate", "query"] if reads => search::validate(&ask, "_all").await,
        [index, "_validate", "query"] if reads => search::validate(&ask, index).await,
        ["_mapping" | "_mappings"] if reads => index::mappings(&ask, "_all").await,
        [index, "_mapping" | "_mappings"] if method == "GET" => index::mappings(&ask, index).await,
        [index, "_mapping" | "_mappings"] if writes => index::map(&ask, index).await,
        [index, "_mapping", "field", fields] if reads => {
            index::field_mappings(&ask, index, fields).await
        }
        ["_settings"] if method == "GET" => index::settings(&ask, "_all").await,
        [index, "_settings"] if method == "GET" => index::settings(&ask, index).await,
        [index, "_settings"] if writes => index::set(&ask, index).await,
        ["_alias" | "_aliases"] if method == "GET" => index::aliases(&ask, "_all", None).await,
        ["_alias", name] if reads => index::aliases(&ask, "_all", Some(name)).await,
        [index, "_alias"] if reads => index::aliases(&ask, index, None).await,
        [index, "_alias", name] if reads => index::aliases(&ask, index, Some(name)).await,
        [index, "_alias" | "_aliases", name] => index::set_alias(&ask, index, name).await,
        ["_aliases"] if method == "POST" => index::change_aliases(&ask).await,
        ["_refresh" | "_flush" | "_forcemerge" | "_cache"]
        | [_, "_refresh" | "_flush" | "_forcemerge"]
        | [_, "_cache", "clear"] => Ok(cluster::refreshed()),
        [_, "_open" | "_close" | "_freeze"] if method == "POST" => Ok(cluster::acknowledged()),
        ["_stats"] | ["_stats", _] => cluster::stats(&ask, "_all").await,
        [index, "_stats"] | [index, "_stats", _] => cluster::stats(&ask, index).await,
        ["_cat", rest @ ..] => cluster::cat(&ask, rest).await,
        ["_cluster", rest @ ..] => cluster::cluster(&ask, rest).await,
        ["_nodes", ..] => Ok(cluster::nodes(&ask)),
        ["_license"] | ["_xpack"] | ["_xpack", ..] => Ok(cluster::license(&ask)),
        [
            "_index_template"
            | "_component_template"
            | "_template"
            | "_ilm"
            | "_ingest"
            | "_data_stream",
            ..,
        ] => template::endpoint(&ask, &parts).await,
        [name] if !name.starts_with('_') => match method {
            "PUT" => index::create(&ask, name).await,
            "DELETE" => index::delete(&ask, name).await,
            "HEAD" => index::exists(&ask, name).await,
            "GET" => index::show(&ask, name).await,
            _ => Err(Problem::no_handler(&ask.parts, method)),
        },
        _ => Err(Problem::no_handler(&ask.parts, method)),
    }
}

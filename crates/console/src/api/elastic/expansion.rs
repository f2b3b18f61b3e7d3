//! `max_expansions`: of how many words the last one of a `match_phrase_prefix` may be the beginning.
//!
//! Elasticsearch takes the first so many of its dictionary. There is none here, so where a query says how many, the words
//! that begin so are looked for first, and the query asks for these.

use std::{borrow::Cow, collections::BTreeSet};

use promise::signal::log_query::{fold, words};
use search::Reader;
use serde_json::{Value, json};
use store::logs::Scan;

use super::{Ask, catalog::Catalog, problem::Problem, read::Over};

const NAME: &str = "match_phrase_prefix";
/// Words that one query may ask for.
const WORDS_MAX: u64 = 1_024;

/// Puts the words in the place of each beginning that may stand for so many of them.
pub(super) async fn expand<'b>(
    ask: &Ask,
    streams: &[String],
    body: &'b Value,
) -> Result<Cow<'b, Value>, Problem> {
    let mut places = Vec::new();
    find(body, String::new(), &mut places);
    let mut body = Cow::Borrowed(body);
    for place in places {
        let Some(node) = body.pointer(&place) else {
            continue;
        };
        if let Some(instead) = expanded(ask, streams, node).await?
            && let Some(node) = body.to_mut().pointer_mut(&place)
        {
            *node = instead;
        }
    }
    Ok(body)
}

/// JSON pointers to the objects that hold such a query.
fn find(value: &Value, place: String, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, item)| find(item, format!("{place}/{at}"), out)),
        Value::Object(fields) => {
            if fields.get(NAME).is_some_and(says_how_many) {
                out.push(place);
                return;
            }
            for (name, item) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                find(item, format!("{place}/{name}"), out);
            }
        }
        _ => {}
    }
}

fn says_how_many(query: &Value) -> bool {
    let mut fields = query.as_object().into_iter().flatten();
    fields.any(|(_, options)| options.get("max_expansions").is_some())
}

/// What the query means in words; `None` where it is for its reader to say what is wrong with it.
async fn expanded(ask: &Ask, streams: &[String], node: &Value) -> Result<Option<Value>, Problem> {
    let Some((field, options)) = node[NAME].as_object().and_then(|it| it.iter().next()) else {
        return Ok(None);
    };
    let (Some(text), Some(most)) = (
        options["query"].as_str(),
        options["max_expansions"].as_u64(),
    ) else {
        return Ok(None);
    };
    let folded = fold(text);
    let mut before: Vec<&str> = words(&folded).collect();
    let Some(last) = before.pop() else {
        return Ok(None);
    };
    let catalog = Catalog::of(&ask.room).await?;
    let mapping = catalog.merged(streams);
    let begins = json!({ "prefix": { field: { "value": last } } });
    let query = Reader::new(&mapping, ask.room.desk.clock.now()).query(&begins)?;
    let over = Over::new(&query, streams);
    let scan = Scan {
        query: over.query,
        from: over.from,
        to: over.to,
        columns: vec![mapping.stored_name(field).to_owned()],
    };
    let most = usize::try_from(most.min(WORDS_MAX)).unwrap_or_default();
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut batches = ask.room.desk.logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for row in 0..batch.len() {
            let value = batch.columns.first().and_then(|cells| cells.get(row));
            let texts = match value {
                Some(Value::Array(all)) => all,
                Some(one) => vec![one],
                None => continue,
            };
            for text in texts.iter().filter_map(Value::as_str) {
                let folded = fold(text);
                let begun = words(&folded).filter(|word| word.starts_with(last));
                found.extend(begun.map(str::to_owned));
                while found.len() > most {
                    found.pop_last();
                }
            }
        }
    }
    let phrases: Vec<Value> = found
        .iter()
        .map(|word| {
            let phrase: Vec<&str> = before.iter().copied().chain([word.as_str()]).collect();
            let mut options = options.clone();
            if let Some(options) = options.as_object_mut() {
                options.shift_remove("max_expansions");
                options.insert("query".to_owned(), phrase.join(" ").into());
            }
            json!({ "match_phrase": { field: options } })
        })
        .collect();
    Ok(Some(match phrases.is_empty() {
        true => json!({ "match_none": {} }),
        false => json!({ "bool": { "should": phrases, "minimum_should_match": 1 } }),
    }))
}

//! Indices: made, shown, mapped, aliased, deleted.

use axum::http::StatusCode;
use promise::signal::log_query::Glob;
use search::Mapping;
use serde_json::{Map, Value, json};

use super::{
    Ask,
    caps::grown,
    catalog::{Catalog, key, kind, merge},
    expression::resolve,
    problem::{Answer, Problem},
};

/// Elasticsearch's bound for a name.
const NAME_BYTES_MAX: usize = 255;

fn acknowledged() -> Answer {
    json!({ "acknowledged": true }).into()
}

fn checked(name: &str) -> Result<(), Problem> {
    let bad = name.len() > NAME_BYTES_MAX
        || name.starts_with(['_', '-', '+'])
        || matches!(name, "." | "..")
        || name.chars().any(|c| {
            c.is_uppercase() || c.is_whitespace() || c.is_control() || "\\/*?\"<>|,#:".contains(c)
        });
    if bad {
        let reason = format!(
            "Invalid index name [{name}], must be lowercase, of at most {NAME_BYTES_MAX} bytes, and without \\ / * ? \" < > | , # :"
        );
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_index_name_exception",
            reason,
        ));
    }
    Ok(())
}

/// Sees to it that an index is there, for a document that is about to be written.
pub(super) async fn ensure(ask: &Ask, catalog: &Catalog, name: &str) -> Result<(), Problem> {
    if !ask.room.desk.documents.takes(name).await? {
        return Err(Problem::not_taken(name));
    }
    if catalog.document(kind::INDEX, name).is_some()
        || catalog
            .indices(&ask.room)
            .await?
            .iter()
            .any(|known| known == name)
    {
        return Ok(());
    }
    checked(name)?;
    let settings = catalog.document("cluster", "settings");
    let auto = settings
        .and_then(|settings| settings["action.auto_create_index"].as_str())
        .unwrap_or("true");
    let is_auto = match auto {
        "true" => true,
        "false" => false,
        patterns => patterns
            .split(',')
            .any(|pattern| Glob::parse(pattern.trim_start_matches('+')).accepts(name)),
    };
    if !is_auto {
        let mut problem = Problem::no_index(name);
        problem.reason = format!(
            "no such index [{name}] and [action.auto_create_index] ([{auto}]) doesn't match"
        );
        return Err(problem);
    }
    made(ask, catalog, name, json!({})).await
}

async fn made(ask: &Ask, catalog: &Catalog, name: &str, body: Value) -> Result<(), Problem> {
    let mut whole = catalog.template_for(name).unwrap_or_else(|| json!({}));
    merge(&mut whole, &body);
    let created = ask.room.desk.clock.now().as_millis();
    let document =
        json!({ "mappings": whole["mappings"], "settings": whole["settings"], "created": created });
    let mut changes = vec![(key(kind::INDEX, name), Some(document))];
    if let Some(aliases) = whole["aliases"]
        .as_object()
        .filter(|aliases| !aliases.is_empty())
    {
        changes.push((
            key(kind::ALIASES, name),
            Some(Value::Object(aliases.clone())),
        ));
    }
    Catalog::change(&ask.room, changes).await
}

pub(super) async fn create(ask: &Ask, name: &str) -> Result<Answer, Problem> {
    checked(name)?;
    let catalog = Catalog::of(&ask.room).await?;
    if catalog.document(kind::INDEX, name).is_some() {
        let reason = format!("index [{name}] already exists");
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "resource_already_exists_exception",
            reason,
        ));
    }
    if !ask.room.desk.documents.takes(name).await? {
        return Err(Problem::not_taken(name));
    }
    let body = match ask.json()? {
        Value::Null => json!({}),
        body => body,
    };
    made(ask, &catalog, name, body).await?;
    Ok(json!({ "acknowledged": true, "shards_acknowledged": true, "index": name }).into())
}

pub(super) async fn exists(ask: &Ask, name: &str) -> Result<Answer, Problem> {
    let found = resolve(ask, name)
        .await
        .is_ok_and(|found| !found.is_empty());
    Ok(Answer::Empty(if found {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }))
}

/// Deletes the records too. Every name must be there, so that a slip of the pen deletes nothing.
pub(super) async fn delete(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let indices = resolve(ask, names).await?;
    for name in &indices {
        ask.room.desk.documents.delete(name).await?;
        let changes = [kind::INDEX, kind::ALIASES].map(|kind| (key(kind, name), None));
        Catalog::change(&ask.room, changes.into()).await?;
    }
    Ok(acknowledged())
}

fn settings_of(document: Option<&Value>, name: &str) -> Value {
    let mut index = json!({ "number_of_shards": "1", "number_of_replicas": "0", "provided_name": name, "uuid": name, "version": { "created": "8000099" } });
    if let Some(document) = document {
        let given = &document["settings"];
        merge(
            &mut index,
            given
                .get("index")
                .filter(|inner| inner.is_object())
                .unwrap_or(&json!({})),
        );
        index["creation_date"] = document["created"].as_i64().unwrap_or(0).to_string().into();
    } else {
        index["creation_date"] = "0".into();
    }
    json!({ "index": index })
}

pub(super) async fn show(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let catalog = Catalog::of(&ask.room).await?;
    let mut shown = Map::new();
    for name in resolve(ask, names).await? {
        let mapping = grown(ask, &catalog, &name).await?;
        let index = json!({
            "aliases": catalog.aliases(&name), "mappings": mapping.to_json(),
            "settings": settings_of(catalog.document(kind::INDEX, &name), &name),
        });
        shown.insert(name, index);
    }
    Ok(Value::Object(shown).into())
}

async fn each(
    ask: &Ask,
    names: &str,
    show: impl Fn(&Catalog, &str) -> Value,
) -> Result<Answer, Problem> {
    let indices = resolve(ask, names).await?;
    let catalog = Catalog::of(&ask.room).await?;
    let shown: Map<String, Value> = indices
        .into_iter()
        .map(|name| {
            let value = show(&catalog, &name);
            (name, value)
        })
        .collect();
    Ok(Value::Object(shown).into())
}

pub(super) async fn mappings(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let catalog = Catalog::of(&ask.room).await?;
    let mut shown = Map::new();
    for name in resolve(ask, names).await? {
        let mapping = grown(ask, &catalog, &name).await?;
        shown.insert(name, json!({ "mappings": mapping.to_json() }));
    }
    Ok(Value::Object(shown).into())
}

pub(super) async fn field_mappings(
    ask: &Ask,
    names: &str,
    fields: &str,
) -> Result<Answer, Problem> {
    let globs: Vec<Glob> = fields.split(',').map(Glob::parse).collect();
    let catalog = Catalog::of(&ask.room).await?;
    let mut shown = Map::new();
    for name in resolve(ask, names).await? {
        let mapping = grown(ask, &catalog, &name).await?;
        let fits = mapping
            .fields
            .iter()
            .filter(|(field, _)| globs.iter().any(|glob| glob.accepts(field)));
        let fields: Map<String, Value> = fits
            .map(|(field, kind)| {
                let last = field.rsplit('.').next().unwrap_or(field);
                (
                    field.clone(),
                    json!({ "full_name": field, "mapping": { last: { "type": kind.name } } }),
                )
            })
            .collect();
        shown.insert(name, json!({ "mappings": fields }));
    }
    Ok(Value::Object(shown).into())
}

pub(super) async fn map(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let body = ask.json()?;
    Mapping::read(&body, &Value::Null)?;
    change(ask, names, |document| {
        merge(&mut document["mappings"], &body)
    })
    .await
}

pub(super) async fn settings(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    each(ask, names, |catalog, name| json!({ "settings": settings_of(catalog.document(kind::INDEX, name), name) })).await
}

pub(super) async fn set(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let body = ask.json()?;
    let given =
        json!({ "index": body.get("index").or_else(|| body.get("settings")).unwrap_or(&body) });
    change(ask, names, |document| {
        merge(&mut document["settings"], &given)
    })
    .await
}

async fn change(ask: &Ask, names: &str, change: impl Fn(&mut Value)) -> Result<Answer, Problem> {
    let indices = resolve(ask, names).await?;
    let catalog = Catalog::of(&ask.room).await?;
    let changed = indices.iter().map(|name| {
        let mut document = catalog
            .document(kind::INDEX, name)
            .cloned()
            .unwrap_or_else(|| json!({}));
        change(&mut document);
        (key(kind::INDEX, name), Some(document))
    });
    Catalog::change(&ask.room, changed.collect()).await?;
    Ok(acknowledged())
}

pub(super) async fn aliases(
    ask: &Ask,
    names: &str,
    alias: Option<&str>,
) -> Result<Answer, Problem> {
    let indices = resolve(ask, names).await?;
    let catalog = Catalog::of(&ask.room).await?;
    let globs: Vec<Glob> = alias.unwrap_or("*").split(',').map(Glob::parse).collect();
    let mut shown = Map::new();
    for name in indices {
        let mut aliases = catalog.aliases(&name);
        aliases.retain(|alias, _| globs.iter().any(|glob| glob.accepts(alias)));
        if alias.is_none() || !aliases.is_empty() {
            shown.insert(name, json!({ "aliases": aliases }));
        }
    }
    let status = match alias {
        Some(alias) if shown.is_empty() && !alias.contains('*') => {
            return Ok(Answer::Json(
                StatusCode::NOT_FOUND,
                json!({ "error": format!("alias [{alias}] missing"), "status": 404 }),
            ));
        }
        _ => StatusCode::OK,
    };
    if ask.method == axum::http::Method::HEAD {
        return Ok(Answer::Empty(if shown.is_empty() {
            StatusCode::NOT_FOUND
        } else {
            status
        }));
    }
    Ok(Answer::Json(status, Value::Object(shown)))
}

pub(super) async fn set_alias(ask: &Ask, names: &str, alias: &str) -> Result<Answer, Problem> {
    let options = match ask.json()? {
        Value::Null => json!({}),
        options => options,
    };
    let action = if ask.method == axum::http::Method::DELETE {
        "remove"
    } else {
        "add"
    };
    apply(ask, action, names, alias, &options).await?;
    Ok(acknowledged())
}

async fn apply(
    ask: &Ask,
    action: &str,
    names: &str,
    alias: &str,
    options: &Value,
) -> Result<(), Problem> {
    checked(alias)?;
    let indices = resolve(ask, names).await?;
    let catalog = Catalog::of(&ask.room).await?;
    let changes = indices.iter().map(|name| {
        let mut aliases = catalog.aliases(name);
        if action == "add" {
            let mut kept = Map::new();
            for option in ["is_write_index", "is_hidden"] {
                kept.extend(
                    options
                        .get(option)
                        .map(|value| (option.to_owned(), value.clone())),
                );
            }
            aliases.insert(alias.to_owned(), Value::Object(kept));
        } else {
            aliases.shift_remove(alias);
        }
        (
            key(kind::ALIASES, name),
            (!aliases.is_empty()).then_some(Value::Object(aliases)),
        )
    });
    Catalog::change(&ask.room, changes.collect()).await
}

pub(super) async fn change_aliases(ask: &Ask) -> Result<Answer, Problem> {
    let body = ask.json()?;
    let Some(actions) = body["actions"].as_array() else {
        return Err(Problem::parsing("[actions] must be a list"));
    };
    let list = |value: &Value, one: &str, many: &str| -> Vec<String> {
        let single = value.get(one).and_then(Value::as_str).map(str::to_owned);
        let several = value
            .get(many)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned);
        single.into_iter().chain(several).collect()
    };
    for action in actions {
        let Some((name, options)) = action.as_object().and_then(|action| action.iter().next())
        else {
            return Err(Problem::parsing("[aliases] malformed action"));
        };
        if !matches!(name.as_str(), "add" | "remove") {
            return Err(Problem::illegal(format!(
                "[aliases] the action [{name}] is not supported"
            )));
        }
        let indices = list(options, "index", "indices").join(",");
        for alias in list(options, "alias", "aliases") {
            apply(ask, name, &indices, &alias, options).await?;
        }
    }
    Ok(acknowledged())
}

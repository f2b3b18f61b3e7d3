//! Variables that a program is started with: `PSP_TIMEOUT_MS=6000` is how long it waits for the PSP, `DB_POOL_SIZE=30`
//! how many connections each of its machines opens.

use promise::say;
use serde_json::{Value, json};

use super::Draft;

/// A variable as it is written.
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// How the names of variables end that say how one calls another, the field of the dependency that each is, and in which
/// unit a bare number is.
const ENDS: [(&str, &str, &str); 22] = [
    ("_READ_TIMEOUT_MS", "timeout", "ms"),
    ("_REQUEST_TIMEOUT_MS", "timeout", "ms"),
    ("_TIMEOUT_MILLIS", "timeout", "ms"),
    ("_TIMEOUT_MS", "timeout", "ms"),
    ("_READ_TIMEOUT", "timeout", "s"),
    ("_REQUEST_TIMEOUT", "timeout", "s"),
    ("_TIMEOUT_SECONDS", "timeout", "s"),
    ("_TIMEOUT_SEC", "timeout", "s"),
    ("_TIMEOUT", "timeout", "s"),
    ("_RETRY_WAIT_MS", "backoff", "ms"),
    ("_RETRY_DELAY_MS", "backoff", "ms"),
    ("_RETRY_BACKOFF_MS", "backoff", "ms"),
    ("_BACKOFF_MS", "backoff", "ms"),
    ("_RETRY_WAIT", "backoff", "s"),
    ("_RETRY_DELAY", "backoff", "s"),
    ("_BACKOFF", "backoff", "s"),
    ("_MAX_RETRIES", "retries", ""),
    ("_RETRY_COUNT", "retries", ""),
    ("_RETRIES", "retries", ""),
    ("_MAX_ATTEMPTS", "attempts", ""),
    ("_ATTEMPTS", "attempts", ""),
    ("_MAX_TRIES", "attempts", ""),
];
/// What is no other service: the program itself, its stores, and how it speaks.
const OWN: [&str; 24] = [
    "DB",
    "DATABASE",
    "PG",
    "POSTGRES",
    "MYSQL",
    "SQL",
    "REDIS",
    "VALKEY",
    "CACHE",
    "HTTP",
    "HTTPS",
    "SERVER",
    "APP",
    "REQUEST",
    "CLIENT",
    "SESSION",
    "SHUTDOWN",
    "GRACEFUL",
    "CONNECT",
    "CONNECTION",
    "IDLE",
    "READ",
    "WRITE",
    "DEFAULT",
];
/// What connections to a database are counted by.
const POOLS: [&str; 8] = [
    "POOL_SIZE",
    "POOL_MAX",
    "MAX_POOL_SIZE",
    "MAXIMUM_POOL_SIZE",
    "POOL_MAX_SIZE",
    "MAX_CONNECTIONS",
    "MAX_OPEN_CONNS",
    "MAX_CONNS",
];

/// Reads the variables of one program; those that it understood are told by their places in the list.
pub(super) fn variables(owner: Option<&str>, all: &[Variable], draft: &mut Draft) -> Vec<bool> {
    let called = |name: &str| {
        let (end, field, unit) = ENDS.iter().find(|(end, ..)| name.ends_with(end))?;
        let of = &name[..name.len() - end.len()];
        let is_other = !of.is_empty()
            && !OWN.contains(&of.rsplit('_').next().unwrap_or(of))
            && !OWN.contains(&of.split('_').next().unwrap_or(of));
        is_other.then(|| (of.to_lowercase(), *field, *unit))
    };
    let waits_for = |of: &str| {
        all.iter().any(|it| {
            called(&it.name.to_uppercase())
                .is_some_and(|(other, field, _)| other == of && field == "timeout")
        })
    };
    let why = || say!("the variable is named so", "変数の名前による");
    let mut is_read = vec![false; all.len()];
    for (variable, is_read) in all.iter().zip(&mut is_read) {
        let name = variable.name.to_uppercase();
        let (value, line) = (variable.value.trim(), variable.line);
        let is_of_database = ["DB", "DATABASE", "PG", "POSTGRES", "MYSQL", "SQL", "HIKARI"]
            .iter()
            .any(|it| name.starts_with(it));
        if let (Some(owner), true, Ok(count)) = (
            owner,
            is_of_database && POOLS.iter().any(|end| name.ends_with(end)),
            value.parse::<u64>(),
        ) {
            let path = ["infrastructure", "compute", owner, "connections_each"];
            if !draft.has(&path) {
                draft.guess(&path, count, line, why());
                *is_read = true;
            }
        } else if let Some((of, field, unit)) = called(&name).filter(|(of, ..)| waits_for(of)) {
            let (field, value) = match field {
                "attempts" => (
                    "retries",
                    value
                        .parse::<u64>()
                        .ok()
                        .and_then(|count| count.checked_sub(1))
                        .map(Value::from),
                ),
                "retries" => (field, value.parse::<u64>().ok().map(Value::from)),
                _ if value.parse::<f64>().is_ok() => (field, Some(json!(format!("{value}{unit}")))),
                _ => (field, is_span(value).then(|| json!(value))),
            };
            let path = ["dependencies", of.as_str(), field];
            if let Some(value) = value.filter(|_| !draft.has(&path)) {
                draft.guess(&path, value, line, why());
                *is_read = true;
            }
        }
    }
    is_read
}

/// Whether a text is a number with a unit of time.
fn is_span(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < text.len()
        && digits.parse::<f64>().is_ok()
        && ["ms", "s", "m"].contains(&&text[digits.len()..])
}

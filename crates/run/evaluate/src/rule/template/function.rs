//! The functions: Go's own and Prometheus's.

use std::collections::BTreeMap;

use super::{
    Scope, Stop, humanize, printf,
    value::{Value, show_time},
};

/// A pattern's automaton; far beyond any honest one, and stops hostile ones.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Those whose arguments are all evaluated first. `and` and `or` are the runner's.
const NAMES: [&str; 47] = [
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "query",
    "first",
    "label",
    "value",
    "strvalue",
    "args",
    "reReplaceAll",
    "safeHtml",
    "match",
    "title",
    "toUpper",
    "toLower",
    "graphLink",
    "tableLink",
    "sortByLabel",
    "stripPort",
    "stripDomain",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "toTime",
    "toDuration",
    "now",
    "pathPrefix",
    "externalURL",
    "parseDuration",
    "urlQueryEscape",
];

pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

type Answer = Result<Value, Stop>;

fn wrong<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Wrong(why.into()))
}

pub(super) fn call(name: &str, args: &[Value], scope: &Scope<'_>) -> Answer {
    let answer = match name {
        "query" => return query(text(args, 0)?, scope),
        "first" => match list(args, 0)?.first() {
            Some(first) => first.clone(),
            None => return wrong("first() called on vector with no elements"),
        },
        "label" => {
            let name = text(args, 0)?;
            let Some(Value::Sample(sample)) = args.get(1) else {
                return wrong("label needs a name and an element of a query's answer");
            };
            Value::Text(sample.labels.get(name).to_owned())
        }
        "value" => match args.first() {
            Some(Value::Sample(sample)) => Value::from(&sample.value),
            _ => return wrong("value needs an element of a query's answer"),
        },
        "strvalue" => match args.first() {
            Some(Value::Sample(sample)) => Value::Text(sample.labels.get("__value__").to_owned()),
            _ => return wrong("strvalue needs an element of a query's answer"),
        },
        "args" => Value::Map(
            args.iter()
                .enumerate()
                .map(|(place, value)| (format!("arg{place}"), value.clone()))
                .collect::<BTreeMap<_, _>>(),
        ),
        "sortByLabel" => {
            let label = text(args, 0)?.to_owned();
            let mut items = list(args, 1)?.to_vec();
            items.sort_by_cached_key(|item| match item {
                Value::Sample(sample) => sample.labels.get(&label).to_owned(),
                _ => String::new(),
            });
            Value::List(items)
        }
        "reReplaceAll" => {
            let pattern = pattern(text(args, 0)?)?;
            Value::Text(
                pattern
                    .replace_all(text(args, 2)?, text(args, 1)?)
                    .into_owned(),
            )
        }
        "match" => Value::Bool(pattern(text(args, 0)?)?.is_match(text(args, 1)?)),
        "safeHtml" => Value::Text(text(args, 0)?.to_owned()),
        "title" => Value::Text(title(text(args, 0)?)),
        "toUpper" => Value::Text(text(args, 0)?.to_uppercase()),
        "toLower" => Value::Text(text(args, 0)?.to_lowercase()),
        "stripPort" => Value::Text(strip_port(text(args, 0)?).to_owned()),
        "stripDomain" => Value::Text(strip_domain(text(args, 0)?)),
        "graphLink" => Value::Text(link(text(args, 0)?, 0)),
        "tableLink" => Value::Text(link(text(args, 0)?, 1)),
        "humanize" => Value::Text(humanize::si(float(args, 0)?)),
        "humanize1024" => Value::Text(humanize::binary(float(args, 0)?)),
        "humanizeDuration" => Value::Text(humanize::duration(float(args, 0)?)),
        "humanizePercentage" => Value::Text(humanize::percentage(float(args, 0)?)),
        "humanizeTimestamp" => {
            let seconds = float(args, 0)?;
            if seconds.is_finite() {
                Value::Text(show_time(instant(seconds)?))
            } else {
                Value::Text(printf::general(seconds, Some(4)))
            }
        }
        "toTime" => Value::Time(instant(float(args, 0)?)?),
        "toDuration" => {
            #[allow(clippy::cast_possible_truncation)]
            let nanos = (float(args, 0)? * 1e9) as i64;
            Value::Duration(nanos)
        }
        #[allow(clippy::cast_precision_loss)]
        "now" => Value::Float(scope.at.as_millis() as f64 / 1e3),
        "externalURL" => Value::Text(scope.external_url.to_owned()),
        "pathPrefix" => Value::Text(path(scope.external_url).to_owned()),
        "parseDuration" => {
            use promise::record::Scalar as _;
            let written = text(args, 0)?;
            match promise::unit::Span::parse(written) {
                Ok(span) => Value::Float(span.0.as_secs_f64()),
                Err(_) => return wrong(format!("not a valid duration string: {written:?}")),
            }
        }
        _ => return of_go(name, args),
    };
    Ok(answer)
}

fn query(text: &str, scope: &Scope<'_>) -> Answer {
    let Some(found) = scope.answers.get(text) else {
        return Err(Stop::Wants(text.to_owned()));
    };
    let samples = found
        .iter()
        .cloned()
        .map(|element| Value::Sample(element.into()));
    Ok(Value::List(samples.collect()))
}

fn of_go(name: &str, args: &[Value]) -> Answer {
    let shown = || -> Vec<String> { args.iter().map(said).collect() };
    let answer = match name {
        "not" => Value::Bool(!args.first().is_some_and(Value::is_true)),
        "len" => {
            let len = match args.first() {
                Some(Value::Text(text)) => text.len(),
                Some(Value::List(items)) => items.len(),
                Some(Value::Map(entries)) => entries.len(),
                Some(Value::Labels(labels)) => labels.iter().count(),
                other => return wrong(format!("len of type {}", kind(other))),
            };
            Value::Int(i64::try_from(len).unwrap_or(i64::MAX))
        }
        "index" => index(args)?,
        "slice" => slice(args)?,
        "print" => Value::Text(printed(args)),
        "println" => Value::Text(shown().join(" ") + "\n"),
        "printf" => Value::Text(printf::sprintf(
            text(args, 0)?,
            args.get(1..).unwrap_or_default(),
        )),
        "html" => Value::Text(html(&printed(args))),
        "js" => Value::Text(printed(args).replace('\\', "\\\\").replace('\'', "\\'")),
        "urlquery" | "urlQueryEscape" => Value::Text(escaped(&printed(args))),
        "eq" => {
            let Some((first, rest)) = args.split_first().filter(|(_, rest)| !rest.is_empty())
            else {
                return wrong("missing argument for comparison");
            };
            let mut equal = false;
            for other in rest {
                equal |=
                    first.compare(other).map_err(Stop::Wrong)? == Some(std::cmp::Ordering::Equal);
            }
            Value::Bool(equal)
        }
        "ne" | "lt" | "le" | "gt" | "ge" => {
            let [a, b] = args else {
                return wrong(format!(
                    "wrong number of args for {name}: want 2 got {}",
                    args.len()
                ));
            };
            let order = a.compare(b).map_err(Stop::Wrong)?;
            Value::Bool(match name {
                "ne" => order.is_none_or(std::cmp::Ordering::is_ne),
                "lt" => order.is_some_and(std::cmp::Ordering::is_lt),
                "le" => order.is_some_and(std::cmp::Ordering::is_le),
                "gt" => order.is_some_and(std::cmp::Ordering::is_gt),
                _ => order.is_some_and(std::cmp::Ordering::is_ge),
            })
        }
        _ => return wrong(format!("function {name:?} not defined")),
    };
    Ok(answer)
}

fn kind(value: Option<&Value>) -> &'static str {
    value.map_or("nothing", Value::kind)
}

fn text(args: &[Value], place: usize) -> Result<&str, Stop> {
    match args.get(place) {
        Some(Value::Text(text)) => Ok(text),
        other => wrong(format!(
            "wrong type for value; expected string; got {}",
            kind(other)
        )),
    }
}

fn float(args: &[Value], place: usize) -> Result<f64, Stop> {
    match args.get(place) {
        Some(value) => value.as_float().map_err(Stop::Wrong),
        None => wrong("wrong number of args: want 1 got 0"),
    }
}

fn list(args: &[Value], place: usize) -> Result<&[Value], Stop> {
    match args.get(place) {
        Some(Value::List(items)) => Ok(items),
        other => wrong(format!(
            "wrong type for value; expected template.queryResult; got {}",
            kind(other)
        )),
    }
}

fn instant(seconds: f64) -> Result<i64, Stop> {
    humanize::millis(seconds)
        .ok_or_else(|| Stop::Wrong(format!("{seconds:e} cannot be represented as a timestamp")))
}

fn pattern(text: &str) -> Result<regex::Regex, Stop> {
    regex::RegexBuilder::new(text)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| Stop::Wrong(format!("error parsing regexp: {text:?}")))
}

fn index(args: &[Value]) -> Answer {
    let Some((first, keys)) = args.split_first() else {
        return wrong("wrong number of args for index: want at least 1 got 0");
    };
    let mut here = first.clone();
    for key in keys {
        here = match (&here, key) {
            (Value::Labels(_) | Value::Map(_), Value::Text(name)) => {
                here.field(name).map_err(Stop::Wrong)?
            }
            (Value::List(items), Value::Int(place)) => {
                let found = usize::try_from(*place)
                    .ok()
                    .and_then(|place| items.get(place));
                match found {
                    Some(item) => item.clone(),
                    None => return wrong(format!("index out of range: {place}")),
                }
            }
            (other, _) => return wrong(format!("can't index item of type {}", other.kind())),
        };
    }
    Ok(here)
}

fn slice(args: &[Value]) -> Answer {
    let Some((first, ends)) = args.split_first() else {
        return wrong("wrong number of args for slice: want at least 1 got 0");
    };
    let len = match first {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return wrong(format!("can't slice item of type {}", other.kind())),
    };
    let end = |place: usize, default: usize| match ends.get(place) {
        None => Ok(default),
        Some(Value::Int(at)) => usize::try_from(*at)
            .ok()
            .filter(|at| *at <= len)
            .ok_or_else(|| Stop::Wrong(format!("index out of range: {at}"))),
        Some(other) => wrong(format!(
            "cannot index slice/array with type {}",
            other.kind()
        )),
    };
    let range = end(0, 0)?..end(1, len)?;
    let cut = match first {
        Value::Text(text) => text.get(range).map(|part| Value::Text(part.to_owned())),
        Value::List(items) => items.get(range).map(|part| Value::List(part.to_vec())),
        _ => None,
    };
    cut.ok_or_else(|| Stop::Wrong("invalid slice index".to_owned()))
}

/// `Sprint`: a space only between two of which neither is a text.
fn printed(args: &[Value]) -> String {
    let mut out = String::new();
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    for (place, value) in args.iter().enumerate() {
        if place > 0 && !is_text(value) && !is_text(&args[place - 1]) {
            out.push(' ');
        }
        out.push_str(&said(value));
    }
    out
}

/// What the printing functions make of a value; nothing has a name there.
fn said(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        other => other.show(),
    }
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// Percent-encoding of a query's value: a space becomes `+`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Upper case for the first letter of each word. Words end as the Unicode standard's annex 29 says: not at an
/// underscore, nor at an apostrophe, a full stop or a colon between letters.
fn title(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is = |at: Option<usize>, test: fn(char) -> bool| {
        at.and_then(|at| chars.get(at)).is_some_and(|c| test(*c))
    };
    let mut out = String::new();
    let mut has_letter = false;
    for (at, c) in chars.iter().enumerate() {
        let between = |test| is(at.checked_sub(1), test) && is(Some(at + 1), test);
        let goes_on = match c {
            '\'' | '’' | '.' => between(char::is_alphabetic) || between(char::is_numeric),
            ':' | '·' => between(char::is_alphabetic),
            ',' | ';' => between(char::is_numeric),
            c => c.is_alphanumeric() || *c == '_',
        };
        if c.is_alphabetic() && !has_letter {
            out.extend(c.to_uppercase());
        } else {
            out.push(*c);
        }
        has_letter = goes_on && (has_letter || c.is_alphabetic());
    }
    out
}

fn strip_port(host: &str) -> &str {
    let (name, port) = match host.rsplit_once(':') {
        Some(parts) => parts,
        None => return host,
    };
    let bracketed = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match bracketed {
        Some(name) => name,
        None if name.contains(':') || port.contains(']') => host,
        None => name,
    }
}

fn strip_domain(host: &str) -> String {
    let name = strip_port(host);
    let port = host.strip_prefix(name).unwrap_or_default();
    if name.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return host.to_owned();
    }
    format!("{}{port}", name.split('.').next().unwrap_or(name))
}

fn link(expression: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", escaped(expression))
}

fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

//! `/api/v1/series`, `/api/v1/labels` and `/api/v1/label/{name}/values`: what there is.

use std::collections::BTreeSet;

use ::promise::{Timestamp, signal::Matcher};
use axum::{extract::Path, response::Response};
use store::Labels;

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form},
    json,
};
use crate::reply::Visit;

pub(crate) async fn list(visit: Visit, form: Form) -> Response {
    answer::reply(matched(&visit, form).await)
}

pub(crate) async fn names(visit: Visit, form: Form) -> Response {
    answer::reply(label_names(&visit, form).await)
}

pub(crate) async fn values(Path(name): Path<String>, visit: Visit, form: Form) -> Response {
    answer::reply(label_values(&visit, &name, form).await)
}

async fn matched(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    if asked.all("match[]").next().is_none() {
        let why = "no match[] parameter provided";
        return Err(Failure::BadData(why.to_owned()));
    }
    let limit = asked.limit()?;
    let (from, to) = asked.stretch()?;
    let found = any_of(visit, asked.selectors()?, from, to).await?;
    let mut data = String::new();
    json::list(&mut data, found.iter().take(limit), json::labels);
    Ok(Found::data(data).cut(found.len() > limit))
}

async fn label_names(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let limit = asked.limit()?;
    let (from, to) = asked.stretch()?;
    let found = any_of(visit, asked.selectors()?, from, to).await?;
    let names: BTreeSet<&str> = found
        .iter()
        .flat_map(Labels::iter)
        .map(|(name, _)| name)
        .collect();
    Ok(texts(&names, limit))
}

async fn label_values(visit: &Visit, name: &str, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let name = unescaped(name);
    let limit = asked.limit()?;
    let (from, to) = asked.stretch()?;
    let mut selectors = asked.selectors()?;
    let metrics = &visit.room.desk.metrics;
    let mut values = BTreeSet::new();
    if asked.one("start").or(asked.one("end")).is_some() {
        for labels in any_of(visit, selectors, from, to).await? {
            let value = labels.get(&name);
            if !value.is_empty() {
                values.insert(value.to_owned());
            }
        }
    } else {
        if selectors.is_empty() {
            selectors.push(Vec::new());
        }
        for matchers in selectors {
            values.extend(metrics.label_values(&name, &matchers).await?);
        }
    }
    Ok(texts(&values, limit))
}

fn texts<T: AsRef<str>>(all: &BTreeSet<T>, limit: usize) -> Found {
    let mut data = String::new();
    json::texts(&mut data, all.iter().take(limit));
    Found::data(data).cut(all.len() > limit)
}

/// The labels of the series that any of the selectors matches, each once; of all series when there is none.
async fn any_of(
    visit: &Visit,
    mut selectors: Vec<Vec<Matcher>>,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeSet<Labels>, Failure> {
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let mut found = BTreeSet::new();
    for matchers in selectors {
        found.extend(visit.room.desk.metrics.series(&matchers, from, to).await?);
    }
    Ok(found)
}

/// A name of UTF-8 as an address can hold it: `U__http_2e_status` is `http.status`. What is not well written so is
/// taken as it stands.
fn unescaped(name: &str) -> String {
    fn read(rest: &str) -> Option<String> {
        let mut out = String::with_capacity(rest.len());
        let mut rest = rest;
        while let Some(at) = rest.find('_') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(more) = rest.strip_prefix('_') {
                out.push('_');
                rest = more;
                continue;
            }
            let (code, more) = rest.split_once('_')?;
            let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_hexdigit());
            let code = u32::from_str_radix(code, 16).ok().filter(|_| is_code)?;
            out.push(char::from_u32(code)?);
            rest = more;
        }
        out.push_str(rest);
        Some(out)
    }
    let escaped = name.strip_prefix("U__");
    escaped.and_then(read).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_utf_8_are_read_as_prometheus_escapes_them() {
        // From the examples of the escaping in Prometheus's documentation of UTF-8 names.
        assert_eq!(unescaped("U__http_2e_status"), "http.status");
        assert_eq!(unescaped("U__a__b_20_c"), "a_b c");
        assert_eq!(unescaped("U___6771__4eac_"), "東京");
        for as_it_stands in ["job", "U__a_2", "U__a_zz_", "U__a_d800_", "U_"] {
            assert_eq!(unescaped(as_it_stands), as_it_stands);
        }
    }
}

//! `info`: labels of info metrics, joined by `instance` and `job`.

use std::collections::{BTreeMap, HashMap, HashSet};

use promise::signal::Matcher;

use crate::{
    EvalError, Labels,
    run::{ABSENT, Row, Run, Steps},
    series::NAME,
    syntax::{Expr, Kind},
};

/// The info metric where none is named.
const TARGET_INFO: &str = "target_info";
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// What selects the info series: the matchers given, and a name.
pub(crate) fn matchers(given: Option<&Expr>) -> Vec<Matcher> {
    let mut matchers = match given.map(|given| &given.kind) {
        Some(Kind::Vector(selector)) => selector.matchers.clone(),
        _ => Vec::new(),
    };
    if !matchers.iter().any(|matcher| matcher.name == NAME) {
        matchers.push(Matcher::equal(NAME, TARGET_INFO));
    }
    matchers
}

/// An info series: its labels, and when its newest sample was taken at each step.
struct Info {
    labels: Labels,
    at: Vec<f64>,
}

pub(super) fn join(
    run: &Run<'_>,
    expr: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let rows = run.rows(&args[0], steps)?;
    let wanted = matchers(args.get(1));
    let named = args.get(1).is_some() && {
        let Kind::Vector(selector) = &args[1].kind else {
            return Ok(rows);
        };
        selector.matchers.iter().any(|matcher| matcher.name == NAME)
    };
    let names: Vec<&Matcher> = wanted
        .iter()
        .filter(|matcher| matcher.name == NAME && (named || args.len() == 1))
        .collect();
    let mut data: Vec<&Matcher> = if args.len() > 1 {
        wanted
            .iter()
            .filter(|matcher| matcher.name != NAME)
            .collect()
    } else {
        Vec::new()
    };
    // Info metrics themselves pass as they are.
    let passes = |row: &Row| names.iter().any(|name| name.accepts(row.labels.metric()));
    let infos = infos(run, expr, steps, rows.iter().filter(|row| !passes(row)))?;
    if infos.is_none() && named {
        // Without any identity to join by, the name is wanted like any other label, and missing.
        data.extend(&names);
    }
    let infos = infos.unwrap_or_default();
    let mut out = Built::default();
    for row in &rows {
        if passes(row) {
            for step in 0..steps.count {
                out.put(row, step, row.labels.clone(), steps)?;
            }
            continue;
        }
        let mine: BTreeMap<&str, Vec<&Info>> = infos
            .iter()
            .filter(|info| {
                IDENTIFYING
                    .iter()
                    .all(|id| info.labels.get(id) == row.labels.get(id))
            })
            .fold(BTreeMap::new(), |mut by_name, info| {
                by_name.entry(info.labels.metric()).or_default().push(info);
                by_name
            });
        let mut known: HashMap<Vec<usize>, Option<Labels>> = HashMap::new();
        for step in (0..steps.count).filter(|step| row.has(*step)) {
            let mut key = Vec::new();
            let mut chosen = Vec::new();
            for infos in mine.values() {
                if let Some((place, info)) = newest(infos, step)? {
                    key.push(place);
                    chosen.push(info);
                } else {
                    key.push(usize::MAX);
                }
            }
            let labels = match known.get(&key) {
                Some(labels) => labels.clone(),
                None => {
                    let labels = joined(&row.labels, &chosen, &data)?;
                    known.insert(key, labels.clone());
                    labels
                }
            };
            if let Some(labels) = labels {
                out.put(row, step, labels, steps)?;
            }
        }
    }
    Ok(out.rows)
}

/// The info series that any of the rows may be joined with; nothing where no row has an identity.
fn infos<'a>(
    run: &Run<'_>,
    expr: &Expr,
    steps: Steps,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<Option<Vec<Info>>, EvalError> {
    let mut values: [HashSet<String>; 2] = Default::default();
    for row in rows {
        for (values, id) in values.iter_mut().zip(IDENTIFYING) {
            let value = row.labels.get(id);
            if !value.is_empty() {
                values.insert(value.to_owned());
            }
        }
    }
    if values.iter().all(HashSet::is_empty) {
        return Ok(None);
    }
    let mut infos = Vec::new();
    for series in run.info_series(expr.start) {
        let fits = values
            .iter()
            .zip(IDENTIFYING)
            .all(|(values, id)| values.is_empty() || values.contains(series.labels.get(id)));
        if !fits {
            continue;
        }
        run.hold(steps.count)?;
        let newest = run.newest_of(series, steps).into_iter();
        infos.push(Info {
            labels: series.labels.clone(),
            at: newest.map(|at| at.map_or(ABSENT, |at| at as f64)).collect(),
        });
    }
    Ok(Some(infos))
}

/// Of several series with the same name and identity the one with the newest sample.
fn newest<'i>(infos: &[&'i Info], step: usize) -> Result<Option<(usize, &'i Info)>, EvalError> {
    let mut best: Option<(usize, &Info)> = None;
    for (place, info) in infos.iter().enumerate() {
        let at = info.at[step];
        if crate::run::is_absent(at) {
            continue;
        }
        match best {
            Some((_, held)) if held.at[step] == at => {
                return Err(EvalError::BadArgument(format!(
                    "found duplicate series for info metric {}",
                    info.labels.metric()
                )));
            }
            Some((_, held)) if held.at[step] > at => {}
            _ => best = Some((place, info)),
        }
    }
    Ok(best)
}

/// The labels with what the info series add, or nothing where a wanted label is missing.
fn joined(base: &Labels, infos: &[&Info], data: &[&Matcher]) -> Result<Option<Labels>, EvalError> {
    let mut added: BTreeMap<&str, &str> = BTreeMap::new();
    for info in infos {
        for (name, value) in info.labels.iter().filter(|(name, _)| *name != NAME) {
            if !data.is_empty() && !data.iter().any(|matcher| matcher.name == name) {
                continue;
            }
            if added.get(name).is_some_and(|known| *known != value) {
                return Err(EvalError::BadArgument(format!("conflicting label: {name}")));
            }
            if base.get(name).is_empty() {
                added.insert(name, value);
            }
        }
    }
    if added.is_empty() && !data.iter().all(|matcher| matcher.accepts("")) {
        return Ok(None);
    }
    Ok(Some(Labels::new(base.iter().chain(added))))
}

/// Rows by labels, filled cell by cell.
#[derive(Default)]
struct Built {
    rows: Vec<Row>,
    places: HashMap<Labels, usize>,
}

impl Built {
    fn put(
        &mut self,
        from: &Row,
        step: usize,
        labels: Labels,
        steps: Steps,
    ) -> Result<(), EvalError> {
        let Some(value) = from.get(step) else {
            return Ok(());
        };
        let rows = &mut self.rows;
        let place = *self.places.entry(labels.clone()).or_insert_with(|| {
            rows.push(Row::labelled(labels, steps.count));
            rows.len() - 1
        });
        if rows[place].has(step) {
            return Err(EvalError::SameLabels);
        }
        rows[place].set(step, Some(value));
        Ok(())
    }
}

//! Lines counted over time, by the labels that tell them apart: columns are walked as they lie, and each line changes two
//! numbers of its group, however many instants see it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use axum::http::StatusCode;
use promise::Timestamp;
use store::logs::{Batch, Cells, Scan};

use super::{
    logql::{Figures, Top},
    read::{Failure, LABELS, SERIES_MAX, mask, text_of},
};
use crate::reply::Visit;

/// As Loki has it.
const STEPS_MAX: i64 = 11_000;

/// The instants that are asked about.
pub(super) struct Grid {
    start: i64,
    step: i64,
    pub steps: usize,
}

impl Grid {
    pub fn one(at: Timestamp) -> Self {
        Self {
            start: at.as_millis(),
            step: 1,
            steps: 1,
        }
    }

    pub fn new(start: Timestamp, end: Timestamp, step: Duration) -> Result<Self, String> {
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        let (start, end) = (start.as_millis(), end.as_millis());
        let steps = (end - start) / step + 1;
        if steps > STEPS_MAX {
            return Err("exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter".to_owned());
        }
        Ok(Self {
            start,
            step,
            steps: usize::try_from(steps).unwrap_or_default(),
        })
    }

    pub fn at(&self, index: usize) -> Timestamp {
        let index = i64::try_from(index).unwrap_or_default();
        Timestamp::from_millis(self.start + index * self.step)
    }

    /// As many instants, each of them so much earlier.
    fn earlier(&self, offset: i64) -> Self {
        Self {
            start: self.start.saturating_sub(offset),
            ..*self
        }
    }

    /// The first and the last instant `t` for which `(t - range, t]` holds `at`.
    fn that_see(&self, at: Timestamp, range: i64) -> Option<(usize, usize)> {
        let since = at.as_millis() - self.start;
        let first = (since + self.step - 1).div_euclid(self.step).max(0);
        let last = (since + range - 1).div_euclid(self.step);
        let (first, last) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
        let last = last.min(self.steps.checked_sub(1)?);
        (first <= last).then_some((first, last))
    }
}

pub(super) type Counts = BTreeMap<BTreeMap<String, String>, Vec<i64>>;

/// How many lines each group has within the range before each instant.
pub(super) async fn counted(
    visit: &Visit,
    figures: &Figures,
    grid: &Grid,
) -> Result<Counts, Failure> {
    let names = match &figures.by {
        Some(names) => names.clone(),
        None => LABELS.map(str::to_owned).to_vec(),
    };
    // What nobody sees nobody counts by either.
    let mask = mask(visit);
    if let Some(hidden) = names.iter().find(|name| mask.hides(name)) {
        return Err(Failure(
            StatusCode::FORBIDDEN,
            format!("{hidden} is a personal field: nobody groups by it here"),
        ));
    }
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4);
    let range = millis(figures.range);
    let grid = &grid.earlier(millis(figures.offset));
    let last = grid.at(grid.steps.saturating_sub(1));
    let scan = Scan {
        query: figures.query.clone(),
        from: Timestamp::from_millis(grid.start.saturating_sub(range)),
        to: last,
        columns: names.clone(),
    };
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    // For each group how many lines more or fewer an instant sees than the one before.
    let mut changes: Vec<Vec<i64>> = Vec::new();
    let mut batches = visit.room.desk.logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for (row, group) in groups(&batch).into_iter().enumerate() {
            let Some((first, last)) = batch.at.get(row).and_then(|at| grid.that_see(*at, range))
            else {
                continue;
            };
            let place = match places.get(&*group) {
                Some(place) => *place,
                None => {
                    if changes.len() == SERIES_MAX {
                        let why =
                            format!("maximum of series ({SERIES_MAX}) reached for a single query");
                        return Err(why.into());
                    }
                    places.insert(group.to_vec(), changes.len());
                    changes.push(vec![0; grid.steps + 1]);
                    changes.len() - 1
                }
            };
            changes[place][first] += 1;
            changes[place][last + 1] -= 1;
        }
    }
    let mut told = Counts::new();
    for (group, place) in places {
        let labels = names.iter().cloned().zip(group);
        let labels = labels.filter_map(|(name, value)| Some((name, value?)));
        let mut seen = 0;
        let counts = changes[place][..grid.steps].iter().map(|change| {
            seen += change;
            seen
        });
        told.insert(labels.collect(), counts.collect());
    }
    match figures.top {
        Some(top) => Ok(only(told, top)),
        None => Ok(told),
    }
}

/// At each instant the groups with the most lines, or with the fewest of those that have some; of groups with as many
/// those whose labels come first.
fn only(mut told: Counts, top: Top) -> Counts {
    let steps = told.values().map(Vec::len).max().unwrap_or_default();
    for step in 0..steps {
        let mut some: Vec<&mut i64> = told
            .values_mut()
            .filter_map(|counts| counts.get_mut(step).filter(|count| **count > 0))
            .collect();
        if top.is_most {
            some.sort_by_key(|count| std::cmp::Reverse(**count));
        } else {
            some.sort_by_key(|count| **count);
        }
        some.into_iter()
            .skip(top.groups)
            .for_each(|count| *count = 0);
    }
    told.retain(|_, counts| counts.iter().any(|count| *count > 0));
    told
}

/// The group of each row of a batch. Rows of one group share it.
pub(super) fn groups(batch: &Batch) -> Vec<Arc<[Option<String>]>> {
    let columns: Vec<_> = batch.columns.iter().map(Codes::of).collect();
    let mut known: HashMap<Vec<u32>, Arc<[Option<String>]>> = HashMap::new();
    let mut key = Vec::new();
    (0..batch.len())
        .map(|row| {
            key.clear();
            key.extend(columns.iter().map(|column| column.code(row)));
            if let Some(group) = known.get(&key) {
                return group.clone();
            }
            let texts = columns.iter().zip(&key);
            let group: Arc<[Option<String>]> = texts
                .map(|(column, code)| column.texts.get(*code as usize).cloned().flatten())
                .collect();
            known.insert(key.clone(), group.clone());
            group
        })
        .collect()
}

/// A column as places in a list of its values.
pub(super) struct Codes<'b> {
    pub texts: Vec<Option<String>>,
    rows: Cow<'b, [u32]>,
}

impl<'b> Codes<'b> {
    pub fn of(cells: &'b Cells) -> Self {
        if let Cells::Dictionary { values, codes } = cells {
            return Self {
                texts: values.iter().map(text_of).collect(),
                rows: codes.into(),
            };
        }
        let len = match cells {
            Cells::Absent | Cells::Dictionary { .. } => 0,
            Cells::Integers(all) => all.len(),
            Cells::Floats(all) => all.len(),
            Cells::Values(all) => all.len(),
        };
        let mut places: HashMap<String, u32> = HashMap::new();
        let rows = (0..len).map(|row| {
            let Some(text) = cells.get(row).as_ref().and_then(text_of) else {
                return Cells::NONE;
            };
            let next = u32::try_from(places.len()).unwrap_or(Cells::NONE);
            *places.entry(text).or_insert(next)
        });
        let rows: Vec<u32> = rows.collect();
        let mut texts = vec![None; places.len()];
        for (text, place) in places {
            texts[place as usize] = Some(text);
        }
        Self {
            texts,
            rows: rows.into(),
        }
    }

    fn code(&self, row: usize) -> u32 {
        self.rows.get(row).copied().unwrap_or(Cells::NONE)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_by_the_instants_whose_range_holds_it() {
        // Instants at 0, 10, 20, 30; a range of 20 before each, open at its beginning.
        let at = Timestamp::from_millis;
        let grid = Grid::new(at(0), at(35), Duration::from_millis(10)).unwrap();
        assert_eq!(grid.steps, 4);
        assert_eq!(grid.that_see(at(-20), 20), None);
        assert_eq!(grid.that_see(at(-19), 20), Some((0, 0)));
        assert_eq!(grid.that_see(at(0), 20), Some((0, 1)));
        assert_eq!(grid.that_see(at(1), 20), Some((1, 2)));
        assert_eq!(grid.that_see(at(30), 20), Some((3, 3)));
        assert_eq!(grid.that_see(at(31), 20), None);
    }
}

//! The alerts of log rules that have not ended: a row each, written before anybody is told.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use evaluate::log_rule::Key;
use promise::Timestamp;
use serde::{Deserialize, Serialize};
use store::{StateStore, state::Write};

use super::TABLE;

/// An alert ends when it did not fire again for the stretch of its rule, but not before a person could see it.
const OPEN_MIN: Duration = Duration::from_secs(60);
/// One that fires again and again is written down so seldom: a start may end it so much too early.
const WRITTEN_EVERY: Duration = Duration::from_secs(15);
const ROWS: &str = "open/";
/// Rows that are read at a start: more than the rules may have groups that a person could look at.
const ROWS_MAX: usize = 400_000;

/// Which alert: of which rule, about which group.
pub(super) type Place = (String, Key);

/// An alert that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Open {
    pub started: Timestamp,
    /// When it ends, unless it fires again.
    pub until: Timestamp,
    /// As it was told, so that its end bears the same labels.
    pub severity: Option<String>,
    /// What of `until` is written down.
    #[serde(skip)]
    written: Option<Timestamp>,
}

pub(super) struct Alerts {
    open: BTreeMap<Place, Open>,
    state: Arc<dyn StateStore>,
}

impl Alerts {
    /// Takes up the alerts that were open.
    pub async fn read(state: Arc<dyn StateStore>) -> Self {
        let rows = state.scan(TABLE, ROWS, ROWS_MAX).await;
        let rows = rows.unwrap_or_else(|error| {
            tracing::error!(%error, "the open alerts of log rules could not be read");
            Vec::new()
        });
        let open = rows
            .iter()
            .filter_map(|(key, bytes)| {
                let place: Place = serde_json::from_str(key.strip_prefix(ROWS)?).ok()?;
                let open: Open = serde_json::from_slice(bytes).ok()?;
                Some((place, open))
            })
            .collect();
        Self { open, state }
    }

    /// Those whose rule is no more have nothing left to end them, and end.
    pub fn end_unless(&mut self, is_known: impl Fn(&str) -> bool, now: Timestamp) {
        for ((rule, _), open) in &mut self.open {
            if !is_known(rule) {
                open.until = now;
            }
        }
    }

    /// Notes that a rule has fired; how its alert stands now.
    pub fn fire(
        &mut self,
        place: &Place,
        at: Timestamp,
        (now, stretch): (Timestamp, Duration),
        severity: Option<String>,
    ) -> Open {
        let until = now + stretch.max(OPEN_MIN);
        let open = self.open.entry(place.clone()).or_insert_with(|| Open {
            started: at,
            until,
            severity: severity.clone(),
            written: None,
        });
        (open.until, open.severity) = (until, severity);
        open.clone()
    }

    /// Those that did not fire again.
    pub fn over(&self, now: Timestamp) -> Vec<(Place, Open)> {
        let is_over = |(_, open): &(&Place, &Open)| open.until <= now;
        let over = self.open.iter().filter(is_over);
        over.map(|(place, open)| (place.clone(), open.clone()))
            .collect()
    }

    /// Writes down what is new of these, in one write: an alert that nobody remembers would never end.
    pub async fn keep<'p>(&mut self, places: impl Iterator<Item = &'p Place>) {
        let mut writes = Vec::new();
        for place in places {
            let Some(open) = self.open.get_mut(place) else {
                continue;
            };
            let is_news = |written: Timestamp| open.until >= written + WRITTEN_EVERY;
            if open.written.is_none_or(is_news)
                && let Some((key, value)) = row(place).zip(serde_json::to_vec(open).ok())
            {
                open.written = Some(open.until);
                writes.push(Write::Put {
                    table: TABLE,
                    key,
                    value,
                });
            }
        }
        self.write(writes).await;
    }

    /// Forgets those that have ended.
    pub async fn forget<'p>(&mut self, places: impl Iterator<Item = &'p Place>) {
        let mut writes = Vec::new();
        for place in places {
            self.open.remove(place);
            writes.extend(row(place).map(|key| Write::Delete { table: TABLE, key }));
        }
        self.write(writes).await;
    }

    async fn write(&self, writes: Vec<Write>) {
        if !writes.is_empty()
            && let Err(error) = self.state.write(writes).await
        {
            tracing::error!(%error, "the open alerts of log rules could not be written down");
        }
    }
}

fn row(place: &Place) -> Option<String> {
    Some(format!("{ROWS}{}", serde_json::to_string(place).ok()?))
}

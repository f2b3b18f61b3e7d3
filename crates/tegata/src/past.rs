//! What is remembered of promises from one start to the next: their first day, and the worst state of each day.

use std::{collections::BTreeMap, sync::Arc};

use promise::{Promise, State, Timestamp};
use store::{StateStore, state::Write};

use crate::{
    book::{Book, VerdictBody, kind},
    keeper::{Day, Past},
};

const SINCE: &str = "promise_since";
const DAYS: &str = "promise_days";
/// A strip shows 90 days; older ones are not read.
const DAYS_MAX: usize = 400;

/// Gives each promise the instant at which it was first declared, and remembers it for new ones.
pub(crate) async fn date(
    state: &dyn StateStore,
    promises: Vec<Promise>,
    now: Timestamp,
) -> anyhow::Result<Vec<Arc<Promise>>> {
    let mut dated = Vec::with_capacity(promises.len());
    let mut writes = Vec::new();
    for mut promise in promises {
        let known = state.get(SINCE, &promise.id).await?;
        let known = known.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
        promise.since = known.unwrap_or_else(|| {
            let value = now.to_string().into_bytes();
            writes.push(Write::Put {
                table: SINCE,
                key: promise.id.clone(),
                value,
            });
            now
        });
        dated.push(Arc::new(promise));
    }
    if !writes.is_empty() {
        state.write(writes).await?;
    }
    Ok(dated)
}

/// The past of each promise: its last recorded verdict, and its days.
pub(crate) async fn recall(
    state: &dyn StateStore,
    book: &Book,
    promises: &[Arc<Promise>],
) -> anyhow::Result<BTreeMap<String, Past>> {
    let mut all = BTreeMap::new();
    for promise in promises {
        let mut past = Past::default();
        if let Some(entry) = book.newest(kind::VERDICT, &promise.id)? {
            past.entry = Some(entry.index);
            if let Ok(body) = serde_json::from_value::<VerdictBody>(entry.body) {
                past.state = Some((body.verdict.state, body.verdict.at));
            }
        }
        for (key, value) in state
            .scan(DAYS, &format!("{}/", promise.id), DAYS_MAX)
            .await?
        {
            let date = key.rsplit('/').next().and_then(|text| text.parse().ok());
            let worst = serde_json::from_slice::<State>(&value).ok();
            past.days.extend(date.zip(worst));
        }
        all.insert(promise.id.clone(), past);
    }
    Ok(all)
}

/// Keeps the worst state of days.
pub(crate) async fn keep_days(state: &dyn StateStore, days: Vec<Day>) -> anyhow::Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let writes = days
        .into_iter()
        .map(|day| {
            let key = format!("{}/{}", day.promise, day.date);
            Ok(Write::Put {
                table: DAYS,
                key,
                value: serde_json::to_vec(&day.worst)?,
            })
        })
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    state.write(writes).await?;
    Ok(())
}

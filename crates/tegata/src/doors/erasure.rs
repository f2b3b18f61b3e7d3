//! Somebody asks to be forgotten: every place that this program knows is searched for their name, and the answer says of
//! each what went and what is left.
//!
//! Log records go first, for the entry about their deletion holds the query; then the ledger, so that the query goes with
//! the rest. Each step can be done again: whoever dies in between asks once more.

use std::{sync::Arc, time::Duration};

use console::door::{Asked, Erased, ErasedLogs, ErasedState, LogKeeping as _, Refused};
use promise::{LogQuery, Say, Timestamp, record::Scalar as _, say};
use store::logs::Deletion;
use tokio::sync::oneshot;

use super::{internal, logs};
use crate::{app::House, deeds, tasks::log_rules::Forget};
use respond::incident::stands_in;

/// Records of clocks that run ahead are searched too.
const AHEAD: Duration = Duration::from_secs(366 * 86_400);
/// Rows of one table that are searched: more than incidents and alerts ever have.
const ROWS_MAX: usize = 400_000;

/// Tables of the state in which a value may stand as the key of something under way, and what they hold. An open alert must
/// end under the labels that it was told with, and a start that waits for its end is owed to whom it names: taking it away
/// would make a promise greener. So these are counted and named, and go with what they are about.
fn tables() -> [(&'static str, Say); 8] {
    [
        ("log_rules", say!("rules on logs", "ログのルール")),
        (
            "windows",
            say!(
                "promises: starts that wait for their end",
                "約束: 終わりを待つ開始"
            ),
        ),
        ("respond_alerts", say!("labels of alerts", "警報のラベル")),
        (
            "respond_incidents",
            say!("labels of incidents", "インシデントのラベル"),
        ),
        (
            "respond_groups",
            say!("groups of notifications", "通知のまとまり"),
        ),
        (
            "respond_pending",
            say!("notifications on their way", "送信待ちの通知"),
        ),
        (
            "respond_events",
            say!("events on their way to the ledger", "台帳への記録待ち"),
        ),
        ("respond_flaps", say!("alerts that flap", "ばたつく警報")),
    ]
}

pub(super) async fn erase(
    house: &Arc<House>,
    value: &str,
    with_logs: bool,
    asked: &Asked,
) -> Result<Erased, Refused> {
    let query = LogQuery::parse(&LogQuery::phrase(value)).map_err(Refused::Invalid)?;
    let now = house.clock.now();
    let deleted = if with_logs {
        let deletion = Deletion {
            query: query.clone(),
            from: Timestamp::from_millis(i64::MIN),
            to: now + AHEAD,
        };
        let (deleted, entry) = logs::Door(house.clone()).delete(deletion, asked).await?;
        Some(ErasedLogs {
            records: deleted.records,
            held: deleted.held,
            entry,
        })
    } else {
        None
    };
    let (fields, entry) = from_ledger(house, value, asked).await?;
    let places = match house.responder.forget(value).await {
        Ok(places) => places,
        // An address may be longer than a name can be: it stands in no incident.
        Err(respond::Error::Length { .. }) => 0,
        Err(error) => return Err(internal("incidents", &error)),
    };
    let rules = from_rules(house, value).await;
    let left = house
        .logs
        .count(&query, Timestamp::EPOCH, now + AHEAD)
        .await;
    let left = left.inspect_err(
        |error| tracing::warn!(%error, "log records with a name could not be counted"),
    );
    Ok(Erased {
        fields,
        entry,
        places,
        deleted,
        logs: left.ok(),
        state: in_state(house, value, rules).await?,
    })
}

/// How many fields of the ledger lost it, and the entry that says so.
async fn from_ledger(
    house: &House,
    value: &str,
    asked: &Asked,
) -> Result<(u64, Option<u64>), Refused> {
    let (ledger, now) = (house.book.ledger().clone(), house.clock.now());
    let (value, asked) = (value.to_owned(), asked.clone());
    let erased = tokio::task::spawn_blocking(move || {
        ledger.erase(&value, |fields| {
            deeds::erasure(now, fields, &asked.by, &asked.reason)
        })
    });
    let erased = erased.await.map_err(|error| internal("ledger", &error))?;
    let erased = erased.map_err(|error| internal("ledger", &error))?;
    Ok(erased.map_or((0, None), |(fields, entry)| (fields, Some(entry))))
}

/// Of how many rules on logs it went.
async fn from_rules(house: &House, value: &str) -> u64 {
    let Some(rules) = house.log_rules.borrow().clone() else {
        return 0;
    };
    let (done, answer) = oneshot::channel();
    let value = value.to_owned();
    if rules.send(Forget { value, done }).await.is_err() {
        return 0;
    }
    answer.await.unwrap_or_default()
}

/// Where the value stands in the state yet, as a word of its own.
async fn in_state(house: &House, value: &str, rules: u64) -> Result<Vec<ErasedState>, Refused> {
    // As JSON writes it between its quotes.
    let quoted = serde_json::Value::from(value).to_string();
    let value = quoted.trim_matches('"');
    let mut found = Vec::new();
    for (table, what) in tables() {
        let rows = house.state.scan(table, "", ROWS_MAX).await;
        let rows = rows.map_err(|error| internal("state", &error))?;
        let holds =
            |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| stands_in(text, value));
        let kept = rows
            .iter()
            .filter(|(key, row)| holds(key.as_bytes()) || holds(row))
            .count();
        found.push(ErasedState {
            table,
            what,
            erased: if table == "log_rules" { rules } else { 0 },
            kept: kept as u64,
        });
    }
    Ok(found)
}

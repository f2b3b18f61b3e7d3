//! Drops the bodies of ledger entries that are past their retention, once a day, where the spec says how long they are
//! kept. A legal hold keeps what it covers; an entry says what went.

use std::{sync::Arc, time::Duration};

use console::door::Refused;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{app::House, pruning};

const EVERY: Duration = Duration::from_secs(24 * 3_600);
/// The first round comes when the start is over.
const FIRST: Duration = Duration::from_secs(300);

pub(crate) async fn run(house: Arc<House>, keep: Duration, stop: CancellationToken) {
    let mut wait = FIRST;
    while stop
        .run_until_cancelled(tokio::time::sleep(wait))
        .await
        .is_some()
    {
        wait = EVERY;
        let why = json!({ "keep_secs": keep.as_secs() });
        match pruned(&house, keep, why).await {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "entries past their retention were pruned"),
            Err(error) => tracing::error!(%error, "the ledger could not be pruned"),
        }
    }
}

/// Prunes what is older than `keep`, but for what is held. Answers with the number of entries that went.
pub(crate) async fn pruned(
    house: &House,
    keep: Duration,
    why: serde_json::Value,
) -> Result<u64, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Internal(error.to_string());
    let now = house.clock.now();
    // Holds that cannot be read might cover anything.
    let holds = house.logs.holds().await.map_err(|error| failed(&error))?;
    let cut = pruning::held_back(now - keep, &holds);
    let ledger = house.book.ledger().clone();
    let done = tokio::task::spawn_blocking(move || pruning::prune(&ledger, cut, now, &why)).await;
    let done = done
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))?;
    let Some(cut) = done else { return Ok(0) };
    // What is in force is said anew where its entry went.
    house.book.forget_before(cut.range.1);
    if let Some(spec) = house.spec.load_full() {
        let declared = crate::app::generation::declare_again(house, &spec).await;
        declared.map_err(|error| failed(&error))?;
    }
    Ok(cut.range.1 - cut.range.0)
}

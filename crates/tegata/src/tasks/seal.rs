//! Seals the log store's parts into the ledger, once an hour: from then on each line in them is tamper-evident.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::seals::Sealer;

const EVERY: Duration = Duration::from_secs(3600);
/// The first round comes when the start is over: what the process found is sealed before it grows.
const FIRST: Duration = Duration::from_secs(60);

pub(crate) async fn run(sealer: Arc<Sealer>, stop: CancellationToken) {
    let mut wait = FIRST;
    while stop
        .run_until_cancelled(tokio::time::sleep(wait))
        .await
        .is_some()
    {
        wait = EVERY;
        if let Err(error) = sealer.seal().await {
            tracing::error!(%error, "the log store's parts could not be sealed into the ledger");
        }
    }
}

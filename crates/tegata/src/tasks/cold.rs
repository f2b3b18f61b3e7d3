//! Copies whole days of logs to where the spec says, once an hour.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::archive::Archive;

const EVERY: Duration = Duration::from_secs(3600);
/// The first round comes when the start is over.
const FIRST: Duration = Duration::from_secs(10);

pub(crate) async fn run(archive: Arc<Archive>, stop: CancellationToken) {
    let mut wait = FIRST;
    while stop
        .run_until_cancelled(tokio::time::sleep(wait))
        .await
        .is_some()
    {
        wait = EVERY;
        match archive.round(&stop).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "days of logs were copied"),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "logs could not be copied: they stay until they are"
                )
            }
        }
    }
}

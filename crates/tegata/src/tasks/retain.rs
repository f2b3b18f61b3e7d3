//! Drops evidence that is older than its retention, once an hour. The ledger is never touched.

use std::{sync::Arc, time::Duration};

use promise::Clock;
use spec::section::retention::Retention;
use store::{LogStore, MetricStore};
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;

const EVERY: Duration = Duration::from_secs(3600);

pub(crate) async fn run(
    retention: Retention,
    metrics: Arc<dyn MetricStore>,
    logs: Arc<dyn LogStore>,
    archive: Option<Arc<Archive>>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    loop {
        let now = clock.now();
        match metrics.retain(retention.metrics.0, now).await {
            Ok(0) => {}
            Ok(bytes) => tracing::info!(bytes, "samples past their retention were dropped"),
            Err(error) => {
                tracing::error!(%error, "samples past their retention could not be dropped")
            }
        }
        match logs.streams().await {
            Ok(streams) => {
                for stream in streams {
                    let mut keep = retention.for_stream(&stream);
                    if let Some(archive) = &archive {
                        keep = archive.keep(&stream, keep).await;
                    }
                    if let Err(error) = logs.retain(&stream, keep, now).await {
                        tracing::error!(%error, stream, "log records past their retention could not be dropped");
                    }
                }
            }
            Err(error) => tracing::error!(%error, "the log streams could not be listed"),
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_none()
        {
            return;
        }
    }
}

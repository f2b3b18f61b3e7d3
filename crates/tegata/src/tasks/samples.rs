//! Rounds of samples, on their way from the collector through the store to the judge.

use std::sync::Arc;

use store::{MetricStore, Round};
use tokio::sync::mpsc;

use super::judge::Input;

/// Rounds that are stored together; more only means another turn.
const TOGETHER_MAX: usize = 256;

/// Ends when the collector has closed its end.
pub(crate) async fn run(
    mut rounds: mpsc::Receiver<Round>,
    metrics: Arc<dyn MetricStore>,
    judge: mpsc::Sender<Input>,
) {
    let mut together = Vec::new();
    while rounds.recv_many(&mut together, TOGETHER_MAX).await > 0 {
        let series = together
            .iter()
            .flat_map(|round| round.series.iter().cloned())
            .collect();
        let stored = metrics.append(series).await;
        for ack in together.iter_mut().filter_map(|round| round.ack.take()) {
            let told = stored.as_ref().map(|_| ()).map_err(ToString::to_string);
            // Whoever waits for it may have gone.
            let _ = ack.try_send(told);
        }
        describe(&mut together, &*metrics).await;
        match stored {
            Ok(appended) if appended.out_of_order > 0 => {
                tracing::debug!(
                    samples = appended.out_of_order,
                    "samples older than the newest were refused"
                );
            }
            Ok(_) => {}
            // What could not be stored is not evidence: the promises go stale, which is the truth.
            Err(error) => {
                tracing::error!(%error, "samples could not be stored");
                together.clear();
                continue;
            }
        }
        if judge
            .send(Input::Rounds(std::mem::take(&mut together)))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Metadata helps people; no sample waits for it and none is refused without it.
async fn describe(together: &mut [Round], metrics: &dyn MetricStore) {
    let told: Vec<_> = together
        .iter_mut()
        .flat_map(|round| std::mem::take(&mut round.metadata))
        .collect();
    if !told.is_empty()
        && let Err(error) = metrics.describe(told).await
    {
        tracing::warn!(%error, "what metrics are could not be stored");
    }
}

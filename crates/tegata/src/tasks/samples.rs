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
        match metrics.append(series).await {
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

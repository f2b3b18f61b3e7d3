//! Log records, on their way from the collector through the store to the judge.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use store::{Lines, LogStore, Record, StateStore};
use tokio::sync::mpsc;

use super::judge::Input;
use crate::beats::Beats;

const TOGETHER_MAX: usize = 64;
/// A follower reads on only after its lines are durable, so a full disk makes it wait, not lose.
const RETRY: Duration = Duration::from_secs(1);

/// Ends when the collector has closed its end.
pub(crate) async fn run(
    mut lines: mpsc::Receiver<Lines>,
    logs: Arc<dyn LogStore>,
    state: Arc<dyn StateStore>,
    mut beats: Beats,
    hearers: Vec<mpsc::Sender<Arc<[Record]>>>,
    judge: mpsc::Sender<Input>,
) {
    let mut together = Vec::new();
    while lines.recv_many(&mut together, TOGETHER_MAX).await > 0 {
        // Each is an append of its own, which share a sync: nothing is copied, and what is refused is refused alone.
        let stored = together
            .iter()
            .map(|some| store(&*logs, &some.records, &lines));
        let stored = join_all(stored).await;
        let mut kept = Vec::with_capacity(together.len());
        for (mut some, stored) in together.drain(..).zip(stored) {
            let (ack, is_stored) = (some.ack.take(), stored.is_ok());
            // Whoever waits for it may have gone.
            let _ = ack.map(|ack| ack.try_send(stored));
            if is_stored {
                kept.push(some);
            }
        }
        // People first: a rule must not wait for what follows.
        for some in kept.iter().filter(|some| !some.records.is_empty()) {
            for hearer in &hearers {
                // They end with their generation; what rules miss they read again.
                let _ = hearer.send(some.records.clone()).await;
            }
        }
        let resume: Vec<_> = kept
            .iter_mut()
            .flat_map(|lines| std::mem::take(&mut lines.resume))
            .collect();
        if !resume.is_empty()
            && let Err(error) = state.write(resume).await
        {
            // The lines will be read again after a restart and known by their ids.
            tracing::warn!(%error, "where to go on reading could not be stored");
        }
        beats.note(&kept).await;
        if !kept.is_empty() && judge.send(Input::Lines(kept)).await.is_err() {
            return;
        }
    }
}

/// Returns once the records are durable, or why they will not be.
async fn store(
    logs: &dyn LogStore,
    records: &Arc<[Record]>,
    lines: &mpsc::Receiver<Lines>,
) -> Result<(), String> {
    if records.is_empty() {
        return Ok(());
    }
    loop {
        let Err(error) = logs.append_shared(records.clone()).await else {
            return Ok(());
        };
        tracing::error!(%error, "log records could not be stored");
        if !error.is_passing() || lines.is_closed() {
            return Err(error.to_string());
        }
        tokio::time::sleep(RETRY).await;
    }
}

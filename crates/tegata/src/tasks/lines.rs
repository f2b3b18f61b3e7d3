//! Log records, on their way from the collector through the store to the judge.

use std::{sync::Arc, time::Duration};

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
        let records: Vec<_> = together
            .iter()
            .flat_map(|lines| lines.records.iter().cloned())
            .collect();
        let is_heard = !hearers.is_empty() && !records.is_empty();
        let heard: Option<Arc<[Record]>> = is_heard.then(|| records.as_slice().into());
        let stored = store(&*logs, records, &lines).await;
        for ack in together.iter_mut().filter_map(|lines| lines.ack.take()) {
            // Whoever waits for it may have gone.
            let _ = ack.try_send(stored.clone());
        }
        if stored.is_err() {
            together.clear();
            continue;
        }
        // People first: a rule must not wait for what follows.
        if let Some(heard) = heard {
            for hearer in &hearers {
                // They end with their generation; what rules miss they read again.
                let _ = hearer.send(heard.clone()).await;
            }
        }
        let resume: Vec<_> = together
            .iter_mut()
            .flat_map(|lines| std::mem::take(&mut lines.resume))
            .collect();
        if !resume.is_empty()
            && let Err(error) = state.write(resume).await
        {
            // The lines will be read again after a restart and known by their ids.
            tracing::warn!(%error, "where to go on reading could not be stored");
        }
        beats.note(&together).await;
        if judge
            .send(Input::Lines(std::mem::take(&mut together)))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Returns once the records are durable, or why they will not be.
async fn store(
    logs: &dyn LogStore,
    records: Vec<Record>,
    lines: &mpsc::Receiver<Lines>,
) -> Result<(), String> {
    if records.is_empty() {
        return Ok(());
    }
    loop {
        let Err(error) = logs.append(records.clone()).await else {
            return Ok(());
        };
        tracing::error!(%error, "log records could not be stored");
        if !error.is_passing() || lines.is_closed() {
            return Err(error.to_string());
        }
        tokio::time::sleep(RETRY).await;
    }
}

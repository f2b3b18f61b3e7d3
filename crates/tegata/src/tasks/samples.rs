//! Rounds of samples, on their way from the collector through the store to the judge.

use std::sync::Arc;

use evaluate::rule::Heard;
use futures::future::join_all;
use store::{
    Error, MetricStore, Round,
    metrics::{Appended, Batch},
};
use tokio::sync::mpsc;

use super::judge::Input;

/// Rounds that are stored together; more only means another turn.
const TOGETHER_MAX: usize = 256;

/// Ends when the collector has closed its end.
pub(crate) async fn run(
    mut rounds: mpsc::Receiver<Round>,
    metrics: Arc<dyn MetricStore>,
    rules: Option<mpsc::Sender<Vec<Heard>>>,
    judge: mpsc::Sender<Input>,
) {
    let mut together = Vec::new();
    while rounds.recv_many(&mut together, TOGETHER_MAX).await > 0 {
        describe(&mut together, &*metrics).await;
        let groups = groups(std::mem::take(&mut together));
        // All at once: the store makes them durable by one sync.
        let stored = join_all(groups.iter().map(|group| store(group, &*metrics))).await;
        let mut seen = Vec::new();
        for (mut group, stored) in groups.into_iter().zip(stored) {
            tell(&mut group, &stored);
            match stored {
                Ok(appended) => {
                    if appended.out_of_order > 0 {
                        tracing::debug!(samples = appended.out_of_order, "samples were refused");
                    }
                    seen.extend(group);
                }
                // What could not be stored is not evidence: the promises go stale, which is the truth.
                Err(error) => tracing::error!(%error, "samples could not be stored"),
            }
        }
        // What brought only metadata says nothing of when its source spoke.
        seen.retain(|round| !round.is_partial || !round.is_empty());
        if let Some(rules) = &rules {
            // Ends with the generation, as the judge does.
            let _ = rules.send(seen.iter().map(Heard::of).collect()).await;
        }
        if !seen.is_empty() && judge.send(Input::Rounds(seen)).await.is_err() {
            return;
        }
    }
}

/// Those of one push by themselves, so that its sender learns what became of its own samples; those that
/// nobody waits for as one.
fn groups(rounds: Vec<Round>) -> Vec<Vec<Round>> {
    let mut groups: Vec<Vec<Round>> = Vec::new();
    for round in rounds {
        let is_same = |group: &&mut Vec<Round>| match (&group[0].ack, &round.ack) {
            (Some(one), Some(other)) => one.same_channel(other),
            (None, None) => true,
            _ => false,
        };
        // The rounds of a push follow each other, so the newest group is nearly always the one.
        match groups.iter_mut().rev().find(is_same) {
            Some(group) => group.push(round),
            None => groups.push(vec![round]),
        }
    }
    groups
}

async fn store(group: &[Round], metrics: &dyn MetricStore) -> Result<Appended, Error> {
    let series = group.iter().flat_map(|round| round.series.iter().cloned());
    let batch = Batch {
        floats: group.iter().map(|round| round.floats.clone()).collect(),
        series: series.collect(),
    };
    metrics.append_batch(batch).await
}

/// The first round of a push hears what became of all of it.
fn tell(group: &mut [Round], stored: &Result<Appended, Error>) {
    for (place, round) in group.iter_mut().enumerate() {
        let Some(ack) = round.ack.take() else {
            continue;
        };
        let told = match stored {
            Ok(appended) if place == 0 => Ok(appended.clone()),
            Ok(_) => Ok(Appended::default()),
            Err(error) => Err(error.again()),
        };
        // Whoever waits for it may have gone.
        let _ = ack.try_send(told);
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

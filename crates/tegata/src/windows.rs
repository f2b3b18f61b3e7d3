//! Windows over restarts: what the judge knows of each promise is kept in the state store, a few promises at a time,
//! so that a start reads the minutes since and not the weeks before.

use std::time::Duration;

use evaluate::Evaluator;
use promise::Timestamp;
use store::{StateStore, state::Write};

const TABLE: &str = "windows";
/// How often some promises are saved.
pub(crate) const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Saves in which all promises have had their turn, where there are few: each is saved once in five minutes.
const TURNS: usize = 30;
/// Written in one save at most, so that thousands of promises do not hold up judging; they take more turns instead.
const BYTES_MAX: usize = 1 << 20;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    next: usize,
}

impl Windows {
    /// Takes up every promise that has a snapshot which still fits; of the others history is read whole.
    pub(crate) async fn restore(
        evaluator: &mut Evaluator,
        state: &dyn StateStore,
    ) -> anyhow::Result<()> {
        let ids: Vec<String> = evaluator.ids().map(str::to_owned).collect();
        let mut restored = 0;
        for id in &ids {
            let Some(bytes) = state.get(TABLE, id).await? else {
                continue;
            };
            match evaluator.restore(id, &bytes) {
                Ok(()) => restored += 1,
                Err(why) => tracing::info!(promise = id, %why, "the history is read anew"),
            }
        }
        tracing::info!(restored, of = ids.len(), "windows were taken up");
        Ok(())
    }

    /// Saves the promises whose turn it is.
    pub(crate) async fn save_some(
        &mut self,
        evaluator: &Evaluator,
        state: &dyn StateStore,
        now: Timestamp,
    ) {
        let count = evaluator.ids().len().div_ceil(TURNS);
        self.save(evaluator, state, now, count, BYTES_MAX).await;
    }

    /// Saves all of them, before the end.
    pub(crate) async fn save_all(
        &mut self,
        evaluator: &Evaluator,
        state: &dyn StateStore,
        now: Timestamp,
    ) {
        let count = evaluator.ids().len();
        self.save(evaluator, state, now, count, usize::MAX).await;
    }

    async fn save(
        &mut self,
        evaluator: &Evaluator,
        state: &dyn StateStore,
        now: Timestamp,
        count: usize,
        bytes_max: usize,
    ) {
        let mut ids: Vec<&str> = evaluator.ids().collect();
        let all = ids.len();
        ids.rotate_left(self.next.min(all));
        let mut writes = Vec::new();
        let mut bytes = 0;
        for id in ids.into_iter().take(count) {
            self.next = (self.next + 1) % all;
            if let Some(value) = evaluator.snapshot(id, now) {
                bytes += value.len();
                writes.push(Write::Put {
                    table: TABLE,
                    key: id.to_owned(),
                    value,
                });
            }
            if bytes >= bytes_max {
                break;
            }
        }
        if writes.is_empty() {
            return;
        }
        if let Err(error) = state.write(writes).await {
            // A start reads the stores then.
            tracing::warn!(%error, "windows could not be saved");
        }
    }
}

//! The console's door onto the past: what a promise would have said.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use async_trait::async_trait;
use console::door::{self, Refused};
use evaluate::{Evaluator, Judged, Stores};
use promise::{Promise, Timestamp, Verdict};

use super::internal;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

#[async_trait]
impl door::Replay for Door {
    async fn verdicts(
        &self,
        mut promise: Promise,
        at: Vec<Timestamp>,
    ) -> Result<Vec<Verdict>, Refused> {
        // As if it had been declared when the time that is asked about began.
        promise.since = at.first().copied().unwrap_or_default();
        let promise = Arc::new(promise);
        let stores = Stores {
            metrics: self.0.metrics.clone(),
            logs: self.0.logs.clone(),
        };
        let owed = self.0.owed.borrow().clone();
        let Some(from) = at.first().copied() else {
            return Ok(Vec::new());
        };
        let mut evaluator = Evaluator::new(vec![promise], owed, HashMap::new(), from);
        let mut told: VecDeque<Verdict> = VecDeque::new();
        let mut take = |judged: Judged| told.push_back(judged.verdict);
        let lived = evaluator.relive(&stores, from, &at, &mut take).await;
        lived.map_err(|error| internal("history", &error))?;
        let mut verdicts: Vec<Verdict> = Vec::with_capacity(at.len());
        for now in at {
            match told.front() {
                Some(verdict) if verdict.at <= now => verdicts.extend(told.pop_front()),
                // Nothing has changed since.
                _ => verdicts.extend(verdicts.last().cloned()),
            }
        }
        Ok(verdicts)
    }
}

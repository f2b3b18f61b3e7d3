//! The console's door onto the past: what a promise would have said.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use console::door::{self, Refused};
use evaluate::{Evaluator, Stores};
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
        let mut verdicts = Vec::with_capacity(at.len());
        for now in at {
            // Each instant is judged as after a restart then: history gives what living through it gave.
            let mut evaluator =
                Evaluator::new(vec![promise.clone()], owed.clone(), HashMap::new(), now);
            let warmed = evaluator.warm(&stores, now).await;
            warmed.map_err(|error| internal("history", &error))?;
            let judged = evaluator.judge(&stores, now).await;
            verdicts.extend(judged.into_iter().map(|judged| judged.verdict));
        }
        Ok(verdicts)
    }
}

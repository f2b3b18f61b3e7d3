//! News that could not be written down: a full disk, a database that does not answer. It is kept here in its order and
//! handed in again until it can be; only a death in between loses it, and then the next start says what is true.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Error, RuleChange, Transition, desk::Desk, react};

/// Reached only when nothing can be written for long; then the oldest goes, which is the least true.
const KEPT_MAX: usize = 10_000;

/// What the desk is told.
#[derive(Debug, Clone)]
pub enum News {
    Verdict(Box<Transition>),
    Rule(RuleChange),
}

impl News {
    async fn write(&self, desk: &Arc<Desk>) -> Result<(), Error> {
        let news = self.clone();
        desk.change(move |config, book, change| {
            match &news {
                News::Verdict(transition) => react::react(config, book, change, transition),
                News::Rule(told) => react::react_to_rule(config, book, change, told.clone()),
            }
            Ok(())
        })
        .await
    }
}

#[derive(Default)]
pub struct Backlog {
    kept: Mutex<VecDeque<News>>,
    /// Held from taking the first of them until it is written, so that none overtakes another.
    turn: tokio::sync::Mutex<()>,
}

impl Backlog {
    /// Writes news, behind what still waits. What fails and may succeed later is kept and tried again.
    pub async fn take(&self, desk: &Arc<Desk>, news: News) -> Result<(), Error> {
        self.kept().push_back(news);
        let written = self.hand_in(desk).await;
        let mut kept = self.kept();
        while kept.len() > KEPT_MAX {
            tracing::error!("news that cannot be written is dropped: too much of it waits");
            kept.pop_front();
        }
        written
    }

    /// Writes what waits, oldest first, until one fails.
    pub async fn hand_in(&self, desk: &Arc<Desk>) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let mut failed = None;
        loop {
            let Some(next) = self.kept().front().cloned() else {
                return failed.map_or(Ok(()), Err);
            };
            match next.write(desk).await {
                Ok(()) => {}
                Err(error) if error.is_passing() => return Err(error),
                // It never can be; those behind it can.
                Err(error) => failed = Some(error),
            }
            self.kept().pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<News>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Pending news: what must stay so for a while before it raises anything.
//!
//! Two kinds wait here: a promise that was never proven gets a grace after a start, and a severity may ask that its
//! state holds `for` a time, as a Prometheus rule does. Both are lost at a restart, which hands over what is true then.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use promise::{State, Timestamp};

use crate::{Transition, alert, desk::Desk};

/// A promise that has never been proven has this long to be, before its being *unproven* raises anything. A start would
/// otherwise page for every promise whose first evidence is a scrape away.
pub const START_GRACE: Duration = Duration::from_secs(300);

/// News by promise, and when it counts.
#[derive(Default)]
pub struct Waiting(Mutex<BTreeMap<String, (Timestamp, Transition)>>);

impl Waiting {
    /// Keeps the news here where it must wait; gives it back where it counts now.
    pub fn take(&self, desk: &Desk, transition: Transition) -> Option<Transition> {
        let id = transition.promise.id.clone();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = desk.book().alerts.contains_key(id.as_str());
        let state = transition.verdict.state;
        if is_open || state == State::Kept {
            waiting.remove(&id);
            return Some(transition);
        }
        let config = desk.config();
        let named = transition.verdict.severity.as_deref();
        let severity = named.or(transition.promise.terms.severity.as_deref());
        let severity = config.severity(severity);
        let now = desk.clock.now();
        let is_first_silence = transition.before.is_none() && state == State::Unproven;
        if !alert::raises(state, severity, named.is_some()) {
            waiting.remove(&id);
            return (!is_first_silence).then_some(transition);
        }
        let until = if is_first_silence {
            now + START_GRACE
        } else {
            // Counted from the first bad evidence, so that a restart in between waits no longer.
            severity.map_or(now, |severity| transition.bad_since + severity.r#for.0)
        };
        if until <= now {
            waiting.remove(&id);
            return Some(transition);
        }
        let known = waiting.get(&id);
        let is_same = |known: &(Timestamp, Transition)| known.1.verdict.state == state;
        let until = known
            .filter(|known| is_same(known))
            .map_or(until, |known| known.0.min(until));
        waiting.insert(id, (until, transition));
        None
    }

    /// What has waited long enough.
    pub fn due(&self, now: Timestamp) -> Vec<Transition> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = waiting.values().filter(|(until, _)| *until <= now);
        due.map(|(_, transition)| transition.clone()).collect()
    }

    /// It has been handed on.
    pub fn done(&self, id: &str) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(id);
    }
}

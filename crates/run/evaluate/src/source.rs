//! Sources: who owes evidence, when it last came, and why it does not.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    time::Duration,
};

use promise::{Cause, Timestamp, say};

/// Rounds may be this late before their absence is a gap: a busy machine is not an outage.
const GRACE: Duration = Duration::from_secs(5);

/// A target may be this late before what is asked of several is worked out without it: half of Prometheus's scrape
/// timeout.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(5);

/// Log records of which one that comes again is known. What is sent twice comes soon: a batch that was not
/// acknowledged, the tail of a file after a crash.
const RECENT_MAX: usize = 8_192;

/// The ids of the newest log records.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    order: VecDeque<u128>,
    known: HashSet<u128>,
}

impl Recent {
    /// Whether this record has not been heard of lately.
    pub fn is_new(&mut self, id: u128) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > RECENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// One target, probe or log source.
#[derive(Debug)]
pub(crate) struct Source {
    pub interval: Duration,
    /// The spec declares it, so its silence is a gap.
    pub is_owed: bool,
    /// When it last answered well.
    pub answered: Option<Timestamp>,
    /// When it is next owed.
    pub next: Option<Timestamp>,
    /// Why its newest round brought nothing.
    pub failing: Option<Cause>,
    /// It was noticed that it owes a round.
    pub overdue: bool,
    /// Promises that it has spoken for.
    pub feeds: BTreeSet<usize>,
    /// Log streams that came from it.
    pub streams: BTreeSet<String>,
    /// Log records that came from it, so that none counts twice.
    pub recent: Recent,
}

impl Source {
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            is_owed: false,
            answered: None,
            next: None,
            failing: None,
            overdue: false,
            feeds: BTreeSet::new(),
            streams: BTreeSet::new(),
            recent: Recent::default(),
        }
    }

    /// Whether nothing that it owes up to `at` can still come in time.
    pub fn is_heard(&self, at: Timestamp, now: Timestamp) -> bool {
        !self.is_owed
            || self
                .next
                .is_none_or(|next| next > at || now >= next + WAIT_MAX)
    }

    /// When silence becomes a gap.
    pub fn overdue_at(&self) -> Option<Timestamp> {
        self.next.map(|next| next + self.interval + GRACE)
    }

    /// Whether nothing was heard for so long between two rounds that a round must be missing.
    pub fn missed(&self, before: Timestamp, now: Timestamp) -> bool {
        now.since(before) > self.interval * 2 + GRACE
    }

    /// What to say of it when it owes a round.
    pub fn lateness(&self, now: Timestamp) -> Option<Cause> {
        let late = self.overdue_at().is_some_and(|at| now > at);
        late.then(|| Cause::Failed {
            error: say!(
                "nothing was heard from it in time",
                "期限までに何も届きませんでした"
            ),
        })
    }
}

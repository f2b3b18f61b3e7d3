//! Which of the required time the evidence covers.

use std::time::Duration;

use crate::{
    Amount, Cause, Evidence, Fact, Gap, Reason, Seen, State, Timestamp, Verdict, kind::At,
    verdict::Saying, window::Stretch,
};

/// Beyond 2^53 a double no longer counts single events; no honest counter gets there.
const COUNT_MAX: f64 = 9_007_199_254_740_992.0;

pub(crate) const SAYINGS: &[Saying] = &[
    Saying {
        code: "no-evidence",
        en: "nothing has been seen since {since}",
        ja: "{since} から何も観測されていません",
    },
    Saying {
        code: "stale",
        en: "the newest evidence is {age} old; after {fresh_for} it proves nothing",
        ja: "最新の証拠は {age}前のものです。{fresh_for}を過ぎた証拠は何も証明しません",
    },
    Saying {
        code: "gap",
        en: "nothing is known of {length} from {from}",
        ja: "{from} からの {length}について何もわかっていません",
    },
    Saying {
        code: "gap-failed",
        en: "{source} gave no evidence for {length} from {from}: {error}",
        ja: "{source} から {from} 以降の {length}、証拠が得られませんでした: {error}",
    },
    Saying {
        code: "gap-absent",
        en: "{source} answered, but without this signal, for {length} from {from}",
        ja: "{source} の応答に {from} 以降の {length}、この信号が含まれていませんでした",
    },
    Saying {
        code: "gap-refused",
        en: "{source} was over a limit ({limit}) for {length} from {from}",
        ja: "{source} が {from} 以降の {length}、上限({limit})を超えていました",
    },
    Saying {
        code: "gap-not-running",
        en: "Tegata did not run for {length} from {from}, so {source} was not heard",
        ja: "{from} 以降の {length}、Tegata が動いておらず {source} を観測できませんでした",
    },
    Saying {
        code: "gap-clock-jump",
        en: "the clock jumped: {length} from {from} cannot be trusted",
        ja: "時計が飛んだため、{from} 以降の {length}は信頼できません",
    },
];

/// A fact, as far as it lies in the window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'e> {
    pub fact: &'e Fact,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Piece<'_> {
    /// How much of the fact lies in `(from, to]`; its events are taken as spread evenly.
    pub fn share_in(&self, from: Timestamp, to: Timestamp) -> f64 {
        let whole = millis(self.fact.to.since(self.fact.from));
        let inside = millis(self.to.min(to).since(self.from.max(from)));
        if whole > 0.0 { inside / whole } else { 0.0 }
    }
}

/// Evidence laid over the time for which it is owed.
#[derive(Debug)]
pub(crate) struct View<'e> {
    pub now: Timestamp,
    /// Where required time begins.
    pub start: Timestamp,
    pub window: Stretch,
    pub pieces: Vec<Piece<'e>>,
    /// Required time that nothing covers.
    pub holes: Vec<(Timestamp, Timestamp)>,
    pub newest: Option<Timestamp>,
    fresh_for: Duration,
    gaps: &'e [Gap],
    excluded: &'e [(Timestamp, Timestamp)],
}

#[allow(clippy::cast_precision_loss)]
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_millis() as f64
}

impl<'e> View<'e> {
    pub fn new(evidence: &'e Evidence, at: &At<'e>, window: Stretch, fresh_for: Duration) -> Self {
        let now = at.now;
        let mut facts: Vec<&Fact> = evidence
            .facts
            .iter()
            .filter(|fact| fact.from < fact.to && fact.from < now && is_sane(&fact.seen))
            .collect();
        facts.sort_by_key(|fact| (fact.from, fact.to));
        let newest = facts.iter().map(|fact| fact.to.min(now)).max();
        let heard_from = evidence.from.or(facts.first().map(|fact| fact.from));
        let begin = heard_from
            .filter(|from| *from > at.since && from.since(at.since) <= fresh_for)
            .unwrap_or(at.since);
        let start = window.from.max(begin).min(now);
        let until = evidence.until.or(newest).unwrap_or(now).min(now);
        let end = until.max(now - fresh_for).max(start);

        let excluded = at.excluded;
        let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(facts.len());
        let mut reached = start;
        for fact in facts {
            // Where two facts overlap, the earlier has said it already.
            let (from, to) = (fact.from.max(reached), fact.to.min(now));
            if from < to {
                reached = to;
                pieces.extend(outside((from, to), excluded).map(|(from, to)| Piece {
                    fact,
                    from,
                    to,
                }));
            }
        }
        let holes = holes(&pieces, &evidence.gaps, start, end);
        let holes = holes
            .into_iter()
            .flat_map(|hole| outside(hole, excluded))
            .collect();
        Self {
            now,
            start,
            window,
            pieces,
            holes,
            newest,
            fresh_for,
            gaps: &evidence.gaps,
            excluded,
        }
    }

    pub fn seen(&self) -> f64 {
        self.pieces
            .iter()
            .map(|piece| millis(piece.to.since(piece.from)))
            .sum()
    }

    pub fn missing(&self) -> f64 {
        self.holes
            .iter()
            .map(|(from, to)| millis(to.since(*from)))
            .sum()
    }

    /// The missing share of the whole window, however much of it has passed: what is tolerated is a length of time.
    pub fn missing_share(&self) -> f64 {
        let window = self.counted(self.window.from.min(self.start), self.window.until);
        if window > 0.0 {
            self.missing() / window
        } else {
            0.0
        }
    }

    /// The milliseconds of `(from, to]` that count.
    pub fn counted(&self, from: Timestamp, to: Timestamp) -> f64 {
        outside((from, to), self.excluded)
            .map(|(from, to)| millis(to.since(from)))
            .sum()
    }

    /// What does not count ages nothing.
    pub fn is_stale(&self) -> bool {
        self.newest
            .is_none_or(|newest| self.counted(newest, self.now) > millis(self.fresh_for))
    }

    /// Why this evidence cannot prove a promise kept, where it cannot.
    pub fn doubt(&self, gaps_at_most: f64) -> Option<Reason> {
        let tolerated = self.missing_share() <= gaps_at_most;
        if !self.pieces.is_empty() && !self.is_stale() && tolerated {
            return None;
        }
        // The longest hole says most; of holes of one length, the newest.
        let hole = self
            .holes
            .iter()
            .max_by_key(|(from, to)| (to.since(*from), *from))
            .copied();
        let (from, to) = hole.unwrap_or((self.start, self.now));
        let length = Amount::duration(to.since(from));
        let overlap = |gap: &Gap| gap.to.min(to).since(gap.from.max(from));
        let known = self
            .gaps
            .iter()
            .filter(|gap| !overlap(gap).is_zero())
            .max_by_key(|gap| overlap(gap));
        if let Some(gap) = known {
            return Some(because(gap, from, length));
        }
        Some(match self.newest {
            _ if self.pieces.is_empty() && self.newest.is_none() => {
                Reason::new("no-evidence", [("since", Amount::Time(self.start))])
            }
            Some(newest) if self.is_stale() => Reason::new(
                "stale",
                [
                    ("age", Amount::duration(self.now.since(newest))),
                    ("fresh_for", Amount::duration(self.fresh_for)),
                ],
            ),
            _ => Reason::new("gap", [("from", Amount::Time(from)), ("length", length)]),
        })
    }

    /// When this evidence will be stale.
    pub fn stale_at(&self) -> Option<Timestamp> {
        let at = self.newest? + self.fresh_for + Duration::from_millis(1);
        (at > self.now).then_some(at)
    }

    pub fn verdict(&self, state: State, reason: Reason) -> Verdict {
        Verdict {
            state,
            reason,
            measured: None,
            budget: None,
            severity: None,
            corrected: None,
            newest: self.newest,
            due: self.stale_at(),
            at: self.now,
        }
    }
}

/// The reason that a gap is.
pub(crate) fn because(gap: &Gap, from: Timestamp, length: Amount) -> Reason {
    let (code, more) = match &gap.cause {
        Cause::Failed { error } => ("gap-failed", Some(("error", error))),
        Cause::Absent => ("gap-absent", None),
        Cause::Refused { limit } => ("gap-refused", Some(("limit", limit))),
        Cause::NotRunning => ("gap-not-running", None),
        Cause::ClockJump => ("gap-clock-jump", None),
    };
    let figures = [
        ("source", Amount::Text(gap.source.clone())),
        ("from", Amount::Time(from)),
        ("length", length),
    ];
    let more = more.map(|(name, say)| (name, Amount::said(say)));
    Reason::new(code, figures.into_iter().chain(more))
}

/// The parts of a stretch that lie outside of all `excluded`, which are in order and do not overlap.
fn outside<'e>(
    (from, to): (Timestamp, Timestamp),
    excluded: &'e [(Timestamp, Timestamp)],
) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<'e> {
    let first = excluded.partition_point(|(_, end)| *end <= from);
    let inside = excluded[first..]
        .iter()
        .take_while(move |(begin, _)| *begin < to);
    let mut reached = from;
    let last = std::iter::once((to, to));
    inside
        .copied()
        .chain(last)
        .map(move |(begin, end)| {
            let part = (reached, begin.min(to));
            reached = reached.max(end);
            part
        })
        .filter(|(from, to)| from < to)
}

/// What of `(start, end]` no piece covers, and what a gap takes away; in order, not overlapping.
fn holes(
    pieces: &[Piece<'_>],
    gaps: &[Gap],
    start: Timestamp,
    end: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut all = Vec::new();
    let mut reached = start;
    for piece in pieces {
        if piece.from > reached {
            all.push((reached, piece.from.min(end)));
        }
        reached = reached.max(piece.to);
    }
    all.push((reached, end));
    all.extend(
        gaps.iter()
            .map(|gap| (gap.from.max(start), gap.to.min(end))),
    );
    all.retain(|(from, to)| from < to);
    all.sort();
    let mut holes: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match holes.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => holes.push((from, to)),
        }
    }
    holes
}

/// Whether the numbers can be what was counted. A fact that cannot be is no evidence.
fn is_sane(seen: &Seen) -> bool {
    let count = |n: &f64| (0.0..=COUNT_MAX).contains(n);
    match seen {
        // The increases of two counters that are read one after the other may differ by a rounding.
        Seen::Events { good, total } => {
            count(good) && count(total) && *good <= total * (1.0 + 1e-9)
        }
        Seen::Spread { le, counts } => {
            counts.len() == le.len() + 1
                && counts.iter().all(count)
                && le.iter().all(|bound| bound.is_finite())
                && le.windows(2).all(|pair| pair[0] < pair[1])
        }
        Seen::Level { last, low, high } => [last, low, high].iter().all(|n| n.is_finite()),
        Seen::Count { n } => count(n),
        Seen::Pairs { .. } | Seen::Beat => true,
    }
}

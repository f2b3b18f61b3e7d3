//! The track: when each thing happened that must happen in time, beside how long it might have taken. Pure.

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde::Serialize;
use spec::section::severity::Severity;

use super::{Incident, Outcome};

/// One thing on the track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// `detected`, `paged`, `acknowledged`, `escalated`, `resolved`.
    pub code: &'static str,
    pub what: Say,
    /// `None`: it has not happened.
    pub at: Option<Timestamp>,
    /// Until when it should have.
    pub due: Option<Timestamp>,
    /// From when its promise counts, where there is one.
    pub counts_from: Option<Timestamp>,
}

impl Mark {
    /// Whether it came, or has not yet come, after its time.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| self.at.unwrap_or(now) > due)
    }

    /// The time that it has, as it was promised.
    #[must_use]
    pub fn within(&self) -> Option<Duration> {
        Some(self.due?.since(self.counts_from?))
    }

    /// How long after `from`.
    #[must_use]
    pub fn after(&self, from: Timestamp) -> Option<Duration> {
        Some(self.at?.since(from))
    }
}

/// What must happen, in its usual order. What did not happen, and need not, is left out.
#[must_use]
pub fn marks(incident: &Incident, severity: Option<&Severity>) -> Vec<Mark> {
    let owed = |code, what, at, due: Option<Timestamp>, from| Mark {
        code,
        what,
        at,
        due,
        counts_from: due.map(|_| from),
    };
    let mark = |code, what, at| owed(code, what, at, None, incident.bad_since);
    let paged = incident.pages.iter().filter_map(|page| match page.outcome {
        Outcome::Sent { at, .. } => Some(at),
        _ => None,
    });
    let page_due = severity
        .and_then(|severity| severity.page_within)
        .filter(|_| incident.is_paging);
    let answer_due = severity
        .and_then(|severity| severity.answer_within)
        .filter(|_| incident.is_paging);
    let answer = incident
        .work
        .first_answer
        .as_ref()
        .or(incident.acknowledged.as_ref());
    // What is over before an answer was due is owed none.
    let answer_due = answer_due
        .map(|within| incident.opened + within.0)
        .filter(|due| answer.is_some() || incident.resolved.is_none_or(|over| over > *due));
    let first = |code: &str| {
        let entry = incident.timeline.iter().find(|entry| entry.code == code);
        entry.map(|entry| entry.at)
    };
    let all = [
        mark(
            "began",
            say!("First bad evidence", "最初の悪い証拠"),
            Some(incident.bad_since),
        ),
        mark("detected", say!("Detected", "検知"), Some(incident.opened)),
        owed(
            "paged",
            say!("Paged", "通知"),
            paged.min(),
            page_due.map(|within| incident.bad_since + within.0),
            incident.bad_since,
        ),
        mark(
            "escalated",
            say!("Escalated", "エスカレーション"),
            first("escalated"),
        ),
        owed(
            "acknowledged",
            say!("Acknowledged", "応答"),
            answer.map(|answer| answer.at),
            answer_due,
            incident.opened,
        ),
        mark("resolved", say!("Resolved", "解決"), incident.resolved),
    ];
    let is_owed = |mark: &Mark| mark.at.is_some() || mark.due.is_some() || mark.code == "resolved";
    all.into_iter().filter(is_owed).collect()
}

#[cfg(test)]
mod tests {
    use promise::unit::Span;

    use super::*;
    use crate::incident::{Acknowledgement, PageRecord, samples};

    #[test]
    fn a_target_counts_from_where_its_promise_does() {
        let mut incident = samples::open();
        let after = |secs| incident.bad_since + Duration::from_secs(secs);
        let (sent, answered) = (after(61), after(16 + 900));
        incident.pages.push(PageRecord {
            key: "k".into(),
            receiver: "a".into(),
            kind: crate::page::Kind::Raised,
            instead_of: None,
            intended: incident.opened,
            outcome: Outcome::Sent {
                at: sent,
                tries: 1,
                latency_millis: 61_000,
                in_time: Some(false),
            },
        });
        incident.acknowledged = Some(Acknowledgement {
            at: answered,
            who: "佐藤".into(),
            reason: None,
        });
        let severity = Severity {
            level: 1,
            page_within: Some(Span::secs(60)),
            answer_within: Some(Span::secs(900)),
            ..Severity::default()
        };
        let marks = marks(&incident, Some(&severity));
        let late: Vec<_> = marks
            .iter()
            .map(|mark| (mark.code, mark.is_late(after(2_000))))
            .collect();
        // 61 s after the first bad evidence is late for 60 s; 900 s after the opening is in time for 900 s.
        assert_eq!(
            late,
            [
                ("began", false),
                ("detected", false),
                ("paged", true),
                ("acknowledged", false),
                ("resolved", false)
            ]
        );
    }

    #[test]
    fn what_is_over_before_an_answer_was_due_is_owed_none() {
        let severity = Severity {
            level: 1,
            answer_within: Some(Span::secs(900)),
            ..Severity::default()
        };
        let owes = |over_after: u64| {
            let mut incident = samples::open();
            incident.resolved = Some(incident.opened + Duration::from_secs(over_after));
            let marks = marks(&incident, Some(&severity));
            marks.iter().any(|mark| mark.code == "acknowledged")
        };
        assert!(!owes(899), "over a second before");
        assert!(owes(901), "over a second late, and nobody had answered");
    }
}

//! Alerts: what a new verdict means for people. Pure.
//!
//! * *Broken* always raises. *At risk* raises where its verdict names a severity, as a burn alert does; otherwise it and
//!   *unproven* raise where the severity has `page_at_risk`, and are a notice in the inbox where it has not. A promise
//!   without severity is shown but never pages.
//! * Silence is not success: *unproven* never ends an alert. It keeps firing, and says since when evidence is missing.
//! * An alert ends when evidence shows a state that would not raise it: *kept*, or *at risk* where that does not
//!   page. Otherwise a month's nearly spent budget would hold an incident open for weeks after the outage.
//! * The same state again changes nothing, so a transition may be handed over twice.

use promise::{State, Timestamp};
use serde::{Deserialize, Serialize};
use spec::section::severity::Severity;

use crate::subject::{Id, Subject};

/// What is wrong with one promise or by one rule, from when it was raised until it is resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The incident that it belongs to.
    pub incident: String,
    /// The state that it fires for. *Unproven* does not overwrite *broken* here.
    pub state: State,
    pub raised: Timestamp,
    /// The first bad evidence.
    pub bad_since: Timestamp,
    /// Its inputs are missing since then.
    pub evidence_lost: Option<Timestamp>,
    pub subject: Subject,
    /// Its condition is over, but it is held for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// It is over; its group has not told so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// It comes and goes since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Timestamp>,
}

/// How a held alert will end, unless its condition comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub until: Timestamp,
    pub subject: Box<Subject>,
}

impl Alert {
    /// One that has just been raised.
    #[must_use]
    pub fn raised(subject: Subject, incident: String, bad_since: Timestamp, at: Timestamp) -> Self {
        Self {
            incident,
            state: subject.state(),
            raised: at,
            bad_since,
            evidence_lost: None,
            subject,
            ending: None,
            ended: None,
            flapping: None,
        }
    }

    #[must_use]
    pub fn id(&self) -> &Id {
        &self.subject.id
    }

    /// Whether it still fires, held or not.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.ended.is_none()
    }
}

/// What follows from a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing new for anyone.
    Quiet,
    /// Worth a line in the inbox, not an incident.
    Notice,
    Raise,
    /// The open alert became worse.
    Worsen,
    /// Evidence vanished under an open alert; it keeps firing.
    LoseEvidence,
    /// Evidence is back, and it still shows the same.
    RegainEvidence,
    /// The open alert is less bad, but its state still raises.
    Ease,
    Resolve,
}

/// Whether `state` raises an alert for a promise of this severity. `is_named`: the verdict itself names it.
#[must_use]
pub fn raises(state: State, severity: Option<&Severity>, is_named: bool) -> bool {
    match state {
        State::Broken => true,
        State::AtRisk if is_named => true,
        State::AtRisk | State::Unproven => severity.is_some_and(|severity| severity.page_at_risk),
        State::Kept => false,
    }
}

/// The step from the alert as it stands, if one is open, to the state just judged.
#[must_use]
pub fn step(
    open: Option<&Alert>,
    state: State,
    severity: Option<&Severity>,
    is_named: bool,
) -> Step {
    let Some(alert) = open else {
        return match state {
            State::Kept => Step::Quiet,
            _ if raises(state, severity, is_named) => Step::Raise,
            _ => Step::Notice,
        };
    };
    match (alert.state, state) {
        (_, State::Kept) => Step::Resolve,
        (State::Unproven, State::Unproven) => Step::Quiet,
        (_, State::Unproven) if alert.evidence_lost.is_some() => Step::Quiet,
        (_, State::Unproven) => Step::LoseEvidence,
        (State::Broken, State::Broken) | (State::AtRisk, State::AtRisk)
            if alert.evidence_lost.is_some() =>
        {
            Step::RegainEvidence
        }
        (State::Broken, State::Broken) | (State::AtRisk, State::AtRisk) => Step::Quiet,
        (_, State::Broken) => Step::Worsen,
        (_, State::AtRisk) if raises(State::AtRisk, severity, is_named) => Step::Ease,
        (_, State::AtRisk) => Step::Resolve,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::subject::tests::sample;

    fn step(open: Option<&Alert>, state: State, severity: Option<&Severity>) -> Step {
        super::step(open, state, severity, false)
    }

    #[test]
    fn a_burn_alert_raises_as_the_severity_that_it_names() {
        let burning = super::step(None, State::AtRisk, Some(&severity(false)), true);
        assert_eq!(burning, Step::Raise);
        let eased = super::step(
            Some(&alert(State::Broken, false)),
            State::AtRisk,
            None,
            true,
        );
        assert_eq!(eased, Step::Ease);
        assert_eq!(super::step(None, State::Unproven, None, true), Step::Notice);
    }

    fn severity(page_at_risk: bool) -> Severity {
        Severity {
            level: 1,
            page_at_risk,
            ..Severity::default()
        }
    }

    fn alert(state: State, lost: bool) -> Alert {
        Alert {
            incident: "INC-2026-0001".into(),
            state,
            raised: Timestamp::EPOCH,
            bad_since: Timestamp::EPOCH,
            evidence_lost: lost.then_some(Timestamp::EPOCH),
            subject: sample("pay", None),
            ending: None,
            ended: None,
            flapping: None,
        }
    }

    #[test]
    fn broken_raises_whatever_the_severity() {
        for severity in [None, Some(&severity(false)), Some(&severity(true))] {
            assert_eq!(step(None, State::Broken, severity), Step::Raise);
        }
    }

    #[test]
    fn at_risk_and_unproven_raise_only_where_the_severity_says_so() {
        for state in [State::AtRisk, State::Unproven] {
            assert_eq!(step(None, state, Some(&severity(true))), Step::Raise);
            assert_eq!(step(None, state, Some(&severity(false))), Step::Notice);
            assert_eq!(step(None, state, None), Step::Notice);
        }
    }

    #[test]
    fn silence_is_not_success() {
        assert_eq!(
            step(Some(&alert(State::Broken, false)), State::Unproven, None),
            Step::LoseEvidence
        );
        assert_eq!(
            step(Some(&alert(State::Broken, true)), State::Broken, None),
            Step::RegainEvidence
        );
    }

    #[test]
    fn at_risk_ends_a_broken_alert_only_where_at_risk_itself_would_not_page() {
        let broken = alert(State::Broken, false);
        assert_eq!(
            step(Some(&broken), State::AtRisk, Some(&severity(false))),
            Step::Resolve
        );
        assert_eq!(
            step(Some(&broken), State::AtRisk, Some(&severity(true))),
            Step::Ease
        );
    }

    fn any_state() -> impl Strategy<Value = State> {
        prop::sample::select(State::ALL.to_vec())
    }

    proptest! {
        /// Deleting evidence must never end an alert.
        #[test]
        fn unproven_never_resolves(
            state in any_state(), lost: bool, pages: Option<bool>,
        ) {
            prop_assume!(state != State::Kept);
            let severity = pages.map(severity);
            let step = step(Some(&alert(state, lost)), State::Unproven, severity.as_ref());
            prop_assert!(matches!(step, Step::Quiet | Step::LoseEvidence));
        }

        /// Whatever lies open, a kept promise ends it.
        #[test]
        fn kept_always_resolves(state in any_state(), lost: bool, pages: Option<bool>) {
            let severity = pages.map(severity);
            prop_assert_eq!(step(Some(&alert(state, lost)), State::Kept, severity.as_ref()), Step::Resolve);
        }
    }
}

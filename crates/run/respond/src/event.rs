//! Events: what happened here, for the ledger and for the product's own promises.
//!
//! An event is stored in the same write as the change it tells of, and handed over until
//! [`Responder::recorded`](crate::Responder::recorded) is called with its number. After a crash it may be handed
//! over again: `number` is the same then, so whoever records it can tell.

use promise::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts up by one, without holes, over the life of the data directory.
    pub number: u64,
    pub at: Timestamp,
    pub kind: EventKind,
    /// The promise's id.
    pub about: String,
    /// What the event belongs to: a page's idempotency key, or the incident's id.
    pub key: String,
    pub body: serde_json::Value,
}

macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind { $($(#[doc = $doc])* $name),* }

        impl EventKind {
            /// The stable name in the ledger and in logs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

event_kinds! {
    AlertRaised = "alert_raised",
    AlertResolved = "alert_resolved",
    /// A page is stored and will be sent.
    PageIntended = "page_intended",
    /// The receiver accepted it.
    PageSent = "page_sent",
    /// It is given up.
    PageFailed = "page_failed",
    /// A receiver is slow to accept it, so the next one of the route is told.
    PageFellOver = "page_fell_over",
    IncidentOpened = "incident_opened",
    /// Nobody has answered yet, so the next step of the escalation is told.
    IncidentEscalated = "incident_escalated",
    IncidentAcknowledged = "incident_acknowledged",
    /// An acknowledgement was followed by nothing for so long that it no longer holds.
    AcknowledgementLapsed = "acknowledgement_lapsed",
    /// A person did something about it: a note, a role, a tick, an action.
    IncidentWorked = "incident_worked",
    /// The last day of an action is over, and it is not done.
    ActionOverdue = "action_overdue",
    ChecklistTicked = "checklist_ticked",
    ChecklistSigned = "checklist_signed",
    /// Nobody signed a checklist by its time.
    ChecklistMissed = "checklist_missed",
    IncidentResolved = "incident_resolved",
    /// A canary was accepted by its receiver.
    CanaryArrived = "canary_arrived",
    /// A person holds pages back.
    SilenceSet = "silence_set",
    /// Its end, or what is said of it, is another.
    SilenceChanged = "silence_changed",
    /// Its time is over, or a person ended it.
    SilenceEnded = "silence_ended",
    /// Nobody is paged for an alert, because of a silence, an inhibition or announced work.
    PageHushed = "page_hushed",
    /// An alert comes and goes.
    AlertFlapping = "alert_flapping",
    /// Alerts of other programs began or ended.
    AlertsPosted = "alerts_posted",
    /// Alerts of other programs were refused, because too many are open.
    AlertsRefused = "alerts_refused",
    /// Nobody acknowledged within the severity's `answer_within`.
    AnswerMissed = "answer_missed",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_kind_has_one_name_everywhere() {
        for kind in [
            EventKind::AlertRaised,
            EventKind::PageFellOver,
            EventKind::AnswerMissed,
        ] {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
    }
}

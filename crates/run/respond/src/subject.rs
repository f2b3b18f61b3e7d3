//! What an alert is about, and who says so: a promise by its verdict, or a rule by its labels. Pure.
//!
//! Rules of other programs fire by the ten thousand, so one of them holds what it was sent and nothing that follows from it.

use std::{borrow::Cow, sync::Arc};

use promise::{Lang, Measured, Promise, Reason, Say, State, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use crate::{incident::deed, rule::Rule};

/// The id of an alert, shared by everything that speaks of it.
pub type Id = Arc<str>;

/// What a person must know; kept with the alert so that a repeat needs nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Subject {
    /// The promise's id, or the rule's name with its labels.
    pub id: Id,
    pub owner: String,
    pub severity: Option<String>,
    #[serde(flatten)]
    pub speaker: Speaker,
}

/// Who says that something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Speaker {
    Promise(Box<Judged>),
    Rule(Box<Evaluated>),
}

/// A promise, as it was declared and judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub name: Say,
    pub tier: Option<String>,
    pub runbook: Option<String>,
    pub clauses: Vec<String>,
    /// The newest verdict that says something about the alert's state.
    pub verdict: Verdict,
}

/// A rule, as it was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluated {
    pub rule: Rule,
    pub state: State,
    pub at: Timestamp,
}

impl Subject {
    #[must_use]
    pub fn of(promise: &Promise, verdict: &Verdict, owner: &str) -> Self {
        let terms = &promise.terms;
        let name = terms.name.as_ref().map(|name| name.0.clone());
        Self {
            id: promise.id.as_str().into(),
            owner: terms.owner.clone().unwrap_or_else(|| owner.to_owned()),
            severity: verdict.severity.clone().or_else(|| terms.severity.clone()),
            speaker: Speaker::Promise(Box::new(Judged {
                name: name.unwrap_or_else(|| Say::same(promise.id.clone())),
                tier: terms.tier.clone(),
                runbook: terms.runbook.clone(),
                clauses: terms.clauses.clone(),
                verdict: verdict.clone(),
            })),
        }
    }

    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match &self.speaker {
            Speaker::Rule(evaluated) => Some(&evaluated.rule),
            Speaker::Promise(_) => None,
        }
    }

    fn judged(&self) -> Option<&Judged> {
        match &self.speaker {
            Speaker::Promise(judged) => Some(judged),
            Speaker::Rule(_) => None,
        }
    }

    #[must_use]
    pub fn state(&self) -> State {
        match &self.speaker {
            Speaker::Promise(judged) => judged.verdict.state,
            Speaker::Rule(evaluated) => evaluated.state,
        }
    }

    #[must_use]
    pub fn reason(&self) -> Cow<'_, Reason> {
        match &self.speaker {
            Speaker::Promise(judged) => Cow::Borrowed(&judged.verdict.reason),
            Speaker::Rule(evaluated) => Cow::Owned(Reason::new(evaluated.code(), [])),
        }
    }

    #[must_use]
    pub fn name(&self) -> Say {
        match &self.speaker {
            Speaker::Promise(judged) => judged.name.clone(),
            Speaker::Rule(evaluated) => Say::same(evaluated.rule.title()),
        }
    }

    #[must_use]
    pub fn tier(&self) -> Option<&str> {
        self.judged()?.tier.as_deref()
    }

    #[must_use]
    pub fn runbook(&self) -> Option<&str> {
        match &self.speaker {
            Speaker::Promise(judged) => judged.runbook.as_deref(),
            Speaker::Rule(evaluated) => evaluated.rule.runbook(),
        }
    }

    #[must_use]
    pub fn clauses(&self) -> &[String] {
        self.judged().map_or(&[], |judged| &judged.clauses)
    }

    #[must_use]
    pub fn measured(&self) -> Option<&Measured> {
        self.judged()?.verdict.measured.as_ref()
    }

    /// The end of the newest evidence.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        match &self.speaker {
            Speaker::Promise(judged) => judged.verdict.newest,
            Speaker::Rule(evaluated) => Some(evaluated.at),
        }
    }

    /// Whether the verdict itself says how severe it is.
    #[must_use]
    pub fn names_severity(&self) -> bool {
        self.judged()
            .is_some_and(|judged| judged.verdict.severity.is_some())
    }

    /// Whether another program sent it.
    #[must_use]
    pub fn is_posted(&self) -> bool {
        self.rule().is_some_and(|rule| rule.is_posted)
    }

    /// Whether a person opened its incident, and no verdict.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.judged()
            .is_some_and(|judged| judged.verdict.reason.code == deed::BY_HAND)
    }

    /// Why it is so, in words.
    #[must_use]
    pub fn because(&self, state: State) -> Say {
        match &self.speaker {
            Speaker::Rule(evaluated) => evaluated.rule.because(state),
            Speaker::Promise(judged) if self.is_by_hand() => {
                let why = judged.verdict.reason.figures.first();
                Say::same(why.map_or_else(String::new, |(_, why)| why.show(Lang::En)))
            }
            Speaker::Promise(judged) => judged.verdict.reason.say(),
        }
    }
}

impl Evaluated {
    fn code(&self) -> &'static str {
        match self.state {
            State::Unproven => "rule-inputs-lost",
            State::Kept => "rule-ended",
            State::Broken | State::AtRisk => "rule-fires",
        }
    }
}

/// A subject as it lies in the state, also from when a rule's was stored with a verdict.
#[derive(Deserialize)]
struct Stored {
    id: Id,
    owner: String,
    severity: Option<String>,
    rule: Option<Rule>,
    state: Option<State>,
    at: Option<Timestamp>,
    name: Option<Say>,
    tier: Option<String>,
    runbook: Option<String>,
    #[serde(default)]
    clauses: Vec<String>,
    verdict: Option<Verdict>,
}

impl From<Stored> for Subject {
    fn from(stored: Stored) -> Self {
        let verdict = stored.verdict.unwrap_or_else(|| Verdict {
            state: stored.state.unwrap_or(State::Broken),
            reason: Reason::new("rule-fires", []),
            measured: None,
            budget: None,
            severity: None,
            corrected: None,
            newest: None,
            due: None,
            at: stored.at.unwrap_or_default(),
        });
        let speaker = match stored.rule {
            Some(rule) => Speaker::Rule(Box::new(Evaluated {
                rule,
                state: verdict.state,
                at: verdict.at,
            })),
            None => Speaker::Promise(Box::new(Judged {
                name: stored.name.unwrap_or_else(|| Say::same(&*stored.id)),
                tier: stored.tier,
                runbook: stored.runbook,
                clauses: stored.clauses,
                verdict,
            })),
        };
        Self {
            id: stored.id,
            owner: stored.owner,
            severity: stored.severity,
            speaker,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::label::Labels;

    /// A promise whose evidence is missing.
    pub fn sample(id: &str, severity: Option<&str>) -> Subject {
        Subject {
            id: id.into(),
            owner: "infra".into(),
            severity: severity.map(str::to_owned),
            speaker: Speaker::Promise(Box::new(Judged {
                name: Say::same(id),
                tier: Some("api".into()),
                runbook: None,
                clauses: vec![],
                verdict: Verdict {
                    state: State::Broken,
                    reason: Reason::new("no-evidence", []),
                    measured: None,
                    budget: None,
                    severity: None,
                    corrected: None,
                    newest: None,
                    due: None,
                    at: Timestamp::EPOCH,
                },
            })),
        }
    }

    fn of_rule() -> Subject {
        Subject {
            id: "Down{job=\"api\"}".into(),
            speaker: Speaker::Rule(Box::new(Evaluated {
                rule: Rule {
                    labels: Labels::new([("alertname", "Down"), ("job", "api")]),
                    annotations: Labels::new([("summary", "the api is down")]),
                    external_labels: Labels::default(),
                    started: Timestamp::EPOCH,
                    generator_url: "".into(),
                    lost: None,
                    is_posted: true,
                },
                state: State::Unproven,
                at: Timestamp::EPOCH,
            })),
            ..sample("", Some("critical"))
        }
    }

    #[test]
    fn a_subject_reads_back_as_it_was_stored() {
        for subject in [sample("pay", None), of_rule()] {
            let stored = serde_json::to_string(&subject).unwrap();
            assert_eq!(serde_json::from_str::<Subject>(&stored).unwrap(), subject);
        }
    }

    #[test]
    fn a_rule_that_was_stored_with_a_verdict_is_still_known() {
        let Speaker::Promise(judged) = sample("", None).speaker else {
            unreachable!("a sample is a promise");
        };
        let mut stored = serde_json::to_value(of_rule()).unwrap();
        let own = stored.as_object_mut().unwrap();
        own.retain(|name, _| name != "state" && name != "at");
        let verdict = Verdict {
            state: State::Unproven,
            ..judged.verdict
        };
        own.extend(BTreeMap::from([
            ("name".to_owned(), json!(Say::same("the api is down"))),
            ("clauses".to_owned(), json!([])),
            ("verdict".to_owned(), json!(verdict)),
        ]));
        assert_eq!(
            serde_json::from_value::<Subject>(stored).unwrap(),
            of_rule()
        );
    }
}

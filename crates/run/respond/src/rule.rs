//! Alerts of rules: labels and annotations instead of a promise and its verdict.
//!
//! They go the same way as a promise's: raised once, durable before anybody is told, an incident until the
//! condition ends. What keeps firing because its inputs are missing is *unproven*, which resolves nothing.

use std::collections::BTreeMap;

use promise::{Reason, Say, State, Timestamp, Verdict, say};
use serde::{Deserialize, Serialize};

use crate::{Config, alert::Subject};

/// An alert as its rule wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// With `alertname`.
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// For receivers outside, which know of other installations too.
    #[serde(default)]
    pub external_labels: BTreeMap<String, String>,
    pub started: Timestamp,
    /// Where its query can be looked at.
    pub generator_url: String,
    /// Why its condition cannot be seen any more.
    #[serde(default)]
    pub lost: Option<Say>,
    /// Another program evaluates it and sends its alerts here.
    #[serde(default)]
    pub is_posted: bool,
}

/// What has become of a rule's alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Fires,
    /// What its condition reads is missing.
    Lost,
    Ends,
}

/// A change to be told.
#[derive(Debug, Clone)]
pub struct RuleChange {
    pub rule: Rule,
    pub turn: Turn,
    pub at: Timestamp,
    /// Index of its entry in the ledger.
    pub entry: Option<u64>,
}

impl Rule {
    #[must_use]
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }

    /// The same for the same labels: `PaymentsFail{job="shop"}`.
    #[must_use]
    pub fn id(&self) -> String {
        let pairs: Vec<String> = self
            .labels
            .iter()
            .filter(|(name, _)| *name != "alertname")
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        if pairs.is_empty() {
            self.name().to_owned()
        } else {
            format!("{}{{{}}}", self.name(), pairs.join(","))
        }
    }

    fn annotation(&self, names: &[&str]) -> Option<&String> {
        names
            .iter()
            .find_map(|name| self.annotations.get(*name))
            .filter(|text| !text.is_empty())
    }

    /// The name of the promise or rule that an alert's id begins with.
    #[must_use]
    pub fn name_in(id: &str) -> &str {
        id.split_once('{').map_or(id, |(name, _)| name)
    }

    /// What people are told of it.
    #[must_use]
    pub fn because(&self, state: State) -> Say {
        let text = self
            .annotation(&["description", "message", "summary"])
            .map_or_else(|| self.id(), Clone::clone);
        match (state, &self.lost) {
            (State::Kept, Some(lost)) => {
                let (en, ja) = (&lost.en, &lost.ja);
                say!(
                    "ended without evidence that the condition ended, because what the rule reads stayed missing ({en}): {text}",
                    "ルールの入力が途絶えたまま({ja})のため、条件の解消を確認せずに終了しました: {text}"
                )
            }
            (State::Kept, None) => say!(
                "the condition no longer holds: {text}",
                "条件が解消しました: {text}"
            ),
            (_, Some(lost)) => Say::new(
                format!("{text} (what the rule reads is missing: {})", lost.en),
                format!("{text}(ルールの入力が途絶えています: {})", lost.ja),
            ),
            (_, None) => Say::same(text),
        }
    }
}

impl RuleChange {
    fn state(&self) -> State {
        match self.turn {
            Turn::Fires => State::Broken,
            Turn::Lost => State::Unproven,
            Turn::Ends => State::Kept,
        }
    }

    /// What the desk works with.
    #[must_use]
    pub fn subject(&self, config: &Config) -> Subject {
        let rule = &self.rule;
        let named = rule
            .labels
            .get("severity")
            .filter(|name| config.severities.contains_key(*name));
        let title = rule
            .annotation(&["summary"])
            .cloned()
            .unwrap_or_else(|| rule.id());
        let owner = ["owner", "team"]
            .iter()
            .find_map(|name| rule.labels.get(*name));
        let code = match self.turn {
            Turn::Fires => "rule-fires",
            Turn::Lost => "rule-inputs-lost",
            Turn::Ends => "rule-ended",
        };
        Subject {
            id: rule.id(),
            name: Say::same(title),
            owner: owner.unwrap_or(&config.owner).clone(),
            tier: None,
            severity: named.or(config.rule_severity.as_ref()).cloned(),
            runbook: rule.annotation(&["runbook_url", "runbook"]).cloned(),
            clauses: Vec::new(),
            verdict: Verdict {
                state: self.state(),
                reason: Reason::new(code, []),
                measured: None,
                budget: None,
                newest: Some(self.at),
                due: None,
                at: self.at,
                severity: None,
                corrected: None,
            },
            rule: Some(rule.clone()),
        }
    }
}

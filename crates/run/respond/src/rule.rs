//! Alerts of rules: labels and annotations instead of a promise and its verdict.
//!
//! They go the same way as a promise's: raised once, durable before anybody is told, an incident until the
//! condition ends. What keeps firing because its inputs are missing is *unproven*, which resolves nothing.

use std::sync::Arc;

use promise::{Say, State, Timestamp, say};
use serde::{Deserialize, Serialize};

use crate::{
    Config,
    label::Labels,
    subject::{Evaluated, Speaker, Subject},
};

/// An alert as its rule wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// With `alertname`.
    pub labels: Labels,
    pub annotations: Labels,
    /// For receivers outside, which know of other installations too.
    #[serde(default)]
    pub external_labels: Labels,
    pub started: Timestamp,
    /// Where its query can be looked at.
    pub generator_url: Arc<str>,
    /// Why its condition cannot be seen any more.
    #[serde(default)]
    pub lost: Option<Box<Say>>,
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
        self.labels.get("alertname")
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

    fn annotation(&self, names: &[&str]) -> Option<&str> {
        let mut texts = names.iter().map(|name| self.annotations.get(name));
        texts.find(|text| !text.is_empty())
    }

    /// One line that says what is wrong.
    #[must_use]
    pub fn title(&self) -> String {
        let summary = self.annotation(&["summary"]);
        summary.map_or_else(|| self.id(), str::to_owned)
    }

    #[must_use]
    pub fn runbook(&self) -> Option<&str> {
        self.annotation(&["runbook_url", "runbook"])
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
            .map_or_else(|| self.id(), str::to_owned);
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
    pub fn subject(self, config: &Config) -> Subject {
        let state = self.state();
        let rule = self.rule;
        let named = Some(rule.labels.get("severity"));
        let named = named.filter(|name| config.severities.contains_key(*name));
        let owners = ["owner", "team"].map(|name| rule.labels.get(name));
        let owner = owners.into_iter().find(|owner| !owner.is_empty());
        Subject {
            id: rule.id().into(),
            owner: owner.unwrap_or(&config.owner).to_owned(),
            severity: named.or(config.rule_severity.as_deref()).map(str::to_owned),
            speaker: Speaker::Rule(Box::new(Evaluated {
                rule,
                state,
                at: self.at,
            })),
        }
    }
}

//! What a template sees of a page.

use std::collections::BTreeMap;

use promise::{Lang, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Page,
    label::Labels,
    page::{Kind, Link},
};

/// A page in one language, by the names that templates use. Everything that a page may lack is null.
#[derive(Debug, Clone, Serialize)]
pub struct Sight {
    pub lang: &'static str,
    pub kind: Kind,
    /// The same for every page of an incident.
    pub thread: String,
    /// The idempotency key.
    pub key: String,
    pub title: String,
    /// Title and lines.
    pub text: String,
    /// The same in the other language.
    pub title_other: String,
    pub text_other: String,
    pub lines: Vec<Line>,
    pub service: String,
    pub promise: String,
    pub name: String,
    pub owner: String,
    pub tier: Option<String>,
    pub clauses: Vec<String>,
    pub runbook: Option<String>,
    pub state: &'static str,
    /// `critical`, as the spec names it.
    pub severity: Option<String>,
    /// 1 is the worst.
    pub level: Option<u64>,
    pub reason: String,
    pub measured: Option<String>,
    pub target: Option<String>,
    pub at: Timestamp,
    pub bad_since: Timestamp,
    pub on_call: Option<String>,
    pub incident: Option<Link>,
    /// Where a person takes it on.
    pub acknowledge: Option<String>,
    /// Of the rule, where one speaks.
    pub labels: Labels,
    pub annotations: Labels,
    /// Of the receiver.
    pub params: BTreeMap<String, String>,
    /// What the first answer said.
    pub handle: Option<String>,
    /// The answer itself, where a handle is made of it.
    pub answer: Value,
}

/// One line of a page.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub label: String,
    pub value: String,
}

impl Sight {
    #[must_use]
    pub fn of(page: &Page, lang: Lang) -> Self {
        let own = |say: &promise::Say| say.get(lang).to_owned();
        let other = if lang == Lang::En { Lang::Ja } else { Lang::En };
        let rule = page.rule.as_ref();
        let lines = page.lines().into_iter();
        Self {
            lang: lang.tag(),
            kind: page.kind,
            thread: page.thread(),
            key: page.key.clone(),
            title: own(&page.title()),
            text: page.text(lang),
            title_other: page.title().get(other).to_owned(),
            text_other: page.text(other),
            lines: lines
                .map(|(label, value)| Line {
                    label: own(&label),
                    value: own(&value),
                })
                .collect(),
            service: own(&page.service),
            promise: page.promise.id.clone(),
            name: own(&page.promise.name),
            owner: page.promise.owner.clone(),
            tier: page.promise.tier.clone(),
            clauses: page.promise.clauses.clone(),
            runbook: page.promise.runbook.clone(),
            state: page.state.as_str(),
            severity: page.severity.as_ref().map(|severity| severity.id.clone()),
            level: page.severity.as_ref().map(|severity| severity.level),
            reason: own(&page.reason.text),
            measured: page.measured.as_ref().map(|figures| own(&figures.value)),
            target: page.measured.as_ref().map(|figures| own(&figures.target)),
            at: page.at,
            bad_since: page.bad_since,
            on_call: page.on_call.as_ref().map(own),
            incident: page.incident.clone(),
            acknowledge: page.acknowledge.as_ref().map(|link| link.url.clone()),
            labels: rule.map(|rule| rule.labels.clone()).unwrap_or_default(),
            annotations: rule
                .map(|rule| rule.annotations.clone())
                .unwrap_or_default(),
            params: BTreeMap::new(),
            handle: None,
            answer: Value::Null,
        }
    }
}

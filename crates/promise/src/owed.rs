//! A promise: what is owed, to which objective, by whom.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Corrected, Correction, Evidence, Kind, Lang, Say, Timestamp, Verdict, correction,
    document::{Mistake, Node, Value},
    kind::At,
    record::{self, FieldForm, Fields, Form, Read},
};

/// A name in one language or both: `決済成功率`, or `{ en: Payment success, ja: 決済成功率 }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub Say);

impl Name {
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        self.0.get(lang)
    }
}

record! {
    /// A name in both languages.
    /// ja: 両方の言語での名前。
    struct BothNames {
        /// In English.
        /// ja: 英語で。
        en: String,
        /// In Japanese.
        /// ja: 日本語で。
        ja: String,
    }
}

impl Read for Name {
    fn form() -> Form {
        Form::Either(vec![String::form(), BothNames::form()])
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Map(_) => {
                BothNames::read(node, mistakes).map(|both| Self(Say::new(both.en, both.ja)))
            }
            _ => String::read(node, mistakes).map(|name| Self(Say::same(name))),
        }
    }
}

/// Something the service owes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Its key in the spec; stable over the life of the promise.
    #[serde(default)]
    pub id: String,
    #[serde(flatten)]
    pub terms: Terms,
    #[serde(flatten)]
    pub kind: Kind,
    /// When it was first declared. Before that nothing was owed.
    pub since: Timestamp,
    /// IANA name; calendar windows begin at its midnights.
    pub time_zone: String,
    /// What does not count, in the order of the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

record! {
    /// What every promise has, whatever its kind.
    pub struct Terms: Default {
        /// What people call it.
        /// ja: 人が呼ぶ名前。
        name: Option<Name>,
        /// Who answers for it.
        /// ja: 責任者。
        owner: Option<String>,
        /// Which tier of the service it belongs to.
        /// ja: 属する層。
        tier: Option<String>,
        /// How bad it is when this breaks; a key of `severities`.
        /// ja: 破れたときの重大度。`severities` の名前。
        severity: Option<String>,
        /// Where a person reads what to do.
        /// ja: 対応手順の場所。
        runbook: Option<String>,
        /// Why it is owed, such as `pci_dss:10.5.1` or a contract's clause.
        /// ja: 根拠となる条項。
        clauses: Vec<String> = Vec::new(),
    }
}

impl Promise {
    /// Reads a promise from its node. `id`, `since` and `time_zone` are the caller's.
    pub fn read(id: &str, node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let mut fields = Fields::of(node, "promise", mistakes)?;
        fields.skip("kind");
        let terms = Terms::take(&mut fields, mistakes);
        let tag = record::tag(node, "promise", Kind::TAGS, mistakes)?;
        let kind = Kind::take(tag, &mut fields, mistakes);
        let clashes = kind
            .as_ref()
            .map_or_else(Vec::new, |kind| kind.as_judge().mistakes(node));
        let kind = kind.filter(|_| clashes.is_empty());
        mistakes.extend(clashes);
        fields.finish(mistakes)?;
        Some(Self {
            id: id.to_owned(),
            terms: terms?,
            kind: kind?,
            since: Timestamp::EPOCH,
            time_zone: "UTC".to_owned(),
            corrections: Vec::new(),
        })
    }

    /// The forms of a promise, one for each kind.
    #[must_use]
    pub fn form() -> Form {
        let common: Vec<FieldForm> = Terms::fields();
        let cases = Kind::forms()
            .into_iter()
            .map(|(tag, form)| match form {
                Form::Record {
                    name,
                    doc,
                    mut fields,
                } => {
                    fields.extend(common.iter().cloned());
                    (tag, Form::Record { name, doc, fields })
                }
                other => (tag, other),
            })
            .collect();
        Form::Tagged { tag: "kind", cases }
    }

    /// What people call it, or its id.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        self.terms
            .name
            .as_ref()
            .map_or(&self.id, |name| name.get(lang))
    }

    #[must_use]
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The verdict at `now`. Pure: same promise, evidence and instant, same verdict.
    #[must_use]
    pub fn judge(&self, evidence: &Evidence, now: Timestamp) -> Verdict {
        let zone = self.zone();
        let judge = self.kind.as_judge();
        let at = |excluded| At {
            now,
            since: self.since,
            zone: &zone,
            excluded,
        };
        let whole = judge.judge(evidence, &at(&[]));
        let Some(window) = judge.window() else {
            return whole;
        };
        let begin = window.at(now, &zone).from.max(self.since);
        let by = self.corrections.iter().filter(|it| it.overlaps(begin, now));
        let by: Vec<&Correction> = by.collect();
        if by.is_empty() {
            return whole;
        }
        let excluded = correction::merged(&by);
        let mut verdict = judge.judge(evidence, &at(&excluded));
        let outside =
            |(from, to): &(Timestamp, Timestamp)| (*to).min(now).since((*from).max(begin));
        let length: Duration = excluded.iter().map(outside).sum();
        verdict.corrected = Some(Corrected {
            by: by.into_iter().map(|it| it.id.clone()).collect(),
            excluded_millis: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            state: whole.state,
            reason: whole.reason,
            measured: whole.measured,
        });
        verdict
    }

    /// Where evidence must not be merged across, for a correction begins or ends there.
    #[must_use]
    pub fn edges(&self) -> Vec<Timestamp> {
        let mut edges: Vec<Timestamp> = self
            .corrections
            .iter()
            .flat_map(|it| [it.from, it.to])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

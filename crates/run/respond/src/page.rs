//! A page: everything that one receiver is told at one time, and the words for it in both languages.
//!
//! A page is stored before it is sent and never changes after, so a second try carries the same body under the same
//! key. Serialised it is the body of the `webhook` receiver; its form is versioned by [`SCHEMA`].

use promise::{Lang, Reason, Say, State, Timestamp, say};
use serde::{Deserialize, Serialize};

use crate::{
    Config,
    alert::Alert,
    label::{self, Labels},
    rule::Rule,
    subject::Subject,
};

/// Changes only when a field changes its meaning or goes away; new fields may come at any time.
pub const SCHEMA: &str = "tegata.page/1";

/// Alerts of a group that a text names: what fits a screen of a telephone.
const MEMBERS_IN_TEXT: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// [`SCHEMA`].
    pub schema: String,
    /// The idempotency key: the same for every try of this page, never used for another.
    pub key: String,
    pub kind: Kind,
    /// Where this page stands in for a receiver that did not accept it.
    pub instead_of: Option<InsteadOf>,
    /// When the page was made.
    pub at: Timestamp,
    pub service: Say,
    /// IANA name; the zone of the times in texts.
    pub time_zone: String,
    pub incident: Option<Link>,
    pub promise: About,
    pub severity: Option<Severity>,
    pub state: State,
    pub reason: Sentence,
    pub measured: Option<Figures>,
    /// The first bad evidence.
    pub bad_since: Timestamp,
    /// Evidence is missing since then, so the state is the last that was proven.
    pub evidence_lost: Option<Timestamp>,
    /// Who is on call.
    pub on_call: Option<Say>,
    /// Who has taken it on, and what they said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// The alert as its rule wrote it, where a rule speaks and no promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Where a person takes it on with one tap. Added as the page leaves and stored nowhere, for whoever knows it may use
    /// it; a second try carries the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<AcknowledgeLink>,
    /// The alerts that this message is about, where it is about a group; the worst one is also told of above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Member>,
    /// How many more there are than `alerts` names.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// The labels that the group has in common.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub group: Labels,
    /// The key of the first message about this group to this receiver: one that can edit its messages edits that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
}

/// A link that is valid once and for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeLink {
    pub url: String,
    pub until: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One alert of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub labels: Labels,
    pub annotations: Labels,
    pub started: Timestamp,
    /// When it ended, where it has.
    pub ended: Option<Timestamp>,
}

impl Member {
    #[must_use]
    pub fn of(alert: &Alert, config: &Config) -> Self {
        let rule = alert.subject.rule();
        Self {
            labels: label::of(&alert.subject, config),
            annotations: rule
                .map(|rule| rule.annotations.clone())
                .unwrap_or_default(),
            started: rule.map_or(alert.bad_since, |rule| rule.started),
            ended: alert.ended,
        }
    }
}

/// Why a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Raised,
    /// It became worse.
    Worsened,
    /// More alerts of the same group fire, or some have ended: news for the message about it.
    Joined,
    /// It comes and goes; it is told once until it has come to rest.
    Flapping,
    /// Still so, and nobody has acknowledged.
    Repeated,
    /// Nobody has acknowledged, and it is this receiver's turn.
    Escalated,
    /// Somebody has taken it on; told to receivers that keep one message an incident.
    Acknowledged,
    Resolved,
    /// The promise was taken out of the spec while its alert was open.
    Withdrawn,
    /// For the inbox only; nobody was paged.
    Notice,
    /// A test of the way that pages take; nothing is wrong.
    Canary,
}

impl Kind {
    /// What it tells, in a word.
    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Raised => say!("begun", "発生"),
            Self::Worsened => say!("worse", "悪化"),
            Self::Joined => say!("changed", "続報"),
            Self::Flapping => say!("flapping", "ばたつき"),
            Self::Repeated => say!("reminder", "再通知"),
            Self::Escalated => say!("escalated", "エスカレーション"),
            Self::Acknowledged => say!("answered", "応答"),
            Self::Resolved => say!("resolved", "解決"),
            Self::Withdrawn => say!("withdrawn", "取り下げ"),
            Self::Notice => say!("notice", "お知らせ"),
            Self::Canary => say!("canary", "カナリア"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsteadOf {
    pub receiver: String,
    pub key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub id: String,
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub id: String,
    pub name: Say,
    pub owner: String,
    pub tier: Option<String>,
    pub runbook: Option<String>,
    pub clauses: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    pub id: String,
    pub name: Say,
    pub level: u64,
}

/// The reason, for machines (`code`) and for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    pub code: String,
    #[serde(flatten)]
    pub text: Say,
}

/// The measured figure and its target, as people read them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub value: Say,
    pub target: Say,
}

impl From<&Reason> for Sentence {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code.clone(),
            text: reason.say(),
        }
    }
}

impl About {
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        Self {
            id: subject.id.to_string(),
            name: subject.name(),
            owner: subject.owner.clone(),
            tier: subject.tier().map(str::to_owned),
            runbook: subject.runbook().map(str::to_owned),
            clauses: subject.clauses().to_vec(),
        }
    }
}

impl Figures {
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        let show =
            |amount: &promise::Amount| Say::new(amount.show(Lang::En), amount.show(Lang::Ja));
        let measured = subject.measured()?;
        Some(Self {
            value: show(&measured.value),
            target: show(&measured.target),
        })
    }
}

impl Page {
    /// Both languages; the one that is read first where the service runs comes first.
    #[must_use]
    pub fn languages(&self) -> [Lang; 2] {
        if self.time_zone == "Asia/Tokyo" {
            [Lang::Ja, Lang::En]
        } else {
            [Lang::En, Lang::Ja]
        }
    }

    /// The same for every page of an incident, and of no other installation's.
    #[must_use]
    pub fn thread(&self) -> String {
        let installation = self.key.split('-').next().unwrap_or_default();
        match &self.incident {
            Some(link) => format!("{installation}.{}", link.id),
            None => self.key.clone(),
        }
    }

    /// One line: subject of a mail, first line of a chat message.
    #[must_use]
    pub fn title(&self) -> Say {
        let state = self.state.say();
        let shape = self.state.shape();
        let (name, service) = (&self.promise.name, &self.service);
        let (en, ja) = match self.kind {
            Kind::Raised | Kind::Notice => (state.en, state.ja),
            Kind::Canary => (
                "test of the alert path, nothing is wrong".to_owned(),
                "警報経路の試験です。異常はありません".to_owned(),
            ),
            Kind::Worsened => (
                format!("worse, now {}", state.en),
                format!("悪化して{}", state.ja),
            ),
            Kind::Joined => (
                format!("{}, changed", state.en),
                format!("{}・更新", state.ja),
            ),
            Kind::Flapping => (
                "flapping, told once until it rests".to_owned(),
                "ばたつき(収まるまで再通知しません)".to_owned(),
            ),
            Kind::Repeated => (
                format!("still {}, not acknowledged", state.en),
                format!("{}まま・未応答", still(self.state)),
            ),
            Kind::Escalated => (
                format!("escalated, {}, not acknowledged", state.en),
                format!("エスカレーション・{}・未応答", state.ja),
            ),
            Kind::Acknowledged => (
                format!("{}, taken on", state.en),
                format!("{}・対応中", state.ja),
            ),
            Kind::Withdrawn => (
                "withdrawn, no longer declared".to_owned(),
                "取り下げ(宣言から外れました)".to_owned(),
            ),
            Kind::Resolved => (
                format!("resolved, {}", state.en),
                format!("解消({})", state.ja),
            ),
        };
        Say::new(
            format!("{shape} {}: {en} [{}]", name.en, service.en),
            format!("{shape} {}: {ja}【{}】", name.ja, service.ja),
        )
    }

    /// What a person wants to know, as pairs of label and value, in the order in which they ask.
    #[must_use]
    pub fn lines(&self) -> Vec<(Say, Say)> {
        let mut lines = vec![(say!("Why", "理由"), self.reason.text.clone())];
        if let Some(Figures { value, target }) = &self.measured {
            lines.push((
                say!("Measured", "実測"),
                Say::new(
                    format!("{} (promised: {})", value.en, target.en),
                    format!("{}(約束: {})", value.ja, target.ja),
                ),
            ));
        }
        lines.push((say!("Since", "発生"), Say::same(self.local(self.bad_since))));
        if let Some(lost) = self.evidence_lost {
            let lost = self.local(lost);
            lines.push((
                say!("Evidence", "証拠"),
                say!(
                    "missing since {lost}; the last proven state is shown",
                    "{lost} から途絶。最後に証明された状態を示しています"
                ),
            ));
        }
        if let Some(severity) = &self.severity {
            let level = severity.level;
            let (en, ja) = (&severity.name.en, &severity.name.ja);
            lines.push((
                say!("Severity", "重大度"),
                Say::new(format!("{en} ({level})"), format!("{ja}({level})")),
            ));
        }
        for member in self.alerts.iter().take(MEMBERS_IN_TEXT) {
            lines.push((
                if member.ended.is_some() {
                    say!("Ended", "解消")
                } else {
                    say!("Firing", "発報")
                },
                Say::same(label::show(&member.labels)),
            ));
        }
        let unshown = self.more + self.alerts.len().saturating_sub(MEMBERS_IN_TEXT);
        if unshown > 0 {
            lines.push((
                say!("More", "ほか"),
                say!("{unshown} alerts", "{unshown} 件"),
            ));
        }
        lines.push((
            say!("Owner", "責任者"),
            Say::same(self.promise.owner.clone()),
        ));
        if let Some(on_call) = &self.on_call {
            lines.push((say!("On call", "当番"), on_call.clone()));
        }
        if let Some(runbook) = &self.promise.runbook {
            lines.push((say!("Runbook", "対応手順"), Say::same(runbook.clone())));
        }
        if let Some(answered) = &self.answered {
            lines.push((say!("Taken on by", "対応者"), Say::same(answered.clone())));
        }
        if let Some(InsteadOf { receiver, .. }) = &self.instead_of {
            lines.push((
                say!("Note", "注意"),
                say!(
                    "sent here because `{receiver}` did not accept it",
                    "`{receiver}` に届かないため、こちらへ送りました"
                ),
            ));
        }
        if let Some(link) = &self.incident {
            lines.push((
                say!("Incident", "インシデント"),
                Say::same(format!("{} {}", link.id, link.url)),
            ));
        }
        lines
    }

    /// Title and lines as plain text in one language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let mut text = self.title().get(lang).to_owned();
        for (label, value) in self.lines() {
            text.push('\n');
            text.push_str(label.get(lang));
            text.push_str(": ");
            text.push_str(value.get(lang));
        }
        if let Some(link) = &self.acknowledge {
            let label = say!("Take it on", "対応する");
            text.push_str(&format!("\n{}: {}", label.get(lang), link.url));
        }
        text
    }

    fn local(&self, at: Timestamp) -> String {
        let zone = jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        at.to_zoned(&zone)
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }
}

/// "Still so" in Japanese asks for each state's own form.
fn still(state: State) -> &'static str {
    match state {
        State::Broken => "破れた",
        State::Unproven => "証拠がない",
        State::AtRisk => "危うい",
        State::Kept => "守れている",
    }
}

#[cfg(test)]
pub(crate) mod samples {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A broken payment promise of a shop in Tokyo, at 2026-11-22 10:00 JST.
    pub fn broken() -> Page {
        Page {
            schema: SCHEMA.to_owned(),
            key: "9f86d081-INC-2026-0007-1".into(),
            kind: Kind::Raised,
            instead_of: None,
            at: "2026-11-22T01:00:04Z".parse().unwrap(),
            service: Say::new("Card payments", "カード決済"),
            time_zone: "Asia/Tokyo".into(),
            incident: Some(Link {
                id: "INC-2026-0007".into(),
                url: "http://127.0.0.1:8400/incidents/INC-2026-0007".into(),
            }),
            promise: About {
                id: "payment-success".into(),
                name: Say::new("Payments <succeed> & settle", "決済成功率"),
                owner: "payments-sre".into(),
                tier: Some("api".into()),
                runbook: Some("https://wiki.example/payments?a=1&b=2".into()),
                clauses: vec!["pci_dss:10.5.1".into()],
            },
            severity: Some(Severity {
                id: "critical".into(),
                name: Say::new("critical", "重大"),
                level: 1,
            }),
            state: State::Broken,
            reason: Sentence {
                code: "budget-overspent".into(),
                text: Say::new(
                    "140 % of the error budget is spent",
                    "エラーバジェットの 140 % を使いました",
                ),
            },
            measured: Some(Figures {
                value: Say::same("99.3 %"),
                target: Say::same("99.5 %"),
            }),
            bad_since: "2026-11-22T00:59:48Z".parse().unwrap(),
            evidence_lost: None,
            on_call: Some(Say::new("Aoi Sato", "佐藤 葵")),
            rule: None,
            answered: None,
            acknowledge: None,
            alerts: vec![],
            more: 0,
            group: Labels::default(),
            first: None,
        }
    }

    pub fn resolved() -> Page {
        Page {
            key: "9f86d081-INC-2026-0007-2".into(),
            kind: Kind::Resolved,
            at: "2026-11-22T01:12:30Z".parse().unwrap(),
            state: State::Kept,
            reason: Sentence {
                code: "within-budget".into(),
                text: Say::new(
                    "60 % of the error budget is left",
                    "エラーバジェットは 60 % 残っています",
                ),
            },
            measured: Some(Figures {
                value: Say::same("99.8 %"),
                target: Say::same("99.5 %"),
            }),
            ..broken()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_service_comes_first() {
        let mut page = samples::broken();
        assert_eq!(page.languages()[0], Lang::Ja);
        page.time_zone = "Europe/Berlin".into();
        assert_eq!(page.languages()[0], Lang::En);
    }

    #[test]
    fn a_person_reads_local_time() {
        // 00:59:48Z is 09:59:48 in Tokyo.
        assert!(
            samples::broken()
                .text(Lang::Ja)
                .contains("発生: 2026-11-22 09:59:48 JST")
        );
    }

    #[test]
    fn a_page_reads_back_as_it_was_stored() {
        let page = samples::broken();
        let stored = serde_json::to_vec(&page).unwrap_or_default();
        assert_eq!(serde_json::from_slice::<Page>(&stored).ok(), Some(page));
    }
}

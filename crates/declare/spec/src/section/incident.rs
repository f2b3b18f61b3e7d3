//! `incidents`: what stands beside an incident: runbooks, what a payment is worth, and which answers are owed.

use promise::{Amount, Lang, Promise, document::parse_yaml, quantity::Money, record, unit::Span};

use super::{checklist::Checklist, severity::Severity};

/// The ids of the built-in promises about times: these, and behind them the severity as [`id_of`] has it.
pub const PAGE_PROMISE: &str = "tegata_page_";
pub const ANSWER_PROMISE: &str = "tegata_answer_";

record! {
    /// How incidents are worked on.
    /// ja: インシデントの進め方。
    pub struct Incidents {
        /// The folder of runbooks, seen from the spec. A promise whose `runbook` is no web address names a file there.
        /// ja: 手順書のフォルダー(仕様から見たパス)。約束の `runbook` が URL でなければ、ここにあるファイル名です。
        runbooks: String = "runbooks".to_owned(),
        /// A runbook says when somebody last read it over (`Reviewed: 2026-10-01`); it is no longer ago than this.
        /// ja: 手順書を見直す間隔。手順書に `確認日: 2026-10-01` と書きます。
        reviewed_within: Span = Span::days(180),
        /// And when it was last rehearsed (`Rehearsed: 2026-09-15`).
        /// ja: 手順書の訓練の間隔。手順書に `訓練日: 2026-09-15` と書きます。
        rehearsed_within: Span = Span::days(365),
        /// What one event of a promise is worth on average, such as a payment; a post-mortem estimates the impact by it.
        /// ja: 1 件(決済など)の平均金額。事後検証で影響額の目安に使います。
        worth: Option<Money>,
        /// Whether paging in time, answering in time, signing checklists in time and finishing actions in time are promises of their own.
        /// ja: 通知までの時間、応答時間、チェックリストの署名、再発防止策の期限を、それぞれ約束として判定するか。
        promised: bool = false,
    }
}

impl Default for Incidents {
    fn default() -> Self {
        Self {
            runbooks: "runbooks".to_owned(),
            reviewed_within: Span::days(180),
            rehearsed_within: Span::days(365),
            worth: None,
            promised: false,
        }
    }
}

impl Incidents {
    /// The built-in promises, judged from what Tegata tells of itself.
    pub(super) fn promises<'s>(
        &self,
        severities: impl Iterator<Item = (&'s String, &'s Severity)>,
        mut checklists: impl Iterator<Item = &'s Checklist>,
    ) -> Vec<Promise> {
        if !self.promised {
            return Vec::new();
        }
        let severities: Vec<_> = severities.collect();
        // What our own routine owes is told, and wakes nobody.
        let mildest = severities.iter().max_by_key(|(_, severity)| severity.level);
        let mildest = mildest.map(|(name, _)| (*name).clone());
        let timely = severities
            .iter()
            .flat_map(|(name, severity)| [page(name, severity), answer(name, severity)]);
        let mut all: Vec<Promise> = timely.flatten().collect();
        let none = |id: &str, event: &str, en: &str, ja: &str| {
            let text = format!(
                "{{ kind: log_count, logs: \"stream:tegata_pages AND event:{event}\", at_most: 0, window: 30d, \
                 name: {{ en: {en}, ja: {ja} }} }}"
            );
            read(id, &text)
        };
        all.extend(none(
            "tegata_actions",
            "action_overdue",
            "Actions of post-mortems are done by their day",
            "再発防止策を期限内に終える",
        ));
        if checklists.any(|list| list.every.is_some()) {
            all.extend(none(
                "tegata_checklists",
                "checklist_missed",
                "Checklists are signed in time",
                "チェックリストに期限内に署名する",
            ));
        }
        for promise in &mut all {
            promise.terms.severity.clone_from(&mildest);
        }
        all
    }
}

/// That the first page of an incident of this severity leaves in time, counted from the first bad sample.
fn page(name: &str, severity: &Severity) -> Option<Promise> {
    let within = severity.page_within?;
    let (en, ja) = (spoken(within, Lang::En), spoken(within, Lang::Ja));
    let text = format!(
        "{{ kind: deadline, start: \"stream:tegata_pages AND event:page_owed AND severity:{name}\", \
         end: \"stream:tegata_pages AND event:page_sent AND severity:{name}\", by: incident, \
         within: {within}, window: 30d, min_events: 1, \
         name: {{ en: \"{name} pages leave within {en} of the first bad sample\", \
         ja: \"{name} の通知を最初の悪いサンプルから {ja}以内に送る\" }} }}"
    );
    read(&format!("{PAGE_PROMISE}{}", id_of(name)), &text)
}

/// That incidents of a severity are answered within its time.
fn answer(name: &str, severity: &Severity) -> Option<Promise> {
    let within = severity.answer_within?;
    let (en, ja) = (spoken(within, Lang::En), spoken(within, Lang::Ja));
    let text = format!(
        "{{ kind: deadline, start: \"stream:tegata_pages AND event:incident_opened AND severity:{name}\", \
         end: \"stream:tegata_pages AND event:incident_acknowledged AND severity:{name}\", by: incident, \
         within: {within}, window: 30d, min_events: 1, \
         name: {{ en: \"{name} incidents are answered within {en}\", ja: \"{name} のインシデントに {ja}以内に応答する\" }} }}"
    );
    read(&format!("{ANSWER_PROMISE}{}", id_of(name)), &text)
}

fn spoken(within: Span, lang: Lang) -> String {
    Amount::duration(within.0).show(lang)
}

/// A severity's name as a part of an id.
#[must_use]
pub fn id_of(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}

fn read(id: &str, text: &str) -> Option<Promise> {
    Promise::read(id, &parse_yaml(text).0?, &mut Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_times_are_promises_where_that_is_wanted() {
        let severity = Severity {
            level: 1,
            page_within: Some(Span::secs(60)),
            answer_within: Some(Span::secs(900)),
            ..Severity::default()
        };
        let name = "Sev1".to_owned();
        let list = Checklist {
            every: Some(Span::days(1)),
            ..Checklist::default()
        };
        let ids = |promised| {
            let incidents = Incidents {
                promised,
                ..Incidents::default()
            };
            let promises =
                incidents.promises([(&name, &severity)].into_iter(), [&list].into_iter());
            promises.into_iter().map(|it| it.id).collect::<Vec<_>>()
        };
        assert_eq!(
            ids(true),
            [
                "tegata_page_sev1",
                "tegata_answer_sev1",
                "tegata_actions",
                "tegata_checklists"
            ]
        );
        assert_eq!(ids(false), Vec::<String>::new());
    }
}

//! Drafts of what customers are told, in both languages. Pure.
//!
//! A draft says what is known and promises nothing that nobody has promised; names of promises, causes and people stay
//! inside. A person reads it over before it goes out.

use jiff::tz::TimeZone;
use promise::{Say, Timestamp};
use serde::Serialize;

use super::Incident;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Investigating,
    Working,
    Resolved,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draft {
    pub stage: Stage,
    pub title: Say,
    pub text: Say,
}

/// The draft that fits how the incident stands.
#[must_use]
pub fn draft(incident: &Incident, service: &Say, time_zone: &str, now: Timestamp) -> Draft {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let en = |at: Timestamp| {
        at.to_zoned(&zone)
            .strftime("%-d %B %Y, %H:%M %Z")
            .to_string()
    };
    let ja = |at: Timestamp| {
        at.to_zoned(&zone)
            .strftime("%Y年%-m月%-d日 %H:%M")
            .to_string()
    };
    let (since, service_en, service_ja) = (incident.bad_since, &service.en, &service.ja);
    let stage = match (incident.resolved, &incident.acknowledged) {
        (Some(_), _) => Stage::Resolved,
        (None, Some(_)) => Stage::Working,
        (None, None) => Stage::Investigating,
    };
    let (title, text) = match (stage, incident.resolved) {
        (Stage::Resolved, Some(end)) => (
            Say::new(
                format!("[Resolved] Disruption of {service_en}"),
                format!("【復旧】{service_ja}の障害について"),
            ),
            Say::new(
                format!(
                    "From {} to {}, some requests to {service_en} failed or were slow. The service works normally again. \
                     We apologise for the disruption and will report on the cause and what we do so that it does not come again.",
                    en(since),
                    en(end)
                ),
                format!(
                    "{}から{}まで、{service_ja}をご利用いただけない、または遅くなる状態が発生しておりました。\
                     現在は復旧しております。ご迷惑をおかけしましたことをお詫び申し上げます。\
                     原因と再発防止策は、確認が取れ次第お知らせいたします。",
                    ja(since),
                    ja(end)
                ),
            ),
        ),
        (Stage::Working, _) => (
            Say::new(
                format!("[In progress] Disruption of {service_en}"),
                format!("【対応中】{service_ja}の障害について"),
            ),
            Say::new(
                format!(
                    "Since {}, some requests to {service_en} fail or are slow. Our engineers are at work on it (as of {}). \
                     We will tell you as soon as there is news.",
                    en(since),
                    en(now)
                ),
                format!(
                    "{}ごろから、{service_ja}をご利用いただけない、または遅くなる場合があります。\
                     現在、復旧に向けて対応しております({}時点)。状況が変わり次第お知らせいたします。\
                     ご迷惑をおかけし申し訳ございません。",
                    ja(since),
                    ja(now)
                ),
            ),
        ),
        _ => (
            Say::new(
                format!("[Investigating] Disruption of {service_en}"),
                format!("【調査中】{service_ja}の障害について"),
            ),
            Say::new(
                format!(
                    "Since {}, some requests to {service_en} may fail or be slow. We are finding out why (as of {}). \
                     We will tell you as soon as there is news.",
                    en(since),
                    en(now)
                ),
                format!(
                    "{}ごろから、{service_ja}をご利用いただけない、または遅くなる場合があります。\
                     現在、状況を確認しております({}時点)。詳細がわかり次第お知らせいたします。\
                     ご迷惑をおかけし申し訳ございません。",
                    ja(since),
                    ja(now)
                ),
            ),
        ),
    };
    Draft { stage, title, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::samples;

    #[test]
    fn a_draft_names_times_in_the_services_zone_and_nothing_from_inside() {
        let incident = samples::open();
        let service = Say::new("Card payments", "カード決済");
        let draft = draft(&incident, &service, "Asia/Tokyo", incident.opened);
        assert_eq!(draft.stage, Stage::Investigating);
        // 00:59:48Z is 09:59 in Tokyo.
        assert!(
            draft
                .text
                .ja
                .starts_with("2026年11月22日 09:59ごろから、カード決済を"),
            "{}",
            draft.text.ja
        );
        assert!(
            draft
                .text
                .en
                .starts_with("Since 22 November 2026, 09:59 JST, some requests"),
            "{}",
            draft.text.en
        );
        for inside in ["payment-success", "決済成功率", "payments-sre"] {
            assert!(!draft.text.ja.contains(inside) && !draft.text.en.contains(inside));
        }
    }
}

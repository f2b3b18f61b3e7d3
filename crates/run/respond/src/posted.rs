//! Posted alerts: those that other programs evaluate and send here, as Prometheus and vmalert send them to Alertmanager.
//!
//! A batch is one change, so one wait for the disk. That an alert is sent again each minute is no change: it is only
//! remembered until when the alert can be believed. A restart gives each open alert one whole timeout to be sent again.
//! What a sender falls silent about ends, as in Alertmanager, but its end says that nobody saw it; or, where the spec
//! says `lapsed: held`, it goes on.

use std::{collections::BTreeMap, sync::Arc};

use promise::{Say, Timestamp, say};
use serde_json::json;
use spec::section::alerting::Lapsed;

use crate::{
    Config, Error, EventKind, RuleChange,
    book::{Book, Change},
    group::IDS_KEPT,
    label::Labels,
    react,
    rule::{Rule, Turn},
    subject::Id,
};

/// Posted alerts that are open at the same time; about 1.2 kB each. What comes beyond is refused and said so: its sender
/// sends it again within a minute or so.
pub const POSTED_MAX: usize = 100_000;
/// Alerts in one request: what 16 MiB of the API can hold is far more than anybody sends at once.
pub const BATCH_MAX: usize = 20_000;
/// Labels or annotations of one alert.
const PAIRS_MAX: usize = 128;
/// Bytes of an alert's labels and annotations together; a page's worth of text.
const ALERT_BYTES_MAX: usize = 64 << 10;
/// The alert that tells of a flood.
const FLOOD: &str = "TegataAlertFlood";

/// An alert as it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Posted {
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub generator_url: Arc<str>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub raised: usize,
    pub ended: usize,
    /// Sent again, and nothing new.
    pub known: usize,
    /// Not taken, because too many are open.
    pub refused: usize,
}

/// One that has been checked, and until when it is believed.
struct Sound {
    rule: Rule,
    until: Timestamp,
}

/// Takes a batch. Alerts that are wrong in themselves are left out; the first of them is the error, unless others are
/// good, which are taken all the same.
pub fn take(
    config: &Config,
    book: &Book,
    change: &mut Change,
    batch: Vec<Posted>,
) -> (Taken, Option<Say>) {
    let (mut taken, mut wrong) = (Taken::default(), None);
    let mut sound: BTreeMap<Id, Sound> = BTreeMap::new();
    for posted in batch.into_iter().take(BATCH_MAX) {
        match check(config, posted, change.at) {
            Ok(one) => {
                // Of the same alert twice in a batch, the last counts.
                sound.insert(one.rule.id().into(), one);
            }
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    let mut open = book.fresh.len();
    let (mut raised, mut ended) = (Vec::new(), Vec::new());
    for (id, Sound { mut rule, until }) in sound {
        let known = book.alerts.get(&id).filter(|alert| alert.fires());
        let is_own_rule = known.is_some_and(|alert| !alert.subject.is_posted());
        let is_over = until <= change.at;
        match (known.is_some(), is_over) {
            _ if is_own_rule => taken.known += 1,
            (false, true) => taken.known += 1,
            (false, false) if open >= POSTED_MAX => taken.refused += 1,
            (is_known, _) => {
                if let Some(known) = known.and_then(|alert| alert.subject.rule()) {
                    rule.started = rule.started.min(known.started);
                }
                let turn = if is_over { Turn::Ends } else { Turn::Fires };
                tell(config, book, change, rule, turn);
                if is_over {
                    taken.ended += 1;
                    ended.push(id);
                } else {
                    change.refresh(book, &id, until);
                    if is_known {
                        taken.known += 1;
                    } else {
                        taken.raised += 1;
                        open += 1;
                        raised.push(id);
                    }
                }
            }
        }
    }
    if taken.raised + taken.ended > 0 {
        let body = json!({
            "raised": taken.raised, "ended": taken.ended,
            "raised_ids": raised.iter().take(IDS_KEPT).collect::<Vec<_>>(),
            "ended_ids": ended.iter().take(IDS_KEPT).collect::<Vec<_>>(),
        });
        change.event(EventKind::AlertsPosted, "", "posted", body);
    }
    if taken.refused > 0 {
        flood(config, book, change, taken.refused);
    }
    (taken, wrong)
}

/// Ends what nobody has sent again in time.
pub fn lapse(config: &Config, book: &Book, change: &mut Change) {
    if config.alerting.lapsed == Lapsed::Held {
        return;
    }
    let at = change.at;
    let lapsed: Vec<Rule> = book
        .fresh
        .iter()
        .filter(|(_, fresh)| fresh.until <= at)
        .filter_map(|(id, fresh)| {
            let alert = book
                .alerts
                .get(id)
                .filter(|alert| alert.fires() && alert.ending.is_none())?;
            let mut rule = alert.subject.rule().cloned()?;
            let last = fresh.at;
            rule.lost = Some(Box::new(say!(
                "its sender has not sent it again since {last}",
                "{last} から送り元が再送していません"
            )));
            Some(rule)
        })
        .collect();
    if lapsed.is_empty() {
        return;
    }
    let ids: Vec<String> = lapsed.iter().take(IDS_KEPT).map(Rule::id).collect();
    let body = json!({ "raised": 0, "ended": lapsed.len(), "lapsed": true, "ended_ids": ids });
    change.event(EventKind::AlertsPosted, "", "posted", body);
    for rule in lapsed {
        tell(config, book, change, rule, Turn::Ends);
    }
}

/// Gives every open alert of other programs one whole timeout, as after a restart.
pub fn believe(config: &Config, book: &Book, change: &mut Change) {
    let until = change.at + config.alerting.resolve_timeout.0;
    let posted = book.alerts.values();
    let posted = posted.filter(|alert| alert.fires() && alert.subject.is_posted());
    for alert in posted.filter(|alert| !book.fresh.contains_key(alert.id())) {
        change.refresh(book, alert.id(), until);
    }
}

fn tell(config: &Config, book: &Book, change: &mut Change, rule: Rule, turn: Turn) {
    let told = RuleChange {
        rule,
        turn,
        at: change.at,
        entry: None,
    };
    react::react_to_rule(config, book, change, told);
}

/// A flood is told as an alert itself, which ends when it has ebbed for one timeout.
fn flood(config: &Config, book: &Book, change: &mut Change, refused: usize) {
    let body = json!({ "refused": refused, "open": book.fresh.len() });
    change.event(EventKind::AlertsRefused, "", "posted", body);
    let worst = config.severities.iter().min_by_key(|(_, it)| it.level);
    let severity = worst.map_or("", |(name, _)| name);
    let summary = format!("more than {POSTED_MAX} alerts are open, further ones are refused");
    let rule = Rule {
        labels: Labels::new([("alertname", FLOOD), ("severity", severity)]),
        annotations: Labels::new([("summary", summary)]),
        external_labels: Labels::default(),
        started: change.at,
        generator_url: config.console_url.as_str().into(),
        lost: None,
        is_posted: true,
    };
    let id: Id = rule.id().into();
    tell(config, book, change, rule, Turn::Fires);
    change.refresh(book, &id, change.at + config.alerting.resolve_timeout.0);
}

fn check(config: &Config, posted: Posted, now: Timestamp) -> Result<Sound, Say> {
    if posted.labels.is_empty() {
        return Err(say!(
            "at least one label pair required",
            "ラベルが一つもありません"
        ));
    }
    let count = |labels: &Labels| labels.iter().count();
    if count(&posted.labels) > PAIRS_MAX || count(&posted.annotations) > PAIRS_MAX {
        return Err(say!(
            "more than {PAIRS_MAX} labels or annotations",
            "ラベルか注釈が {PAIRS_MAX} 個を超えています"
        ));
    }
    let pairs = posted.labels.iter().chain(&posted.annotations);
    let bytes: usize = pairs.map(|(name, value)| name.len() + value.len()).sum();
    if bytes > ALERT_BYTES_MAX {
        return Err(say!(
            "labels and annotations of more than {ALERT_BYTES_MAX} bytes",
            "ラベルと注釈が {ALERT_BYTES_MAX} バイトを超えています"
        ));
    }
    if posted.labels.iter().any(|(name, _)| name.is_empty()) {
        return Err(say!("a label without a name", "名前のないラベルがあります"));
    }
    let starts_at = posted.starts_at.or(posted.ends_at).unwrap_or(now);
    let timeout = config.alerting.resolve_timeout.0;
    let until = posted.ends_at.unwrap_or(now + timeout);
    if posted.ends_at.is_some_and(|ends| ends < starts_at) {
        return Err(say!(
            "start time must be before end time",
            "始まりが終わりより後です"
        ));
    }
    Ok(Sound {
        rule: Rule {
            labels: posted.labels,
            annotations: posted.annotations,
            external_labels: Labels::default(),
            started: starts_at,
            generator_url: posted.generator_url,
            lost: None,
            is_posted: true,
        },
        until,
    })
}

/// What a caller hears of a batch: an error only where something was wrong or nothing could be taken.
pub fn outcome(taken: Taken, wrong: Option<Say>) -> Result<Taken, Error> {
    match wrong {
        Some(why) => Err(Error::BadAlert(why)),
        None if taken.refused > 0 => Err(Error::TooMany {
            what: "open alerts",
            most: POSTED_MAX,
        }),
        None => Ok(taken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Fresh;

    fn posted(n: usize) -> Posted {
        Posted {
            labels: Labels::new([("alertname", format!("A{n}"))]),
            ..Posted::default()
        }
    }

    #[test]
    fn a_flood_is_refused_beyond_its_bound_and_is_an_alert_itself() {
        let at = Timestamp::EPOCH;
        let config = crate::route::tests::config(vec![]);
        let mut book = Book::default();
        let fresh = Fresh { at, until: at };
        book.fresh
            .extend((0..POSTED_MAX - 1).map(|n| (n.to_string().into(), fresh)));
        let mut change = Change::new(&book, at);
        let (taken, wrong) = take(&config, &book, &mut change, vec![posted(1), posted(2)]);
        assert_eq!((taken.raised, taken.refused, wrong), (1, 1, None));
        assert!(outcome(taken, None).is_err());
        assert!(change.alert(&book, FLOOD).is_some());
    }

    #[test]
    fn times_are_filled_in_as_alertmanager_does() {
        let at = |secs: u64| Timestamp::EPOCH + std::time::Duration::from_secs(secs);
        let config = crate::route::tests::config(vec![]);
        for (starts, ends, expected) in [
            (None, None, Some((at(1_000), at(1_300)))),
            (Some(at(10)), None, Some((at(10), at(1_300)))),
            (None, Some(at(20)), Some((at(20), at(20)))),
            (Some(at(10)), Some(at(2_000)), Some((at(10), at(2_000)))),
            (Some(at(30)), Some(at(20)), None),
        ] {
            let posted = Posted {
                starts_at: starts,
                ends_at: ends,
                ..posted(1)
            };
            let sound = check(&config, posted, at(1_000)).ok();
            assert_eq!(sound.map(|it| (it.rule.started, it.until)), expected);
        }
    }
}

//! Post-mortems: what the record says of an incident, as a draft that people go on with. Pure.
//!
//! Nothing is judged here: figures come from verdicts, times from the timeline, causes and actions from whoever named
//! them. Where the record says nothing the draft says so, and whoever writes on sees what is missing.

mod markdown;

use jiff::tz::TimeZone;
use promise::{Amount, Lang, Say, Timestamp, say};
use serde::Serialize;

use super::{Incident, track::Mark};

/// What the incident cost one promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impact {
    pub promise: String,
    pub name: Say,
    /// Bad events between the verdict before the incident and the one that ended it, such as payments that failed.
    pub bad: Option<f64>,
    /// The share of the error budget that was spent before and after; 1 is all of it.
    pub budget_before: Option<f64>,
    pub budget_after: Option<f64>,
    /// What the bad events are worth.
    pub money: Option<String>,
    /// Entries of the ledger that the figures are from.
    pub entries: Vec<u64>,
}

/// A document in both languages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    pub title: Say,
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    pub title: Say,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Text(Say),
    List(Vec<Say>),
    Table { head: Vec<Say>, rows: Vec<Vec<Say>> },
}

/// What the draft is made from.
pub struct Sources<'s> {
    pub incident: &'s Incident,
    pub marks: &'s [Mark],
    pub impacts: &'s [Impact],
    pub service: &'s Say,
    pub time_zone: &'s str,
    pub now: Timestamp,
}

#[must_use]
pub fn draft(of: &Sources<'_>) -> Document {
    let incident = of.incident;
    let zone = TimeZone::get(of.time_zone).unwrap_or(TimeZone::UTC);
    let clock = |at: Timestamp| {
        at.to_zoned(&zone)
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string()
    };
    let title = Say::new(
        format!("Post-mortem {}: {}", incident.id, incident.title.en),
        format!("事後検証 {}: {}", incident.id, incident.title.ja),
    );
    let sections = vec![
        section(
            say!("Summary", "概要"),
            vec![Block::Table {
                head: vec![],
                rows: summary(of, &clock),
            }],
        ),
        section(say!("Impact", "影響"), impact(of)),
        section(
            say!("Response against its targets", "対応時間と目標"),
            vec![marks(of, &clock)],
        ),
        section(say!("Timeline", "経過"), vec![timeline(incident, &clock)]),
        section(say!("Contributing causes", "要因"), vec![causes(incident)]),
        section(
            say!(
                "What went well, what did not",
                "うまくいったこと・いかなかったこと"
            ),
            vec![Block::Text(todo())],
        ),
        section(say!("Actions", "再発防止策"), vec![actions(incident)]),
        section(say!("Evidence", "証拠"), vec![evidence(of)]),
    ];
    Document { title, sections }
}

fn section(title: Say, blocks: Vec<Block>) -> Section {
    Section { title, blocks }
}

fn todo() -> Say {
    say!("(to be written)", "(記入してください)")
}

fn length(from: Timestamp, to: Timestamp) -> Say {
    let amount = Amount::duration(to.since(from));
    Say::new(amount.show(Lang::En), amount.show(Lang::Ja))
}

fn summary(of: &Sources<'_>, clock: &dyn Fn(Timestamp) -> String) -> Vec<Vec<Say>> {
    let incident = of.incident;
    let end = incident.resolved.unwrap_or(of.now);
    let people = |names: Vec<String>| {
        if names.is_empty() {
            todo()
        } else {
            Say::same(names.join(", "))
        }
    };
    let roles = incident
        .work
        .roles
        .iter()
        .map(|(role, person)| format!("{role}: {person}"));
    let mut rows = vec![
        vec![say!("Service", "サービス"), of.service.clone()],
        vec![
            say!("Severity", "重大度"),
            Say::same(incident.severity.clone().unwrap_or_else(|| "-".to_owned())),
        ],
        vec![
            say!("First bad evidence", "最初の悪い証拠"),
            Say::same(clock(incident.bad_since)),
        ],
        vec![
            say!("Resolved", "解決"),
            incident
                .resolved
                .map_or_else(|| say!("not yet", "未解決"), |at| Say::same(clock(at))),
        ],
        vec![say!("Lasted", "継続時間"), length(incident.bad_since, end)],
        vec![say!("Roles", "担当"), people(roles.collect())],
        vec![say!("Owner", "責任者"), Say::same(incident.owner.clone())],
    ];
    if let Some(by) = &incident.work.opened_by {
        rows.push(vec![say!("Opened by", "起票者"), Say::same(by.clone())]);
    }
    rows
}

fn impact(of: &Sources<'_>) -> Vec<Block> {
    let unknown = || say!("not recorded", "記録なし");
    let share = |share: Option<f64>| {
        share.map_or_else(unknown, |share| {
            Say::same(Amount::Share(share).show(Lang::En))
        })
    };
    let rows = of.impacts.iter().map(|impact| {
        let bad = impact
            .bad
            .map_or_else(unknown, |bad| Say::same(Amount::Count(bad).show(Lang::En)));
        let spent = impact
            .budget_after
            .zip(impact.budget_before)
            .map(|(after, before)| after - before);
        vec![
            impact.name.clone(),
            bad,
            impact.money.clone().map_or_else(unknown, Say::same),
            share(spent),
            share(impact.budget_after),
        ]
    });
    let rows: Vec<Vec<Say>> = rows.collect();
    if rows.is_empty() {
        return vec![Block::Text(say!(
            "No promise stands behind this incident, so nothing was measured. (to be written)",
            "このインシデントには約束が結びついていないため、計測値はありません。(記入してください)"
        ))];
    }
    let head = vec![
        say!("Promise", "約束"),
        say!("Failed", "失敗件数"),
        say!("Worth", "金額の目安"),
        say!("Budget spent by it", "消費したバジェット"),
        say!("Budget spent at the end", "終了時の消費"),
    ];
    vec![Block::Table { head, rows }]
}

fn marks(of: &Sources<'_>, clock: &dyn Fn(Timestamp) -> String) -> Block {
    let from = of.incident.bad_since;
    let never = || match of.incident.resolved {
        Some(_) => say!("did not happen", "なし"),
        None => say!("not yet", "まだ"),
    };
    let rows = of.marks.iter().map(|mark| {
        let after = mark
            .at
            .map_or_else(|| Say::same("-"), |at| length(from, at));
        let verdict = match (mark.due, mark.is_late(of.now)) {
            (None, _) => Say::same("-"),
            (Some(_), true) => say!("✕ late", "✕ 超過"),
            (Some(_), false) if mark.at.is_none() => say!("▲ still time", "▲ 期限前"),
            (Some(_), false) => say!("● in time", "● 目標内"),
        };
        vec![
            mark.what.clone(),
            mark.at.map_or_else(never, |at| Say::same(clock(at))),
            after,
            mark.due
                .map_or_else(|| Say::same("-"), |due| Say::same(clock(due))),
            verdict,
        ]
    });
    Block::Table {
        head: vec![
            say!("What", "出来事"),
            say!("When", "時刻"),
            say!("After", "経過時間"),
            say!("Due", "目標"),
            say!("Verdict", "判定"),
        ],
        rows: rows.collect(),
    }
}

fn timeline(incident: &Incident, clock: &dyn Fn(Timestamp) -> String) -> Block {
    let entry =
        |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| format!("#{number}"));
    let rows = incident.timeline.iter().map(|it| {
        vec![
            Say::same(clock(it.at)),
            it.what.clone(),
            Say::same(it.who.clone().unwrap_or_else(|| "-".to_owned())),
            Say::same(entry(it.ledger)),
        ]
    });
    Block::Table {
        head: vec![
            say!("When", "時刻"),
            say!("What", "出来事"),
            say!("Who", "人"),
            say!("Ledger", "台帳"),
        ],
        rows: rows.collect(),
    }
}

fn causes(incident: &Incident) -> Block {
    let causes: Vec<Say> = incident
        .work
        .causes
        .iter()
        .map(|cause| Say::same(cause.clone()))
        .collect();
    if causes.is_empty() {
        Block::Text(todo())
    } else {
        Block::List(causes)
    }
}

fn actions(incident: &Incident) -> Block {
    let rows: Vec<Vec<Say>> = incident
        .work
        .actions
        .iter()
        .map(|action| {
            let state = match (action.done, action.overdue) {
                (Some(_), _) => say!("● done", "● 完了"),
                (None, true) => say!("✕ overdue", "✕ 期限超過"),
                (None, false) => say!("◌ open", "◌ 未完了"),
            };
            let own = |text: &str| Say::same(text.to_owned());
            vec![
                own(&action.number.to_string()),
                own(&action.text),
                own(&action.owner),
                own(&action.due.to_string()),
                state,
            ]
        })
        .collect();
    if rows.is_empty() {
        return Block::Text(todo());
    }
    Block::Table {
        head: vec![
            Say::same("#"),
            say!("Action", "対策"),
            say!("Owner", "責任者"),
            say!("Due", "期限"),
            say!("State", "状態"),
        ],
        rows,
    }
}

fn evidence(of: &Sources<'_>) -> Block {
    let mut entries: Vec<u64> = of.incident.ledger.clone();
    entries.extend(
        of.impacts
            .iter()
            .flat_map(|impact| impact.entries.iter().copied()),
    );
    entries.sort_unstable();
    entries.dedup();
    let list: Vec<String> = entries.iter().map(|entry| format!("#{entry}")).collect();
    let list = list.join(", ");
    Block::Text(if list.is_empty() {
        say!(
            "No verdict of the ledger stands behind it.",
            "台帳の判定はありません。"
        )
    } else {
        say!(
            "Entries of the ledger, each of which can be judged again with `tegata prove --replay`: {list}",
            "台帳の記録(`tegata prove --replay` で再計算できます): {list}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{samples, track, work::Action};

    #[test]
    fn what_people_read() {
        let mut incident = samples::resolved();
        incident
            .work
            .causes
            .push("deploy 1.4.2 | dropped an index".into());
        incident.work.actions.push(Action {
            number: 1,
            text: "add the index to the migration check".into(),
            owner: "佐藤".into(),
            due: spec::section::on_call::Day(jiff::civil::date(2026, 12, 4)),
            done: None,
            overdue: false,
        });
        let impacts = [Impact {
            promise: "payment-success".into(),
            name: Say::new("Payments succeed", "決済成功率"),
            bad: Some(1_234.0),
            budget_before: Some(0.2),
            budget_after: Some(1.4),
            money: Some("6,170,000 JPY".into()),
            entries: vec![41, 57],
        }];
        let marks = track::marks(&incident, None);
        let service = Say::new("Card payments", "カード決済");
        let document = draft(&Sources {
            incident: &incident,
            marks: &marks,
            impacts: &impacts,
            service: &service,
            time_zone: "Asia/Tokyo",
            now: incident.opened,
        });
        insta::assert_snapshot!("post_mortem_en", document.markdown(Lang::En));
        insta::assert_snapshot!("post_mortem_ja", document.markdown(Lang::Ja));
    }
}

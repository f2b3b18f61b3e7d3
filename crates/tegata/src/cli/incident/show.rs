//! Incidents as a terminal shows them: times in the service's own zone, and each beside its target.

use jiff::tz::TimeZone;
use promise::{Amount, Lang, Say, State, Timestamp, say};
use respond::incident::figures::ALL;
use serde_json::Value;

/// How wide an instant is written.
const SECOND: &str = "%Y-%m-%d %H:%M:%S";

pub(super) fn said(value: &Value, lang: Lang) -> &str {
    value[lang.tag()].as_str().unwrap_or_default()
}

fn list_of<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// The clock on the wall where the service runs.
struct Clock {
    zone: TimeZone,
}

impl Clock {
    fn of(answer: &Value) -> Self {
        let name = answer["time_zone"].as_str().unwrap_or("UTC");
        Self {
            zone: TimeZone::get(name).unwrap_or(TimeZone::UTC),
        }
    }

    fn at(&self, instant: Timestamp) -> String {
        instant.to_zoned(&self.zone).strftime(SECOND).to_string()
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn length(from: Timestamp, to: Timestamp, lang: Lang) -> String {
    Amount::duration(to.since(from)).show(lang)
}

/// One line each, open ones first.
pub(super) fn list(answer: &Value, lang: Lang) -> anyhow::Result<()> {
    let clock = Clock::of(answer);
    let mut is_empty = true;
    for one in list_of(answer, "incidents") {
        is_empty = false;
        let id = one["id"].as_str().unwrap_or_default();
        let severity = one["severity"].as_str().unwrap_or("");
        let title = said(&one["title"], lang);
        let (opened, resolved) = (instant(&one["opened"]), instant(&one["resolved"]));
        let answered = one["acknowledged"]["by"].as_str();
        let standing: Say = match (resolved, answered) {
            (Some(at), _) => {
                let at = clock.at(at);
                say!("resolved {at}", "{at} に解決")
            }
            (None, Some(who)) => say!("{who} has taken it on", "{who} が対応中"),
            (None, None) => say!("nobody has answered", "未応答"),
        };
        let shape = if resolved.is_none() { '✕' } else { '●' };
        let since = opened.map_or_else(String::new, |at| clock.at(at));
        outln!(
            "{shape} {id}  {severity:5} {since}  {title}: {}",
            standing.get(lang)
        );
    }
    if is_empty {
        let none = say!("there was no incident", "インシデントはありません");
        eprintln!("{}", none.get(lang));
    }
    Ok(())
}

/// One incident: its times against their targets, the reports that it owes, and what happened.
pub(super) fn dossier(dossier: &Value, lang: Lang) -> anyhow::Result<()> {
    let clock = Clock::of(dossier);
    let incident = &dossier["incident"];
    let (id, title) = (
        incident["id"].as_str().unwrap_or_default(),
        said(&incident["title"], lang),
    );
    outln!("{id}  {title}");
    let is_over = !incident["resolved"].is_null();
    let began = instant(&incident["bad_since"]);
    for mark in list_of(dossier, "marks") {
        outln!("  {}", mark_line(mark, began, is_over, &clock, lang));
    }
    for it in list_of(dossier, "clocks") {
        let due = instant(&it["due"]).map_or_else(String::new, |at| clock.at(at));
        let shape = if it["done"].is_null() { '▲' } else { '●' };
        let (key, what) = (
            it["key"].as_str().unwrap_or_default(),
            said(&it["what"], lang),
        );
        let line = say!(
            "{shape} {what} ({key}): due {due}",
            "{shape} {what} ({key}): 期限 {due}"
        );
        outln!("  {}", line.get(lang));
    }
    for entry in list_of(incident, "timeline") {
        let at = instant(&entry["at"]).map_or_else(String::new, |at| clock.at(at));
        let what = said(&entry["what"], lang);
        let who = entry["who"].as_str().filter(|who| !what.contains(who));
        let who = who.map_or_else(String::new, |who| format!(" ({who})"));
        outln!("  {at}  {what}{who}");
    }
    Ok(())
}

/// When something happened that has a target, how long it took, and whether that was in time.
fn mark_line(
    mark: &Value,
    began: Option<Timestamp>,
    is_over: bool,
    clock: &Clock,
    lang: Lang,
) -> String {
    let what = said(&mark["what"], lang);
    let (at, due) = (instant(&mark["at"]), instant(&mark["due"]));
    let from = instant(&mark["counts_from"]).or(began);
    let happened = match (at, is_over) {
        (Some(at), _) => clock.at(at),
        (None, true) => say!("never", "なし").get(lang).to_owned(),
        (None, false) => say!("not yet", "まだ").get(lang).to_owned(),
    };
    let took = at.zip(from).filter(|(at, from)| at > from);
    let took = took.map(|(at, from)| length(from, at, lang));
    let target = due.zip(from).map(|(due, from)| length(from, due, lang));
    // What is not there yet and has no time left was marked by the instance in its timeline, too.
    let is_late = due.is_some_and(|due| at.unwrap_or_else(now) > due);
    let shape = match (due, is_late, at) {
        (None, ..) => ' ',
        (Some(_), true, _) => State::Broken.shape(),
        (Some(_), false, None) => State::AtRisk.shape(),
        (Some(_), false, Some(_)) => State::Kept.shape(),
    };
    let beside = match (took, target) {
        (Some(took), Some(target)) => say!(" ({took}, of {target})", "({took}、目標 {target})"),
        (Some(took), None) => say!(" ({took})", "({took})"),
        (None, Some(target)) => say!(" (within {target})", "(目標 {target})"),
        (None, None) => Say::same(""),
    };
    format!("{shape} {what}: {happened}{}", beside.get(lang))
}

fn now() -> Timestamp {
    use promise::Clock as _;
    crate::clock::SystemClock.now()
}

/// How fast people answered and mended, and what the ledger says of the promises about it.
pub(super) fn figures(answer: &Value, lang: Lang) -> anyhow::Result<()> {
    let mut is_empty = true;
    for row in list_of(answer, "rows") {
        is_empty = false;
        outln!("{}", figure_line(row, lang));
    }
    if is_empty {
        let none = say!(
            "no incident has paged anybody yet",
            "通知したインシデントはまだありません"
        );
        outln!("{}", none.get(lang));
    }
    let mut is_promised = false;
    for promise in list_of(answer, "promises") {
        is_promised = true;
        let known = promise["state"].as_str().unwrap_or_default();
        let state = State::ALL.into_iter().find(|it| it.as_str() == known);
        let state = state.unwrap_or(State::Unproven);
        let (name, reason) = (said(&promise["name"], lang), said(&promise["reason"], lang));
        outln!("{} {name}: {reason}", state.shape());
    }
    if !is_promised {
        let hint = say!(
            "these times are targets and no promises; `incidents: {{ promised: true }}` has them judged",
            "これらの時間は目標で、約束としては判定していません。`incidents: {{ promised: true }}` で判定されます"
        );
        eprintln!("{}", hint.get(lang));
    }
    Ok(())
}

fn figure_line(row: &Value, lang: Lang) -> String {
    // What stands for all of them needs no word.
    let text = |name: &str| row[name].as_str().filter(|text| *text != ALL);
    let nobody = say!("nobody answered", "応答なし");
    let person = match row["person"].is_null() {
        true => Some(nobody.get(lang)),
        false => text("person"),
    };
    let of = [
        text("month"),
        text("severity").filter(|it| !it.is_empty()),
        person,
    ];
    let of: Vec<&str> = of.into_iter().flatten().collect();
    let of = if of.is_empty() {
        say!("all", "全体").get(lang).to_owned()
    } else {
        of.join("  ")
    };
    let count = |name: &str| row[name].as_u64().unwrap_or(0);
    let time = |name: &str, none: Say| match row[name].as_f64() {
        Some(secs) => Amount::Millis(secs * 1_000.0).show(lang),
        None => none.get(lang).to_owned(),
    };
    let (incidents, late) = (count("incidents"), count("late"));
    let noun = if incidents == 1 {
        "incident"
    } else {
        "incidents"
    };
    let mtta = time(
        "mtta_secs",
        say!("(none answered yet)", "(応答がまだありません)"),
    );
    let mttr = time(
        "mttr_secs",
        say!("(none over yet)", "(解決がまだありません)"),
    );
    let line = say!(
        "{of}: {incidents} {noun}, {late} answered late; MTTA {mtta}, MTTR {mttr}",
        "{of}: {incidents} 件、応答の超過 {late} 件、MTTA {mtta}、MTTR {mttr}"
    );
    line.get(lang).to_owned()
}

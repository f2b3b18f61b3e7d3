//! `/promises/{id}`: one promise, opened: why its verdict is what it is, and what that rests on.

use std::time::Duration;

use ::promise::{Amount, Corrected, Lang, say};
use axum::{extract::Path, response::Response};
use maud::{Markup, html};

use crate::{
    board::Row,
    desk::{Detail, Spent},
    lang::Pick,
    page::{
        Follow, Part, entry,
        evidence::{self, number},
        frame,
    },
    reply::{Visit, escape},
    show::{chart, figure, mark, strip, time},
};

/// The largest drops of the budget that are listed beside the chart.
const DROPS_MAX: usize = 8;
/// Changes of verdict shown; the ledger holds them all.
const HISTORY_MAX: usize = 50;

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let Some(row) = visit.board.row(&id).cloned() else {
        return visit.missing(&say!(
            "no promise is called {id}",
            "{id} という約束はありません"
        ));
    };
    let detail = (visit.room.desk.detail)(&id).await.unwrap_or_default();
    let leaf = match row.entry {
        Some(index) => visit
            .room
            .desk
            .ledger
            .entry(index)
            .await
            .ok()
            .flatten()
            .map(|entry| entry.leaf),
        None => None,
    };
    let main = content(&visit, &row, &detail, leaf.as_deref());
    visit.page(frame(
        &visit,
        row.promise.name(visit.lang),
        Part::Board,
        Follow::Whole,
        &main,
    ))
}

fn content(visit: &Visit, row: &Row, detail: &Detail, leaf: Option<&str>) -> Markup {
    let lang = visit.lang;
    let (promise, verdict) = (&row.promise, &row.verdict);
    html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) {
            a href="/" { (lang.pick("Promises", "約束")) } " / " (promise.id)
        }
        header class={ "title " (mark::class(verdict.state)) } {
            (mark::verdict(verdict.state, lang)) " " small { (time::lasting(row.since, visit.now, lang)) }
            h1 { (promise.name(lang)) }
            p.reason { (time::sentence(verdict.reason.say().get(lang), visit.now, &visit.zone(), lang)) }
            @if let Some(incident) = &row.incident {
                p { a.incident href={ "/incidents/" (escape(incident)) } { (lang.pick("Open incident ", "対応中のインシデント ")) (incident) } }
            }
        }
        (figures(visit, row))
        @if let Some(corrected) = &verdict.corrected {
            section #corrected aria-labelledby="corrected-h" { (excluded(visit, row, corrected)) }
        }
        @if !detail.trips.is_empty() {
            section #trips aria-labelledby="trips-h" { (trips(visit, detail)) }
        }
        section #budget aria-labelledby="budget-h" { (budget(visit, row, detail)) }
        section #history aria-labelledby="history-h" {
            h2 #history-h { (lang.pick("History", "履歴")) }
            div.wide { (strip::show(&row.strip, lang)) }
            (history(visit, detail))
        }
        section #evidence aria-labelledby="evidence-h" {
            h2 #evidence-h { (lang.pick("Evidence", "証拠")) }
            @if let (Some(index), Some(leaf)) = (row.entry, leaf) {
                p { (lang.pick("This verdict lies in the ledger as ", "この判定は台帳に記録されています: "))
                    (entry(Some(index), lang)) " " code.hash { (leaf) } }
            }
            (evidence::show(visit, &detail.evidence))
        }
        section #signals aria-labelledby="signals-h" {
            h2 #signals-h { (lang.pick("Where it comes from", "証拠の出どころ")) }
            (evidence::signals(visit, row, detail))
        }
        section aria-labelledby="terms-h" {
            h2 #terms-h { (lang.pick("What is owed", "約束の内容")) }
            (terms(visit, row))
        }
    }
}

/// What does not count, who answers for that, and what the verdict would be if it did.
fn excluded(visit: &Visit, row: &Row, corrected: &Corrected) -> Markup {
    let (lang, zone) = (visit.lang, visit.zone());
    let rests_on = row
        .promise
        .corrections
        .iter()
        .filter(|it| corrected.by.contains(&it.id));
    let length = time::length(Duration::from_millis(corrected.excluded_millis), lang);
    html! {
        h2 #corrected-h { (lang.pick("What does not count", "計算から除いた時間")) " " small { (length) } }
        ul { @for it in rests_on { li {
            code { (it.id) } " " (time::clock(it.from, visit.now, &zone, lang)) " – " (time::clock(it.to, visit.now, &zone, lang))
            ": " (it.why) " (" (it.who) ")"
        } } }
        p { (lang.pick("With it the verdict would be: ", "除かなければ: ")) (mark::verdict(corrected.state, lang)) " "
            (time::sentence(corrected.reason.say().get(lang), visit.now, &zone, lang))
            @if let Some(measured) = &corrected.measured { " " (figure::amount(&measured.value, lang)) } }
    }
}

/// Test alerts, and how long each was under way.
fn trips(visit: &Visit, detail: &Detail) -> Markup {
    let (lang, zone) = (visit.lang, visit.zone());
    html! {
        h2 #trips-h { (lang.pick("Test alerts", "試験用の警報")) }
        table {
            thead { tr {
                th { (lang.pick("Arrived", "到着")) } th { (lang.pick("Receiver", "宛先")) }
                th { (lang.pick("Under way for", "所要時間")) } th { (lang.pick("Ledger", "台帳")) }
            } }
            tbody { @for trip in &detail.trips { tr {
                td { (time::clock(trip.at, visit.now, &zone, lang)) }
                td { code { (trip.receiver) } }
                td.figure { (Amount::duration(Duration::from_millis(trip.latency_ms)).show(lang))
                    @if trip.in_time == Some(false) { " " (lang.pick("(late)", "(遅延)")) } }
                td { (entry(Some(trip.entry), lang)) }
            } } }
        }
    }
}

fn figures(visit: &Visit, row: &Row) -> Markup {
    let lang = visit.lang;
    let verdict = &row.verdict;
    html! {
        dl.figures {
            @if let Some(measured) = &verdict.measured {
                div { dt { (lang.pick("Measured", "実測")) } dd { a href="#evidence" { (figure::amount(&measured.value, lang)) } } }
                div { dt { (lang.pick("Target", "目標")) } dd { (figure::sign(&row.promise)) (figure::amount(&measured.target, lang)) } }
            }
            @if let Some(budget) = &verdict.budget {
                div { dt { (lang.pick("Budget left", "残りの予算")) }
                    dd { a href="#budget" { (figure::left_share(budget)) }
                        @if let Some(time) = figure::left_time(budget, lang) { small { (time) } } } }
            }
            div { dt { (lang.pick("Newest evidence", "最新の証拠")) }
                dd { @match verdict.newest {
                    Some(newest) => (time::ago(newest, visit.now, lang)),
                    None => (lang.pick("none yet", "まだなし")),
                } } }
            @if let Some(due) = verdict.due {
                div { dt { (lang.pick("Next proof due", "次の証拠の期限")) } dd { (time::due(due, visit.now, lang)) } }
            }
        }
    }
}

fn budget(visit: &Visit, row: &Row, detail: &Detail) -> Markup {
    let lang = visit.lang;
    let zone = row.promise.zone();
    let Some(budget) = &row.verdict.budget else {
        return html! {
            h2 #budget-h { (lang.pick("Error budget", "エラーバジェット")) }
            p.empty { (lang.pick("This kind of promise has none: one miss breaks it.", "この種の約束に予算はありません。一度でも外れると破れます。")) }
        };
    };
    let stretch = row
        .promise
        .kind
        .as_judge()
        .window()
        .map(|window| window.at(row.verdict.at, &zone));
    let (from, until) = stretch.map_or((row.since, row.verdict.at), |s| (s.from, s.until));
    // Nothing was owed before its first day, so nothing could be spent.
    let from = from.max(row.promise.since.min(row.verdict.at));
    let drops = drops(&detail.spent);
    html! {
        h2 #budget-h { (lang.pick("Error budget", "エラーバジェット")) }
        p.lead { (match lang {
            Lang::En => format!("{} of {} bad events that the window allows are spent.", number(budget.spent), number(budget.allowed)),
            Lang::Ja => format!("期間中に許される失敗 {} 件のうち、{} 件を使いました。", number(budget.allowed), number(budget.spent)),
        }) }
        @if let Some(chart) = chart::burn_down(&detail.spent, from, until, &zone, lang) { figure { (chart) } }
        div.columns {
            @if !drops.is_empty() { div {
                h3 { (lang.pick("What spent it", "予算を使った出来事")) }
                table {
                    thead { tr {
                        th scope="col" { (lang.pick("When", "時刻")) }
                        th.figure scope="col" { (lang.pick("Of the budget", "予算に占める割合")) }
                        th scope="col" { (lang.pick("Ledger", "台帳")) }
                    } }
                    tbody { @for (spent, share) in &drops { tr {
                        th scope="row" { (time::clock(spent.at, visit.now, &zone, lang)) }
                        td.figure { (figure::part(*share)) }
                        td { (entry(spent.entry, lang)) }
                    } } }
                }
            } }
            @if !budget.burn.is_empty() { div {
                h3 { (lang.pick("Burn rate", "消費速度")) }
                table {
                    thead { tr {
                        th scope="col" { (lang.pick("Over the last", "直近")) }
                        th.figure scope="col" { (lang.pick("Times the even rate", "均等な速度の何倍か")) }
                    } }
                    tbody { @for burn in &budget.burn { tr {
                        th scope="row" { (time::length(burn.over.0, lang)) }
                        td.figure { (number(burn.rate)) " ×" }
                    } } }
                }
            } }
        }
    }
}

/// The steps that took most, newest first.
fn drops(points: &[Spent]) -> Vec<(&Spent, f64)> {
    let mut steps: Vec<(&Spent, f64)> = points
        .windows(2)
        .map(|pair| (&pair[1], pair[1].share - pair[0].share))
        // Less than a thousandth of the budget explains nothing.
        .filter(|(_, share)| *share > 0.001)
        .collect();
    steps.sort_by(|a, b| b.1.total_cmp(&a.1));
    steps.truncate(DROPS_MAX);
    steps.sort_by_key(|(spent, _)| std::cmp::Reverse(spent.at));
    steps
}

fn history(visit: &Visit, detail: &Detail) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    html! {
        @if detail.history.is_empty() { p.empty { (lang.pick("The verdict has not changed yet.", "判定はまだ変わっていません。")) } }
        ol.timeline { @for step in detail.history.iter().take(HISTORY_MAX) {
            li { (time::clock(step.at, visit.now, &zone, lang))
                p {
                    @if let Some(from) = step.from { (mark::verdict(from, lang)) span.to aria-label=(lang.pick("then", "から")) role="img" { "→" } }
                    (mark::verdict(step.to, lang)) " "
                    span.why { (time::sentence(step.reason.say().get(lang), visit.now, &zone, lang)) } " " (entry(step.entry, lang))
                }
            }
        } }
    }
}

fn terms(visit: &Visit, row: &Row) -> Markup {
    let lang = visit.lang;
    let promise = &row.promise;
    let judge = promise.kind.as_judge();
    let terms = &promise.terms;
    html! {
        dl.terms {
            dt { (lang.pick("Kind", "種類")) } dd { (figure::kind(promise, lang)) }
            @if let Some(window) = judge.window() { dt { (lang.pick("Window", "期間")) } dd { (window) } }
            dt { (lang.pick("Evidence is fresh for", "証拠の有効期間")) } dd { (time::length(judge.fresh_for(), lang)) }
            dt { (lang.pick("Owed since", "宣言日時")) } dd { (time::clock(promise.since, visit.now, &visit.zone(), lang)) }
            @if let Some(owner) = &terms.owner { dt { (lang.pick("Owner", "責任者")) } dd { (owner) } }
            @if let Some(tier) = &terms.tier { dt { (lang.pick("Tier", "層")) } dd { (tier) } }
            @if let Some(severity) = &terms.severity { dt { (lang.pick("Severity", "重大度")) } dd { (severity) } }
            @if !terms.clauses.is_empty() { dt { (lang.pick("Clauses", "根拠")) } dd { (terms.clauses.join(", ")) } }
            @if let Some(runbook) = &terms.runbook { dt { (lang.pick("Runbook", "手順書")) }
                dd { @if runbook.starts_with("https://") || runbook.starts_with("http://") {
                    a href=(runbook) rel="noreferrer" { (runbook) }
                } @else { (runbook) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use ::promise::Timestamp;

    use super::*;

    #[test]
    fn the_largest_drops_are_listed_newest_first() {
        let spent: Vec<Spent> = [0.0, 0.1, 0.1, 0.4, 0.4005, 0.6]
            .into_iter()
            .zip(0i64..)
            .map(|(share, at)| Spent {
                at: Timestamp::from_millis(at),
                share,
                entry: None,
            })
            .collect();
        // Steps: 0.1 at 1, 0.3 at 3, 0.0005 at 4 (too small to matter), 0.1995 at 5.
        let at: Vec<i64> = drops(&spent)
            .iter()
            .map(|(spent, _)| spent.at.as_millis())
            .collect();
        assert_eq!(at, [5, 3, 1]);
    }
}

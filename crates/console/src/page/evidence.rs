//! What a verdict rests on: what was seen, what is missing, and where it comes from.

use ::promise::{Cause, Evidence, Fact, Lang, Seen, Signal, signal::Part as Half};
use maud::{Markup, html};

use crate::{
    board::Row,
    desk::{Detail, Heard},
    lang::Pick,
    reply::Visit,
    show::time,
};

/// A short list is shown at once.
const SERIES_OPEN_MAX: usize = 6;

/// Facts and gaps, newest first.
pub(crate) fn show(visit: &Visit, evidence: &Evidence) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    let (facts, gaps) = (&evidence.facts, &evidence.gaps);
    html! {
        @if facts.is_empty() { p.empty { (lang.pick("Nothing has been seen.", "何も観測されていません。")) } }
        @else { details open[facts.len() <= 12] {
            summary { (match lang {
                Lang::En => format!("{} facts", facts.len()),
                Lang::Ja => format!("事実 {} 件", facts.len()),
            }) }
            div.scroll tabindex="0" role="group" aria-label=(lang.pick("Facts", "事実")) { table {
                thead { tr {
                    th scope="col" { (lang.pick("From", "開始")) }
                    th scope="col" { (lang.pick("To", "終了")) }
                    th scope="col" { (lang.pick("Seen", "観測")) }
                } }
                tbody { @for fact in facts.iter().rev() { tr {
                    td { (time::clock(fact.from, visit.now, &zone, lang)) }
                    td { (time::clock(fact.to, visit.now, &zone, lang)) }
                    td { (seen(fact, lang)) }
                } } }
            } }
        } }
        @if !gaps.is_empty() {
            h3 { (lang.pick("Gaps", "欠落")) }
            div.scroll tabindex="0" role="group" aria-label=(lang.pick("Gaps", "欠落")) { table {
                thead { tr {
                    th scope="col" { (lang.pick("Source", "情報源")) }
                    th scope="col" { (lang.pick("From", "開始")) }
                    th scope="col" { (lang.pick("To", "終了")) }
                    th scope="col" { (lang.pick("Cause", "原因")) }
                } }
                tbody { @for gap in gaps.iter().rev() { tr {
                    th scope="row" { (gap.source) }
                    td { (time::clock(gap.from, visit.now, &zone, lang)) }
                    td { (time::clock(gap.to, visit.now, &zone, lang)) }
                    td { (cause(&gap.cause, lang)) }
                } } }
            } }
        }
    }
}

fn seen(fact: &Fact, lang: Lang) -> String {
    match (&fact.seen, lang) {
        (Seen::Events { good, total }, Lang::En) => {
            format!("{} of {} good", number(*good), number(*total))
        }
        (Seen::Events { good, total }, Lang::Ja) => {
            format!("{} 件中 {} 件が成功", number(*total), number(*good))
        }
        (Seen::Spread { counts, .. }, Lang::En) => {
            format!("{} events by size", number(counts.iter().sum()))
        }
        (Seen::Spread { counts, .. }, Lang::Ja) => {
            format!("{} 件の分布", number(counts.iter().sum()))
        }
        (Seen::Level { last, low, high }, Lang::En) => {
            format!(
                "{} (between {} and {})",
                number(*last),
                number(*low),
                number(*high)
            )
        }
        (Seen::Level { last, low, high }, Lang::Ja) => {
            format!("{}({}〜{})", number(*last), number(*low), number(*high))
        }
        (
            Seen::Pairs {
                in_time,
                late,
                open,
            },
            Lang::En,
        ) => {
            format!("{in_time} in time, {late} late, {} open", open.len())
        }
        (
            Seen::Pairs {
                in_time,
                late,
                open,
            },
            Lang::Ja,
        ) => {
            format!(
                "期限内 {in_time} 件、遅延 {late} 件、未完了 {} 件",
                open.len()
            )
        }
        (Seen::Beat, lang) => lang.pick("heard", "受信").to_owned(),
        (Seen::Count { n }, Lang::En) => format!("{} records", number(*n)),
        (Seen::Count { n }, Lang::Ja) => format!("{} 件の記録", number(*n)),
    }
}

pub(crate) fn cause(cause: &Cause, lang: Lang) -> String {
    match (cause, lang) {
        (Cause::Failed { error }, Lang::En) => format!("no answer: {}", error.en),
        (Cause::Failed { error }, Lang::Ja) => format!("応答なし: {}", error.ja),
        (Cause::Absent, Lang::En) => "the signal is not in the answer".to_owned(),
        (Cause::Absent, Lang::Ja) => "応答にこの信号がありません".to_owned(),
        (Cause::Refused { limit }, Lang::En) => {
            format!("refused, over its limit: {}", limit.en)
        }
        (Cause::Refused { limit }, Lang::Ja) => format!("上限を超えたため拒否: {}", limit.ja),
        (Cause::NotRunning, Lang::En) => "Tegata did not run".to_owned(),
        (Cause::NotRunning, Lang::Ja) => "Tegata が動いていませんでした".to_owned(),
        (Cause::ClockJump, Lang::En) => "the clock jumped".to_owned(),
        (Cause::ClockJump, Lang::Ja) => "時計が飛びました".to_owned(),
    }
}

/// The queries, the series that they found, and who brought them; similar names where nothing was found.
pub(crate) fn signals(visit: &Visit, row: &Row, detail: &Detail) -> Markup {
    let lang = visit.lang;
    let asked = row.promise.kind.as_judge().signals();
    html! {
        dl.terms {
            @for signal in &asked {
                @for (name, query) in queries(signal, lang) { dt { (name) } dd { code { (query) } } }
            }
        }
        @for heard in &detail.signals { (found(heard, lang)) }
        @if !detail.sources.is_empty() {
            div.scroll tabindex="0" role="group" aria-label=(lang.pick("Sources", "情報源")) { table {
                thead { tr {
                    th scope="col" { (lang.pick("Source", "情報源")) }
                    th scope="col" { (lang.pick("Last heard", "最後の受信")) }
                    th scope="col" { (lang.pick("Trouble", "異常")) }
                } }
                tbody { @for fed in &detail.sources { tr {
                    th scope="row" { (fed.source) }
                    td { (time::ago(fed.last, visit.now, lang)) }
                    td { @match &fed.failing {
                        Some(why) => span.wrong { (cause(why, lang)) },
                        None => span.none { (lang.pick("none", "なし")) },
                    } }
                } } }
            } }
        }
    }
}

fn found(heard: &Heard, lang: Lang) -> Markup {
    let total = heard.series_total;
    html! {
        @if let Some(wrong) = &heard.wrong { p.wrong { (lang.pick("The query fails: ", "クエリーのエラー: ")) (wrong) } }
        @if heard.refused > 0 { p.wrong { (match lang {
            Lang::En => format!("{} more were not followed: they are over the bound.", heard.refused),
            Lang::Ja => format!("上限を超えたため、ほかの {} 件は追跡していません。", heard.refused),
        }) } }
        @if total == 0 {
            p.wrong { (lang.pick("Nothing matches it.", "一致するものがありません。"))
                @if !heard.similar.is_empty() {
                    " " (lang.pick("Similar names: ", "似た名前: "))
                    @for (i, name) in heard.similar.iter().enumerate() { @if i > 0 { ", " } code { (name) } }
                }
            }
        } @else { details open[total <= SERIES_OPEN_MAX] {
            summary { (match lang {
                Lang::En if total == 1 => "1 series or condition feeds it".to_owned(),
                Lang::En => format!("{total} series or conditions feed it"),
                Lang::Ja => format!("系列・条件 {total} 件が対象"),
            }) }
            ul.series { @for series in &heard.series { li { code { (series) } } }
                @if total > heard.series.len() { li { "…" } } }
        } }
    }
}

/// What is collected for it, as it is asked for.
pub(crate) fn queries(signal: &Signal, lang: Lang) -> Vec<(&'static str, String)> {
    match signal {
        Signal::Events { total, part } => {
            let part = match part {
                Half::Good(good) => (lang.pick("Good events", "成功"), good.to_string()),
                Half::Bad(bad) => (lang.pick("Bad events", "失敗"), bad.to_string()),
            };
            vec![part, (lang.pick("All events", "全体"), total.to_string())]
        }
        Signal::Spread { histogram } => vec![(
            lang.pick("Histogram", "ヒストグラム"),
            histogram.to_string(),
        )],
        Signal::Level { query } => vec![(lang.pick("Query", "クエリー"), query.clone())],
        Signal::Pairs { start, end, by, .. } => vec![
            (lang.pick("Starts", "始まり"), start.to_string()),
            (lang.pick("Ends", "終わり"), end.to_string()),
            (lang.pick("Joined by", "結合する項目"), by.clone()),
        ],
        Signal::Beat { series } => vec![(lang.pick("Series", "系列"), series.to_string())],
        Signal::LogBeat { logs } | Signal::Count { logs } => {
            vec![(lang.pick("Log records", "ログ"), logs.to_string())]
        }
    }
}

/// Grouped when whole, three decimals otherwise.
pub(crate) fn number(n: f64) -> String {
    use ::promise::{Amount, unit::trim_zeros};
    match n {
        n if !n.is_finite() => "–".to_owned(),
        n if n.fract() == 0.0 || n.abs() >= 1_000.0 => Amount::Count(n).show(Lang::En),
        n => trim_zeros(n, if n.abs() < 10.0 { 2 } else { 1 }),
    }
}

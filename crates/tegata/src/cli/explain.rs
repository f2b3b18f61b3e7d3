//! `tegata explain`: why a verdict is what it is.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use promise::{Amount, Corrected, Correction, Lang, Promise, Seen, Signal, say, signal::Part};
use serde_json::json;

use super::{
    Common, Data, runtime,
    standing::{self, Heard, Standing, Trip},
};

/// Explain a verdict: the query, the window, the evidence, and why.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The promise.
    promise: String,
    #[command(flatten)]
    data: Data,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Facts shown to a person; the JSON has all.
const FACTS_SHOWN: usize = 12;

impl Explain {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let standing = runtime()?.block_on(standing::one(&self.data.dir, &self.promise, lang))?;
        if self.json {
            let mut body = serde_json::to_value(&standing)?;
            body["version"] = json!(1);
            body["reason"] = json!(standing.verdict.reason.say());
            outln!("{}", serde_json::to_string_pretty(&body)?);
        } else {
            outln!("{}", tell(&standing, lang).trim_end());
        }
        Ok(standing::exit_code(std::slice::from_ref(&standing)))
    }
}

/// A line `label  value` in the reader's language.
fn line(lang: Lang, en: &str, ja: &str, value: impl std::fmt::Display) -> String {
    match lang {
        Lang::En => format!("  {en:10}  {value}\n"),
        Lang::Ja => format!("  {ja}  {value}\n"),
    }
}

fn tell(standing: &Standing, lang: Lang) -> String {
    let (promise, verdict) = (&standing.promise, &standing.verdict);
    let mut out = format!(
        "{} {}  {}\n  {}\n\n",
        verdict.state.shape(),
        verdict.state.say().get(lang),
        promise.name(lang),
        verdict.reason.say().get(lang)
    );
    if let Some(measured) = &verdict.measured {
        let both = format!(
            "{} / {}",
            measured.value.show(lang),
            measured.target.show(lang)
        );
        out += &line(lang, "measured", "実測/目標", both);
    }
    if let Some(budget) = &verdict.budget {
        let left = Amount::Share((1.0 - budget.spent_share).max(0.0)).show(lang);
        #[allow(clippy::cast_precision_loss)]
        let time = Amount::Millis(budget.left_millis as f64).show(lang);
        out += &line(lang, "budget", "予算の残り", format!("{left} ({time})"));
        for burn in &budget.burn {
            out += &line(
                lang,
                "burn",
                "消費速度  ",
                format!("{}: {:.2}x", burn.over, burn.rate),
            );
        }
    }
    if let Some(corrected) = &verdict.corrected {
        out += &excluded(promise, corrected, lang);
    }
    for trip in &standing.trips {
        out += &arrived(trip, lang);
    }
    for signal in promise.kind.as_judge().signals() {
        out += &line(lang, "query", "問い合わせ", shown(&signal));
    }
    for heard in &standing.signals {
        out += &series(heard, lang);
    }
    for fed in &standing.sources {
        let why = fed
            .failing
            .as_ref()
            .map_or(String::new(), |why| format!("  ✕ {}", why.get(lang)));
        let told = format!("{}  {}{why}", fed.source, fed.last);
        out += &line(lang, "source", "情報源    ", told);
    }
    if let Some(window) = promise.kind.as_judge().window() {
        out += &line(lang, "window", "期間      ", window);
    }
    out += &line(lang, "owed since", "約束の開始", promise.since);
    if let Some(newest) = verdict.newest {
        out += &line(lang, "newest", "最新の証拠", newest);
    }
    if let Some(due) = verdict.due {
        out += &line(lang, "due", "次の期限  ", due);
    }
    if let Some(entry) = standing.entry {
        out += &line(lang, "ledger", "台帳      ", format!("{entry}"));
    }
    if let Some(evidence) = &standing.evidence {
        let count = evidence.facts.len();
        out += &line(lang, "facts", "事実      ", count);
        for fact in evidence.facts.iter().rev().take(FACTS_SHOWN) {
            out += &format!("    {} .. {}  {}\n", fact.from, fact.to, seen(&fact.seen));
        }
        for gap in &evidence.gaps {
            out += &line(
                lang,
                "gap",
                "欠落      ",
                format!("{} {} .. {}", gap.source, gap.from, gap.to),
            );
        }
    }
    out
}

/// What does not count, and what the verdict would be if it did.
fn excluded(promise: &Promise, corrected: &Corrected, lang: Lang) -> String {
    let mut out = String::new();
    let of = |it: &&Correction| corrected.by.contains(&it.id);
    for it in promise.corrections.iter().filter(of) {
        let told = format!(
            "{} {} .. {}  {} ({})",
            it.id, it.from, it.to, it.why, it.who
        );
        out += &line(lang, "excluded", "除外      ", told);
    }
    let measured = corrected.measured.as_ref();
    let measured = measured.map_or_else(String::new, |it| it.value.show(lang));
    let state = corrected.state.say();
    let why = corrected.reason.say();
    let told = format!("{} {measured}  {}", state.get(lang), why.get(lang));
    out + &line(lang, "without it", "除かなければ", told)
}

/// A test alert, and how long it was under way.
fn arrived(trip: &Trip, lang: Lang) -> String {
    let took = Amount::duration(Duration::from_millis(trip.latency_ms)).show(lang);
    let late = match (trip.in_time, lang) {
        (Some(false), Lang::En) => "  late",
        (Some(false), Lang::Ja) => "  遅延",
        _ => "",
    };
    let told = format!("{} {}  {took}{late}", trip.at, trip.receiver);
    line(lang, "test alert", "試験用警報", told)
}

/// Series shown to a person; the JSON has fifty.
const SERIES_SHOWN: usize = 6;

/// What was found for a signal, or what its metric may have been meant to be called.
fn series(heard: &Heard, lang: Lang) -> String {
    let mut out = match heard.series_total {
        0 => {
            let none = say!("nothing matches", "一致するものがありません");
            line(lang, "series", "系列      ", none.get(lang))
        }
        total => line(lang, "series", "系列      ", total),
    };
    for series in heard.series.iter().take(SERIES_SHOWN) {
        out += &format!("    {series}\n");
    }
    if !heard.similar.is_empty() {
        out += &line(lang, "similar", "似た名前  ", heard.similar.join(", "));
    }
    if let Some(wrong) = &heard.wrong {
        out += &line(lang, "wrong", "誤り      ", wrong);
    }
    out
}

fn shown(signal: &Signal) -> String {
    match signal {
        Signal::Events {
            total,
            part: Part::Good(good),
        } => format!("{good} / {total}"),
        Signal::Events {
            total,
            part: Part::Bad(bad),
        } => format!("1 - {bad} / {total}"),
        Signal::Spread { histogram } => histogram.to_string(),
        Signal::Level { query } => query.clone(),
        Signal::Pairs {
            start,
            end,
            by,
            within,
        } => {
            format!(
                "{start} -> {end} by {by} within {}",
                promise::unit::Span(*within)
            )
        }
        Signal::Beat { series } => series.to_string(),
        Signal::LogBeat { logs } | Signal::Count { logs } => logs.to_string(),
    }
}

fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Events { good, total } => format!("{good} / {total}"),
        Seen::Spread { counts, .. } => format!("{} events", counts.iter().sum::<f64>()),
        Seen::Level { last, low, high } => format!("{last} ({low}..{high})"),
        Seen::Pairs {
            in_time,
            late,
            open,
        } => format!("{in_time} in time, {late} late, {} open", open.len()),
        Seen::Beat => "beat".to_owned(),
        Seen::Count { n } => format!("{n}"),
    }
}
